//! Bounds of a load, and times that belong together.

use std::time::Duration;

/// Connections of one load.
pub const CONNECTIONS_MAX: usize = 10_000;

/// Messages of a batch, as SQS and SNS have it.
pub const BATCH_MAX: usize = 10;

/// Bytes of a message, as SQS has it.
pub const SIZE_MAX: usize = 1 << 20;

/// Queues of a load.
pub const QUEUES_MAX: usize = 10_000;

/// FIFO groups of a load. Their numbers have 24 bits.
pub const GROUPS_MAX: usize = 1 << 20;

/// Requests a second of an open loop.
pub const RATE_MAX: f64 = 10_000_000.0;

/// The visibility timeout of queues that a load creates: nobody takes that long to delete, so a
/// message that comes again before has been doubled.
pub(crate) const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(120);

/// How long nothing comes before what is missing is lost, unless it is said otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
