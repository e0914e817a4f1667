//! The queues of the test.

use serde_json::{Value, json};

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Queue {
    /// Standard, with everything that standard queues can do except what the others are for.
    Plain,
    /// Standard, short of patience: what is received three times goes to [`Queue::WorkDead`].
    Work,
    WorkDead,
    /// Standard, purged again and again.
    Purged,
    /// Standard, with large messages: so that the log goes through segments, saves snapshots and
    /// has to free space at its front.
    Bulk,
    /// FIFO, with explicit deduplication ids and receive attempts.
    Ordered,
    /// FIFO, deduplicated by content in each group, with a dead-letter queue.
    Busy,
    BusyDead,
}

/// Where a queue's messages go that were received too often.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Redrive {
    pub(crate) target: Queue,
    pub(crate) max_receive_count: u32,
}

impl Queue {
    /// All of them, each dead-letter queue before its source.
    pub(crate) const ALL: [Self; 8] = [
        Self::Plain,
        Self::WorkDead,
        Self::Work,
        Self::Purged,
        Self::Bulk,
        Self::Ordered,
        Self::BusyDead,
        Self::Busy,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Work => "work",
            Self::WorkDead => "work-dead",
            Self::Purged => "purged",
            Self::Bulk => "bulk",
            Self::Ordered => "ordered.fifo",
            Self::Busy => "busy.fifo",
            Self::BusyDead => "busy-dead.fifo",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }

    pub(crate) fn arn(self) -> String {
        format!("arn:aws:sqs:us-east-1:000000000000:{}", self.name())
    }

    pub(crate) fn is_fifo(self) -> bool {
        self.name().ends_with(".fifo")
    }

    /// Whether sends name a deduplication id, rather than let the content stand for it.
    pub(crate) fn has_explicit_ids(self) -> bool {
        self == Self::Ordered
    }

    pub(crate) fn redrive(self) -> Option<Redrive> {
        match self {
            Self::Work => Some(Redrive { target: Self::WorkDead, max_receive_count: 3 }),
            Self::Busy => Some(Redrive { target: Self::BusyDead, max_receive_count: 3 }),
            _ => None,
        }
    }

    /// The queue that messages were sent to which are found in this one.
    pub(crate) fn source(self) -> Self {
        let is_source =
            |queue: &Self| queue.redrive().is_some_and(|redrive| redrive.target == self);
        Self::ALL.into_iter().find(is_source).unwrap_or(self)
    }

    /// What it is created with. The visibility timeouts are short, so that at the end nobody waits
    /// long for what was handed out into a crash.
    pub(crate) fn attributes(self) -> Value {
        let mut attributes = json!({ "VisibilityTimeout": "3" });
        if self.is_fifo() {
            attributes["FifoQueue"] = "true".into();
            attributes["ContentBasedDeduplication"] = (!self.has_explicit_ids()).to_string().into();
        }
        if self == Self::Busy {
            attributes["DeduplicationScope"] = "messageGroup".into();
        }
        if let Some(Redrive { target, max_receive_count }) = self.redrive() {
            let policy = json!({
                "deadLetterTargetArn": target.arn(),
                "maxReceiveCount": max_receive_count,
            });
            attributes["RedrivePolicy"] = policy.to_string().into();
        }
        attributes
    }
}
