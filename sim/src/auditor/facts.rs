//! What the auditor is told, in plain values: nothing of the core is used here.

/// Milliseconds since 1970, as the shard's clock has them.
pub type Ms = u64;

/// A queue, by its place in `scenery::QUEUES`.
pub type QueueIndex = usize;

/// A topic, by its place in `scenery::TOPICS`.
pub type TopicIndex = usize;

/// A place where subscriptions can be: its place in `scenery::SLOTS`.
pub type SlotIndex = usize;

/// A message by its text, which no other message has.
pub type Body = u64;

/// What names one receive: queue's number, message's key, and which receive of it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Receipt {
    /// The queue's number.
    pub number: u32,
    /// The message's key.
    pub key: u64,
    /// Which receive.
    pub count: u32,
}

impl Receipt {
    /// All that it is.
    pub fn parts(self) -> (u32, u64, u32) {
        (self.number, self.key, self.count)
    }
}

/// Attributes of a queue that requests change, in seconds.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Setting {
    /// VisibilityTimeout
    Visibility(u64),
    /// DelaySeconds
    Delay(u64),
    /// MessageRetentionPeriod
    Retention(u64),
    /// RedrivePolicy: the dead-letter queue and maxReceiveCount
    Redrive(QueueIndex, u32),
}

/// One message of a send.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The id that it is to have.
    pub id: u128,
    /// Its text.
    pub body: Body,
    /// DelaySeconds.
    pub delay: Option<u64>,
    /// MessageGroupId.
    pub group: Option<u8>,
    /// MessageDeduplicationId.
    pub deduplication: Option<u32>,
    /// What filters look at, of a message to a topic.
    pub kind: u8,
}

/// What was asked of a shard.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// CreateQueue, with these attributes.
    CreateQueue(QueueIndex, Vec<Setting>),
    /// DeleteQueue
    DeleteQueue(QueueIndex),
    /// PurgeQueue
    Purge(QueueIndex),
    /// SetQueueAttributes
    Set(QueueIndex, Setting),
    /// GetQueueAttributes
    Look(QueueIndex),
    /// AddPermission with this label
    Permit(QueueIndex, u8),
    /// RemovePermission
    Forbid(QueueIndex, u8),
    /// TagQueue
    Tag(QueueIndex, u8, u32),
    /// UntagQueue
    Untag(QueueIndex, u8),
    /// ListQueueTags
    Tags(QueueIndex),
    /// SendMessage, SendMessageBatch
    Send(QueueIndex, Vec<Entry>),
    /// ReceiveMessage
    Receive {
        /// Where.
        queue: QueueIndex,
        /// At most so many.
        max: usize,
        /// VisibilityTimeout in seconds.
        timeout: Option<u64>,
        /// WaitTimeSeconds.
        wait: u64,
        /// ReceiveRequestAttemptId.
        attempt: Option<u32>,
    },
    /// DeleteMessage, DeleteMessageBatch
    Delete(QueueIndex, Vec<Receipt>),
    /// ChangeMessageVisibility, and its batch: each with its seconds
    Hide(QueueIndex, Vec<(Receipt, u64)>),
    /// StartMessageMoveTask: source, destination, id
    StartMove(QueueIndex, Option<QueueIndex>, u128),
    /// CancelMessageMoveTask
    CancelMove(QueueIndex, u128),
    /// ListMessageMoveTasks
    Moves(QueueIndex),
    /// CreateTopic
    CreateTopic(TopicIndex),
    /// DeleteTopic
    DeleteTopic(TopicIndex),
    /// SetTopicAttributes: the archive, begun or dropped
    Archive(TopicIndex, bool),
    /// Subscribe, with a filter policy and an id for the subscription
    Subscribe(SlotIndex, Option<u8>, u128),
    /// ConfirmSubscription, with the token of the subscription that has this id
    Confirm(SlotIndex, u128),
    /// Unsubscribe
    Unsubscribe(SlotIndex, u128),
    /// SetSubscriptionAttributes: FilterPolicy
    Filter(SlotIndex, u128, Option<u8>),
    /// SetSubscriptionAttributes: ReplayPolicy, from then on
    Replay(SlotIndex, u128, Ms),
    /// Publish, PublishBatch
    Publish(TopicIndex, Vec<Entry>),
    /// A message to one phone
    PublishDirect(Entry),
    /// How an attempt to deliver went
    Settle(Receipt, Outcome),
    /// Writes of the register
    Write(Vec<(u8, Option<u32>)>),
    /// All of the register
    Read,
}

/// How an attempt to deliver went.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The endpoint has it.
    Delivered,
    /// Another time, as the schedule has it.
    Later,
    /// Another time, after so many milliseconds.
    After(Ms),
    /// Nothing was tried; nothing is to be for so many milliseconds.
    NotBegun(Ms),
    /// Never.
    Never,
}

/// A message that a receive was given.
#[derive(Clone, PartialEq, Debug)]
pub struct Got {
    /// What it goes by.
    pub receipt: Receipt,
    /// Its text; `None` if its record could not be read.
    pub body: Option<Body>,
    /// ApproximateReceiveCount
    pub count: u32,
    /// ApproximateFirstReceiveTimestamp
    pub first_at: Ms,
    /// SequenceNumber
    pub sequence: Option<u64>,
    /// DeadLetterQueueSourceArn
    pub source: Option<QueueIndex>,
}

/// What became of a message after an attempt to deliver it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Delivered.
    Delivered,
    /// To be tried again then.
    Retried(Ms),
    /// In the dead-letter queue.
    DeadLettered,
    /// Gone.
    Dropped,
    /// Nobody waits for this outcome.
    Stale,
}

/// Why a shard said no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum No {
    /// There is no such queue.
    NoQueue,
    /// The queue is there with other attributes.
    OtherAttributes,
    /// The queue was deleted lately.
    DeletedLately,
    /// The queue was purged lately.
    PurgedLately,
    /// The receipt is of another queue.
    NotAReceipt,
    /// The message is not in flight.
    NotInFlight,
    /// Anything else.
    Other(String),
}

/// What a shard answered.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// Done.
    Done,
    /// Refused.
    No(No),
    /// The id and the sequence number of each.
    Sent(Vec<Result<(u128, Option<u64>), No>>),
    /// Messages.
    Received(Vec<Got>),
    /// Of each entry.
    Each(Vec<Result<(), No>>),
    /// Of a queue: visible, in flight, delayed; its settings; labels of its policy.
    Looked([u64; 3], Vec<Setting>, Vec<u8>),
    /// Tags.
    Tagged(Vec<(u8, u32)>),
    /// Move tasks: id, whether it runs, moved.
    Moves(Vec<(u128, bool, u64)>),
    /// Messages moved by a task that was cancelled.
    Cancelled(u64),
    /// The id of a subscription, and whether it is pending.
    Subscribed(u128, bool),
    /// What became of a message.
    Settled(Fate),
    /// The register.
    Register(Vec<(u8, u32)>),
    /// Something that the auditor does not look into.
    Something,
}

/// Something that happened in a shard.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// Time went by.
    Passed,
    /// A request came in that may have to wait: a receive.
    Waits(u64, Ask),
    /// A request was decided.
    Decided(u64, Ask, Answer),
    /// An attempt to deliver was begun.
    Begun(Begun),
    /// Whoever waited for a receive has gone.
    Abandoned(u64),
    /// Messages that nobody took go back.
    Returned(Vec<Receipt>),
    /// Messages of a move task were read: key, and text if it could be read.
    Moved(QueueIndex, u128, Vec<(u64, Option<Body>)>),
    /// Messages of a replay were read.
    Replayed(Vec<Option<Body>>),
    /// The shard was built anew from what is durable; whether by a new process.
    Restarted(bool),
}

/// An attempt that was begun.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    /// What it goes by.
    pub receipt: Receipt,
    /// Of which subscription; `None` of the direct outbox.
    pub subscription: Option<u128>,
    /// The message's text; `None` of a notice.
    pub body: Option<Body>,
    /// Where it goes.
    pub endpoint: String,
    /// When it counts no longer.
    pub until: Ms,
}
