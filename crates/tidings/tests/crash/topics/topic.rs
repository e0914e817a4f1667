//! The topics of the test.

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Topic {
    /// Standard, with queues of every kind.
    News,
    /// Standard and slower, with web endpoints.
    Alerts,
    /// Standard, with large messages: so that the log goes through segments, saves snapshots and
    /// has to free space at its front.
    Bulk,
    /// FIFO, with explicit deduplication ids.
    Orders,
    /// FIFO, deduplicated by content in each group.
    Notes,
}

impl Topic {
    pub(crate) const ALL: [Self; 5] =
        [Self::News, Self::Alerts, Self::Bulk, Self::Orders, Self::Notes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::Alerts => "alerts",
            Self::Bulk => "bulk",
            Self::Orders => "orders.fifo",
            Self::Notes => "notes.fifo",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    pub(crate) fn arn(self) -> String {
        format!("arn:aws:sns:us-east-1:000000000000:{}", self.name())
    }

    pub(crate) fn is_fifo(self) -> bool {
        self.name().ends_with(".fifo")
    }

    /// Whether publishes name a deduplication id, rather than let the content stand for it.
    pub(crate) fn has_explicit_ids(self) -> bool {
        self == Self::Orders
    }

    /// What it is created with.
    pub(crate) fn attributes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::News => &[("DisplayName", "News"), ("SignatureVersion", "2")],
            Self::Alerts | Self::Bulk => &[],
            Self::Orders => &[("FifoTopic", "true")],
            Self::Notes => &[
                ("FifoTopic", "true"),
                ("ContentBasedDeduplication", "true"),
                ("FifoThroughputScope", "MessageGroup"),
            ],
        }
    }
}
