//! Everyone gets everything in the end.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::judge;
use super::subscriber::Subscriber;
use crate::clerk::Clerk;
use crate::history::History;

/// How long that may take: attempts that hang end after fifteen seconds, and more may wait behind them.
const PATIENCE: Duration = Duration::from_secs(100);
/// How often it is looked whether all is there.
const LOOK: Duration = Duration::from_millis(500);

/// Cures the endpoints, and empties the inboxes until nothing is missing. What is missing even
/// then, the judge will say.
pub(crate) fn all(address: SocketAddr, endpoints: &[Endpoint], history: &mut History) {
    endpoints.iter().for_each(|endpoint| endpoint.set_in_trouble(false));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let are_empty = empty_inboxes(address, history);
        take_books(endpoints, history);
        let is_late = Instant::now() > deadline;
        if (are_empty && judge::missing(history).is_empty()) || is_late {
            if !are_empty {
                history.violations.push("the inboxes do not become empty".into());
            }
            return;
        }
        thread::sleep(LOOK);
    }
}

/// Looks whether the inboxes are as empty as they should be.
pub(crate) fn find_nothing(address: SocketAddr, history: &mut History) {
    if !empty_inboxes(address, history) {
        history.violations.push("the inboxes do not stay empty".into());
    }
}

pub(crate) fn take_books(endpoints: &[Endpoint], history: &mut History) {
    for endpoint in endpoints {
        let (books, mut violations) = endpoint.take_books();
        history.topics.absorb(books);
        history.violations.append(&mut violations);
    }
}

/// Receives and deletes what there is, and returns whether that leaves nothing.
fn empty_inboxes(address: SocketAddr, history: &mut History) -> bool {
    let inboxes: Vec<Subscriber> =
        Subscriber::ALL.into_iter().filter(|subscriber| subscriber.inbox().is_some()).collect();
    thread::scope(|scope| {
        let drains = inboxes.into_iter().map(|inbox| scope.spawn(move || drain(inbox, address)));
        let drains: Vec<_> = drains.collect();
        drains.into_iter().fold(true, |are_empty, drain| {
            let (drained, is_empty) = drain.join().expect("a drain does not panic");
            history.absorb(drained);
            are_empty && is_empty
        })
    })
}

fn drain(inbox: Subscriber, address: SocketAddr) -> (History, bool) {
    let mut clerk = Clerk::new(address);
    loop {
        let messages = clerk.collect(inbox, 10, Duration::ZERO).expect("the server is there");
        if messages.is_empty() {
            let is_empty = clerk.is_empty(inbox).expect("the server is there");
            return (clerk.history, is_empty);
        }
        clerk.clear(inbox, &messages).expect("the server is there");
    }
}
