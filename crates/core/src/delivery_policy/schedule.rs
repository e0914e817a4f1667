//! When a message is tried again.

use super::BackoffFunction;
use crate::limits;
use crate::names::SubscriptionProtocol;

/// The retries of a message that could not be delivered, in four phases:
///
/// ```text
///   attempt  ─ at once ─►  ─ min delay ─►  ─ min … max delay ─►  ─ max delay ─►  given up
///              immediate     pre-backoff     backoff               post-backoff
/// ```
///
/// Delays are exact. The service spreads them by chance; whoever makes the attempts may, too.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RetrySchedule {
    /// Retries of each phase.
    immediate: u32,
    pre_backoff: u32,
    /// At most 100, which keeps the exponential function's powers within their type.
    backoff: u32,
    post_backoff: u32,
    min_delay_ms: u64,
    max_delay_ms: u64,
    function: BackoffFunction,
    /// How long after the first attempt the last one may begin.
    total_ms_max: Option<u64>,
}

impl RetrySchedule {
    /// That of queues, functions and delivery streams: 100,015 retries over 23 days.
    pub const OF_SERVICES: Self = Self {
        immediate: 3,
        pre_backoff: 2,
        backoff: 10,
        post_backoff: 100_000,
        min_delay_ms: 1000,
        max_delay_ms: 20_000,
        function: BackoffFunction::Exponential,
        total_ms_max: None,
    };

    /// That of mail, text messages and mobile push: 50 retries over 6 hours.
    pub const OF_MESSENGERS: Self = Self {
        immediate: 0,
        pre_backoff: 2,
        backoff: 10,
        post_backoff: 38,
        min_delay_ms: 10_000,
        max_delay_ms: 600_000,
        function: BackoffFunction::Exponential,
        total_ms_max: None,
    };

    /// The schedule of a protocol that has no delivery policies; `None` of one that has.
    pub fn of_protocol(protocol: SubscriptionProtocol) -> Option<Self> {
        use SubscriptionProtocol as Protocol;
        match protocol {
            Protocol::Http | Protocol::Https => None,
            Protocol::Sqs | Protocol::Lambda | Protocol::Firehose => Some(Self::OF_SERVICES),
            Protocol::Application | Protocol::Sms | Protocol::Email | Protocol::EmailJson => {
                Some(Self::OF_MESSENGERS)
            }
        }
    }

    /// That of a delivery policy: the retries of each phase, at most 100 in all, and the least and
    /// the greatest delay in seconds.
    pub(super) fn of_policy(
        [immediate, pre_backoff, backoff, post_backoff]: [u32; 4],
        [min_delay, max_delay]: [u32; 2],
        function: BackoffFunction,
    ) -> Self {
        Self {
            immediate,
            pre_backoff,
            backoff,
            post_backoff,
            min_delay_ms: u64::from(min_delay) * 1000,
            max_delay_ms: u64::from(max_delay) * 1000,
            function,
            total_ms_max: Some(limits::RETRY_SECONDS_MAX * 1000),
        }
    }

    /// How many retries there are at most.
    pub fn retries(&self) -> u32 {
        self.immediate + self.pre_backoff + self.backoff + self.post_backoff
    }

    /// How many milliseconds to wait for the next attempt after `failed_attempts` have failed, of
    /// which the first began `elapsed_ms` ago. `None` if there is no next attempt: all retries have
    /// been used, or the next one would begin too late. The first attempt waits for nothing.
    pub fn delay_after(&self, failed_attempts: u32, elapsed_ms: u64) -> Option<u64> {
        let delay = match failed_attempts.checked_sub(1) {
            None => 0,
            Some(retry) => self.delay_before(retry)?,
        };
        let in_time = self.total_ms_max.is_none_or(|max| elapsed_ms.saturating_add(delay) <= max);
        in_time.then_some(delay)
    }

    /// How many milliseconds later than `elapsed_ms` after the first attempt the last one may begin.
    pub fn left_after(&self, elapsed_ms: u64) -> u64 {
        self.total_ms_max.map_or(u64::MAX, |max| max.saturating_sub(elapsed_ms))
    }

    /// The delay before a retry, the first of which is 0.
    fn delay_before(&self, retry: u32) -> Option<u64> {
        let mut of_phase = retry;
        let phases = [self.immediate, self.pre_backoff, self.backoff, self.post_backoff];
        for (phase, retries) in phases.into_iter().enumerate() {
            match of_phase.checked_sub(retries) {
                Some(later) => of_phase = later,
                None => {
                    return Some(match phase {
                        0 => 0,
                        1 => self.min_delay_ms,
                        2 => self.backoff_delay(of_phase),
                        _ => self.max_delay_ms,
                    });
                }
            }
        }
        None
    }

    /// The delay of a step of the backoff phase: the least at its first step, the greatest at its
    /// last one. The guide shows the functions as a drawing only; the formulas are ours.
    fn backoff_delay(&self, step: u32) -> u64 {
        let last = self.backoff - 1;
        if step == 0 {
            return self.min_delay_ms;
        }
        let parts = |part: u128, whole: u128| {
            let span = u128::from(self.max_delay_ms.saturating_sub(self.min_delay_ms));
            let grown = u64::try_from(span * part / whole).unwrap_or(u64::MAX);
            self.min_delay_ms.saturating_add(grown)
        };
        let (step_number, last_number) = (u128::from(step), u128::from(last));
        match self.function {
            BackoffFunction::Linear => parts(step_number, last_number),
            // Each delay grows by one unit more than the one before.
            BackoffFunction::Arithmetic => {
                parts(step_number * (step_number + 1), last_number * (last_number + 1))
            }
            // Each delay grows by the same factor.
            BackoffFunction::Geometric => {
                let (min, max) = (self.min_delay_ms as f64, self.max_delay_ms as f64);
                let grown = min * power(max / min, f64::from(step) / f64::from(last));
                (grown.round() as u64).clamp(self.min_delay_ms, self.max_delay_ms)
            }
            // Each delay grows by twice as much as the one before.
            BackoffFunction::Exponential => parts((1 << step) - 1, (1 << last) - 1),
        }
    }
}

/// `base` to the power of an exponent from 0 to 1, by the exponent's binary digits. Square roots
/// are the same on every machine; `f64::powf` need not be.
fn power(base: f64, exponent: f64) -> f64 {
    const DIGITS: u32 = 52;
    if exponent >= 1.0 {
        return base;
    }
    let (mut result, mut root, mut rest) = (1.0, base, exponent);
    for _ in 0..DIGITS {
        root = root.sqrt();
        rest *= 2.0;
        if rest >= 1.0 {
            result *= root;
            rest -= 1.0;
        }
    }
    result
}
