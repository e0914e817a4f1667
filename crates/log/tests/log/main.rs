//! Tests of the public interface: the contract on every implementation, and crashes, damage and
//! full disks on the simulated one.

mod bit_flips;
mod contract;
mod crash_images;
mod recovery;
mod snapshots;
mod space;
mod support;
