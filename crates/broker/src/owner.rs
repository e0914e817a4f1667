//! The owner of a shard, without threads: what may be taken, what is to be appended, what is held.

use tidings_core::command::{Command, Effect, Reply, Token, TopicCommand};
use tidings_core::delivery::AttemptOutcome;
use tidings_core::rejection::Rejection;
use tidings_core::shard::{Batch, Shard};
use tidings_core::terms::Change;
use tidings_core::time::Timestamp;
use tidings_log::{Layout, Position, Space};

/// A batch on its way to the log, with what must wait for it.
#[derive(Debug)]
pub struct Append {
    /// Where its records are to start.
    pub start: Position,
    /// The records, if there is anything to append. Without, the answers wait for nothing any more.
    pub records: Option<Vec<u8>>,
    /// To be given when the records are durable.
    pub replies: Vec<(Token, Result<Reply, Rejection>)>,
    /// To be done when the records are durable.
    pub effects: Vec<Effect>,
    /// To be known when the records are durable, before the replies are given.
    pub changes: Vec<Change>,
    /// The state with these records in it, if it is time to save it.
    pub snapshot: Option<Vec<u8>>,
    /// What the snapshot covers, and where the next batch will start.
    pub next: Position,
}

/// Decides for one shard, and lets one batch at a time go to the log.
///
/// Drive it so: hand in commands with [`Owner::take`] as long as [`Owner::has_room`]; call
/// [`Owner::advance`] when [`Owner::next_due`] comes; append what [`Owner::next_append`] gives out,
/// and say how that went with [`Owner::appended`]. If it failed, drop the owner.
pub struct Owner {
    shard: Shard,
    layout: Layout,
    space: Space,
    is_appending: bool,
    is_snapshot_wanted: bool,
    /// Bytes appended since the last snapshot was taken.
    bytes_since_snapshot: u64,
}

impl Owner {
    /// The owner of a shard that is live over a log with this layout and room.
    pub fn new(shard: Shard, layout: Layout, space: Space) -> Self {
        Self {
            shard,
            layout,
            space,
            is_appending: false,
            is_snapshot_wanted: false,
            bytes_since_snapshot: 0,
        }
    }

    /// The shard, to look at.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Whether another command may be taken before the batch is appended.
    pub fn has_room(&self) -> bool {
        !self.shard.is_batch_full()
    }

    /// Decides a command.
    ///
    /// On a disk without room, a command that takes more of it is given back: nothing has happened.
    pub fn take(&mut self, token: Token, command: Command, now: Timestamp) -> Option<Command> {
        if !is_affordable(&command, self.space) {
            return Some(command);
        }
        self.shard.decide(token, command, now);
        None
    }

    /// Does what has become due.
    pub fn advance(&mut self, now: Timestamp) {
        self.shard.advance(now);
    }

    /// When something becomes due for which there is room.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.shard.next_due().filter(|_| self.has_room())
    }

    /// Asks for a snapshot with the next batch.
    pub fn want_snapshot(&mut self) {
        self.is_snapshot_wanted = true;
    }

    /// Bytes appended since the last snapshot was taken.
    pub fn bytes_since_snapshot(&self) -> u64 {
        self.bytes_since_snapshot
    }

    /// How much room the log has, as far as is known.
    pub fn space(&self) -> Space {
        self.space
    }

    /// What the log said about its room.
    pub fn set_space(&mut self, space: Space) {
        self.space = space;
        self.shard.hold_deliveries(space == Space::Exhausted);
    }

    /// Where the next batch to be given out will start.
    pub fn log_end(&self) -> Position {
        Position(self.shard.next_position())
    }

    /// What has been decided for the next batch.
    pub fn gathered(&self) -> &Batch {
        self.shard.gathered()
    }

    /// Ends every wait with an empty answer.
    pub fn end_all_waits(&mut self) {
        self.shard.end_all_waits();
    }

    /// Whether a batch that was given out is not durable yet.
    pub fn is_appending(&self) -> bool {
        self.is_appending
    }

    /// Whether nothing gathers and nothing is being appended.
    pub fn is_idle(&self) -> bool {
        !self.is_appending && !self.shard.has_output()
    }

    /// The next batch, unless one is being appended or there is nothing to do.
    ///
    /// A snapshot comes with a batch to append, perhaps an empty one: so each covers a position of its
    /// own, and the log can be given up to the one before it even if nothing else happens.
    pub fn next_append(&mut self) -> Option<Append> {
        let with_snapshot = self.is_snapshot_wanted;
        if self.is_appending || !(self.shard.has_output() || with_snapshot) {
            return None;
        }
        let layout = self.layout;
        let mut is_appended = false;
        let batch = self.shard.take_batch(|start, length| {
            is_appended = length > 0 || with_snapshot;
            if is_appended { layout.after(Position(start), length).0 } else { start }
        });
        self.is_appending = is_appended;
        self.is_snapshot_wanted = false;
        self.bytes_since_snapshot += batch.records.len() as u64;
        if with_snapshot {
            self.bytes_since_snapshot = 0;
        }
        Some(Append {
            start: Position(batch.start),
            records: is_appended.then_some(batch.records),
            replies: batch.replies,
            effects: batch.effects,
            changes: batch.changes,
            snapshot: with_snapshot.then(|| self.shard.snapshot()),
            next: self.log_end(),
        })
    }

    /// The batch given out last is durable.
    pub fn appended(&mut self) {
        self.is_appending = false;
    }
}

/// What may still be written when room runs out: first all but what brings messages, in the end only
/// what frees.
fn is_affordable(command: &Command, space: Space) -> bool {
    match command {
        Command::Delete { .. }
        | Command::DeleteQueue { .. }
        | Command::PurgeQueue { .. }
        | Command::AbandonReceive { .. }
        | Command::CancelMoveTask { .. }
        | Command::ReturnMessages { .. }
        | Command::FindQueue { .. }
        | Command::ListQueues { .. }
        | Command::ListDeadLetterSourceQueues { .. }
        | Command::QueueAttributes { .. }
        | Command::QueueTags { .. }
        | Command::ListMoveTasks { .. }
        | Command::ReadRegister { .. } => true,
        Command::Receive { .. }
        | Command::ChangeVisibility { .. }
        | Command::CreateQueue { .. }
        | Command::SetQueueAttributes { .. }
        | Command::TagQueue { .. }
        | Command::UntagQueue { .. }
        | Command::AddPermission { .. }
        | Command::RemovePermission { .. }
        | Command::WriteRegister { .. }
        | Command::Reclaim { .. }
        | Command::Relocate { .. } => space != Space::Exhausted,
        Command::SettleDelivery { outcome, .. } => {
            *outcome == AttemptOutcome::Delivered || space != Space::Exhausted
        }
        Command::RelocatePublications { .. } => space != Space::Exhausted,
        Command::Send { .. }
        | Command::StartMoveTask { .. }
        | Command::MoveMessages { .. }
        | Command::ReplayMessages { .. } => space == Space::Ample,
        Command::Topic(command) => is_affordable_about_topics(command, space),
    }
}

fn is_affordable_about_topics(command: &TopicCommand, space: Space) -> bool {
    match command {
        TopicCommand::DeleteTopic { .. }
        | TopicCommand::Unsubscribe { .. }
        | TopicCommand::ListTopics { .. }
        | TopicCommand::TopicAttributes { .. }
        | TopicCommand::TopicTags { .. }
        | TopicCommand::DataProtectionPolicy { .. }
        | TopicCommand::ListSubscriptions { .. }
        | TopicCommand::ListSubscriptionsByTopic { .. }
        | TopicCommand::SubscriptionAttributes { .. } => true,
        TopicCommand::CreateTopic { .. }
        | TopicCommand::SetTopicAttribute { .. }
        | TopicCommand::AddPermission { .. }
        | TopicCommand::RemovePermission { .. }
        | TopicCommand::TagTopic { .. }
        | TopicCommand::UntagTopic { .. }
        | TopicCommand::SetDataProtectionPolicy { .. }
        | TopicCommand::ConfirmSubscription { .. }
        | TopicCommand::SetSubscriptionAttribute { .. } => space != Space::Exhausted,
        // Subscribing sends a message.
        TopicCommand::Subscribe(_)
        | TopicCommand::Publish { .. }
        | TopicCommand::PublishDirect { .. } => space == Space::Ample,
    }
}
