//! One file for each of the binary's commands.

mod greeting;
mod open_files;
mod serve;
mod signals;

pub(crate) use serve::serve;
