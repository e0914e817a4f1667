//! AWS Signature Version 4.

mod scope;

pub use scope::Scope;
