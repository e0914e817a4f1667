//! Every limit of SQS and SNS, each in one place.
//!
//! Where not said otherwise the source is the developer guide of SQS, "Amazon SQS quotas".

use std::ops::RangeInclusive;

/// Characters in a queue's name, `.fifo` included.
pub const QUEUE_NAME_CHARS_MAX: usize = 80;
/// Characters in a topic's name, `.fifo` included. Developer guide of SNS.
pub const TOPIC_NAME_CHARS_MAX: usize = 256;
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
/// Characters in an event pattern. API reference of Lambda, "Filter".
pub const EVENT_PATTERN_CHARS_MAX: usize = 4096;
/// Keys of an event pattern that have to hold together. A bound of ours, as is the next one.
pub const EVENT_PATTERN_KEYS_MAX: usize = 8;
/// Alternatives that the `$or`s of an event pattern make together.
pub const EVENT_PATTERN_ALTERNATIVES_MAX: u64 = 100;
/// The numbers that `numeric` and `anything-but` compare, both bounds included.
pub const FILTER_POLICY_NUMBERS: RangeInclusive<f64> = -1e9..=1e9;
/// Subscriptions of one topic that may have a filter policy, unless configured otherwise.
pub const FILTER_POLICIES_PER_TOPIC_MAX: usize = 200;
/// Subscriptions of one account that may have a filter policy, unless configured otherwise.
pub const FILTER_POLICIES_PER_ACCOUNT_MAX: usize = 10_000;

/// How long an attempt to deliver a message may take, the wait for its turn included, before it is
/// made again. A bound of ours; an attempt at a web address ends after 15 seconds.
pub const ATTEMPT_SECONDS_MAX: u64 = 60;
/// The same of a mail: it takes its time until the mail server has it, and then as long as that may take
/// to say so.
pub const MAIL_ATTEMPT_SECONDS_MAX: u64 = 12 * 60;
/// The same of a function's asynchronous invocation: 15 minutes that it may run, and one for the wait.
pub const FUNCTION_ATTEMPT_SECONDS_MAX: u64 = 16 * 60;
/// How far away the next attempt may be if it is a courier that says so. A bound of ours.
pub const TRY_AFTER_SECONDS_MAX: u64 = 6 * 60 * 60;
/// How long attempts that were not made, since the service was known to be down, count as none. From then
/// on they are retries, and the message ends as their schedule has it. RFC 5321, section 4.5.4.1: mail is
/// given up after four or five days.
pub const NOT_BEGUN_SECONDS_MAX: u64 = 4 * 86_400;
/// Attempts that may be under way at one endpoint. A bound of ours.
pub const ATTEMPTS_PER_ENDPOINT_MAX: usize = 16;
/// Attempts that may be under way at once out of a direct outbox, at all its endpoints together. A bound
/// of ours.
pub const ATTEMPTS_PER_OUTBOX_MAX: usize = 128;
/// Attempts in a row that fail before an endpoint is given pauses. A bound of ours.
pub const QUICK_FAILURES_MAX: u32 = 16;
/// Milliseconds from an attempt that failed to the next, whichever message it is for, at an endpoint
/// that keeps failing: a hundred attempts a second at the most. A bound of ours.
pub const FAILING_ENDPOINT_PAUSE_MS: u64 = 10;
/// How long a subscription may be confirmed after it was made, or taken back after it was ended.
pub const CONFIRMATION_SECONDS: u64 = 172_800;
/// Subscriptions of a FIFO topic. Developer guide of SNS, as are the next two.
pub const FIFO_TOPIC_SUBSCRIPTIONS_MAX: usize = 100;
/// Subscriptions of a topic that takes messages of more than 256 KiB.
pub const LARGE_MESSAGE_SUBSCRIPTIONS_MAX: usize = 100;
/// Subscriptions of one account that may be pending.
pub const PENDING_SUBSCRIPTIONS_MAX: usize = 5000;
/// Subscriptions of one standard topic. A bound of ours, far below the service's: a message and all
/// its copies are one step of the shard.
pub const TOPIC_SUBSCRIPTIONS_MAX: usize = 100_000;

/// Topics or subscriptions on one page of a list. API reference of SNS, ListTopics.
pub const TOPIC_LIST_RESULTS: usize = 100;
/// Characters in a published message's Subject. API reference of SNS, Publish.
pub const SUBJECT_CHARS_MAX: usize = 100;
/// Bytes in the web address of a subscription. A bound of ours.
pub const ENDPOINT_BYTES_MAX: usize = 2048;
/// How long an outbox keeps a message: longer than any retry schedule takes.
pub const OUTBOX_RETENTION_SECONDS: u32 = 30 * 86_400;
/// Standard topics of one account in one region. Developer guide of SNS, as is the next.
pub const TOPICS_MAX: usize = 100_000;
/// FIFO topics of one account in one region.
pub const FIFO_TOPICS_MAX: usize = 1000;

/// Characters in a topic's `DisplayName`. API reference of SNS, SetTopicAttributes, as are the next
/// four.
pub const DISPLAY_NAME_CHARS_MAX: usize = 100;
/// `MaximumMessageSize` of a topic for which none was set, in bytes. What may be set is
/// [`MAXIMUM_MESSAGE_SIZE`].
pub const TOPIC_MESSAGE_SIZE_DEFAULT: u32 = 262_144;
/// `HTTPSuccessFeedbackSampleRate` and its like, in percent.
pub const FEEDBACK_SAMPLE_RATE: RangeInclusive<u32> = 0..=100;
/// `MessageRetentionPeriod` of a topic's archive, in days.
pub const ARCHIVE_DAYS: RangeInclusive<u32> = 1..=365;
/// Characters in the ARN of a role. IAM API reference, `Arn`.
pub const ROLE_ARN_CHARS_MAX: usize = 2048;

/// `minDelayTarget` and `maxDelayTarget` of a delivery policy, in seconds. Developer guide of SNS,
/// "Creating an HTTP/S delivery policy", as are the next three.
pub const RETRY_DELAY_SECONDS: RangeInclusive<u32> = 1..=3600;
/// `numRetries` of a delivery policy, and each of its phases.
pub const RETRIES: RangeInclusive<u32> = 0..=100;
/// `maxReceivesPerSecond` of a delivery policy.
pub const MAX_RECEIVES_PER_SECOND: RangeInclusive<u32> = 1..=u32::MAX;
/// How long after its first attempt a message is tried again under a delivery policy.
pub const RETRY_SECONDS_MAX: u64 = 3600;

/// Bytes in the policy of a topic. API reference of SNS, and "Amazon SNS endpoints and quotas".
pub const TOPIC_POLICY_BYTES_MAX: usize = 30_720;
/// Statements in the policy of a topic.
pub const TOPIC_POLICY_STATEMENTS_MAX: usize = 100;
/// Principals in the policy of a topic.
pub const TOPIC_POLICY_PRINCIPALS_MAX: usize = 200;
/// Characters in a data protection policy. API reference of SNS, PutDataProtectionPolicy.
pub const DATA_PROTECTION_POLICY_CHARS_MAX: usize = 30_720;
/// `SampleRate` of an audit in a data protection policy, in percent.
pub const AUDIT_SAMPLE_RATE: RangeInclusive<u32> = 0..=99;

/// How long one attempt to deliver over HTTP may take in all. Developer guide of SNS, "Make sure
/// your endpoint is ready to process Amazon SNS messages".
pub const HTTP_ATTEMPT_SECONDS: u64 = 15;
/// Bytes of an endpoint's answer that are read. Behind a longer one the connection is closed. This
/// and the next three are bounds of ours.
pub const HTTP_ANSWER_BYTES_MAX: usize = 65_536;
/// Bytes of an endpoint's answer that are kept, for `providerResponse` of a delivery log.
pub const PROVIDER_RESPONSE_BYTES_MAX: usize = 1024;
/// How long a connection to an endpoint is kept for the next delivery.
pub const HTTP_IDLE_SECONDS: u64 = 30;

/// How long one attempt to send a mail may take in all, if the operator does not say otherwise, and
/// how long they may say. Bounds of ours, below [`ATTEMPT_SECONDS_MAX`].
pub const EMAIL_ATTEMPT_SECONDS: u64 = 30;
/// See [`EMAIL_ATTEMPT_SECONDS`].
pub const EMAIL_ATTEMPT_SECONDS_MAX: u64 = 50;
/// How long a connection to the mail server is kept for the next message. Less than the five minutes
/// that servers wait: RFC 5321, section 4.5.3.2.
pub const EMAIL_IDLE_SECONDS: u64 = 30;
/// Bytes before the `@` of an address. RFC 5321, section 4.5.3.1.
pub const EMAIL_LOCAL_PART_BYTES_MAX: usize = 64;
/// Bytes after it.
pub const EMAIL_DOMAIN_BYTES_MAX: usize = 255;
/// Messages a second to a subscribed address. Quotas of SNS, "Delivery rate for Amazon SNS to email".
pub const EMAILS_PER_SECOND_MAX: u32 = 10;
/// How long one attempt to push a message to a mobile app may take in all, if the operator does not
/// say otherwise, and how long they may say. Bounds of ours, below [`ATTEMPT_SECONDS_MAX`].
pub const PUSH_ATTEMPT_SECONDS: u64 = 20;
/// See [`PUSH_ATTEMPT_SECONDS`].
pub const PUSH_ATTEMPT_SECONDS_MAX: u64 = 50;
/// Bytes of a payload for APNs. Apple, "Generating a remote notification", as is the next.
pub const APNS_PAYLOAD_BYTES_MAX: usize = 4096;
/// Bytes of a payload for APNs that is an incoming call.
pub const APNS_VOIP_PAYLOAD_BYTES_MAX: usize = 5120;
/// Bytes of `apns-collapse-id`. Apple, "Sending notification requests to APNs".
pub const APNS_COLLAPSE_ID_BYTES_MAX: usize = 64;
/// Bytes of a payload for FCM. Firebase, "About FCM messages".
pub const FCM_PAYLOAD_BYTES_MAX: usize = 4096;
/// Bytes of a payload for ADM. Amazon Device Messaging, "Send a message".
pub const ADM_PAYLOAD_BYTES_MAX: usize = 6144;
/// Bytes of a payload for the services that nothing can be delivered to. Microsoft gives 5000 to WNS;
/// the others have less, and nobody is left to mind.
pub const OTHER_PUSH_PAYLOAD_BYTES_MAX: usize = 5000;
/// How long a push service may try, if nothing says. Developer guide of SNS, "Using the Amazon SNS
/// time to live (TTL) message attribute": four weeks.
pub const PUSH_TTL_SECONDS: u64 = 2_419_200;
/// How long FCM may try at most. FCM's reference, `AndroidConfig.ttl`.
pub const FCM_TTL_SECONDS_MAX: u64 = 2_419_200;
/// How long ADM may try. Amazon Device Messaging, `expiresAfter`.
pub const ADM_TTL_SECONDS: RangeInclusive<u64> = 1..=2_678_400;
/// How long a connection to a push service is kept for the next message. Apple asks for it to be kept
/// as long as possible; nobody is served by one that is forgotten.
pub const PUSH_IDLE_SECONDS: u64 = 1800;
/// Applications with connections and access tokens kept, at most. The one used longest ago gives way.
pub const PUSH_APPLICATIONS_KEPT_MAX: usize = 256;

/// How long one attempt to send a text message may take in all, if the operator does not say
/// otherwise, and how long they may say. Bounds of ours, below [`ATTEMPT_SECONDS_MAX`].
pub const SMS_ATTEMPT_SECONDS: u64 = 30;
/// See [`SMS_ATTEMPT_SECONDS`].
pub const SMS_ATTEMPT_SECONDS_MAX: u64 = 50;
/// Characters of a text message, in all its parts. Developer guide of SNS, "Publishing to a mobile
/// phone": "The total size limit for a single SMS publish action is 1,600 characters".
pub const SMS_CHARACTERS_MAX: usize = 1600;
/// Regions in which an account may send text messages to numbers, and may have attributes for them:
/// callers choose the region that they sign for. More than AWS has. A bound of ours.
pub const SMS_REGIONS_MAX: usize = 64;
/// Characters of a topic's DisplayName that stand before a text message. They do not count as the
/// message's: whoever publishes does not know them. API reference of SNS,
/// CreateTopic: "only the first 10 characters".
pub const SMS_DISPLAY_NAME_CHARACTERS_MAX: usize = 10;
/// Characters of a sender id. API reference of SNS, SetSMSAttributes, `DefaultSenderID`.
pub const SMS_SENDER_ID_CHARACTERS: RangeInclusive<usize> = 1..=11;
/// Digits of `AWS.MM.SMS.OriginationNumber`. Developer guide of SNS, "Publishing to a mobile phone".
pub const SMS_ORIGINATION_DIGITS: RangeInclusive<usize> = 5..=14;
/// `DeliveryStatusSuccessSamplingRate`, in percent.
pub const SMS_SAMPLING_RATE: RangeInclusive<u32> = 0..=100;
/// Characters of the name of a bucket of S3: `UsageReportS3Bucket`. User guide of S3, "Bucket naming
/// rules".
pub const SMS_BUCKET_CHARACTERS: RangeInclusive<usize> = 3..=63;
/// How long after a number was opted in it cannot be opted in again. API reference of SNS,
/// OptInPhoneNumber.
pub const SMS_OPT_IN_SECONDS: u64 = 30 * 86_400;
/// Numbers on a page of ListPhoneNumbersOptedOut. API reference of SNS.
pub const SMS_OPTED_OUT_RESULTS: usize = 100;
/// Numbers that have opted out, on the whole server. A bound of ours.
pub const SMS_OPT_OUTS_MAX: usize = 1_000_000;
/// Numbers in the sandbox of an account, in all regions. Developer guide of SNS, "SMS sandbox", as are
/// the next three.
pub const SMS_SANDBOX_NUMBERS_MAX: usize = 10;
/// How long a verified number stays in the sandbox.
pub const SMS_SANDBOX_KEPT_SECONDS: u64 = 86_400;
/// Codes that may be sent to a number of the sandbox in the time of [`SMS_CODES_SECONDS`].
pub const SMS_CODES_MAX: usize = 5;
/// See [`SMS_CODES_MAX`]. A code is good for as long: a bound of ours.
pub const SMS_CODES_SECONDS: u64 = 86_400;
/// Wrong answers to one code, before it is good for nothing. A bound of ours.
pub const SMS_CODE_TRIES_MAX: u32 = 5;
/// Digits of a code that is given. API reference of SNS, VerifySMSSandboxPhoneNumber.
pub const SMS_CODE_DIGITS: RangeInclusive<usize> = 5..=8;
/// `MaxResults` of ListSMSSandboxPhoneNumbers, and the size of a page without it.
pub const SMS_SANDBOX_RESULTS: RangeInclusive<u32> = 1..=100;
/// `MaxResults` of ListOriginationNumbers, and the size of a page without it.
pub const SMS_ORIGINATION_RESULTS: RangeInclusive<u32> = 1..=30;
/// Characters in the number of a sandbox: API reference of SNS, CreateSMSSandboxPhoneNumber.
pub const SMS_SANDBOX_NUMBER_CHARACTERS_MAX: usize = 20;

/// Signatures that are remembered, so that a message for many queues is signed once.
pub const SIGNATURES_REMEMBERED_MAX: usize = 8192;

/// Bytes of an entry's name in the register.
pub const REGISTER_NAME_BYTES_MAX: usize = 1024;
/// Bytes of an entry's value.
pub const REGISTER_VALUE_BYTES_MAX: usize = 256 << 10;
/// Entries that one command writes.
pub const REGISTER_WRITES_MAX: usize = 100;
/// Bytes of all that one command writes there, so that a batch of the log has room for it.
pub const REGISTER_WRITE_BYTES_MAX: usize = 1 << 20;
