//! The broker over a log in memory that fails on request, and over a real folder.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::command::{Command, Handle, Outgoing, ReceiveRequest, Received, Reply, Sent};
use tidings_core::message::Content;
use tidings_core::names::QueueArn;
use tidings_core::record::MessageRecord;
use tidings_core::rejection::Rejection;
use tidings_core::shard::Settings;
use tidings_core::terms::Resource;
use tidings_core::time::Timestamp;
use tidings_log::memory::{MemoryFault, MemoryStore};
use tidings_log::snapshot::{MemorySnapshots, Snapshots};
use tidings_log::{Layout, Log, Position, Space};
use tidings_seal::{MasterKey, RootKey, RootKeys};

use crate::broker::{Broker, Options};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::{Failure, OpenError, Unavailable};
use crate::sealing::{Keys, Sealing};
use crate::store::{OpenReport, Opened, Storage, build};

const START: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// A log in memory that survives the broker.
#[derive(Clone)]
struct InMemory {
    log: MemoryStore,
    snapshots: Arc<Mutex<MemorySnapshots>>,
    key: Option<RootKey>,
}

impl InMemory {
    fn new(key: Option<RootKey>) -> Self {
        let layout = Layout { segment_bytes: 16 << 20, ..Layout::default() };
        let snapshots = Arc::new(Mutex::new(MemorySnapshots::new()));
        Self { log: MemoryStore::new(layout), snapshots, key }
    }

    fn broker(&self) -> (Broker, Clock) {
        let (clock, entropy) = (Clock::manual(START), Entropy::seeded(1));
        let root = RootKey::new([1; 32]);
        let keys = Keys::new(RootKeys { secrets: root.clone(), content: root }, false);
        let storage = Box::new(self.clone());
        let (broker, _) = Broker::over(storage, keys, clock.clone(), entropy).unwrap();
        (broker, clock)
    }
}

impl Storage for InMemory {
    fn open(&self, secret: [u8; 16]) -> Result<Opened, OpenError> {
        let mut snapshots: Box<dyn Snapshots> = Box::new(self.snapshots.lock().unwrap().clone());
        let mut log: Box<dyn Log> = Box::new(self.log.open());
        if let Some(key) = &self.key {
            let sealing = Sealing::new(key.clone(), log.layout().first(), Entropy::system());
            (snapshots, log) = (sealing.snapshots(snapshots), sealing.log(log));
        }
        let latest = snapshots.latest()?;
        let snapshot = latest.snapshot.as_ref().map(|snapshot| snapshot.covers);
        let shard = build(Settings::default(), &*log, latest.snapshot, secret)?;
        let report = OpenReport {
            oldest: log.layout().first(),
            log: None,
            snapshot,
            damaged_snapshots: Vec::new(),
            took: Duration::ZERO,
        };
        Ok(Opened { shard, log, snapshots, report })
    }
}

/// Makes two tests of each case: over a log as it is, and over a sealed one.
macro_rules! plain_and_sealed {
    ($($flavor:literal: $($case:ident)*;)*) => {
        mod plain {
            use super::InMemory;
            $($(
                #[tokio::test(flavor = $flavor)]
                async fn $case() {
                    super::$case(InMemory::new(None)).await;
                }
            )*)*
        }
        mod sealed {
            use super::{InMemory, RootKey};
            $($(
                #[tokio::test(flavor = $flavor)]
                async fn $case() {
                    super::$case(InMemory::new(Some(RootKey::new([2; 32])))).await;
                }
            )*)*
        }
    };
}

plain_and_sealed! {
    "current_thread":
        a_waiting_receive_gets_the_message_that_comes
        an_empty_wait_ends_when_its_time_has_come
        a_caller_who_goes_takes_no_message_along
        an_append_in_doubt_is_answered_as_such_and_settled_by_the_log
        a_batch_that_found_no_room_did_not_happen
        a_full_disk_refuses_what_takes_room_and_takes_what_frees_it
        a_rejection_changes_nothing
        a_closed_broker_refuses_and_ends_waits
        terms_are_seen_by_whoever_was_told_of_them;
    "multi_thread":
        many_callers_share_appends_and_each_gets_its_own_reply;
}

fn arn(name: &str) -> QueueArn {
    QueueArn::parse(&format!("arn:aws:sqs:us-east-1:000000000000:{name}")).unwrap()
}

async fn create(broker: &Broker, name: &str) {
    let command = Command::CreateQueue { arn: arn(name), attributes: vec![], tags: vec![] };
    assert_eq!(broker.call(command).await, Ok(Reply::Done));
}

fn outgoing(broker: &Broker, body: &str) -> Outgoing {
    let colour = MessageAttribute {
        name: "colour",
        data_type: "String",
        value: AttributeValue::Text("blue"),
    };
    let content =
        Content { body, sender_id: "sender", trace_header: None, attributes: vec![colour] };
    Outgoing {
        message_id: broker.uuid(),
        content: content.encode(),
        sealing: tidings_core::message::Sealing::Plain,
        size: body.len(),
        body_md5: [7; 16],
        body_sha256: None,
        delay_seconds: None,
        group: None,
        deduplication: None,
    }
}

async fn send(broker: &Broker, name: &str, body: &str) -> Result<Sent, Failure> {
    let messages = vec![outgoing(broker, body)];
    match broker.call(Command::Send { arn: arn(name), messages }).await? {
        Reply::Sent(mut sent) => Ok(sent.remove(0)?),
        other => panic!("{other:?}"),
    }
}

fn receive_command(name: &str, wait_seconds: u32) -> Command {
    let request = ReceiveRequest {
        max_messages: 10,
        visibility_timeout: None,
        wait_seconds: Some(wait_seconds),
        attempt: None,
    };
    Command::Receive { arn: arn(name), request }
}

async fn receive(broker: &Broker, name: &str, wait_seconds: u32) -> Vec<Received> {
    match broker.call(receive_command(name, wait_seconds)).await {
        Ok(Reply::Received(messages)) => messages,
        other => panic!("{other:?}"),
    }
}

async fn bodies(broker: &Broker, messages: &[Received]) -> Vec<String> {
    let mut bodies = Vec::new();
    for message in messages {
        let record = broker.read(message.location).await.unwrap();
        let content = MessageRecord::decode(&record).unwrap().content;
        bodies.push(Content::decode(content).unwrap().body.to_owned());
    }
    bodies
}

async fn delete(broker: &Broker, name: &str, message: &Received) {
    let handle = Handle { text: String::new(), receipt: Some(message.receipt) };
    let command = Command::Delete { arn: arn(name), receipts: vec![handle] };
    assert_eq!(broker.call(command).await, Ok(Reply::Each(vec![Ok(())])));
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    what_was_answered_is_there(None).await;
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart_of_a_sealed_folder() {
    what_was_answered_is_there(Some(MasterKey::new([7; 32]))).await;
}

async fn what_was_answered_is_there(master_key: Option<MasterKey>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(START);
    let options = Options { clock, master_key, ..Options::new(folder.path()) };
    let (broker, report) = Broker::open(options.clone()).unwrap();
    assert!(report.log.unwrap().created);
    create(&broker, "orders").await;
    let first = send(&broker, "orders", "first").await.unwrap();
    send(&broker, "orders", "second").await.unwrap();
    let received = receive(&broker, "orders", 0).await;
    assert_eq!(bodies(&broker, &received).await, ["first", "second"]);
    delete(&broker, "orders", &received[1]).await;
    let key = broker.receipt_key();
    broker.close().await;

    let (broker, report) = Broker::open(options.clone()).unwrap();
    assert!(report.snapshot.is_some(), "closing saves a snapshot");
    let handle = key.seal(received[0].receipt);
    assert_eq!(broker.receipt_key().open(&handle), Some(received[0].receipt));
    assert_eq!(receive(&broker, "orders", 0).await, [], "the first is still in flight");
    options.clock.advance(30_000);
    let again = receive(&broker, "orders", 0).await;
    assert_eq!(bodies(&broker, &again).await, ["first"]);
    assert_eq!(again[0].receive_count, 2);
    let record = broker.read(again[0].location).await.unwrap();
    assert_eq!(MessageRecord::decode(&record).unwrap().message_id, first.message_id);
    broker.close().await;
}

#[tokio::test]
async fn a_second_broker_is_refused_while_the_first_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (broker, _) = Broker::open(Options::new(folder.path())).unwrap();
    let second = Broker::open(Options::new(folder.path()));
    assert!(matches!(second.map(|_| ()), Err(OpenError::Lock(_))));
    broker.close().await;
    let (broker, _) = Broker::open(Options::new(folder.path())).unwrap();
    broker.close().await;
}

#[tokio::test]
async fn a_folder_of_another_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |format: &str| {
        std::fs::write(folder.path().join("FORMAT"), format).unwrap();
        Broker::open(Options::new(folder.path())).map(|_| ())
    };
    assert!(matches!(open("8\n"), Err(OpenError::NewerFormat { found, .. }) if found == "8"));
    assert!(matches!(open("two"), Err(OpenError::NewerFormat { found, .. }) if found == "two"));
    assert!(matches!(open("1\n"), Err(OpenError::OlderFormat { found: 1, .. })));
}

async fn a_waiting_receive_gets_the_message_that_comes(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    let waiting = tokio::spawn({
        let broker = broker.clone();
        async move { receive(&broker, "orders", 20).await }
    });
    tokio::task::yield_now().await;
    send(&broker, "orders", "hello").await.unwrap();
    assert_eq!(bodies(&broker, &waiting.await.unwrap()).await, ["hello"]);
}

async fn an_empty_wait_ends_when_its_time_has_come(storage: InMemory) {
    let (broker, clock) = storage.broker();
    create(&broker, "orders").await;
    let mut waiting = std::pin::pin!(receive(&broker, "orders", 20));
    assert!(poll_once(&mut waiting).await.is_none());
    // The receive has been decided once a later command has.
    create(&broker, "other").await;
    clock.advance(19_999);
    create(&broker, "other").await;
    assert!(poll_once(&mut waiting).await.is_none());
    clock.advance(1);
    assert_eq!(waiting.await, []);
}

async fn a_caller_who_goes_takes_no_message_along(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    // Gone while it waits, gone before it was decided, and gone with the answer under way.
    for step in 0..3 {
        let mut waiting = Box::pin(broker.call(receive_command("orders", 20)));
        if step > 0 {
            assert!(poll_once(&mut waiting).await.is_none());
            create(&broker, "orders").await;
        }
        if step == 2 {
            send(&broker, "orders", "two").await.unwrap();
        }
        drop(waiting);
        if step < 2 {
            send(&broker, "orders", ["zero", "one"][step]).await.unwrap();
        }
        let mut received = Vec::new();
        while received.is_empty() {
            received = receive(&broker, "orders", 0).await;
        }
        assert_eq!(bodies(&broker, &received).await, [["zero", "one", "two"][step]]);
        delete(&broker, "orders", &received[0]).await;
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

async fn an_append_in_doubt_is_answered_as_such_and_settled_by_the_log(storage: InMemory) {
    for (fault, is_kept) in
        [(MemoryFault::AmbiguousLanded, true), (MemoryFault::AmbiguousLost, false)]
    {
        let storage = InMemory::new(storage.key.clone());
        let (broker, _) = storage.broker();
        create(&broker, "orders").await;
        send(&broker, "orders", "before").await.unwrap();
        storage.log.fail_next(fault);
        let doubtful = send(&broker, "orders", "doubtful").await;
        assert_eq!(doubtful, Err(Failure::Unavailable(Unavailable::Unknown)));
        while send(&broker, "orders", "after").await.is_err() {}
        let received = receive(&broker, "orders", 0).await;
        let expected: &[&str] =
            if is_kept { &["before", "doubtful", "after"] } else { &["before", "after"] };
        assert_eq!(bodies(&broker, &received).await, expected);
    }
}

async fn a_batch_that_found_no_room_did_not_happen(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    storage.log.fail_next(MemoryFault::NoSpace);
    let refused = send(&broker, "orders", "refused").await;
    assert_eq!(refused, Err(Failure::Unavailable(Unavailable::Full)));
    while send(&broker, "orders", "taken").await.is_err() {}
    let received = receive(&broker, "orders", 0).await;
    assert_eq!(bodies(&broker, &received).await, ["taken"]);
}

async fn a_full_disk_refuses_what_takes_room_and_takes_what_frees_it(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    create(&broker, "other").await;
    for body in ["one", "two"] {
        send(&broker, "orders", body).await.unwrap();
    }
    storage.log.set_space(Space::Low);
    let received = receive(&broker, "orders", 0).await;
    assert_eq!(received.len(), 2);
    // The owner learns from each append how much room there is, soon after the reply went out.
    let refused = loop {
        if let Err(refused) = send(&broker, "other", "taken or refused").await {
            break refused;
        }
    };
    assert_eq!(refused, Failure::Unavailable(Unavailable::Full));
    delete(&broker, "orders", &received[0]).await;

    storage.log.set_space(Space::Exhausted);
    delete(&broker, "orders", &received[1]).await;
    let refused = loop {
        if let Err(refused) = broker.call(receive_command("orders", 0)).await {
            break refused;
        }
    };
    assert_eq!(refused, Failure::Unavailable(Unavailable::Full));

    storage.log.set_space(Space::Ample);
    while send(&broker, "orders", "three").await.is_err() {}
    assert_eq!(bodies(&broker, &receive(&broker, "orders", 0).await).await, ["three"]);
}

async fn a_rejection_changes_nothing(storage: InMemory) {
    let (broker, _) = storage.broker();
    let missing = send(&broker, "missing", "body").await;
    assert_eq!(missing, Err(Failure::Rejected(Rejection::QueueDoesNotExist)));
}

async fn many_callers_share_appends_and_each_gets_its_own_reply(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    let senders = (0..50).map(|sender| {
        let broker = broker.clone();
        tokio::spawn(async move {
            for n in 0..20 {
                send(&broker, "orders", &format!("{sender}-{n}")).await.unwrap();
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 1000 {
        let received = receive(&broker, "orders", 0).await;
        assert!(!received.is_empty());
        seen.extend(bodies(&broker, &received).await);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 1000);
}

async fn a_closed_broker_refuses_and_ends_waits(storage: InMemory) {
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    let waiting = tokio::spawn({
        let broker = broker.clone();
        async move { receive(&broker, "orders", 20).await }
    });
    tokio::task::yield_now().await;
    create(&broker, "orders").await;
    broker.clone().close().await;
    assert_eq!(waiting.await.unwrap(), []);
    let late = send(&broker, "orders", "late").await;
    assert_eq!(late, Err(Failure::Unavailable(Unavailable::Closing)));
}

#[tokio::test]
async fn the_front_of_the_log_is_given_up_and_stragglers_are_written_again() {
    // Sealed, since that is the harder way: nothing that a plain log does is left out.
    let folder = tempfile::tempdir().unwrap();
    let (clock, master_key) = (Clock::manual(START), Some(MasterKey::new([7; 32])));
    let options = Options { clock, master_key, ..Options::new(folder.path()) };
    let (broker, _) = Broker::open(options.clone()).unwrap();
    create(&broker, "orders").await;
    create(&broker, "stragglers").await;
    send(&broker, "stragglers", "still here").await.unwrap();
    let body = "x".repeat(1 << 20);
    for _ in 0..1200 {
        send(&broker, "orders", &body).await.unwrap();
        let received = receive(&broker, "orders", 0).await;
        delete(&broker, "orders", &received[0]).await;
    }
    let size = || -> u64 {
        let files = std::fs::read_dir(folder.path().join("shard-0")).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    assert!(size() < 800 << 20, "{} bytes for one message that waits", size());
    let received = receive(&broker, "stragglers", 0).await;
    assert_eq!(bodies(&broker, &received).await, ["still here"]);
    assert!(received[0].location.position > Position(64 << 20).0, "it was written again");
    broker.close().await;
    options.clock.advance(30_000);
    let (broker, _) = Broker::open(options).unwrap();
    let received = receive(&broker, "stragglers", 0).await;
    assert_eq!(bodies(&broker, &received).await, ["still here"]);
    broker.close().await;
}

#[tokio::test]
async fn a_folder_of_an_older_format_is_marked_as_ours() {
    let folder = tempfile::tempdir().unwrap();
    let format = folder.path().join("FORMAT");
    std::fs::write(&format, "2\n").unwrap();
    let (broker, _) = Broker::open(Options::new(folder.path())).unwrap();
    broker.close().await;
    assert_eq!(std::fs::read_to_string(&format).unwrap(), "7\n");
}

/// Whoever has been told of a change finds it in the view, and finds it again after a restart and
/// after the log has failed.
async fn terms_are_seen_by_whoever_was_told_of_them(storage: InMemory) {
    let resource = Resource::Queue(arn("orders"));
    let set = |value: &str| {
        let attributes = vec![("KmsMasterKeyId".to_owned(), value.to_owned())];
        Command::SetQueueAttributes { arn: arn("orders"), attributes }
    };
    let key = |broker: &Broker| {
        let terms = broker.terms(&resource)?;
        Some(terms.encryption.as_ref()?.key_id.to_string())
    };
    let (broker, _) = storage.broker();
    create(&broker, "orders").await;
    assert!(broker.terms(&resource).is_none());
    for name in ["alias/a", "alias/b"] {
        broker.call(set(name)).await.unwrap();
        assert_eq!(key(&broker).as_deref(), Some(name));
    }
    broker.close().await;
    let (broker, _) = storage.broker();
    assert_eq!(key(&broker).as_deref(), Some("alias/b"));
    storage.log.fail_next(MemoryFault::AmbiguousLost);
    broker.call(set("alias/c")).await.unwrap_err();
    while broker.call(Command::FindQueue { arn: arn("orders") }).await.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(key(&broker).as_deref(), Some("alias/b"));
    broker.call(Command::DeleteQueue { arn: arn("orders") }).await.unwrap();
    assert!(broker.terms(&resource).is_none());
    broker.close().await;
}
