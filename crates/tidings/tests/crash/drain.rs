//! Emptying the queues in the end.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::clerk::{Clerk, How, InHand};
use crate::history::History;
use crate::queues::Queue;
use crate::run::counts;

/// How long emptying a queue may take: what was handed out into a crash has to come back first.
/// Only a server that never gives it back takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Receives and deletes everything, from all queues at once.
pub(crate) fn all(address: SocketAddr, history: &mut History) {
    thread::scope(|scope| {
        let drains = Queue::ALL.map(|queue| scope.spawn(move || drain(queue, address)));
        for drain in drains {
            history.absorb(drain.join().expect("a drain does not panic"));
        }
    });
}

/// Receives and deletes everything from one queue.
pub(crate) fn one(queue: Queue, address: SocketAddr, history: &mut History) {
    history.absorb(drain(queue, address));
}

/// Looks whether the queues are as empty as they should be.
pub(crate) fn find_nothing(address: SocketAddr, history: &mut History) {
    let mut clerk = Clerk::new(address);
    for queue in Queue::ALL {
        let how = How { max: 10, wait_seconds: 0, visibility_seconds: 0, attempt: None };
        let found = clerk.receive(queue, &how).expect("the server is there");
        let counts = counts(queue, &mut clerk);
        if !found.is_empty() || counts != [0; 3] {
            clerk.complain(format!("{queue:?} does not stay empty: {counts:?}, {found:?}"));
        }
    }
    history.absorb(clerk.history);
}

fn drain(queue: Queue, address: SocketAddr) -> History {
    let mut clerk = Clerk::new(address);
    let how = How { max: 10, wait_seconds: 1, visibility_seconds: 30, attempt: None };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let messages = clerk.receive(queue, &how).expect("the server is there");
        let (dead, live): (Vec<InHand>, Vec<InHand>) =
            messages.into_iter().partition(|message| message.held.is_to_move());
        if !dead.is_empty() {
            clerk.change_batch(&dead, 0).expect("the server is there");
        }
        if !live.is_empty() {
            clerk.delete_batch(&live).expect("the server is there");
        }
        if dead.is_empty() && live.is_empty() && is_empty(queue, &mut clerk) {
            return clerk.history;
        }
        if Instant::now() > deadline {
            let counts = counts(queue, &mut clerk);
            clerk.complain(format!("{queue:?} does not become empty: {counts:?}"));
            return clerk.history;
        }
    }
}

/// Whether a queue is empty, and nothing can come from the queue whose dead letters it takes.
fn is_empty(queue: Queue, clerk: &mut Clerk) -> bool {
    counts(queue.source(), clerk) == [0; 3] && counts(queue, clerk) == [0; 3]
}
