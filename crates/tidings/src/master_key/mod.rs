//! Where the master key comes from: a file, the environment, or what a command prints.

mod command;
mod file;
mod source;

pub(crate) use source::{MasterKeyError, Source, THE_KEY, THE_NEW_KEY};
