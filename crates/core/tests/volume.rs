//! Many of everything. Nothing is timed: what grows with the square of these numbers would not
//! finish.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use tidings_core::command::{
    Command, Handle, Outgoing, Pairs, Publication, ReceiveRequest, Received, Reply, Subscribe,
    Token, TopicCommand,
};
use tidings_core::limits;
use tidings_core::message::Sealing;
use tidings_core::names::{
    AccountId, FifoId, QueueArn, QueueName, Region, SubscriptionProtocol, TopicArn, Uuid,
};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::rejection::Rejection;
use tidings_core::shard::{BATCH_FULL_BYTES, Settings, Shard};
use tidings_core::time::Timestamp;

const SEGMENT_BYTES: u64 = 1 << 20;

/// A shard whose log is thrown away: its receipts say all that these tests ask.
struct Driver {
    shard: Shard,
    now: Timestamp,
    last: u64,
    replies: BTreeMap<Token, Result<Reply, Rejection>>,
    log: Option<Vec<(u64, Vec<u8>)>>,
    /// Bytes of the longest batch so far.
    longest: usize,
}

impl Driver {
    fn new() -> Self {
        let mut shard = Shard::new(Settings::default(), SEGMENT_BYTES);
        shard.resume(0, [1; 16]);
        let now = Timestamp::from_ms(1_700_000_000_000);
        Self { shard, now, last: 0, replies: BTreeMap::new(), log: None, longest: 0 }
    }

    fn decide(&mut self, command: Command) -> Token {
        self.last += 1;
        self.shard.decide(Token(self.last), command, self.now);
        self.take();
        Token(self.last)
    }

    fn take(&mut self) {
        let batch = self.shard.take_batch(|start, length| start + length);
        self.replies.extend(batch.replies);
        self.longest = self.longest.max(batch.records.len());
        if let Some(log) = &mut self.log {
            log.push((batch.start, batch.records));
        }
    }

    fn run(&mut self, command: Command) -> Result<Reply, Rejection> {
        let token = self.decide(command);
        self.replies.remove(&token).expect("an answer at once")
    }

    fn advance(&mut self, ms: u64) {
        let target = self.now + ms;
        while let Some(due) = self.shard.next_due().filter(|due| *due <= target) {
            self.now = due.max(self.now);
            self.shard.advance(self.now);
            self.take();
        }
        self.now = target;
    }

    fn create(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let mut given: Pairs =
            attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        if name.ends_with(".fifo") {
            given.push(("FifoQueue".into(), "true".into()));
        }
        let command = Command::CreateQueue { arn: arn(name), attributes: given, tags: Vec::new() };
        self.run(command).unwrap();
    }

    /// Sends so many messages, the n-th as `message` makes it.
    fn send(&mut self, queue: &str, count: u64, message: impl Fn(u64) -> Outgoing) {
        let numbers: Vec<u64> = (0..count).collect();
        for ten in numbers.chunks(10) {
            let messages = ten.iter().map(|n| message(*n)).collect();
            let Ok(Reply::Sent(sent)) = self.run(Command::Send { arn: arn(queue), messages })
            else {
                panic!("an answer to a send");
            };
            assert!(sent.iter().all(Result::is_ok));
        }
    }

    fn receive(&mut self, queue: &str, max_messages: usize) -> Vec<Received> {
        let request = ReceiveRequest { max_messages, ..short_poll() };
        match self.run(Command::Receive { arn: arn(queue), request }).unwrap() {
            Reply::Received(messages) => messages,
            other => panic!("no answer to a receive: {other:?}"),
        }
    }

    fn delete(&mut self, queue: &str, messages: &[Received]) {
        let handle =
            |message: &Received| Handle { text: String::new(), receipt: Some(message.receipt) };
        let receipts = messages.iter().map(handle).collect();
        let Ok(Reply::Each(each)) = self.run(Command::Delete { arn: arn(queue), receipts }) else {
            panic!("an answer to a delete");
        };
        assert!(each.iter().all(Result::is_ok));
    }

    fn count(&mut self, queue: &str, which: &str) -> u64 {
        let names = vec![format!("ApproximateNumberOfMessages{which}")];
        match self.run(Command::QueueAttributes { arn: arn(queue), names }).unwrap() {
            Reply::Attributes(values) => values[0].1.parse().unwrap(),
            other => panic!("no attributes: {other:?}"),
        }
    }
}

fn arn(name: &str) -> QueueArn {
    QueueArn {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        name: QueueName::parse(name).unwrap(),
    }
}

fn short_poll() -> ReceiveRequest {
    ReceiveRequest {
        max_messages: 10,
        visibility_timeout: Some(43_200),
        wait_seconds: Some(0),
        attempt: None,
    }
}

fn message(n: u64) -> Outgoing {
    Outgoing {
        message_id: Uuid::from_random(u128::from(n)),
        content: vec![0; 8],
        sealing: Sealing::Plain,
        size: 8,
        body_md5: [0; 16],
        body_sha256: None,
        delay_seconds: None,
        group: None,
        deduplication: None,
    }
}

/// The n-th message, in one of so many groups.
fn grouped(n: u64, groups: u64) -> Outgoing {
    Outgoing {
        group: FifoId::parse(&format!("group{}", n % groups)),
        deduplication: FifoId::parse(&n.to_string()),
        ..message(n)
    }
}

/// Receives and deletes to the end; the sequence numbers of each group must rise.
fn drain_in_order(driver: &mut Driver, queue: &str, groups: u64) -> u64 {
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    let mut drained = 0;
    loop {
        let received = driver.receive(queue, 10);
        if received.is_empty() {
            return drained;
        }
        drained += received.len() as u64;
        for message in &received {
            let number = message.sequence_number.unwrap();
            // Keys count the messages sent, and so tell the group.
            let before = last.insert(message.receipt.key % groups, number);
            assert!(before.is_none_or(|before| before < number));
        }
        driver.delete(queue, &received);
    }
}

#[test]
fn a_fifo_backlog_of_one_group_is_worked_off_in_order() {
    let mut driver = Driver::new();
    driver.create("orders.fifo", &[]);
    driver.send("orders.fifo", 100_000, |n| grouped(n, 1));
    assert_eq!(drain_in_order(&mut driver, "orders.fifo", 1), 100_000);
    assert_eq!(driver.shard.live_bytes(), 0);
}

#[test]
fn a_fifo_backlog_of_many_groups_is_worked_off_in_order_across_a_restart() {
    let mut driver = Driver::new();
    driver.create("orders.fifo", &[]);
    driver.send("orders.fifo", 50_000, |n| grouped(n, 5000));
    let snapshot = driver.shard.snapshot();
    let covers = driver.shard.next_position();
    driver.log = Some(Vec::new());
    driver.send("orders.fifo", 50_000, |n| grouped(n + 50_000, 5000));
    for _ in 0..1000 {
        let received = driver.receive("orders.fifo", 10);
        driver.delete("orders.fifo", &received);
    }
    let mut shard = Shard::restore(Settings::default(), SEGMENT_BYTES, covers, &snapshot).unwrap();
    for (start, payload) in driver.log.take().unwrap() {
        shard.replay(start, &payload).unwrap();
    }
    shard.resume(driver.shard.next_position(), [2; 16]);
    assert_eq!(shard.live_bytes(), driver.shard.live_bytes());
    driver.shard = shard;
    assert_eq!(driver.count("orders.fifo", ""), 90_000);
    assert_eq!(drain_in_order(&mut driver, "orders.fifo", 5000), 90_000);
}

#[test]
fn a_standard_queue_has_120_000_messages_in_flight_at_most() {
    let mut driver = Driver::new();
    driver.create("orders", &[]);
    driver.send("orders", 120_005, message);
    let mut received = Vec::new();
    for _ in 0..12_000 {
        received = driver.receive("orders", 10);
        assert_eq!(received.len(), 10);
    }
    assert_eq!(driver.count("orders", "NotVisible"), 120_000);
    let refused = driver.run(Command::Receive { arn: arn("orders"), request: short_poll() });
    assert!(matches!(refused, Err(Rejection::OverLimit(_))), "{refused:?}");
    // One that waits is not refused. It waits, until there is room again.
    let request = ReceiveRequest { wait_seconds: Some(20), ..short_poll() };
    let waits = driver.decide(Command::Receive { arn: arn("orders"), request });
    driver.delete("orders", &received[..3]);
    let Some(Ok(Reply::Received(late))) = driver.replies.remove(&waits) else {
        panic!("an answer to the wait");
    };
    assert_eq!(late.len(), 3, "no more than there is room for");
    assert_eq!(driver.count("orders", "NotVisible"), 120_000);
    // All of them come back in the same millisecond.
    driver.advance(43_200_000);
    assert_eq!(driver.count("orders", ""), 120_002);
    assert_eq!(driver.receive("orders", 10).len(), 10);
}

#[test]
fn a_fifo_queue_at_the_limit_has_nothing_to_give_and_no_error() {
    let mut driver = Driver::new();
    driver.create("orders.fifo", &[]);
    driver.send("orders.fifo", 120_005, |n| grouped(n, 120_005));
    for _ in 0..12_000 {
        assert_eq!(driver.receive("orders.fifo", 10).len(), 10);
    }
    assert_eq!(driver.receive("orders.fifo", 10), []);
    assert_eq!(driver.count("orders.fifo", ""), 5);
}

#[test]
fn receives_wait_by_the_hundred_thousand() {
    let mut driver = Driver::new();
    driver.create("orders", &[]);
    driver.create("others", &[]);
    let wait = |seconds| ReceiveRequest { wait_seconds: Some(seconds), ..short_poll() };
    let poll = |driver: &mut Driver, queue: &str, seconds| {
        driver.decide(Command::Receive { arn: arn(queue), request: wait(seconds) })
    };
    let orders: Vec<Token> = (0..50_000).map(|_| poll(&mut driver, "orders", 20)).collect();
    let others: Vec<Token> = (0..50_000).map(|n| poll(&mut driver, "others", 1 + n % 20)).collect();
    assert!(driver.replies.is_empty());
    for receive in &orders[..10_000] {
        driver.decide(Command::AbandonReceive { receive: *receive });
    }
    for (n, token) in (0..).zip(&orders[10_000..20_000]) {
        driver.send("orders", 1, |_| message(n));
        let reply = driver.replies.remove(token);
        assert!(matches!(reply, Some(Ok(Reply::Received(one))) if one.len() == 1), "in turn");
    }
    driver.advance(19_999);
    assert_eq!(driver.replies.len(), 50_000 * 19 / 20);
    driver.advance(1);
    assert_eq!(driver.replies.len(), 80_000);
    assert!(others.iter().all(|token| driver.replies.contains_key(token)));
    let empty = Ok(Reply::Received(Vec::new()));
    assert!(driver.replies.values().all(|reply| *reply == empty));
}

#[test]
fn a_long_line_of_delayed_messages_does_not_slow_down_those_behind_it() {
    let mut driver = Driver::new();
    driver.create("orders", &[]);
    driver.send("orders", 100_000, |n| Outgoing { delay_seconds: Some(900), ..message(n) });
    for n in 0..20_000 {
        driver.send("orders", 1, |_| message(n));
        let received = driver.receive("orders", 1);
        assert_eq!(received.len(), 1);
        driver.delete("orders", &received);
    }
    driver.advance(900_000);
    assert_eq!(driver.count("orders", ""), 100_000);
}

#[test]
fn queues_by_the_thousand_are_listed_and_deleted() {
    let mut driver = Driver::new();
    for n in 0..1500 {
        driver.create(&format!("queue{n:04}"), &[]);
        driver.send(&format!("queue{n:04}"), 1, message);
    }
    let list = |driver: &mut Driver, after: Option<QueueName>| {
        let QueueArn { account, region, .. } = arn("any");
        let prefix = "queue".to_owned();
        match driver.run(Command::ListQueues { account, region, prefix, after, max: 1000 }) {
            Ok(Reply::Queues { queues, more }) => (queues, more),
            other => panic!("no list: {other:?}"),
        }
    };
    let (first, more) = list(&mut driver, None);
    assert_eq!((first.len(), more), (1000, true));
    let (second, more) = list(&mut driver, first.last().map(|arn| arn.name.clone()));
    assert_eq!((second.len(), more), (500, false));
    assert!(first.iter().chain(&second).is_sorted());
    for arn in first.into_iter().chain(second) {
        driver.run(Command::DeleteQueue { arn }).unwrap();
    }
    assert_eq!(driver.shard.first_live(), None);
    assert_eq!(list(&mut driver, None), (Vec::new(), false));
}

/// What a batch of the log has room for, unless it is configured otherwise: less what is written behind
/// one that is sealed.
const BATCH_BYTES_MAX: usize = (4 << 20) - 32;

fn topic(account: u64) -> TopicArn {
    TopicArn::parse(&format!("arn:aws:sns:us-east-1:{account:012}:stock")).unwrap()
}

fn subscribe(account: u64, protocol: SubscriptionProtocol, endpoint: String, id: u64) -> Command {
    Command::Topic(TopicCommand::Subscribe(Subscribe {
        topic: topic(account),
        protocol,
        endpoint,
        attributes: Vec::new(),
        account: topic(account).account,
        principal: String::new(),
        id: Uuid::from_random(u128::from(id) << 80),
        message_id: Uuid::from_random(1),
    }))
}

fn create_topic(account: u64) -> Command {
    Command::Topic(TopicCommand::CreateTopic {
        arn: topic(account),
        attributes: Vec::new(),
        tags: Vec::new(),
        data_protection_policy: None,
    })
}

#[test]
fn a_batch_of_messages_to_as_many_as_a_topic_may_have_fits_into_batches_of_the_log() {
    let mut driver = Driver::new();
    driver.run(create_topic(0)).unwrap();
    let queues = limits::TOPIC_SUBSCRIPTIONS_MAX as u64;
    for number in 0..queues {
        let name = format!("queue-{number}");
        driver.create(&name, &[]);
        let endpoint = arn(&name).to_string();
        driver.run(subscribe(0, SubscriptionProtocol::Sqs, endpoint, number)).unwrap();
    }
    let text = "x".repeat(25_000);
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target: None,
        is_notice: false,
        subject: None,
        trace_header: None,
        token: None,
        message: &text,
        by_protocol: Vec::new(),
        attributes: Vec::new(),
    };
    let message = Publication {
        message_id: Uuid::from_random(2),
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: text.len(),
        raw_size: text.len(),
        enveloped_size: text.len() + 1000,
        body_md5: [0; 16],
        body_sha256: None,
        group: None,
        deduplication: None,
    };
    let mut messages = vec![message; 10];
    while !messages.is_empty() {
        let publish = TopicCommand::Publish { arn: topic(0), messages };
        let Ok(Reply::Published { published, left, .. }) = driver.run(Command::Topic(publish))
        else {
            panic!("an answer to a publish");
        };
        assert!(!published.is_empty() && published.iter().all(Result::is_ok));
        messages = left;
    }
    assert!(driver.longest > BATCH_FULL_BYTES, "else this shows nothing");
    assert!(driver.longest < BATCH_BYTES_MAX, "{} bytes", driver.longest);
    for queue in ["queue-0", &format!("queue-{}", queues - 1)] {
        assert_eq!(driver.count(queue, ""), 10);
    }
}

#[test]
fn many_attempts_that_are_due_together_are_made_in_several_batches() {
    let mut driver = Driver::new();
    for account in 0..6 {
        driver.run(create_topic(account)).unwrap();
        for number in 0..limits::PENDING_SUBSCRIPTIONS_MAX as u64 {
            let endpoint = format!("https://example.com/{number}");
            let id = account << 32 | number;
            // Each endpoint is asked to confirm: that is an attempt.
            driver.run(subscribe(account, SubscriptionProtocol::Https, endpoint, id)).unwrap();
        }
    }
    driver.longest = 0;
    driver.advance(limits::ATTEMPT_SECONDS_MAX * 1000);
    assert!(driver.longest >= BATCH_FULL_BYTES, "else this shows nothing");
    assert!(driver.longest < BATCH_FULL_BYTES + 1000, "{} bytes", driver.longest);
}
