//! `tidings bench`: what it can be told, and how it is told how it goes.

mod arguments;
mod progress;

pub(crate) use arguments::BenchArguments;
pub(crate) use progress::ProgressLine;
