//! Every limit of SQS and SNS, each in one place.
//!
//! Where not said otherwise the source is the developer guide of SQS, "Amazon SQS quotas".

use std::ops::RangeInclusive;

/// Characters in a queue's name, `.fifo` included.
pub const QUEUE_NAME_CHARS_MAX: usize = 80;
/// Characters in a message group id or deduplication id.
pub const FIFO_ID_CHARS_MAX: usize = 128;

/// `DelaySeconds`, of a queue and of a message.
pub const DELAY_SECONDS: RangeInclusive<u32> = 0..=900;
/// `MaximumMessageSize`, in bytes.
pub const MAXIMUM_MESSAGE_SIZE: RangeInclusive<u32> = 1024..=1_048_576;
/// `MessageRetentionPeriod`, in seconds.
pub const MESSAGE_RETENTION_PERIOD: RangeInclusive<u32> = 60..=1_209_600;
/// `ReceiveMessageWaitTimeSeconds` and `WaitTimeSeconds`.
pub const WAIT_TIME_SECONDS: RangeInclusive<u32> = 0..=20;
/// `VisibilityTimeout`, in seconds. Also the longest that a message may stay in flight in all.
pub const VISIBILITY_TIMEOUT: RangeInclusive<u32> = 0..=43_200;
/// `KmsDataKeyReusePeriodSeconds`.
pub const KMS_DATA_KEY_REUSE_PERIOD_SECONDS: RangeInclusive<u32> = 60..=86_400;
/// Characters in `KmsMasterKeyId`. KMS API reference, `KeyId`.
pub const KMS_KEY_ID_CHARS_MAX: usize = 2048;
/// `maxReceiveCount` of a redrive policy.
pub const MAX_RECEIVE_COUNT: RangeInclusive<u32> = 1..=1000;
/// `sourceQueueArns` of a redrive allow policy.
pub const REDRIVE_SOURCE_QUEUES_MAX: usize = 10;

/// `MaxNumberOfMessages` of a receive.
pub const RECEIVE_MESSAGES: RangeInclusive<u32> = 1..=10;
/// Messages of one queue that may be in flight at once.
pub const IN_FLIGHT_MAX: u64 = 120_000;
/// Entries in a batch.
pub const BATCH_ENTRIES_MAX: usize = 10;
/// Bytes in a batch, all messages together.
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// Characters in the id of a batch entry.
pub const BATCH_ENTRY_ID_CHARS_MAX: usize = 80;

/// Attributes of one message.
pub const MESSAGE_ATTRIBUTES_MAX: usize = 10;
/// Characters in a message attribute's name.
pub const MESSAGE_ATTRIBUTE_NAME_CHARS_MAX: usize = 256;
/// Bytes in a message attribute's type.
pub const MESSAGE_ATTRIBUTE_TYPE_BYTES_MAX: usize = 256;

/// How long a deduplication id is remembered, from the first send.
pub const DEDUPLICATION_SECONDS: u64 = 300;
/// How long a receive request attempt id is remembered.
pub const RECEIVE_ATTEMPT_SECONDS: u64 = 300;
/// How long the name of a deleted queue may not be taken again, unless configured otherwise.
pub const DELETE_COOL_DOWN_SECONDS: u64 = 60;
/// How long after a purge the next one is refused, unless configured otherwise.
pub const PURGE_COOL_DOWN_SECONDS: u64 = 60;

/// `MaxResults` of ListQueues and ListDeadLetterSourceQueues, and the size of a page without it.
pub const LIST_RESULTS: RangeInclusive<u32> = 1..=1000;
/// `MaxResults` of ListMessageMoveTasks.
pub const LIST_MOVE_TASKS_RESULTS: RangeInclusive<u32> = 1..=10;
/// `MaxNumberOfMessagesPerSecond` of a move task.
pub const MOVE_TASK_RATE: RangeInclusive<u32> = 1..=500;
/// Move tasks that one account may have running.
pub const MOVE_TASKS_RUNNING_MAX: usize = 100;
/// How long a move task may run.
pub const MOVE_TASK_SECONDS_MAX: u64 = 36 * 3600;

/// Bytes in a policy document.
pub const POLICY_BYTES_MAX: usize = 8192;
/// Statements in a policy document.
pub const POLICY_STATEMENTS_MAX: usize = 20;
/// Principals in a policy document.
pub const POLICY_PRINCIPALS_MAX: usize = 50;
/// Conditions in a policy document.
pub const POLICY_CONDITIONS_MAX: usize = 10;
/// Actions in one statement of a policy document, and in one AddPermission.
pub const POLICY_ACTIONS_MAX: usize = 7;
/// Characters in a permission's label.
pub const PERMISSION_LABEL_CHARS_MAX: usize = 80;

/// Tags of one queue.
pub const TAGS_MAX: usize = 50;
/// Characters in a tag's key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters in a tag's value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Messages that a fair queue looks past, in one receive, to find one of a quiet group. A bound of
/// ours: a receive's cost must not follow the depth of the queue.
pub const FAIR_LOOK_AHEAD_MAX: usize = 1000;
/// In-flight messages from which a group can be noisy. Developer guide, "Amazon SQS fair queues".
pub const NOISY_IN_FLIGHT_MIN: u64 = 30;
/// Receives from which a standard queue hands a message out after those that wait behind it.
pub const RECEIVES_BEFORE_BACK: u32 = 3;

/// Bytes in a filter policy. Developer guide of SNS, "Filter policy constraints", as are the next
/// five.
pub const FILTER_POLICY_BYTES_MAX: usize = 262_144;
/// Keys that a filter policy has values for, those in nested objects and alternatives included.
pub const FILTER_POLICY_KEYS_MAX: usize = 5;
/// Combinations of a filter policy's values. How they count: `filter_policy`.
pub const FILTER_POLICY_COMBINATIONS_MAX: u64 = 150;
/// Wildcards in one `wildcard` pattern.
pub const FILTER_POLICY_WILDCARDS_MAX: usize = 3;
/// Points of all `wildcard` patterns of a filter policy. How they count: `filter_policy`.
pub const FILTER_POLICY_WILDCARD_POINTS_MAX: usize = 100;
/// The numbers that `numeric` and `anything-but` compare, both bounds included.
pub const FILTER_POLICY_NUMBERS: RangeInclusive<f64> = -1e9..=1e9;
/// Subscriptions of one topic that may have a filter policy.
pub const FILTER_POLICIES_PER_TOPIC_MAX: usize = 200;
/// Subscriptions of one account that may have a filter policy.
pub const FILTER_POLICIES_PER_ACCOUNT_MAX: usize = 10_000;
