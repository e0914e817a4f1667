//! Connections of a stage that do the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::asker::Asker;
use super::course::Course;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::connection::Connection;
use crate::ledger::Ledger;
use crate::protocol::Protocol;
use crate::tally::Tally;
use crate::template::Shape;

pub(crate) struct Party {
    /// What it is called in tables.
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) role: Role,
}

pub(crate) enum Role {
    /// Lanes are shared out among the connections: there are as many at least.
    Send { shape: Shape, ledger: Arc<Ledger> },
    /// Queues are shared out, or connections if there are more of these.
    Receive { protocol: Protocol, queues: Vec<(String, Arc<Ledger>)>, batch: usize, ends: Ends },
}

/// When a receiver is done.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ends {
    /// When all that was acknowledged has come, or nothing has for so long.
    Drained { patience: Duration },
    /// When the stage is over, or there is nothing.
    Limit,
}

/// One connection with its part of the work.
pub(super) enum Worker {
    Sender(Box<Sender>),
    Receiver(Box<Receiver>, Vec<(String, Arc<Ledger>)>),
}

impl Party {
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.role, Role::Send { .. })
    }

    /// What the connection with this number does. In a runtime.
    pub(super) fn worker(
        &self,
        number: usize,
        connection: Connection,
        course: &Arc<Course>,
        tally: &Arc<Mutex<Tally>>,
    ) -> Worker {
        let asker = Asker::new(connection, course, tally);
        match &self.role {
            Role::Send { shape, ledger } => {
                let lanes = (number..ledger.lanes()).step_by(self.connections).collect();
                Worker::Sender(Box::new(Sender::new(asker, shape, Arc::clone(ledger), lanes)))
            }
            Role::Receive { protocol, queues, batch, ends } => {
                let own = shared_out(queues.len(), self.connections, number);
                let own = own.into_iter().map(|queue| queues[queue].clone()).collect();
                Worker::Receiver(Box::new(Receiver::new(asker, *protocol, *batch, *ends)), own)
            }
        }
    }
}

impl Worker {
    pub(super) async fn run(self) {
        match self {
            Self::Sender(sender) => sender.run().await,
            Self::Receiver(receiver, queues) => receiver.run(queues).await,
        }
    }
}

/// Which of the queues a connection has.
fn shared_out(queues: usize, connections: usize, number: usize) -> Vec<usize> {
    if queues > connections {
        (number..queues).step_by(connections).collect()
    } else {
        (0..queues).skip(number % queues.max(1)).take(1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_and_every_connection_has_its_part() {
        for (queues, connections) in [(1, 1), (1, 5), (3, 5), (5, 5), (7, 5), (100, 3)] {
            let parts: Vec<_> =
                (0..connections).map(|number| shared_out(queues, connections, number)).collect();
            assert!(parts.iter().all(|part| !part.is_empty()), "{queues} {connections}");
            let mut all = parts.concat();
            all.sort();
            all.dedup();
            assert_eq!(all, (0..queues).collect::<Vec<_>>(), "{queues} {connections}");
        }
        assert!(shared_out(0, 3, 1).is_empty());
    }
}
