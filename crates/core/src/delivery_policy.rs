//! Delivery policies: how often, how fast and as what a message goes to an HTTP endpoint.
//!
//! A topic has a policy for its subscriptions, and a subscription has one of its own. What holds is
//! the [`EffectiveDeliveryPolicy`]: section by section the subscription's, else the topic's, else
//! the service's. It gives the [`RetrySchedule`] of a message; other protocols have fixed ones.
//!
//! A policy is kept as what it says, not as its text: the service writes the members in an order of
//! its own, too. Members that a request leaves out stay out.
//!
//! Developer guide of SNS, "Message delivery retries" and "Creating an HTTP/S delivery policy".

mod effective;
mod json;
mod saved;
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::limits;

pub use effective::EffectiveDeliveryPolicy;
pub use schedule::RetrySchedule;

/// `DeliveryPolicy` of a topic.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopicDeliveryPolicy {
    /// `http.defaultHealthyRetryPolicy`.
    retry: Option<RetryPolicy>,
    /// `http.disableSubscriptionOverrides`: subscriptions' own policies do not count.
    disable_subscription_overrides: Option<bool>,
    /// `http.defaultThrottlePolicy.maxReceivesPerSecond`, for each subscription: at least 1.
    max_receives_per_second: Option<u32>,
    /// `http.defaultRequestPolicy.headerContentType`.
    content_type: Option<Arc<str>>,
}

/// `DeliveryPolicy` of a subscription.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SubscriptionDeliveryPolicy {
    /// `healthyRetryPolicy`.
    retry: Option<RetryPolicy>,
    /// `sicklyRetryPolicy`, of which the service no longer makes use. Kept and shown.
    sickly_retry: Option<RetryPolicy>,
    /// `throttlePolicy.maxReceivesPerSecond`: at least 1.
    max_receives_per_second: Option<u32>,
    /// `requestPolicy.headerContentType`.
    content_type: Option<Arc<str>>,
    /// `guaranteed`, of which the service no longer makes use. Kept and shown.
    guaranteed: bool,
}

/// `healthyRetryPolicy` and its like.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct RetryPolicy {
    /// `minDelayTarget`, in seconds: 1 to `max_delay`.
    min_delay: u32,
    /// `maxDelayTarget`, in seconds: up to 3600.
    max_delay: u32,
    /// `numRetries`: 0 to 100, all phases together.
    retries: u32,
    /// `numMaxDelayRetries`: the last ones, `max_delay` apart.
    max_delay_retries: Option<u32>,
    /// `numNoDelayRetries`: the first ones, at once.
    no_delay_retries: Option<u32>,
    /// `numMinDelayRetries`: the next ones, `min_delay` apart.
    min_delay_retries: Option<u32>,
    /// `backoffFunction`: how delays grow in between.
    backoff: Option<BackoffFunction>,
}

/// `backoffFunction`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
enum BackoffFunction {
    #[default]
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

impl RetryPolicy {
    /// What holds if nobody said anything.
    const DEFAULT: Self = Self {
        min_delay: 20,
        max_delay: 20,
        retries: 3,
        max_delay_retries: None,
        no_delay_retries: None,
        min_delay_retries: None,
        backoff: None,
    };

    /// What is wrong with its members taken together, in the service's words.
    fn contradiction(&self) -> Option<&'static str> {
        if self.max_delay < self.min_delay {
            return Some("maxDelayTarget must be greater than or equal to minDelayTarget");
        }
        let phases = [self.no_delay_retries, self.min_delay_retries, self.max_delay_retries];
        let phases: u64 = phases.into_iter().flatten().map(u64::from).sum();
        (phases > u64::from(self.retries)).then_some(
            "numRetries must be greater than or equal to total of numMinDelayRetries, \
             numNoDelayRetries and numMaxDelayRetries",
        )
    }

    /// Whether it is a policy that could have been set.
    fn is_valid(&self) -> bool {
        limits::RETRY_DELAY_SECONDS.contains(&self.min_delay)
            && limits::RETRY_DELAY_SECONDS.contains(&self.max_delay)
            && limits::RETRIES.contains(&self.retries)
            && self.contradiction().is_none()
    }

    /// The same with nothing left open.
    fn complete(&self) -> Self {
        Self {
            max_delay_retries: self.max_delay_retries.or(Some(0)),
            no_delay_retries: self.no_delay_retries.or(Some(0)),
            min_delay_retries: self.min_delay_retries.or(Some(0)),
            backoff: self.backoff.or(Some(BackoffFunction::default())),
            ..*self
        }
    }
}

impl BackoffFunction {
    const ALL: [Self; 4] = [Self::Linear, Self::Arithmetic, Self::Geometric, Self::Exponential];

    fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Arithmetic => "arithmetic",
            Self::Geometric => "geometric",
            Self::Exponential => "exponential",
        }
    }
}

/// What messages in their envelope may be sent as.
const ENVELOPE_CONTENT_TYPES: [&str; 2] = ["application/json", "text/plain"];
/// What raw messages may be sent as, beside these.
const RAW_CONTENT_TYPES: [&str; 10] = [
    "text/css",
    "text/csv",
    "text/html",
    "text/xml",
    "application/atom+xml",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
];
/// What a message is sent as if nobody said anything.
const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// The media type of a content type: what stands before `; charset=UTF-8`, or all of it. Other
/// parameters are none of the service's.
fn media_type(content_type: &str) -> &str {
    match content_type.split_once(';') {
        Some((media_type, charset))
            if charset.trim_matches(' ').eq_ignore_ascii_case("charset=UTF-8") =>
        {
            media_type
        }
        _ => content_type,
    }
}
