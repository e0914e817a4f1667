//! What requests pass, one step at a time, each as something that can be done many times: for
//! `bench/instructions`, which counts what they execute, and for Criterion, which times them.
//!
//! They do no I/O, know no clock and no chance: the same number of times is the same work, whenever
//! it is done. Only objects of JSON that are parsed as a whole, by filters, hash with keys of chance.

mod access;
mod filters;
mod hot_path;
mod materials;
mod publish;
mod queues;
mod records;
mod shard;
mod signature;
mod wire;

pub use hot_path::{ALL, HotPath, ROUND, Sizes, Work};
