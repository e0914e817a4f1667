//! What kind of run a seed is: how many shards and clients, how the disk and the network behave, and
//! what goes wrong how often.

use crate::random::Random;

/// How a run goes.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Shards, each with its own disk, clock and clients.
    pub(crate) nodes: usize,
    /// Clients of each shard.
    pub(crate) clients: usize,
    /// How long clients go on, in milliseconds.
    pub(crate) duration_ms: u64,
    /// The longest that a client thinks.
    pub(crate) think_ms: u64,
    /// The longest that a client waits for an answer beyond what it asked for.
    pub(crate) patience_ms: u64,
    /// The longest that the disk takes for a batch.
    pub(crate) write_ms: u64,
    /// The longest that the keeper takes for an errand.
    pub(crate) keep_ms: u64,
    /// The longest that a request or an answer takes.
    pub(crate) network_ms: u64,
    /// Of a thousand requests or answers, how many are lost.
    pub(crate) lost: u64,
    /// Of a thousand requests, how many arrive twice.
    pub(crate) repeated: u64,
    /// About how long until the next fault; 0 for none.
    pub(crate) fault_every_ms: u64,
    /// Whether endpoints fail, hang and answer late.
    pub(crate) has_bad_endpoints: bool,
    /// Whether the clocks jump.
    pub(crate) has_jumps: bool,
    /// Whether a bit of the disk is flipped at the end.
    pub(crate) has_rot: bool,
    /// Whether queues and topics are deleted.
    pub(crate) has_deletions: bool,
    /// Queues that clients use, of all.
    pub(crate) queues: Vec<usize>,
    /// Whether clients use topics.
    pub(crate) has_topics: bool,
}

impl Profile {
    /// That of a seed.
    pub(crate) fn new(random: &mut Random) -> Self {
        let queues: Vec<usize> = match random.below(5) {
            0 => vec![0, 1],
            1 => vec![2, 3],
            2 => vec![4, 5, 6],
            _ => (0..crate::scenery::QUEUES.len()).collect(),
        };
        let think_ms = *random.pick(&[50, 300, 1500, 5000]);
        let clients = random.between(2, 7);
        // So many requests of each client, if no answer were to be waited for.
        let requests = random.between(100, 900) / clients;
        let duration_ms = (requests * think_ms / 2).max(10_000);
        let fault_every_ms = *random.pick(&[0, duration_ms / 12, duration_ms / 5, duration_ms / 2]);
        Self {
            nodes: *random.pick(&[1, 1, 1, 2, 3]),
            clients: clients as usize,
            duration_ms,
            think_ms,
            patience_ms: *random.pick(&[500, 3000, 3000]),
            write_ms: *random.pick(&[0, 0, 3, 30, 400]),
            keep_ms: *random.pick(&[0, 10, 500]),
            network_ms: *random.pick(&[0, 5, 100]),
            lost: *random.pick(&[0, 0, 10, 60]),
            repeated: *random.pick(&[0, 0, 20]),
            fault_every_ms,
            has_bad_endpoints: random.permille(600),
            has_jumps: random.permille(250),
            has_rot: random.permille(150),
            has_deletions: random.permille(400),
            queues,
            has_topics: random.permille(750),
        }
    }
}
