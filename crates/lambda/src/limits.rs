//! Every limit of Lambda, each in one place. Where not said otherwise the source is the developer
//! guide, "Lambda quotas", or the API reference of the operation.

use std::ops::RangeInclusive;

/// Characters in a function's name.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters in whatever names a function in a request, an ARN included.
pub const REFERENCE_CHARS_MAX: usize = 170;
/// Characters in a qualifier or an alias.
pub const QUALIFIER_CHARS_MAX: usize = 128;
/// Characters in a description.
pub const DESCRIPTION_CHARS_MAX: usize = 256;
/// Characters in a handler.
pub const HANDLER_CHARS_MAX: usize = 128;
/// How long an invocation may take, in seconds, and unless somebody says otherwise.
pub const TIMEOUT_SECONDS: RangeInclusive<u32> = 1..=900;
/// See [`TIMEOUT_SECONDS`].
pub const TIMEOUT_SECONDS_DEFAULT: u32 = 3;
/// Memory of a function, in MiB, and unless somebody says otherwise.
pub const MEMORY_MIB: RangeInclusive<u32> = 128..=10_240;
/// See [`MEMORY_MIB`].
pub const MEMORY_MIB_DEFAULT: u32 = 128;
/// Space in `/tmp`, in MiB: kept and shown, not enforced.
pub const EPHEMERAL_MIB: RangeInclusive<u32> = 512..=10_240;
/// Bytes of all environment variables of a function, names and values.
pub const ENVIRONMENT_BYTES_MAX: usize = 4096;
/// Bytes of an archive that comes in a request.
pub const CODE_ZIP_BYTES_MAX: usize = 52_428_800;
/// Bytes of a request that brings one: the archive in base64, and what stands around it.
pub const CODE_REQUEST_BYTES_MAX: u32 = 70_167_211;
/// Bytes of an archive's files, unpacked.
pub const CODE_UNPACKED_BYTES_MAX: u64 = 262_144_000;
/// Files in an archive, and folders that they are in. A bound of ours.
pub const CODE_FILES_MAX: usize = 20_000;
/// Bytes of the code of all functions of an account in a region: of the archive of each version, as
/// often as it is there, and of what was in each archive, once. The service counts archives only.
pub const CODE_STORAGE_BYTES_MAX: u64 = 75 << 30;
/// Bytes on the disk of code that no function needs any more, before more is taken in: processes may
/// still run it. A bound of ours.
pub const CODE_UNNEEDED_BYTES_MAX: u64 = 10 << 30;
/// Bytes in the register of all functions of an account in a region: settings, variables, tags, aliases
/// and policies of all versions. A bound of ours: all are in memory.
pub const KEPT_BYTES_MAX: u64 = 64 << 20;
/// Functions of an account in a region. A bound of ours: all are in memory.
pub const FUNCTIONS_MAX: usize = 1000;
/// Published versions of a function that are there at once. A bound of ours.
pub const VERSIONS_MAX: usize = 1000;
/// Aliases of a function. A bound of ours.
pub const ALIASES_MAX: usize = 200;
/// Bytes of the policy of a function, version or alias.
pub const POLICY_BYTES_MAX: usize = 20_480;
/// Characters in the name of a log group.
pub const LOG_GROUP_CHARS_MAX: usize = 512;
/// Characters in the id of a statement.
pub const STATEMENT_ID_CHARS_MAX: usize = 100;
/// Characters in the token that a statement asks of an event source.
pub const EVENT_SOURCE_TOKEN_CHARS_MAX: usize = 256;
/// Invocations that an account may have under way in a region, and how many of them reserved
/// concurrency has to leave to functions without.
pub const ACCOUNT_CONCURRENCY: u32 = 1000;
/// See [`ACCOUNT_CONCURRENCY`].
pub const UNRESERVED_CONCURRENCY_MIN: u32 = 100;
/// `MaximumRetryAttempts` of asynchronous invocations. Two unless somebody says otherwise.
pub const RETRY_ATTEMPTS_MAX: u32 = 2;
/// `MaximumEventAgeInSeconds` of asynchronous invocations. The longest unless somebody says otherwise.
pub const EVENT_AGE_SECONDS: RangeInclusive<u32> = 60..=21_600;
/// Bytes of an event that waits for an answer, and of the answer.
pub const SYNCHRONOUS_EVENT_BYTES_MAX: usize = 6_291_556;
/// Bytes of all events whose answers are waited for, in the server's memory. A bound of ours, as is the
/// next one: the service has more machines.
pub const SYNCHRONOUS_EVENTS_BYTES_MAX: usize = 128 << 20;
/// Bytes of all answers that their clients have not read yet; nothing is begun while there are as many.
pub const SYNCHRONOUS_ANSWERS_BYTES_MAX: usize = 128 << 20;
/// Bytes of an event that does not.
pub const ASYNCHRONOUS_EVENT_BYTES_MAX: usize = 1_048_576;
/// Bytes of `X-Amz-Client-Context`.
pub const CLIENT_CONTEXT_BYTES_MAX: usize = 3583;
/// Tags of a function.
pub const TAGS_MAX: usize = 50;
/// Characters in a tag's key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters in a tag's value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// Functions, versions, aliases or settings on a page of a list.
pub const PAGE_MAX: usize = 50;
/// Messages in a batch of an event source mapping. API reference, "CreateEventSourceMapping", as are
/// the next three.
pub const EVENT_SOURCE_BATCH_SIZE: RangeInclusive<u32> = 1..=10_000;
/// See [`EVENT_SOURCE_BATCH_SIZE`].
pub const EVENT_SOURCE_BATCH_SIZE_DEFAULT: u32 = 10;
/// Messages in a batch that does not wait for more, and in one of a FIFO queue.
pub const EVENT_SOURCE_BATCH_SIZE_WITHOUT_WINDOW_MAX: u32 = 10;
/// How long a batch may wait for more messages, in seconds.
pub const EVENT_SOURCE_WINDOW_SECONDS: RangeInclusive<u32> = 0..=300;
/// Bytes of a batch's event. Developer guide, "Batching behavior".
pub const EVENT_SOURCE_BATCH_BYTES_MAX: usize = 6_291_456;
/// Filters of a mapping: as many as the service allows those who ask it for more than five.
pub const EVENT_SOURCE_FILTERS_MAX: usize = 10;
/// `MaximumConcurrency` of a mapping.
pub const EVENT_SOURCE_CONCURRENCY_MAX: RangeInclusive<u32> = 2..=1000;
/// Batches that a function has at once, at most, if no maximum was set. Developer guide, "Scaling
/// behavior for Amazon SQS event source mappings", as are the next two.
pub const EVENT_SOURCE_CONCURRENCY_DEFAULT_MAX: u32 = 1250;
/// Batches that a function has at once, to begin with.
pub const EVENT_SOURCE_CONCURRENCY_START: u32 = 5;
/// By how many that may grow in a second: 300 in a minute.
pub const EVENT_SOURCE_CONCURRENCY_PER_SECOND: u32 = 5;
/// How much longer messages stay invisible than window and function take together, in seconds, where
/// the queue's own timeout is shorter than both.
pub const EVENT_SOURCE_VISIBILITY_SPARE_SECONDS: u32 = 30;
/// Event source mappings of an account in a region. A bound of ours.
pub const EVENT_SOURCE_MAPPINGS_MAX: usize = 1000;
/// Event source mappings on a page of a list.
pub const EVENT_SOURCE_PAGE_MAX: usize = 100;
