//! Commands to choose from at random. They name subscriptions, receipts, attempts and tokens by
//! numbers that mean something in any history, so that a failing history can be shortened.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The topics that all histories play with. The last one knows ids by group, and makes them of the
/// message. Then come direct outboxes, which are topics that are made when they are needed.
pub(super) const TOPICS: [&str; 6] =
    ["stock", "news", "stock.fifo", "news.fifo", "$sms/", "$application/hotel"];
pub(super) const DIRECT_TOPIC: usize = 4;

/// The queues, then the web endpoints. The last queue is another account's. Then the endpoints behind
/// direct outboxes, one for each.
pub(super) const ENDPOINTS: [&str; 11] = [
    "one",
    "small",
    "dead",
    "one.fifo",
    "slow.fifo",
    "dead.fifo",
    "theirs",
    "https://one.example/",
    "http://two.example/",
    "sms:",
    "application:",
];
pub(super) const DIRECT_ENDPOINT: usize = 9;
pub(super) const QUEUES: usize = 7;
pub(super) const SMALL: usize = 1;
pub(super) const DEAD: usize = 2;
pub(super) const SLOW: usize = 4;
pub(super) const DEAD_FIFO: usize = 5;
pub(super) const THEIRS: usize = 6;

pub(super) fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// One step of a history.
#[derive(Clone, Debug)]
pub(super) enum Step {
    CreateTopic {
        topic: usize,
    },
    DeleteTopic {
        topic: usize,
    },
    SetTopic {
        topic: usize,
        change: TopicChange,
    },
    CreateQueue {
        queue: usize,
    },
    DeleteQueue {
        queue: usize,
    },
    Purge {
        queue: usize,
    },
    Subscribe {
        topic: usize,
        endpoint: usize,
        with: Wishes,
    },
    Set {
        subscription: usize,
        change: Change,
    },
    Unsubscribe {
        subscription: usize,
        caller: Caller,
    },
    /// A token by its age.
    Confirm {
        token: usize,
        is_authenticated: bool,
    },
    Publish {
        topic: usize,
        drafts: Vec<Draft>,
    },
    /// To one endpoint, by a direct outbox.
    PublishDirect {
        outbox: usize,
        text: usize,
    },
    DeleteDirect {
        outbox: usize,
    },
    Send {
        queue: usize,
        draft: Draft,
    },
    Receive {
        queue: usize,
        max: usize,
        timeout: Option<u32>,
    },
    /// Receipts by their age, the latest first.
    Delete {
        receipts: Vec<usize>,
    },
    Hide {
        receipt: usize,
        timeout: u32,
    },
    /// Attempts by their age.
    Settle {
        attempts: Vec<(usize, Outcome)>,
    },
    /// What effects asked for is brought; perhaps without what replays asked for.
    Work {
        is_lost: bool,
    },
    Reclaim,
    /// The front of the log is given up.
    Trim,
    TakeSnapshot,
    Restart {
        from_snapshot: bool,
    },
    Wait {
        ms: u64,
    },
    /// Days go by, in which couriers do their work.
    WaitLong {
        ms: u64,
    },
}

/// A message: which of the texts, and its ids.
#[derive(Copy, Clone, Debug)]
pub(super) struct Draft {
    pub(super) text: usize,
    pub(super) group: Option<u8>,
    pub(super) deduplication: Option<u8>,
    /// Whether ids are given as they are here, and not as the topic or the queue needs them.
    pub(super) is_bare: bool,
}

/// What a subscription is made with.
#[derive(Copy, Clone, Debug)]
pub(super) struct Wishes {
    pub(super) is_raw: bool,
    pub(super) filter: Option<usize>,
    pub(super) has_dead_letters: bool,
    pub(super) is_short: bool,
}

/// A change of a subscription.
#[derive(Copy, Clone, Debug)]
pub(super) enum Change {
    Raw(bool),
    Filter(Option<usize>),
    DeadLetters(bool),
    /// The delivery policy with few retries, or none of its own.
    Short(bool),
    /// From so many milliseconds behind the archive's beginning on, for so long.
    Replay {
        after: u64,
        span: Option<u64>,
    },
    /// From before the archive's beginning on.
    ReplayTooEarly,
    NoReplay,
}

#[derive(Copy, Clone, Debug)]
pub(super) enum TopicChange {
    /// No delivery policy, one without retries, or one that subscriptions may not override.
    Policy(u8),
    Signature(bool),
    Archive(bool),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Caller {
    Owner,
    Stranger,
    Nobody,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Delivered,
    TryLater,
    /// With a pause of so many milliseconds.
    NotBegun(u16),
    /// In so many milliseconds, says the courier.
    TryAfter(u16),
    Never,
}

fn topic() -> impl Strategy<Value = usize> {
    // Most of what happens happens around two topics, so that it meets.
    prop_oneof![4 => Just(0_usize), 4 => Just(2), 2 => 0..DIRECT_TOPIC]
}

fn queue() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0_usize), 3 => Just(3), 4 => 0..QUEUES]
}

fn draft() -> impl Strategy<Value = Draft> {
    let group = prop_oneof![1 => Just(None), 9 => (0_u8..3).prop_map(Some)];
    let texts = 0..super::plain::TEXTS.len();
    (texts, group, option::weighted(0.3, 0_u8..4), prop::bool::weighted(0.03)).prop_map(
        |(text, group, deduplication, is_bare)| Draft { text, group, deduplication, is_bare },
    )
}

fn filter() -> impl Strategy<Value = Option<usize>> {
    option::weighted(0.5, 0..super::plain::FILTERS.len())
}

fn subscribe() -> impl Strategy<Value = Step> {
    let wishes = (any::<bool>(), filter(), any::<bool>(), any::<bool>()).prop_map(
        |(is_raw, filter, has_dead_letters, is_short)| Wishes {
            is_raw,
            filter,
            has_dead_letters,
            is_short,
        },
    );
    (topic(), 0..DIRECT_ENDPOINT, wishes).prop_map(|(topic, endpoint, with)| Step::Subscribe {
        topic,
        endpoint,
        with,
    })
}

fn change() -> impl Strategy<Value = Change> {
    let replay = (select(vec![0_u64, 1, 5000, 61_000]), option::of(select(vec![1_u64, 5000])));
    prop_oneof![
        2 => any::<bool>().prop_map(Change::Raw),
        2 => filter().prop_map(Change::Filter),
        2 => any::<bool>().prop_map(Change::DeadLetters),
        1 => any::<bool>().prop_map(Change::Short),
        6 => replay.prop_map(|(after, span)| Change::Replay { after, span }),
        1 => Just(Change::ReplayTooEarly),
        1 => Just(Change::NoReplay),
    ]
}

fn topic_change() -> impl Strategy<Value = TopicChange> {
    prop_oneof![
        1 => (0_u8..3).prop_map(TopicChange::Policy),
        1 => any::<bool>().prop_map(TopicChange::Signature),
        2 => prop::bool::weighted(0.7).prop_map(TopicChange::Archive),
    ]
}

/// Any step. Those that take much away are rare.
pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let receipt = || prop_oneof![4 => 0_usize..6, 1 => 0_usize..60];
    let timeout = || prop_oneof![3 => Just(None), 2 => select(vec![Some(0), Some(2), Some(400)])];
    let receive = (queue(), prop_oneof![Just(1_usize), Just(10)], timeout())
        .prop_map(|(queue, max, timeout)| Step::Receive { queue, max, timeout });
    let hide = (receipt(), select(vec![0_u32, 0, 1, 300]))
        .prop_map(|(receipt, timeout)| Step::Hide { receipt, timeout });
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered),
        3 => Just(Outcome::TryLater),
        1 => select(vec![0, 500]).prop_map(Outcome::NotBegun),
        1 => select(vec![0, 700]).prop_map(Outcome::TryAfter),
        1 => Just(Outcome::Never),
    ];
    let attempt = (prop_oneof![4 => 0_usize..6, 1 => 0_usize..60], outcome);
    let callers = vec![Caller::Owner, Caller::Stranger, Caller::Nobody, Caller::Nobody];
    let unsubscribe = (0_usize..9, select(callers))
        .prop_map(|(subscription, caller)| Step::Unsubscribe { subscription, caller });
    let confirm = (0_usize..6, prop::bool::weighted(0.2))
        .prop_map(|(token, is_authenticated)| Step::Confirm { token, is_authenticated });
    let ms = select(vec![0_u64, 1, 999, 1000, 5000, 21_000, 59_999, 60_000, 300_000]);
    let long = select(vec![3_600_000_u64, 86_400_000, 172_800_000]);
    prop_oneof![
        26 => (topic(), vec(draft(), 1..4)).prop_map(|(topic, drafts)| Step::Publish { topic, drafts }),
        4 => (queue(), draft()).prop_map(|(queue, draft)| Step::Send { queue, draft }),
        4 => (0_usize..2, 0..super::plain::TEXTS.len())
            .prop_map(|(outbox, text)| Step::PublishDirect { outbox, text }),
        1 => (0_usize..2).prop_map(|outbox| Step::DeleteDirect { outbox }),
        18 => receive,
        12 => vec(receipt(), 1..4).prop_map(|receipts| Step::Delete { receipts }),
        4 => hide,
        26 => vec(attempt, 1..4).prop_map(|attempts| Step::Settle { attempts }),
        8 => subscribe(),
        8 => confirm,
        7 => (0_usize..9, change()).prop_map(|(subscription, change)| Step::Set { subscription, change }),
        3 => unsubscribe,
        2 => (topic(), topic_change()).prop_map(|(topic, change)| Step::SetTopic { topic, change }),
        2 => topic().prop_map(|topic| Step::CreateTopic { topic }),
        1 => topic().prop_map(|topic| Step::DeleteTopic { topic }),
        3 => queue().prop_map(|queue| Step::CreateQueue { queue }),
        1 => queue().prop_map(|queue| Step::DeleteQueue { queue }),
        1 => queue().prop_map(|queue| Step::Purge { queue }),
        6 => prop::bool::weighted(0.1).prop_map(|is_lost| Step::Work { is_lost }),
        2 => Just(Step::Reclaim),
        1 => Just(Step::Trim),
        1 => Just(Step::TakeSnapshot),
        3 => any::<bool>().prop_map(|from_snapshot| Step::Restart { from_snapshot }),
        14 => ms.prop_map(|ms| Step::Wait { ms }),
        1 => long.prop_map(|ms| Step::WaitLong { ms }),
    ]
}
