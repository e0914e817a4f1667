//! What the tests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tidings_broker::{Broker, Clock, Options};
use tidings_core::command::{Command, Outgoing, Reply};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{AccountId, FifoId, QueueArn, Region};
use tidings_core::time::Timestamp;
use tidings_couriers::signing::{Signer, SigningKey};
use tidings_lambda::event_sources::{
    Mapping, MappingSettings, MappingUpdate, NewMapping, Surroundings,
};
use tidings_lambda::{LambdaFault, Reference, Scope};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::event_sources::{EventSourceService, Feed, Invoke, NotDone, run};
use crate::plane::ChangeFault;
use crate::shutdown::{self, Stop};

/// What a function answers to an event's records.
pub(super) type Script = Box<dyn Fn(&[Value]) -> Result<Value, NotDone> + Send + Sync>;

/// A function.
#[derive(Clone)]
pub(super) struct Fake(Arc<Inner>);

struct Inner {
    script: Mutex<Script>,
    /// The records of each invocation that was answered.
    seen: Mutex<Vec<Vec<Value>>>,
    running: Mutex<(usize, usize)>,
    is_open: watch::Sender<bool>,
    is_there: Mutex<bool>,
    role: Mutex<String>,
}

impl Fake {
    fn new() -> Self {
        Self(Arc::new(Inner {
            script: Mutex::new(Box::new(|_| Ok(Value::Null))),
            seen: Mutex::default(),
            running: Mutex::default(),
            is_open: watch::channel(true).0,
            is_there: Mutex::new(true),
            role: Mutex::new("arn:aws:iam::000000000000:role/path/work".to_owned()),
        }))
    }

    pub(super) fn does(
        &self,
        script: impl Fn(&[Value]) -> Result<Value, NotDone> + Send + Sync + 'static,
    ) {
        *self.0.script.lock().unwrap() = Box::new(script);
    }

    /// The role that the function says it has.
    pub(super) fn has_role(&self, role: &str) {
        role.clone_into(&mut self.0.role.lock().unwrap());
    }

    /// Whether invocations end, or go on until they may.
    pub(super) fn open(&self, is_open: bool) {
        self.0.is_open.send_replace(is_open);
    }

    pub(super) fn is_there(&self, is_there: bool) {
        *self.0.is_there.lock().unwrap() = is_there;
    }

    /// The invocations so far.
    pub(super) fn invocations(&self) -> Vec<Vec<Value>> {
        self.0.seen.lock().unwrap().clone()
    }

    /// The bodies of each invocation.
    pub(super) fn bodies(&self) -> Vec<Vec<String>> {
        self.invocations().iter().map(|records| records.iter().map(body).collect()).collect()
    }

    /// How many run now, and how many ran at once at most.
    pub(super) fn running(&self) -> (usize, usize) {
        *self.0.running.lock().unwrap()
    }
}

impl Invoke for Fake {
    fn timeout(&self, _: &Reference) -> Option<Duration> {
        self.0.is_there.lock().unwrap().then_some(Duration::from_secs(3))
    }

    fn role(&self, _: &Reference) -> Option<String> {
        Some(self.0.role.lock().unwrap().clone())
    }

    async fn invoke(&self, _: &Reference, event: Bytes) -> Result<Bytes, NotDone> {
        struct Running<'a>(&'a Inner);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.running.lock().unwrap().0 -= 1;
            }
        }
        let event: Value = serde_json::from_slice(&event).unwrap();
        {
            let mut running = self.0.running.lock().unwrap();
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        let _running = Running(&self.0);
        self.0.is_open.subscribe().wait_for(|is_open| *is_open).await.unwrap();
        let records = event["Records"].as_array().unwrap().clone();
        let answer = (self.0.script.lock().unwrap())(&records);
        self.0.seen.lock().unwrap().push(records);
        answer.map(|answer| answer.to_string().into())
    }
}

pub(super) fn body(record: &Value) -> String {
    record["body"].as_str().unwrap().to_owned()
}

/// A response that names messages by their bodies.
pub(super) fn failed_on(records: &[Value], is_failed: impl Fn(&str) -> bool) -> Value {
    let failed = records.iter().filter(|record| is_failed(&body(record)));
    let failures: Vec<_> =
        failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
    json!({ "batchItemFailures": failures })
}

/// A server, as far as event sources go.
pub(super) struct World {
    folder: tempfile::TempDir,
    pub(super) clock: Clock,
    pub(super) broker: Broker,
    pub(super) sources: EventSourceService,
    pub(super) function: Fake,
    stop: Option<Stop>,
    engine: JoinHandle<()>,
    /// As long as this is there, the runtime's clock moves by hand only.
    still: mpsc::Sender<()>,
}

/// A queue of the functions' account, or, if its name begins so, of another.
pub(super) fn queue(name: &str) -> QueueArn {
    let account = if name.starts_with("theirs") { "999988887777" } else { "000000000000" };
    QueueArn::parse(&format!("arn:aws:sqs:us-east-1:{account}:{name}")).unwrap()
}

pub(super) fn scope() -> Scope {
    Scope {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
    }
}

impl World {
    /// One with an empty queue, whose name says whether it is a FIFO queue.
    pub(super) async fn with_queue(name: &str) -> Self {
        let world = Self::new(Feed::<Fake>::room()).await;
        world.create_queue(name).await;
        world
    }

    /// One with so much room for messages of all mappings.
    pub(super) async fn with_room(kilobytes: usize) -> Self {
        Self::new(Arc::new(Semaphore::new(kilobytes))).await
    }

    async fn new(room: Arc<Semaphore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_ms(1_800_000_000_000));
        let (still, is_moving) = mpsc::channel();
        spawn_blocking(move || is_moving.recv());
        Self::open(folder, clock, Fake::new(), still, room).await
    }

    async fn open(
        folder: tempfile::TempDir,
        clock: Clock,
        function: Fake,
        still: mpsc::Sender<()>,
        room: Arc<Semaphore>,
    ) -> Self {
        let options = Options { clock: clock.clone(), ..Options::new(folder.path()) };
        let (broker, _) = Broker::open(options).unwrap();
        let sources = EventSourceService::open(broker.clone()).await.unwrap();
        let (stop, stopping) = shutdown::channel();
        let feed = Feed {
            broker: broker.clone(),
            keys: None,
            signer: Arc::new(Signer::with_key(SigningKey::generate().unwrap())),
            base_url: "http://localhost".into(),
            sources: sources.clone(),
            invoke: function.clone(),
            policies_decide: true,
            room,
            finish_within: Duration::from_secs(25),
        };
        let engine = tokio::spawn(run(Arc::new(feed), stopping));
        Self { folder, clock, broker, sources, function, stop: Some(stop), engine, still }
    }

    /// Begins to stop, as a server does.
    pub(super) fn begin_to_stop(&self) {
        self.stop.as_ref().unwrap().begin();
    }

    /// Waits until what it does has ended, and starts again over the same data.
    pub(super) async fn start_again(mut self) -> Self {
        drop(self.stop.take());
        while !self.engine.is_finished() {
            pause().await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        self.over_the_same_data().await
    }

    /// What runs is cut off, and what it holds is lost. Starts again over the same data.
    pub(super) async fn crash(self) -> Self {
        self.engine.abort();
        while !self.engine.is_finished() {
            pause().await;
        }
        self.over_the_same_data().await
    }

    async fn over_the_same_data(self) -> Self {
        let Self { folder, clock, broker, sources, function, still, .. } = self;
        drop(sources);
        broker.close().await;
        Self::open(folder, clock, function, still, Feed::<Fake>::room()).await
    }

    pub(super) async fn create_queue(&self, name: &str) {
        let fifo = [
            ("FifoQueue".to_owned(), "true".to_owned()),
            ("DeduplicationScope".to_owned(), "messageGroup".to_owned()),
            ("FifoThroughputLimit".to_owned(), "perMessageGroupId".to_owned()),
        ];
        let attributes = if name.ends_with(".fifo") { fifo.to_vec() } else { Vec::new() };
        let create = Command::CreateQueue { arn: queue(name), attributes, tags: Vec::new() };
        assert_eq!(self.broker.call(create).await, Ok(Reply::Done));
    }

    /// How long messages stay invisible once they are received.
    pub(super) async fn set_visibility(&self, name: &str, seconds: u32) {
        let attributes = vec![("VisibilityTimeout".to_owned(), seconds.to_string())];
        let set = Command::SetQueueAttributes { arn: queue(name), attributes };
        assert_eq!(self.broker.call(set).await, Ok(Reply::Done));
    }

    /// Sets the queue's policy: a statement about a principal and all that can be done, or none.
    pub(super) async fn set_policy(&self, name: &str, effect: &str, principal: &str) {
        let statement = json!({
            "Effect": effect, "Action": "sqs:*", "Resource": "*", "Principal": { "AWS": principal },
        });
        let policy = match effect {
            "" => String::new(),
            _ => json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(),
        };
        let attributes = vec![("Policy".to_owned(), policy)];
        let set = Command::SetQueueAttributes { arn: queue(name), attributes };
        assert_eq!(self.broker.call(set).await, Ok(Reply::Done));
    }

    pub(super) async fn purge(&self, name: &str) {
        let purge = Command::PurgeQueue { arn: queue(name) };
        assert_eq!(self.broker.call(purge).await, Ok(Reply::Done));
    }

    /// Sends a message for each body. In a FIFO queue its first letter is its group.
    pub(super) async fn send(&self, name: &str, bodies: &[&str]) {
        for bodies in bodies.chunks(10) {
            let messages = bodies.iter().map(|body| self.outgoing(name, body)).collect();
            let send = Command::Send { arn: queue(name), messages };
            match self.broker.call(send).await.unwrap() {
                Reply::Sent(sent) => assert!(sent.iter().all(Result::is_ok), "{sent:?}"),
                reply => panic!("{reply:?}"),
            }
        }
    }

    fn outgoing(&self, name: &str, body: &str) -> Outgoing {
        let is_fifo = name.ends_with(".fifo");
        let content =
            Content { body, sender_id: "AIDA", trace_header: None, attributes: Vec::new() };
        Outgoing {
            message_id: self.broker.uuid(),
            content: content.encode(),
            sealing: Sealing::Plain,
            size: body.len(),
            body_md5: [7; 16],
            body_sha256: None,
            delay_seconds: None,
            group: is_fifo.then(|| FifoId::parse(&body[..1]).unwrap()),
            deduplication: is_fifo.then(|| FifoId::parse(&self.broker.uuid().to_string()).unwrap()),
        }
    }

    /// Maps the queue to the function.
    pub(super) async fn map(&self, name: &str, settings: MappingSettings) -> Arc<Mapping> {
        let new = NewMapping {
            uuid: self.broker.uuid(),
            queue: queue(name),
            function: Reference::parse("work", None, &scope()).unwrap(),
            settings,
            tags: BTreeMap::new(),
        };
        let around = Surroundings { visibility_seconds: Some(30), timeout_seconds: Some(3) };
        let now_ms = self.broker.now().as_ms();
        let created =
            self.sources.plane().change(|sources| sources.create(new, around, now_ms)).await;
        self.sources.tell_of_change();
        done(created)
    }

    pub(super) async fn update(&self, mapping: &Mapping, settings: MappingSettings) {
        let update = MappingUpdate { settings, function: None };
        let around = Surroundings { visibility_seconds: Some(30), timeout_seconds: Some(3) };
        let (uuid, now_ms) = (mapping.uuid.to_string(), self.broker.now().as_ms());
        let changed = self
            .sources
            .plane()
            .change(|sources| sources.update(&scope(), &uuid, update, around, now_ms));
        done(changed.await);
        self.sources.tell_of_change();
    }

    pub(super) async fn delete(&self, mapping: &Mapping) {
        let (uuid, now_ms) = (mapping.uuid.to_string(), self.broker.now().as_ms());
        let deleted = self.sources.plane().change(|it| it.delete(&scope(), &uuid, now_ms));
        done(deleted.await);
        self.sources.tell_of_change();
    }

    /// The mapping's state; empty if it is gone.
    pub(super) fn state(&self, mapping: &Mapping) -> &'static str {
        let sources = self.sources.plane().look();
        sources.find(&scope(), &mapping.uuid.to_string()).map_or("", |mapping| mapping.state())
    }

    /// Messages in the queue: visible, and in flight.
    pub(super) async fn counts(&self, name: &str) -> (u32, u32) {
        let attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let names = attributes.map(str::to_owned).to_vec();
        match self.broker.call(Command::QueueAttributes { arn: queue(name), names }).await.unwrap()
        {
            Reply::Attributes(attributes) => {
                let of = |name| attributes.iter().find(|(it, _)| *it == name).unwrap().1.parse();
                (of(attributes[0].0).unwrap(), of(attributes[1].0).unwrap())
            }
            reply => panic!("{reply:?}"),
        }
    }

    pub(super) async fn until_counts(&self, name: &str, expected: (u32, u32)) {
        let mut counts = (0, 0);
        for _ in 0..10_000 {
            counts = self.counts(name).await;
            if counts == expected {
                return;
            }
            pause().await;
        }
        panic!("{counts:?} instead of {expected:?}");
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        for _ in 0..10_000 {
            if is_so(self) {
                return;
            }
            pause().await;
        }
        panic!("{what} did not happen; {:?}", self.function.bodies());
    }

    /// Waits until there have been so many invocations.
    pub(super) async fn invoked(&self, count: usize) {
        self.until("an invocation", |it| it.function.invocations().len() >= count).await;
    }

    /// Lets run what can run: a few steps, each of which may have to ask the broker.
    pub(super) async fn settle(&self) {
        for _ in 0..20 {
            pause().await;
            let read = Command::ReadRegister { prefix: "none/".to_owned() };
            self.broker.call(read).await.unwrap();
        }
    }

    /// Waits until nothing happens any more: not before somebody moves the clock.
    pub(super) async fn until_still(&self, name: &str) {
        let mut before = (usize::MAX, (0, 0));
        loop {
            self.settle().await;
            let now = (self.function.invocations().len(), self.counts(name).await);
            if now == before && self.function.running().0 == 0 {
                return;
            }
            before = now;
        }
    }
}

fn done<T>(outcome: Result<T, ChangeFault<LambdaFault>>) -> T {
    outcome.unwrap_or_else(|fault| panic!("{fault:?}"))
}

/// A moment for other threads, in which the runtime's clock stands still.
async fn pause() {
    spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
}
