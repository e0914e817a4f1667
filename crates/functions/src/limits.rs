//! Bounds of hosted functions, each once. Those of AWS are from "Lambda quotas" and the developer
//! guide's page about the runtime environment.

use std::time::Duration;

/// Bytes of a result or an error object, at most: 6 MB, and what AWS's own message says of it
/// (`exceeded maximum allowed payload size (6291556 bytes)`).
pub const RESPONSE_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// Bytes of a result that is too large that are read and dropped, so that the runtime reads the
/// answer about it instead of finding its connection closed.
pub(crate) const DRAINED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of an invocation's log that its answer can carry.
pub const LOG_TAIL_BYTES_MAX: usize = 4096;

/// Bytes of a file with what a function prints: there are two for each function at most.
pub const LOG_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How long a process may take until it asks for its first invocation, before that is counted as
/// part of the invocation.
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an invocation may take at most.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(900);

/// Connections that a process may have to its endpoint at once. Runtimes have one or two.
pub(crate) const ENDPOINT_CONNECTIONS_MAX: usize = 32;

/// Files that a process may have open.
pub const OPEN_FILES_MAX: u64 = 1024;

/// Bytes of one file that a process may write: the size of `/tmp` on AWS, if nobody asks for more.
pub const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
