//! The writer: appends, gives the replies that waited, trims.

use std::sync::Arc;

use tidings_core::command::{Command, Effect, Reply};
use tidings_core::rejection::Rejection;
use tidings_core::terms::Change;
use tidings_log::{AppendError, Log, Position, Space};
use tidings_mutants::mutant;
use tokio::sync::oneshot;
use tracing::{error, warn};

use crate::failure::{Failure, Unavailable};
use crate::inbox::{Answer, Inbox, Input};
use crate::view::View;

/// A reply and who waits for it.
pub(crate) type Held = (oneshot::Sender<Answer>, Result<Reply, Rejection>);

/// What the writer is asked to do, in order.
pub(crate) enum Job {
    Append {
        start: Position,
        records: Vec<u8>,
        changes: Vec<Change>,
        replies: Vec<Held>,
        effects: Vec<Effect>,
    },
    Trim {
        before: Position,
    },
    Space,
}

/// Does jobs, one at a time, on the owner's thread or as a simulator lets it.
pub(crate) struct Writer {
    pub(crate) log: Box<dyn Log>,
    pub(crate) view: Arc<View>,
    pub(crate) inbox: Inbox,
}

impl Writer {
    /// Does one job.
    pub(crate) fn work(&mut self, job: Job) {
        match job {
            Job::Append { start, records, changes, mut replies, effects } => {
                if mutant!(ReplyBeforeSync) {
                    give(std::mem::take(&mut replies), None, &self.inbox);
                }
                let outcome = self.append(start, &records, changes);
                give(replies, outcome.err(), &self.inbox);
                self.inbox.tell(Input::Appended { effects, outcome });
            }
            Job::Trim { before } => {
                if let Err(fault) = self.log.trim(before) {
                    warn!("cannot give up the log's front yet: {fault}");
                }
            }
            Job::Space => self.inbox.tell(Input::Space(self.log.space())),
        }
    }

    fn append(
        &mut self,
        start: Position,
        records: &[u8],
        changes: Vec<Change>,
    ) -> Result<Space, Unavailable> {
        let epoch = self.log.epoch();
        self.log.append(start, epoch, records).map_err(|failed| unavailable(&failed))?;
        self.view.apply(changes);
        Ok(self.log.space())
    }
}

/// Gives the replies, or tells why there are none. Messages that nobody is there to take are
/// returned to their queue.
pub(crate) fn give(replies: Vec<Held>, failed: Option<Unavailable>, inbox: &Inbox) {
    for (caller, reply) in replies {
        let answer = match failed {
            None => reply.map_err(Failure::Rejected),
            Some(why) => Err(Failure::Unavailable(why)),
        };
        if let Err(Ok(untaken)) = caller.send(answer) {
            give_back(&untaken, inbox);
        }
    }
}

/// Returns messages that were handed out to somebody who has gone.
pub(crate) fn give_back(untaken: &Reply, inbox: &Inbox) {
    if let Reply::Received(messages) = untaken
        && !messages.is_empty()
    {
        let receipts = messages.iter().map(|message| message.receipt).collect();
        inbox.tell(Input::Tell(Command::ReturnMessages { receipts }));
    }
}

fn unavailable(failed: &AppendError) -> Unavailable {
    match failed {
        AppendError::NoSpace(fault) => {
            warn!("the disk is full: {fault}");
            Unavailable::Full
        }
        AppendError::Ambiguous(_) => {
            error!("the log failed: {failed}: {}", source(failed));
            Unavailable::Unknown
        }
        AppendError::Fenced { .. } | AppendError::TooLong { .. } | AppendError::Poisoned => {
            error!("the log refused a batch: {failed}");
            Unavailable::Recovering
        }
    }
}

fn source(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
