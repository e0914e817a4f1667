//! `tidings function`: functions of a server, asked for over its Lambda API.

mod archive;
mod arguments;
mod run;

pub(crate) use archive::of_path;
pub(crate) use arguments::FunctionCommand;
pub(crate) use run::run;
