//! What a shard can be asked, and what it answers.

mod topics;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::delivery::{Attempt, AttemptOutcome, Delivery, Fate};
use crate::message::{Location, Sealing};
use crate::names::{
    AccountId, FifoId, QueueArn, QueueName, Region, SubscriptionArn, TopicArn, Uuid,
};
use crate::receipt::Receipt;
use crate::register::RegisterWrite;
use crate::rejection::Rejection;
use crate::time::Timestamp;

pub use topics::{Publication, Published, Subscribe, SubscriptionSummary, TopicCommand};

/// Names the caller that waits for a reply. Chosen by the shard's driver, unique while it waits.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(pub u64);

/// Names and values as a request gives them, in the request's order.
pub type Pairs = Vec<(String, String)>;

/// A request to a shard. Names and receipts have been read already; what depends on the queue or
/// its present state is checked by the shard.
#[derive(Clone, Debug)]
pub enum Command {
    /// CreateQueue. Answered by [`Reply::Done`]: a queue that is there with the same attributes is
    /// as good as a new one.
    CreateQueue {
        /// The queue's name in full.
        arn: QueueArn,
        /// Attributes as given.
        attributes: Pairs,
        /// Tags as given.
        tags: Pairs,
    },
    /// DeleteQueue, with all that it holds.
    DeleteQueue {
        /// Which queue.
        arn: QueueArn,
    },
    /// GetQueueUrl: [`Reply::Done`] if the queue is there.
    FindQueue {
        /// Which queue.
        arn: QueueArn,
    },
    /// ListQueues: [`Reply::Queues`], by name.
    ListQueues {
        /// Whose queues.
        account: AccountId,
        /// In which region.
        region: Region,
        /// Only names that begin so; empty for all.
        prefix: String,
        /// Only names after this one: where the last page ended.
        after: Option<QueueName>,
        /// The page's size.
        max: usize,
    },
    /// ListDeadLetterSourceQueues: [`Reply::Queues`], by ARN.
    ListDeadLetterSourceQueues {
        /// The dead-letter queue.
        arn: QueueArn,
        /// Only queues after this one: where the last page ended.
        after: Option<QueueName>,
        /// The page's size.
        max: usize,
    },
    /// GetQueueAttributes: [`Reply::Attributes`].
    QueueAttributes {
        /// Which queue.
        arn: QueueArn,
        /// Names as given; `All` among them stands for every attribute.
        names: Vec<String>,
    },
    /// SetQueueAttributes.
    SetQueueAttributes {
        /// Which queue.
        arn: QueueArn,
        /// Attributes as given.
        attributes: Pairs,
    },
    /// TagQueue.
    TagQueue {
        /// Which queue.
        arn: QueueArn,
        /// Tags to add or overwrite.
        tags: Pairs,
    },
    /// UntagQueue.
    UntagQueue {
        /// Which queue.
        arn: QueueArn,
        /// Keys of the tags to remove.
        keys: Vec<String>,
    },
    /// ListQueueTags: [`Reply::Tags`].
    QueueTags {
        /// Which queue.
        arn: QueueArn,
    },
    /// AddPermission: a statement more in the queue's policy.
    AddPermission {
        /// Which queue.
        arn: QueueArn,
        /// The statement's name.
        label: String,
        /// Who may.
        accounts: Vec<String>,
        /// What they may: action names without `SQS:`, or `*`.
        actions: Vec<String>,
    },
    /// RemovePermission.
    RemovePermission {
        /// Which queue.
        arn: QueueArn,
        /// The statement's name.
        label: String,
    },
    /// PurgeQueue: every message goes, in flight or not, and deduplication starts afresh.
    PurgeQueue {
        /// Which queue.
        arn: QueueArn,
    },
    /// SendMessage and SendMessageBatch: [`Reply::Sent`], an answer for each message.
    Send {
        /// Which queue.
        arn: QueueArn,
        /// 1 to 10 messages, in order.
        messages: Vec<Outgoing>,
    },
    /// ReceiveMessage: [`Reply::Received`], at once or when a message comes or the wait ends.
    Receive {
        /// Which queue.
        arn: QueueArn,
        /// What is asked for.
        request: ReceiveRequest,
    },
    /// The caller of a [`Command::Receive`] has gone: its wait ends, without a reply. Has no reply
    /// of its own.
    AbandonReceive {
        /// The waiting receive.
        receive: Token,
    },
    /// DeleteMessage and DeleteMessageBatch: [`Reply::Each`].
    Delete {
        /// Which queue.
        arn: QueueArn,
        /// 1 to 10 receipts, each beside the handle that it was read from.
        receipts: Vec<Handle>,
    },
    /// ChangeMessageVisibility and ChangeMessageVisibilityBatch: [`Reply::Each`].
    ChangeVisibility {
        /// Which queue.
        arn: QueueArn,
        /// 1 to 10 receipts, each with its new timeout in seconds from now.
        changes: Vec<(Handle, u32)>,
    },
    /// Messages that were handed out to a caller who had gone: they are visible again at once. Has no
    /// reply.
    ReturnMessages {
        /// What the caller would have been given.
        receipts: Vec<Receipt>,
    },
    /// StartMessageMoveTask: [`Reply::MoveTaskStarted`].
    StartMoveTask {
        /// The dead-letter queue to empty, as given.
        source: QueueArn,
        /// Where to; without it, each message goes back to where it came from.
        destination: Option<QueueArn>,
        /// Messages per second.
        rate: Option<u32>,
        /// A fresh id for the task.
        task: Uuid,
    },
    /// CancelMessageMoveTask: [`Reply::MoveTaskCancelled`].
    CancelMoveTask {
        /// The queue that the handle names.
        source: QueueArn,
        /// The task that the handle names.
        task: Uuid,
    },
    /// ListMessageMoveTasks: [`Reply::MoveTasks`], newest first.
    ListMoveTasks {
        /// The dead-letter queue.
        source: QueueArn,
        /// At most so many.
        max: usize,
    },
    /// Messages that [`Effect::CopyForMoveTask`] asked for, read from the log. Has no reply.
    MoveMessages {
        /// The dead-letter queue being emptied.
        source: QueueArn,
        /// The task.
        task: Uuid,
        /// Each message's key in the source, a fresh id for it, and the bytes of its record; `None`
        /// if they could not be read.
        messages: Vec<(u64, Uuid, Option<Vec<u8>>)>,
    },
    /// A request about topics or subscriptions.
    Topic(TopicCommand),
    /// Entries of the register are to be so from now on, all of them or none.
    WriteRegister {
        /// Which, and how. Within the bounds that [`limits`](crate::limits) has for them.
        writes: Vec<RegisterWrite>,
    },
    /// What the register holds: [`Reply::Register`].
    ReadRegister {
        /// Only entries whose names begin so; empty for all.
        prefix: String,
    },
    /// How an attempt that [`Effect::Deliver`] asked for went: [`Reply::Settled`].
    SettleDelivery {
        /// The attempt.
        attempt: Receipt,
        /// How it went.
        outcome: AttemptOutcome,
    },
    /// Archived messages that [`Effect::CopyForReplay`] asked for, read from the log. Has no reply.
    ReplayMessages {
        /// The subscription's number.
        subscription: u32,
        /// Each message's position in the archive and the bytes of its record; `None` if they could
        /// not be read.
        messages: Vec<(u64, Option<Vec<u8>>)>,
    },
    /// Messages whose records lie before this position are to be written again at the log's end,
    /// so that the front can be given up. Asks for them in [`Effect::Relocate`]s. Has no reply.
    Reclaim {
        /// The end of what is to be given up.
        before: u64,
    },
    /// Message records that [`Effect::Relocate`] asked for, read from the log. Has no reply.
    Relocate {
        /// Each message with the bytes of its record; `None` if they could not be read.
        messages: Vec<(Residence, Option<Vec<u8>>)>,
    },
    /// Records of published messages that [`Effect::RelocatePublications`] asked for, read from the
    /// log. Has no reply.
    RelocatePublications {
        /// Each with its number, where it lay, and its bytes; `None` if they could not be read.
        publications: Vec<(u64, Location, Option<Vec<u8>>)>,
    },
}

/// Where a message is: which queue holds it under which key, and where its record lies.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Residence {
    /// The queue's number.
    pub queue: u32,
    /// The message's key in the queue.
    pub key: u64,
    /// Where its record lies.
    pub location: Location,
}

/// A message on its way into a queue.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// A fresh id.
    pub message_id: Uuid,
    /// The encoded [`Content`](crate::message::Content), perhaps sealed.
    pub content: Vec<u8>,
    /// How the content lies here.
    pub sealing: Sealing,
    /// Bytes that count against MaximumMessageSize: body, attribute names, types and values.
    pub size: usize,
    /// MD5 of the body; what a duplicate is answered with.
    pub body_md5: [u8; 16],
    /// SHA-256 of the body, present if the queue is FIFO and no deduplication id was given.
    pub body_sha256: Option<[u8; 32]>,
    /// DelaySeconds as given.
    pub delay_seconds: Option<u32>,
    /// MessageGroupId as given.
    pub group: Option<FifoId>,
    /// MessageDeduplicationId as given.
    pub deduplication: Option<FifoId>,
}

/// What a receive asks for.
#[derive(Clone, Debug)]
pub struct ReceiveRequest {
    /// 1 to 10.
    pub max_messages: usize,
    /// VisibilityTimeout in seconds; the queue's own if absent.
    pub visibility_timeout: Option<u32>,
    /// WaitTimeSeconds; the queue's own if absent.
    pub wait_seconds: Option<u32>,
    /// ReceiveRequestAttemptId; only FIFO queues heed it.
    pub attempt: Option<FifoId>,
}

/// A receipt handle: as it came, and as it was read. `receipt` is `None` for a handle that this
/// server did not make.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The text that the client sent, for error messages.
    pub text: String,
    /// What it says.
    pub receipt: Option<Receipt>,
}

/// The answer to a [`Command`].
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// Nothing to say but that it is done.
    Done,
    /// A page of queues, and whether more follow.
    Queues {
        /// In order.
        queues: Vec<QueueArn>,
        /// Whether the page is not the last.
        more: bool,
    },
    /// Attribute names and values.
    Attributes(Vec<(&'static str, String)>),
    /// Tags, by key.
    Tags(Pairs),
    /// The answer for each message sent, in order.
    Sent(Vec<Result<Sent, Rejection>>),
    /// The messages received, in order; perhaps none.
    Received(Vec<Received>),
    /// The answer for each entry, in order.
    Each(Vec<Result<(), Rejection>>),
    /// A move task runs.
    MoveTaskStarted,
    /// A move task is being cancelled.
    MoveTaskCancelled {
        /// Messages moved so far.
        moved: u64,
    },
    /// Move tasks, newest first.
    MoveTasks(Vec<MoveTaskStatus>),
    /// A page of topics, and whether more follow.
    Topics {
        /// In order.
        topics: Vec<TopicArn>,
        /// Whether the page is not the last.
        more: bool,
    },
    /// A document, if there is one.
    Text(Option<String>),
    /// A subscription is there.
    Subscribed {
        /// Its name in full.
        arn: SubscriptionArn,
        /// Whether it still has to be confirmed.
        is_pending: bool,
    },
    /// A page of subscriptions.
    Subscriptions {
        /// In order.
        subscriptions: Vec<SubscriptionSummary>,
        /// The number of the last one, if more follow.
        last: Option<u32>,
    },
    /// The answer for each message published, in order.
    Published {
        /// What became of each of the first messages, in their order.
        published: Vec<Result<Published, Rejection>>,
        /// The others: there was no room for more, or the first of them goes to queues whose keys
        /// have to be asked. They are to be published next.
        left: Vec<Publication>,
        /// Encrypted queues that these would go to. Whether their keys let the topic in is to be said
        /// in [`Publication::keys`] of each.
        to_ask: BTreeSet<QueueArn>,
    },
    /// What has become of a message after an attempt to deliver it.
    Settled(Fate),
    /// Entries of the register, by name.
    Register(Vec<(String, Arc<[u8]>)>),
}

/// A message that was taken, or recognised as one taken before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// The message's id; of the first message if this one is a duplicate.
    pub message_id: Uuid,
    /// MD5 of the (first) body.
    pub body_md5: [u8; 16],
    /// Of a FIFO queue.
    pub sequence_number: Option<u64>,
}

/// A message handed out. What it carries is read from the log at `location`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Where its record lies.
    pub location: Location,
    /// What the receipt handle says.
    pub receipt: Receipt,
    /// When it was first handed out.
    pub first_received_at: Timestamp,
    /// How often it has been handed out, this time included.
    pub receive_count: u32,
    /// Of a FIFO queue.
    pub sequence_number: Option<u64>,
    /// The queue that it came from, if this is a dead-letter queue.
    pub dead_letter_source: Option<QueueArn>,
    /// How it came here, if it was published to a topic. Its record is a
    /// [`PublishedRecord`](crate::record::PublishedRecord) then.
    pub delivery: Option<Arc<Delivery>>,
}

/// Where a move task stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveTaskStatus {
    /// The task's id.
    pub task: Uuid,
    /// The dead-letter queue being emptied.
    pub source: QueueArn,
    /// Where to, if it was said.
    pub destination: Option<QueueArn>,
    /// Messages per second, if it was said.
    pub rate: Option<u32>,
    /// How it goes.
    pub state: MoveTaskState,
    /// When it started.
    pub started_at: Timestamp,
    /// Messages moved.
    pub moved: u64,
    /// Messages that were in the source when it started.
    pub to_move: u64,
}

/// The states of a move task.
///
/// ```text
///   Running ──► Completed
///      │ └────► Failed
///      └──────► Cancelled
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MoveTaskState {
    /// Messages are being moved.
    Running,
    /// The source is empty, or all that was in it at the start has been moved.
    Completed,
    /// Ended by CancelMessageMoveTask.
    Cancelled,
    /// Ended by an error.
    Failed {
        /// The documented code, such as `AWS.SimpleQueueService.NonExistentQueue`.
        reason: String,
    },
}

/// Something to be done outside of the core, once the records before it are durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Read these messages and bring them back as [`Command::MoveMessages`].
    CopyForMoveTask {
        /// The dead-letter queue being emptied.
        source: QueueArn,
        /// The task.
        task: Uuid,
        /// Each message's key in the source and where its record lies.
        messages: Vec<(u64, Location)>,
    },
    /// Read these message records and bring them back as [`Command::Relocate`].
    Relocate {
        /// The messages.
        messages: Vec<Residence>,
    },
    /// Read these records of published messages and bring them back as
    /// [`Command::RelocatePublications`].
    RelocatePublications {
        /// Each with its number.
        publications: Vec<(u64, Location)>,
    },
    /// Read these archived messages and bring them back as [`Command::ReplayMessages`].
    CopyForReplay {
        /// The subscription's number.
        subscription: u32,
        /// Each message's position in the archive and where its record lies.
        messages: Vec<(u64, Location)>,
    },
    /// Make an attempt and tell how it went by [`Command::SettleDelivery`]. One that is not settled
    /// within [`limits::ATTEMPT_SECONDS_MAX`](crate::limits::ATTEMPT_SECONDS_MAX) is made again.
    Deliver(Attempt),
}
