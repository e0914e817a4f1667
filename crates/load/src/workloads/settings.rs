//! What a load is to be.

use std::time::Duration;

use serde::Serialize;

use crate::error::LoadError;
use crate::limits::{
    BATCH_MAX, CONNECTIONS_MAX, GROUPS_MAX, PATIENCE, QUEUES_MAX, RATE_MAX, SIZE_MAX,
};
use crate::protocol::Protocol;
use crate::stage::Limits;
use crate::stamp::STAMP_BYTES;

/// The kinds of load.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// SendMessage.
    Send,
    /// SendMessageBatch.
    SendBatch,
    /// ReceiveMessage and DeleteMessageBatch of what was sent before.
    Receive,
    /// Both at once, to see how long a message is under way.
    EndToEnd,
    /// The same with FIFO groups, whose order and uniqueness are checked.
    Fifo,
    /// Publish to a topic with several queues.
    Publish,
    /// Publish to a topic whose subscriptions have filter policies: each message is for one.
    PublishFiltered,
    /// SendMessage, ReceiveMessage and DeleteMessageBatch beside many messages that wait.
    Backlog,
}

/// How much load, and of what kind.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is done.
    pub workload: Workload,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Threads that drive them.
    pub threads: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Messages in a request; `None` for what is usual for the workload.
    pub batch: Option<usize>,
    /// Requests a second that are due whether or not earlier ones have been answered (an open loop);
    /// `None` if each connection asks again when it has its answer.
    pub rate: Option<f64>,
    /// How long is measured; `None` for ten seconds, or until `messages` are done.
    pub duration: Option<Duration>,
    /// How long nothing is measured beforehand; `None` for a second, if there is a time at all.
    pub warm_up: Option<Duration>,
    /// After how many messages it ends. For what waits in [`Workload::Receive`] and
    /// [`Workload::Backlog`]: how many.
    pub messages: Option<u64>,
    /// Queues behind a topic.
    pub queues: usize,
    /// FIFO groups.
    pub groups: usize,
    /// How SQS is spoken to.
    pub protocol: Protocol,
    /// Leaves queues and topics on the server.
    pub keep: bool,
    /// Receives everything afterwards where that is not done anyway, to see that nothing is lost.
    pub verify: bool,
    /// How long nothing comes before what is missing is lost.
    pub patience: Duration,
}

const DURATION: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(1);
/// What waits, unless it is said otherwise.
const RECEIVED: u64 = 100_000;
const BACKLOG: u64 = 1_000_000;

impl Settings {
    /// The usual, for a kind of load.
    pub fn new(workload: Workload) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        Self {
            workload,
            connections: 64,
            threads,
            size: 1024,
            batch: None,
            rate: None,
            duration: None,
            warm_up: None,
            messages: None,
            queues: 10,
            groups: 100,
            protocol: Protocol::Json,
            keep: false,
            verify: false,
            patience: PATIENCE,
        }
    }

    /// # Errors
    /// Something is out of its bounds.
    pub(super) fn check(&self) -> Result<(), LoadError> {
        let range = |name: &str, value: usize, min: usize, max: usize| {
            if (min..=max).contains(&value) {
                return Ok(());
            }
            Err(LoadError::Setting(format!("{name} is {value}, and has to be from {min} to {max}")))
        };
        range("the number of connections", self.connections, 1, CONNECTIONS_MAX)?;
        range("the number of threads", self.threads, 1, 1024)?;
        range("the size of a message", self.size, STAMP_BYTES, SIZE_MAX)?;
        range("the batch", self.batch(), 1, BATCH_MAX)?;
        range("the size of a batch's messages", self.size * self.batch(), 1, SIZE_MAX)?;
        range("the number of queues", self.queues, 1, QUEUES_MAX)?;
        range("the number of groups", self.groups, 1, GROUPS_MAX)?;
        if let Some(rate) = self.rate
            && !(rate > 0.0 && rate <= RATE_MAX)
        {
            let text = format!("the rate is {rate}, and has to be positive, up to {RATE_MAX}");
            return Err(LoadError::Setting(text));
        }
        let takes_no_rate = matches!(self.workload, Workload::Receive | Workload::Backlog);
        if takes_no_rate && self.rate.is_some() {
            return Err(LoadError::Setting("this workload has no rate".to_owned()));
        }
        let zero = Duration::ZERO;
        if self.duration == Some(zero) || self.messages == Some(0) {
            return Err(LoadError::Setting("a load of nothing cannot be measured".to_owned()));
        }
        Ok(())
    }

    /// Messages in a request that sends or publishes; for [`Workload::Receive`], that receives.
    pub(crate) fn batch(&self) -> usize {
        let usual = match self.workload {
            Workload::SendBatch | Workload::Receive => BATCH_MAX,
            _ => 1,
        };
        self.batch.unwrap_or(usual)
    }

    /// Messages in a request that fills a queue beforehand: as many as there is room for.
    pub(super) fn filling_batch(&self) -> usize {
        (SIZE_MAX / self.size.max(1)).clamp(1, BATCH_MAX)
    }

    /// What is to wait.
    pub(super) fn waiting(&self) -> u64 {
        let usual = if self.workload == Workload::Backlog { BACKLOG } else { RECEIVED };
        self.messages.unwrap_or(usual)
    }

    /// When what is measured ends.
    pub(super) fn limits(&self) -> Limits {
        let duration = match self.messages {
            None => Some(self.duration.unwrap_or(DURATION)),
            Some(_) => self.duration,
        };
        let warm_up =
            self.warm_up.unwrap_or(if self.messages.is_none() { WARM_UP } else { Duration::ZERO });
        Limits { warm_up, duration, messages: self.messages, rate: self.rate }
    }

    /// The same for what only has a time.
    pub(super) fn timed(&self) -> Limits {
        let duration = Some(self.duration.unwrap_or(DURATION));
        Limits { messages: None, duration, ..self.limits() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_said() {
        let usual = Settings::new(Workload::Send);
        usual.check().unwrap();
        for wrong in [
            Settings { connections: 0, ..usual.clone() },
            Settings { size: STAMP_BYTES - 1, ..usual.clone() },
            Settings { batch: Some(11), ..usual.clone() },
            Settings { size: SIZE_MAX, batch: Some(2), ..usual.clone() },
            Settings { rate: Some(0.0), ..usual.clone() },
            Settings { rate: Some(f64::NAN), ..usual.clone() },
            Settings { rate: Some(f64::INFINITY), ..usual.clone() },
            Settings { messages: Some(0), ..usual.clone() },
            Settings { workload: Workload::Receive, rate: Some(1.0), ..usual.clone() },
            Settings { queues: 0, ..usual },
        ] {
            assert!(matches!(wrong.check(), Err(LoadError::Setting(_))), "{wrong:?}");
        }
    }

    #[test]
    fn messages_or_a_time_end_it() {
        let usual = Settings::new(Workload::Send);
        assert_eq!(usual.limits().duration, Some(DURATION));
        assert_eq!(usual.limits().warm_up, WARM_UP);
        let counted = Settings { messages: Some(5), ..usual };
        assert_eq!((counted.limits().duration, counted.limits().messages), (None, Some(5)));
        assert_eq!(counted.limits().warm_up, Duration::ZERO);
        let both = Settings { duration: Some(WARM_UP), ..counted };
        assert_eq!((both.limits().duration, both.limits().messages), (Some(WARM_UP), Some(5)));
    }
}
