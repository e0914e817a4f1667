//! The keeper's thread: what takes long and nobody waits for. It reads records for the shard's
//! effects and saves snapshots.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use tidings_core::command::{Command, Effect, Residence};
use tidings_core::message::Location;
use tidings_core::names::Uuid;
use tidings_core::record::PublishedRecord;
use tidings_log::snapshot::Snapshots;
use tidings_log::{Position, Reader};
use tracing::warn;

use crate::entropy::Entropy;
use crate::inbox::{Inbox, Input};

/// Opens a sealed content of a published message.
pub type Opener = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Unopened> + Send + Sync>;

/// Why a content was not opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Unopened {
    /// It may be another time: its key is disabled, for instance.
    NotNow,
    /// It never will be: its key is gone, or it is damaged.
    Never,
}

/// What the keeper is asked to do.
pub(crate) enum Errand {
    Do(Effect),
    Save { covers: Position, snapshot: Vec<u8> },
}

/// Does errands, one at a time, on a thread of its own or as a simulator lets it.
pub(crate) struct Keeper {
    pub(crate) snapshots: Box<dyn Snapshots>,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) entropy: Entropy,
    pub(crate) opener: Arc<OnceLock<Opener>>,
    pub(crate) inbox: Inbox,
}

impl Keeper {
    /// Works until the owner hangs up.
    pub(crate) fn run(mut self, errands: &Receiver<Errand>) {
        while let Ok(errand) = errands.recv() {
            self.work(errand);
        }
    }

    /// Does one errand, and tells the owner what came of it.
    pub(crate) fn work(&mut self, errand: Errand) {
        match errand {
            Errand::Do(effect) => {
                let command = carry_out(effect, &*self.reader, &self.entropy, self.opener.get());
                self.inbox.tell(Input::Read(command));
            }
            Errand::Save { covers, snapshot } => {
                let saved = self.snapshots.save(covers, snapshot);
                if let Err(fault) = &saved {
                    warn!("cannot save a snapshot: {fault}");
                }
                let floor = self.snapshots.replay_floor();
                self.inbox.tell(Input::SnapshotSaved { floor, is_saved: saved.is_ok() });
            }
        }
    }
}

/// What an effect comes back with.
fn carry_out(
    effect: Effect,
    reader: &dyn Reader,
    entropy: &Entropy,
    opener: Option<&Opener>,
) -> Command {
    match effect {
        Effect::CopyForMoveTask { source, task, messages } => {
            let read =
                |(key, location)| (key, Uuid::from_random(entropy.bits()), read(reader, location));
            let messages = messages.into_iter().map(read).collect();
            Command::MoveMessages { source, task, messages }
        }
        Effect::Relocate { messages } => {
            let read = |residence: Residence| (residence, read(reader, residence.location));
            Command::Relocate { messages: messages.into_iter().map(read).collect() }
        }
        Effect::RelocatePublications { publications } => {
            let read = |(number, location)| (number, location, read(reader, location));
            let publications = publications.into_iter().map(read).collect();
            Command::RelocatePublications { publications }
        }
        Effect::CopyForReplay { subscription, messages } => {
            let opened = |record: Vec<u8>| {
                let open =
                    |sealed: &[u8]| opener.map_or(Err(Unopened::NotNow), |open| open(sealed));
                match PublishedRecord::opened(&record, open) {
                    Ok(opened) => Some(opened.unwrap_or(record)),
                    Err(Unopened::NotNow) => Some(record),
                    // As good as one that cannot be read.
                    Err(Unopened::Never) => None,
                }
            };
            let read = |(number, location)| (number, read(reader, location).and_then(opened));
            let messages = messages.into_iter().map(read).collect();
            Command::ReplayMessages { subscription, messages }
        }
        Effect::Deliver(_) => unreachable!("the owner's thread passes deliveries on by itself"),
    }
}

fn read(reader: &dyn Reader, location: Location) -> Option<Vec<u8>> {
    let read = reader.read(Position(location.position), location.length as usize);
    read.inspect_err(|failure| warn!("cannot read a message: {failure}")).ok()
}
