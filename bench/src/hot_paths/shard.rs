//! A shard whose log is thrown away.

use tidings_core::command::{Command, Reply, Token};
use tidings_core::rejection::Rejection;
use tidings_core::shard::{Batch, Settings, Shard};
use tidings_core::time::Timestamp;

/// As the server has it.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Decides one command after the other, each in a batch of its own.
pub(super) struct Driver {
    shard: Shard,
    now: Timestamp,
    last: u64,
}

impl Driver {
    /// A shard without queues. What a test may be kept waiting for does not wait.
    pub(super) fn new() -> Self {
        let settings = Settings { purge_cool_down_ms: 0, ..Settings::default() };
        let mut shard = Shard::new(settings, SEGMENT_BYTES);
        shard.resume(0, [1; 16]);
        Self { shard, now: Timestamp::from_ms(1_700_000_000_000), last: 0 }
    }

    /// Decides. Gives the batch, too.
    pub(super) fn decide(&mut self, command: Command) -> (Result<Reply, Rejection>, Batch) {
        self.last += 1;
        self.shard.decide(Token(self.last), command, self.now);
        let mut batch = self.shard.take_batch(|start, length| start + length);
        let (_, reply) = batch.replies.pop().expect("nothing here waits for anything");
        (reply, batch)
    }

    /// Decides what is not refused.
    pub(super) fn run(&mut self, command: Command) -> Reply {
        self.decide(command).0.expect("nothing here is refused")
    }

    /// Lets time pass, and does what is due meanwhile.
    pub(super) fn advance(&mut self, ms: u64) {
        let target = self.now + ms;
        while let Some(due) = self.shard.next_due().filter(|due| *due <= target) {
            self.now = due.max(self.now);
            self.shard.advance(self.now);
            self.shard.take_batch(|start, length| start + length);
        }
        self.now = target;
    }
}
