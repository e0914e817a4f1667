//! Many requests at once on one connection: HTTP/2 (RFC 9113), over TLS.

mod activity;
mod paced_body;
mod requests;
mod serve;

pub(crate) use serve::serve;
