//! The way to the owner: bounded in bytes, and without a lock.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use tidings_core::command::{Command, Effect, Publication, Reply, Token, TopicCommand};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::failure::{Failure, Unavailable};

/// Bytes of commands that may wait for the owner. A caller without a place waits for one.
const INBOX_BYTES_MAX: usize = 32 << 20;
/// What a command counts for beside its messages.
const COMMAND_BYTES: usize = 512;

/// What a call comes back with.
pub(crate) type Answer = Result<Reply, Failure>;

/// What the owner is told.
pub(crate) enum Input {
    /// A command and who waits for its reply. The place in the inbox is given back once the command
    /// has been decided.
    Call {
        token: Token,
        command: Command,
        reply: oneshot::Sender<Answer>,
        place: OwnedSemaphorePermit,
    },
    /// A command without a reply.
    Tell(Command),
    /// The same, with what the keeper was asked to read.
    Read(Command),
    /// The writer is done with the batch.
    Appended { effects: Vec<Effect>, outcome: Result<tidings_log::Space, Unavailable> },
    /// The writer looked again how much room there is.
    Space(tidings_log::Space),
    /// A snapshot was saved, or not: what the log is still needed from.
    SnapshotSaved { floor: Option<tidings_log::Position>, is_saved: bool },
    /// A manual clock was moved.
    Tick,
    /// Finish and stop.
    Close(oneshot::Sender<()>),
}

/// The callers' end.
#[derive(Clone)]
pub(crate) struct Inbox {
    inputs: Sender<Input>,
    places: Arc<Semaphore>,
}

impl Inbox {
    pub(crate) fn new() -> (Self, Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel();
        (Self { inputs, places: Arc::new(Semaphore::new(INBOX_BYTES_MAX)) }, receiver)
    }

    /// Waits for a place and hands the command over.
    pub(crate) async fn call(
        &self,
        token: Token,
        command: Command,
        reply: oneshot::Sender<Answer>,
    ) -> Result<(), Unavailable> {
        let places = Arc::clone(&self.places);
        let place =
            places.acquire_many_owned(weight(&command)).await.map_err(|_| Unavailable::Closing)?;
        let call = Input::Call { token, command, reply, place };
        self.inputs.send(call).map_err(|_| Unavailable::Closing)
    }

    /// The same without waiting. `None` if there is no place.
    #[cfg(feature = "testing")]
    pub(crate) fn call_now(
        &self,
        token: Token,
        command: Command,
        reply: oneshot::Sender<Answer>,
    ) -> Option<()> {
        let places = Arc::clone(&self.places);
        let place = places.try_acquire_many_owned(weight(&command)).ok()?;
        self.inputs.send(Input::Call { token, command, reply, place }).ok()
    }

    /// Tells the owner something. If it has stopped, nobody needs to know any more.
    pub(crate) fn tell(&self, input: Input) {
        let _ = self.inputs.send(input);
    }
}

fn weight(command: &Command) -> u32 {
    let messages = match command {
        Command::Send { messages, .. } => {
            messages.iter().map(|message| message.content.len()).sum()
        }
        Command::Topic(TopicCommand::PublishDirect { message, .. }) => message.content.len(),
        Command::Topic(TopicCommand::Publish { messages, .. }) => {
            let unsealed = |message: &Publication| message.unsealed.as_ref().map_or(0, Vec::len);
            messages.iter().map(|message| message.content.len() + unsealed(message)).sum()
        }
        _ => 0,
    };
    u32::try_from((COMMAND_BYTES + messages).min(INBOX_BYTES_MAX)).unwrap_or(u32::MAX)
}
