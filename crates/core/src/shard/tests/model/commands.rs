//! Commands to choose from at random. They name queues, receipts and waits by numbers that mean
//! something in any history, so that a failing history can be shortened.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The queues that all histories play with. Each dead-letter policy stays within a kind.
pub(super) const QUEUES: [&str; 6] = ["one", "two", "dead", "one.fifo", "two.fifo", "dead.fifo"];

/// One step of a history.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Send {
        queue: usize,
        messages: Vec<Draft>,
    },
    Receive {
        queue: usize,
        max: usize,
        timeout: Option<u32>,
        wait: Option<u32>,
        attempt: Option<u8>,
    },
    /// Receipts by their age, the latest first; perhaps for another queue than theirs.
    Delete {
        receipts: Vec<usize>,
        elsewhere: Option<usize>,
    },
    Hide {
        receipts: Vec<(usize, u32)>,
    },
    Return {
        receipts: Vec<usize>,
    },
    /// A wait by its age.
    Abandon {
        wait: usize,
    },
    Purge {
        queue: usize,
    },
    DeleteQueue {
        queue: usize,
    },
    CreateQueue {
        queue: usize,
    },
    Set {
        queue: usize,
        change: Change,
    },
    StartMoveTask {
        source: usize,
        destination: Option<usize>,
        rate: Option<u32>,
    },
    CancelMoveTask {
        source: usize,
    },
    /// What effects asked for is brought.
    Work,
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
}

/// A message to send.
#[derive(Copy, Clone, Debug)]
pub(super) struct Draft {
    pub(super) group: Option<u8>,
    pub(super) deduplication: Option<u8>,
    pub(super) delay: Option<u32>,
}

/// A change of attributes.
#[derive(Copy, Clone, Debug)]
pub(super) enum Change {
    Delay(u32),
    Visibility(u32),
    Retention(u32),
    Redrive(Option<(usize, u32)>),
    PerGroup(bool),
    Wait(u32),
}

fn queue() -> impl Strategy<Value = usize> {
    // Most of what happens happens in two queues, so that it meets.
    prop_oneof![4 => Just(0_usize), 4 => Just(3), 3 => 0..QUEUES.len()]
}

fn draft() -> impl Strategy<Value = Draft> {
    let delay = prop_oneof![6 => Just(None), 1 => select(vec![Some(0), Some(3), Some(40)])];
    (
        prop_oneof![1 => Just(None), 9 => (0_u8..3).prop_map(Some)],
        option::weighted(0.3, 0_u8..4),
        delay,
    )
        .prop_map(|(group, deduplication, delay)| Draft { group, deduplication, delay })
}

fn receive() -> impl Strategy<Value = Step> {
    let timeout =
        prop_oneof![3 => Just(None), 2 => select(vec![Some(0), Some(2), Some(30), Some(400)])];
    let wait = prop_oneof![4 => Just(None), 1 => select(vec![Some(0), Some(1), Some(20)])];
    let max = prop_oneof![Just(1_usize), Just(10), 1_usize..=10];
    (queue(), max, timeout, wait, option::weighted(0.3, 0_u8..3)).prop_map(
        |(queue, max, timeout, wait, attempt)| Step::Receive { queue, max, timeout, wait, attempt },
    )
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        select(vec![0, 0, 2, 50]).prop_map(Change::Delay),
        select(vec![0, 1, 5, 60]).prop_map(Change::Visibility),
        select(vec![60, 100, 1000, 345_600]).prop_map(Change::Retention),
        option::weighted(0.8, (0..QUEUES.len(), 1_u32..4)).prop_map(Change::Redrive),
        any::<bool>().prop_map(Change::PerGroup),
        select(vec![0, 0, 5]).prop_map(Change::Wait),
    ]
}

/// Any step. Those that take much away are rare.
pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let receipt = || prop_oneof![4 => 0_usize..6, 1 => 0_usize..60];
    let delete = (vec(receipt(), 1..4), option::weighted(0.05, 0..QUEUES.len()))
        .prop_map(|(receipts, elsewhere)| Step::Delete { receipts, elsewhere });
    let timeout = select(vec![0_u32, 0, 1, 10, 300, 43_200]);
    let hide = vec((receipt(), timeout), 1..3).prop_map(|receipts| Step::Hide { receipts });
    let task = (select(vec![2_usize, 5, 0, 3]), option::of(0..QUEUES.len()), option::of(1_u32..20))
        .prop_map(|(source, destination, rate)| Step::StartMoveTask { source, destination, rate });
    let ms = select(vec![0_u64, 1, 999, 1000, 5000, 10_000, 30_000, 61_000, 300_000]);
    prop_oneof![
        24 => (queue(), vec(draft(), 1..5)).prop_map(|(queue, messages)| Step::Send { queue, messages }),
        26 => receive(),
        12 => delete,
        8 => hide,
        1 => vec(receipt(), 1..4).prop_map(|receipts| Step::Return { receipts }),
        1 => (0_usize..3).prop_map(|wait| Step::Abandon { wait }),
        1 => queue().prop_map(|queue| Step::Purge { queue }),
        1 => queue().prop_map(|queue| Step::DeleteQueue { queue }),
        2 => queue().prop_map(|queue| Step::CreateQueue { queue }),
        5 => (queue(), change()).prop_map(|(queue, change)| Step::Set { queue, change }),
        2 => task,
        1 => select(vec![2_usize, 5]).prop_map(|source| Step::CancelMoveTask { source }),
        4 => Just(Step::Work),
        1 => Just(Step::Reclaim),
        1 => Just(Step::Trim),
        1 => Just(Step::TakeSnapshot),
        2 => any::<bool>().prop_map(|from_snapshot| Step::Restart { from_snapshot }),
        12 => ms.prop_map(|ms| Step::Wait { ms }),
    ]
}
