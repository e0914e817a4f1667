//! What is measured without a server: what one request costs inside of it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod hot_paths;
pub mod shops;
