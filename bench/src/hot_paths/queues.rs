//! What a shard decides about a queue.

use tidings_core::command::{Command, Handle, Outgoing, ReceiveRequest, Received, Reply};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{FifoId, QueueArn, Uuid};

use super::hot_path::{ROUND, Sizes, Work};
use super::materials::{self, ACCOUNT};
use super::shard::Driver;

/// What the queue is.
#[derive(Copy, Clone)]
pub(super) enum Kind {
    /// A standard queue with no more in it than a round takes out.
    Short,
    /// The same with many more.
    Deep,
    /// A FIFO queue, as short, in many groups.
    Fifo,
}

/// What is done.
#[derive(Copy, Clone)]
pub(super) enum Step {
    Send,
    SendBatch,
    ReceiveDelete,
}

/// Messages in a batch.
const BATCH: usize = 10;

/// Duplicates are known for five minutes.
const DEDUPLICATION_MS: u64 = 300_000;

pub(super) fn work(sizes: Sizes, kind: Kind, step: Step) -> impl Work {
    let short = usize::try_from(ROUND).expect("it is small") * BATCH;
    let (depth, groups) = match kind {
        Kind::Short => (short, 0),
        Kind::Deep => (sizes.deep, 0),
        Kind::Fifo => (short, sizes.groups),
    };
    let mut queue = Queue::new(groups);
    queue.fill(depth);
    QueueWork { queue, depth, step }
}

struct QueueWork {
    queue: Queue,
    depth: usize,
    step: Step,
}

impl Work for QueueWork {
    fn once(&mut self) -> usize {
        match self.step {
            Step::Send => self.queue.send(1),
            Step::SendBatch => self.queue.send(BATCH),
            Step::ReceiveDelete => self.queue.receive_delete(),
        }
    }

    fn restore(&mut self) {
        // What was sent is forgotten before as many are sent again.
        if self.queue.groups > 0 {
            self.queue.driver.advance(DEDUPLICATION_MS + 1);
        }
        while self.queue.waiting > self.depth {
            self.queue.receive_delete();
        }
        self.queue.fill(self.depth);
    }
}

/// A queue in a shard of its own.
struct Queue {
    driver: Driver,
    arn: QueueArn,
    /// Of a FIFO queue; of another, none.
    groups: usize,
    /// The content of each message.
    content: Vec<u8>,
    sent: usize,
    waiting: usize,
}

impl Queue {
    fn new(groups: usize) -> Self {
        let (mut driver, is_fifo) = (Driver::new(), groups > 0);
        let arn = materials::queue(if is_fifo { "orders.fifo" } else { "orders" });
        let mut attributes = vec![("MessageRetentionPeriod".to_owned(), "1209600".to_owned())];
        if is_fifo {
            attributes.push(("FifoQueue".to_owned(), "true".to_owned()));
        }
        driver.run(Command::CreateQueue { arn: arn.clone(), attributes, tags: Vec::new() });
        let content = Content {
            body: &materials::body(0),
            sender_id: ACCOUNT,
            trace_header: None,
            attributes: Vec::new(),
        };
        Self { driver, arn, groups, content: content.encode(), sent: 0, waiting: 0 }
    }

    fn fill(&mut self, depth: usize) {
        while self.waiting < depth {
            self.send(BATCH.min(depth - self.waiting));
        }
    }

    /// Sends so many messages at once. Says how many there were.
    fn send(&mut self, count: usize) -> usize {
        let messages = (0..count).map(|_| self.outgoing()).collect();
        let command = Command::Send { arn: self.arn.clone(), messages };
        let Reply::Sent(sent) = self.driver.run(command) else { return 0 };
        let sent = sent.iter().filter(|sent| sent.is_ok()).count();
        self.waiting += sent;
        sent
    }

    /// The next message.
    fn outgoing(&mut self) -> Outgoing {
        self.sent += 1;
        let id = |text: String| FifoId::parse(&text).expect("letters and digits");
        let is_fifo = self.groups > 0;
        Outgoing {
            message_id: Uuid::from_random(self.sent as u128),
            content: self.content.clone(),
            sealing: Sealing::Plain,
            size: materials::BODY_BYTES,
            body_md5: [0xa5; 16],
            body_sha256: None,
            delay_seconds: None,
            group: is_fifo.then(|| id(format!("group{}", self.sent % self.groups))),
            deduplication: is_fifo.then(|| id(self.sent.to_string())),
        }
    }

    /// Receives ten and deletes them. Says how many there were.
    fn receive_delete(&mut self) -> usize {
        let request = ReceiveRequest {
            max_messages: BATCH,
            visibility_timeout: None,
            wait_seconds: Some(0),
            attempt: None,
        };
        let command = Command::Receive { arn: self.arn.clone(), request };
        let Reply::Received(received) = self.driver.run(command) else { return 0 };
        let handle =
            |message: &Received| Handle { text: String::new(), receipt: Some(message.receipt) };
        let receipts = received.iter().map(handle).collect();
        let command = Command::Delete { arn: self.arn.clone(), receipts };
        let Reply::Each(deleted) = self.driver.run(command) else { return 0 };
        let deleted = deleted.iter().filter(|deleted| deleted.is_ok()).count();
        self.waiting -= deleted;
        deleted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(driver: &mut Driver, arn: &QueueArn) -> String {
        let names = vec!["ApproximateNumberOfMessages".to_owned()];
        match driver.run(Command::QueueAttributes { arn: arn.clone(), names }) {
            Reply::Attributes(mut values) => values.remove(0).1,
            other => panic!("no attributes: {other:?}"),
        }
    }

    #[test]
    fn what_waits_in_a_queue_is_what_was_not_received() {
        for groups in [0, 7] {
            let mut queue = Queue::new(groups);
            assert_eq!((queue.send(1), queue.send(10), queue.send(10)), (1, 10, 10));
            assert_eq!(queue.receive_delete(), 10);
            assert_eq!((queue.waiting, &*waiting(&mut queue.driver, &queue.arn)), (11, "11"));
        }
    }

    #[test]
    fn a_queue_is_restored_to_its_depth() {
        let sizes = Sizes { deep: 15_000, groups: 9, queues: 1, policies: 1 };
        for (kind, depth) in [(Kind::Short, 10_000), (Kind::Deep, 15_000), (Kind::Fifo, 10_000)] {
            for step in [Step::Send, Step::SendBatch, Step::ReceiveDelete] {
                let groups = if matches!(kind, Kind::Fifo) { 9 } else { 0 };
                let mut work = QueueWork { queue: Queue::new(groups), depth, step };
                work.restore();
                (0..7).for_each(|_| assert_ne!(work.once(), 0));
                assert_ne!(work.queue.waiting, depth);
                work.restore();
                let count = waiting(&mut work.queue.driver, &work.queue.arn);
                assert!(count.parse::<usize>().unwrap().abs_diff(depth) < BATCH, "{count}");
            }
            assert_eq!(super::work(sizes, kind, Step::SendBatch).once(), BATCH);
        }
    }
}
