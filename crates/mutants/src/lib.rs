//! Deliberate faults. Each is a switch at one place of the core, the log or the broker, such as
//!
//! ```
//! # use tidings_mutants::mutant;
//! # fn sync() {}
//! if !mutant!(SkipSync) {
//!     sync();
//! }
//! ```
//!
//! Without the feature `on`, which only `cargo run -p tidings-sim --features mutants` asks for, a switch
//! is the constant `false` and the compiler removes it. With it, a thread switches on one at a time.

/// Whether a mutant is switched on.
#[macro_export]
macro_rules! mutant {
    ($name:ident) => {
        $crate::is_on($crate::Mutant::$name)
    };
}

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// What can be broken.
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Mutant {
            /// Every one of them.
            pub const ALL: &[Mutant] = &[$(Mutant::$name,)*];

            /// What it breaks.
            pub fn description(self) -> &'static str {
                match self {
                    $(Mutant::$name => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

mutants! {
    /// The log: a batch is not synced.
    SkipSync,
    /// The log: a new segment's name is not synced.
    SkipFolderSync,
    /// The log: what recovery found is not made durable before it is built on.
    SkipSettle,
    /// The log: after a failed sync the log goes on as if nothing had happened.
    IgnoreFailedSync,
    /// The log: a trim takes the segment that it should stop before.
    TrimTooFar,
    /// The log: a batch that fails its checksum is taken for a whole one.
    AcceptTornBatch,
    /// A snapshot is not synced before it gets its name.
    SkipSnapshotSync,
    /// The broker: replies are given before the batch is appended.
    ReplyBeforeSync,
    /// The broker: what replay needs does not count for what may be given up.
    TrimPastFloor,
    /// The broker: what is live does not count for what may be given up.
    TrimPastLive,
    /// The broker: a snapshot is saved before the last batch in it is durable.
    SnapshotAhead,
    /// The broker: effects are done before the records behind them are durable.
    EffectsBeforeSync,
    /// The broker: after a failed append the shard goes on with its memory.
    KeepMemoryAfterFailure,
    /// The broker: messages for a caller who has gone are not given back.
    KeepForTheGone,
    /// Deletes are not recorded.
    LoseTombstone,
    /// A hidden message is visible a millisecond early.
    EarlyVisibility,
    /// A hidden message is visible ten milliseconds late.
    LateVisibility,
    /// A receive hides nothing when it is replayed.
    ForgetVisibility,
    /// Snapshots do not have receive counts.
    ForgetReceiveCounts,
    /// Snapshots do not have deduplication ids.
    ForgetDeduplication,
    /// Deduplication ids are forgotten after half their time.
    ShortDeduplication,
    /// A dead letter stays in its queue too.
    DoubleDeadLetter,
    /// A dead letter moves after one receive more than its policy has it.
    LateDeadLetter,
    /// A FIFO group is free again while a message of it is in flight.
    ReleaseGroupEarly,
    /// A purge leaves what is in flight.
    PurgeLeavesInFlight,
    /// A stale receipt deletes.
    AcceptStaleReceipt,
    /// A changed visibility does not reach the log.
    ForgetChangedVisibility,
    /// Delays are not heeded.
    IgnoreDelay,
    /// Messages are kept a second longer than their queue has it.
    LongRetention,
    /// The last subscriber gets no copy.
    DropOutboxEntry,
    /// Filter policies are not heeded.
    IgnoreFilter,
    /// One retry fewer than the delivery policy has it.
    ForgetAttempt,
    /// What an endpoint did not take does not reach the dead-letter queue.
    DropGivenUp,
    /// A message that was delivered is tried again.
    DeliverAgain,
    /// A move task removes without sending.
    MoveTaskLoses,
    /// A move task sends without removing.
    MoveTaskDoubles,
    /// A replay says that it goes on, and puts nothing into its queue.
    ReplaySkips,
    /// Snapshots have a queue's default visibility timeout.
    ForgetAttributes,
    /// A wait ends a millisecond early.
    ShortWait,
    /// A message that was written again is still looked for in its old place.
    ForgetRelocated,
}

#[cfg(not(feature = "on"))]
/// Always false: this build has no mutants.
#[inline(always)]
pub const fn is_on(_: Mutant) -> bool {
    false
}

#[cfg(feature = "on")]
mod switched {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Whether this thread has switched it on.
    pub fn is_on(mutant: Mutant) -> bool {
        ON.get() == Some(mutant)
    }

    /// Switches one on for this thread, and every other one off.
    pub fn switch_on(mutant: Option<Mutant>) {
        ON.set(mutant);
    }
}

#[cfg(feature = "on")]
pub use switched::{is_on, switch_on};
