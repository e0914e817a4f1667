//! The canonical request: the one way to write down what is signed.

mod headers;
mod path;
mod query;
mod request;
mod sink;

pub(crate) use request::CanonicalRequest;
pub(crate) use sink::HashSink;
