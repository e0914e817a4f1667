//! The queues, topics and subscriptions that clients use. Every shard has its own.

use crate::auditor::{QueueIndex, Setting, TopicIndex};

/// A queue: its name, and the attributes that it is created with.
pub(crate) struct QueueSpec {
    /// A FIFO queue's ends in `.fifo`.
    pub(crate) name: &'static str,
    /// What it is created with.
    pub(crate) settings: &'static [Setting],
    /// Groups that messages of a standard queue are spread over.
    pub(crate) has_groups: bool,
}

const DEAD: QueueIndex = 1;
const FIFO_DEAD: QueueIndex = 3;
/// Where no copy comes of what is published: so no message is there twice.
const PARCELS: QueueIndex = 4;

/// All queues. Dead-letter queues are there before those that name them.
pub(crate) const QUEUES: [QueueSpec; 7] = [
    QueueSpec {
        name: "orders",
        settings: &[Setting::Visibility(20), Setting::Redrive(DEAD, 2)],
        has_groups: false,
    },
    QueueSpec { name: "orders-dead", settings: &[Setting::Visibility(10)], has_groups: false },
    QueueSpec {
        name: "bills.fifo",
        settings: &[Setting::Visibility(15), Setting::Redrive(FIFO_DEAD, 3)],
        has_groups: false,
    },
    QueueSpec { name: "bills-dead.fifo", settings: &[Setting::Visibility(10)], has_groups: false },
    QueueSpec {
        name: "parcels",
        settings: &[Setting::Visibility(30), Setting::Retention(300)],
        has_groups: true,
    },
    QueueSpec { name: "news", settings: &[Setting::Visibility(5)], has_groups: false },
    QueueSpec { name: "ledger.fifo", settings: &[Setting::Visibility(5)], has_groups: false },
];

/// The order in which queues are created: targets of redrive policies first.
pub(crate) const CREATION: [QueueIndex; 7] = [1, 3, 0, 2, 4, 5, 6];

/// Whether a queue is FIFO.
pub(crate) fn is_fifo(queue: QueueIndex) -> bool {
    QUEUES[queue].name.ends_with(".fifo")
}

/// All topics.
pub(crate) const TOPICS: [&str; 2] = ["events", "trades.fifo"];

/// The topic that keeps an archive.
pub(crate) const ARCHIVED: TopicIndex = 1;

/// Where messages of a subscription go.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Goal {
    /// To a queue.
    Queue(QueueIndex),
    /// To a web address, which is told `retries` times more if need be.
    Web {
        /// Where.
        address: &'static str,
        /// numRetries of its delivery policy.
        retries: u32,
        /// Where what is given up goes.
        dead: Option<QueueIndex>,
    },
}

/// A subscription that can be.
pub(crate) struct Slot {
    /// To what.
    pub(crate) topic: TopicIndex,
    /// Where its messages go.
    pub(crate) goal: Goal,
}

/// All of them.
pub(crate) const SLOTS: [Slot; 7] = [
    Slot { topic: 0, goal: Goal::Queue(5) },
    Slot { topic: 0, goal: Goal::Queue(0) },
    Slot {
        topic: 0,
        goal: Goal::Web { address: "https://a.example/", retries: 3, dead: Some(PARCELS) },
    },
    Slot { topic: 0, goal: Goal::Web { address: "https://b.example/", retries: 2, dead: None } },
    Slot { topic: 1, goal: Goal::Queue(6) },
    Slot { topic: 1, goal: Goal::Queue(2) },
    Slot { topic: 1, goal: Goal::Queue(5) },
];

/// The subscription that is given replays.
pub(crate) const REPLAYED: usize = 4;

/// Kinds of messages that filter policies tell apart.
pub(crate) const KINDS: u8 = 3;

/// How long a queue's name may not be taken again, and how long after a purge the next is refused.
pub(crate) const COOL_DOWN_MS: u64 = 5000;
