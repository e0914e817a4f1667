//! The whole broker on one thread, from a seed: clients, a network, shards over a simulated disk,
//! endpoints, a clock, and everything that can go wrong with them. An auditor judges.
//!
//! ```text
//!   plan ── Ask ──► run ──► node ── Command ──► Stepped: the broker's own owner, writer and keeper
//!    ▲               │ ▲      │                    │  over the log's own segments and snapshots,
//!    └── Answer ─────┘ └──────┤                    ▼  over a disk that forgets what was not synced
//!         (lost, late)        └── Fact ──► auditor ── finding
//! ```
//!
//! [`run::run`] plays one seed. The same seed gives the same trace, byte for byte. `README.md` says how
//! to use it, and `docs/reliability.md` what is promised and how that is tested.

pub mod auditor;
pub mod campaign;
pub mod counts;
mod faults;
#[cfg(feature = "mutants")]
pub mod mutants;
mod node;
mod plan;
mod profile;
mod random;
pub mod run;
mod scenery;
mod speech;
mod trace;
