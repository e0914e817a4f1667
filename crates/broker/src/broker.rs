//! The handle that everyone calls.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread;

use tidings_core::command::{Command, Reply, Token};
use tidings_core::delivery::Attempt;
use tidings_core::message::Location;
use tidings_core::names::Uuid;
use tidings_core::receipt::{Receipt, ReceiptKey};
use tidings_core::shard::Settings;
use tidings_core::terms::{Resource, Terms};
use tidings_core::time::Timestamp;
use tidings_log::{Position, Reader};
use tidings_seal::MasterKey;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::{Failure, OpenError, ReadFailure, Unavailable};
use crate::inbox::{Answer, Inbox, Input};
use crate::keeper::Opener;
use crate::running::{self, Setting};
use crate::sealing::Keys;
use crate::store::{DataFolder, OpenReport, Storage};
use crate::upkeep::Pace;
use crate::view::View;
use crate::writer;

/// How to open a [`Broker`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder. It is made if there is none.
    pub folder: PathBuf,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and secrets come from.
    pub entropy: Entropy,
    /// What an operator may choose about queues.
    pub shard: Settings,
    /// The key that seals all that is written, kept by somebody outside of the folder. Without one,
    /// the folder makes its own, which seals secrets only.
    pub master_key: Option<MasterKey>,
}

impl Options {
    /// The folder, with the system's clock and entropy and AWS's cool-downs.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            clock: Clock::system(),
            entropy: Entropy::system(),
            shard: Settings::default(),
            master_key: None,
        }
    }
}

/// Queues, durable. Cheap to clone; all clones are the same broker.
#[derive(Clone)]
pub struct Broker {
    shared: Arc<Shared>,
}

struct Shared {
    inbox: Inbox,
    reader: Arc<RwLock<Arc<dyn Reader>>>,
    view: Arc<View>,
    receipt_key: ReceiptKey,
    clock: Clock,
    entropy: Entropy,
    last_token: AtomicU64,
    deliveries: Mutex<Option<UnboundedReceiver<Attempt>>>,
    keys: Keys,
    opener: Arc<OnceLock<Opener>>,
}

impl Drop for Shared {
    /// The last handle is gone: what [`Broker::close`] does, without waiting for it.
    fn drop(&mut self) {
        let (closed, _) = oneshot::channel();
        self.inbox.tell(Input::Close(closed));
    }
}

impl Broker {
    /// Opens a data folder and starts the threads that serve it.
    ///
    /// # Errors
    /// If another process has the folder, if it was written by a newer release, or if what it holds
    /// cannot be trusted.
    pub fn open(options: Options) -> Result<(Self, OpenReport), OpenError> {
        let Options { folder, clock, entropy, shard, master_key } = options;
        let storage = DataFolder::hold(&folder, shard, master_key.as_ref(), &entropy)?;
        let keys = storage.keys();
        Self::over(Box::new(storage), keys, clock, entropy)
    }

    /// Starts the threads that serve what a storage holds.
    pub(crate) fn over(
        storage: Box<dyn Storage>,
        keys: Keys,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<(Self, OpenReport), OpenError> {
        let secret = entropy.bits().to_le_bytes();
        let mut opened = storage.open(secret)?;
        // Whoever made them has ended: a log that is opened again later is another matter.
        opened.shard.retry_interrupted();
        let report = opened.report.clone();
        let receipt_key = opened.shard.receipt_key().expect("a shard that is live has its key");
        let reader = Arc::new(RwLock::new(opened.log.reader()));
        let (inbox, inputs) = Inbox::new();
        let waker = inbox.clone();
        clock.watch(move || waker.tell(Input::Tick));
        // The shard bounds what an endpoint gets; attempts that wait here too long count no more.
        let (deliveries, attempts) = mpsc::unbounded_channel();
        // Filled here already, so that the first request finds it whole.
        let view = Arc::new(View::default());
        view.reset(opened.shard.terms());
        let opener = Arc::new(OnceLock::new());
        let setting = Setting {
            pace: Pace::default(),
            deliveries,
            storage,
            secret,
            clock: clock.clone(),
            entropy: entropy.clone(),
            inbox: inbox.clone(),
            reader: Arc::clone(&reader),
            view: Arc::clone(&view),
            opener: Arc::clone(&opener),
        };
        thread::Builder::new()
            .name("tidings-owner".into())
            .spawn(move || {
                let setting = Rc::new(setting);
                let closed = running::run(&setting, opened, &inputs);
                // Whoever waits for the end may open the folder again at once.
                drop((inputs, setting));
                // Or may have gone; then nobody needs to know.
                let _ = closed.send(());
            })
            .map_err(OpenError::Thread)?;
        let last_token = AtomicU64::new(0);
        let deliveries = Mutex::new(Some(attempts));
        let shared = Shared {
            inbox,
            reader,
            view,
            receipt_key,
            clock,
            entropy,
            last_token,
            deliveries,
            keys,
            opener,
        };
        Ok((Self { shared: Arc::new(shared) }, report))
    }

    /// Carries a command out. Returns when all that the reply rests on is durable.
    ///
    /// Dropping the future of a [`Command::Receive`] ends its wait; messages that it had been given
    /// by then go back to their queue.
    ///
    /// # Errors
    /// [`Failure::Rejected`] is the ordinary no. [`Failure::Unavailable`] says whether the command
    /// may have happened.
    pub async fn call(&self, command: Command) -> Result<Reply, Failure> {
        let token = Token(self.shared.last_token.fetch_add(1, Ordering::Relaxed) + 1);
        let is_receive = matches!(command, Command::Receive { .. });
        let (sender, receiver) = oneshot::channel();
        let inbox = &self.shared.inbox;
        inbox.call(token, command, sender).await?;
        let mut call = Call { receiver, token, inbox: is_receive.then(|| inbox.clone()) };
        let answer = (&mut call.receiver).await;
        call.inbox = None;
        // Without an answer: the owner failed, before or after it had decided.
        answer.unwrap_or(Err(Failure::Unavailable(Unavailable::Unknown)))
    }

    /// Has messages made visible again at once that were received for somebody who cannot be given
    /// them. That they were received still counts.
    pub fn return_messages(&self, receipts: Vec<Receipt>) {
        self.shared.inbox.tell(Input::Tell(Command::ReturnMessages { receipts }));
    }

    /// The bytes of a message's record, as they were recorded.
    ///
    /// # Errors
    /// If the log no longer has them or cannot read them.
    pub async fn read(&self, location: Location) -> Result<Vec<u8>, ReadFailure> {
        let reader = Arc::clone(&self.shared.reader.read().unwrap_or_else(PoisonError::into_inner));
        let (position, length) = (Position(location.position), location.length as usize);
        if let Some(read) = reader.read_cached(position, length) {
            return Ok(read?);
        }
        let read = tokio::task::spawn_blocking(move || reader.read(position, length)).await;
        Ok(read.map_err(|_| ReadFailure::Stopping)??)
    }

    /// The attempts to deliver messages to endpoints, as they are to be made. Each is to be settled
    /// by [`Command::SettleDelivery`]. `None` if somebody else has them already.
    pub fn deliveries(&self) -> Option<UnboundedReceiver<Attempt>> {
        self.shared.deliveries.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The terms on which a queue or topic may be used, as far as they are durable; `None` if it has
    /// none, or is not there.
    pub fn terms(&self, resource: &Resource) -> Option<Arc<Terms>> {
        self.shared.view.terms(resource)
    }

    /// Says who opens contents that were sealed outside of here, for replays, which look into them.
    /// Until it is said, replays of such messages wait. What is said first, holds.
    pub fn open_contents_by(&self, opener: Opener) {
        let _ = self.shared.opener.set(opener);
    }

    /// What seals, for a purpose, what is kept beside messages.
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// What receipt handles are made with.
    pub fn receipt_key(&self) -> ReceiptKey {
        self.shared.receipt_key.clone()
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// A fresh random id.
    pub fn uuid(&self) -> Uuid {
        Uuid::from_random(self.shared.entropy.bits())
    }

    /// Fresh random bytes, for ids, nonces and secrets.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        self.shared.entropy.bytes()
    }

    /// Ends all waits, finishes what is under way, saves a snapshot and stops. Calls that come
    /// later are refused. Returns when all is on stable storage.
    pub async fn close(self) {
        let (closed, done) = oneshot::channel();
        self.shared.inbox.tell(Input::Close(closed));
        // An owner that has stopped already has nothing left to finish.
        let _ = done.await;
    }
}

/// A call whose answer is still out. For a receive, `inbox` is set until the answer is in hand.
pub(crate) struct Call {
    pub(crate) receiver: oneshot::Receiver<Answer>,
    pub(crate) token: Token,
    pub(crate) inbox: Option<Inbox>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let Some(inbox) = &self.inbox else { return };
        self.receiver.close();
        match self.receiver.try_recv() {
            Ok(Ok(reply)) => writer::give_back(&reply, inbox),
            Ok(Err(_)) => {}
            Err(_) => inbox.tell(Input::Tell(Command::AbandonReceive { receive: self.token })),
        }
    }
}
