//! What happened, and how often.

use std::ops::AddAssign;

/// Counts of one run, or of many.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests that came in.
    pub requests: u64,
    /// Requests that were answered.
    pub answers: u64,
    /// Messages sent and published.
    pub messages: u64,
    /// Messages handed out.
    pub receives: u64,
    /// Attempts to deliver.
    pub attempts: u64,
    /// Processes killed.
    pub kills: u64,
    /// Power lost.
    pub power_cuts: u64,
    /// Disk operations made to fail, and disks that were full.
    pub disk_faults: u64,
    /// Requests and answers that the network lost or repeated, and callers who went away.
    pub network_faults: u64,
    /// Clocks that jumped.
    pub clock_jumps: u64,
    /// Bits flipped.
    pub flipped_bits: u64,
    /// Runs in which a shard refused to open since bits were flipped.
    pub refusals: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.answers += other.answers;
        self.messages += other.messages;
        self.receives += other.receives;
        self.attempts += other.attempts;
        self.kills += other.kills;
        self.power_cuts += other.power_cuts;
        self.disk_faults += other.disk_faults;
        self.network_faults += other.network_faults;
        self.clock_jumps += other.clock_jumps;
        self.flipped_bits += other.flipped_bits;
        self.refusals += other.refusals;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, answers, messages, receives, attempts, kills, power_cuts, .. } = self;
        writeln!(
            f,
            "{requests} requests, {answers} answered; {messages} messages sent or published,"
        )?;
        writeln!(f, "{receives} handed out, {attempts} attempts to deliver;")?;
        writeln!(
            f,
            "{kills} processes killed, {power_cuts} power cuts, {} disk faults, {} network faults,",
            self.disk_faults, self.network_faults
        )?;
        write!(
            f,
            "{} clock jumps, {} bits flipped, {} of them refused",
            self.clock_jumps, self.flipped_bits, self.refusals
        )
    }
}
