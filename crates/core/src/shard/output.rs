//! What a shard gives out: records for the log, and what must wait for them.

use crate::command::{Effect, Reply, Token};
use crate::message::Location;
use crate::record::Record;
use crate::rejection::Rejection;
use crate::terms::Change;

/// Records, and the replies and effects that rest on them and on every record before them.
#[derive(Debug)]
pub struct Batch {
    /// The position of the first byte of `records`.
    pub start: u64,
    /// What to append to the log. Empty if nothing was decided but replies wait.
    pub records: Vec<u8>,
    /// Answers, each to be given once the records are durable.
    pub replies: Vec<(Token, Result<Reply, Rejection>)>,
    /// What to do once the records are durable.
    pub effects: Vec<Effect>,
    /// What holds from then on, to be known before the answers are given.
    pub changes: Vec<Change>,
}

impl Batch {
    /// An empty batch that begins at a position.
    pub(super) fn new(start: u64) -> Self {
        Self {
            start,
            records: Vec::new(),
            replies: Vec::new(),
            effects: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Whether there is nothing to append, to answer or to do.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.replies.is_empty() && self.effects.is_empty()
    }

    /// Adds a record and says where it will lie.
    pub(super) fn push(&mut self, record: &Record<'_>) -> Location {
        let position = self.start + self.records.len() as u64;
        let length = record.encode(&mut self.records);
        Location { position, length }
    }
}
