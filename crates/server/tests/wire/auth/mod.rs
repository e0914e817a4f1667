//! A server that authenticates: who is let in, and who may do what.

mod anonymous;
mod apps;
mod guesses;
pub mod identities;
mod links;
mod phones;
mod signatures;
