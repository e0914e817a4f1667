//! PROXY protocol, version 2: what a balancer says of a connection before the client's first byte.
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, section 2.2.

mod extensions;
mod header;
mod read;

pub(crate) use read::{ReadError, read};

pub use header::{HEADER_BYTES_MAX, Header, HeaderFault, Origin};
