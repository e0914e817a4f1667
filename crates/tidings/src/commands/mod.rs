//! One file for each of the binary's commands.

mod bench;
mod courier;
mod courier_push;
mod function;
mod greeting;
mod master_key;
mod open_files;
mod policy;
mod principals;
mod root_key;
mod serve;
mod signals;

pub(crate) use bench::bench;
pub(crate) use courier::courier;
pub(crate) use function::function;
pub(crate) use master_key::master_key;
pub(crate) use policy::policy;
pub(crate) use principals::principals;
pub(crate) use root_key::root_key;
pub(crate) use serve::serve;
