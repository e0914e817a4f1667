//! What the test files share.

pub(crate) mod table;
pub(crate) mod world;
