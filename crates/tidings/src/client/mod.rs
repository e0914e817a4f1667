//! A client of a server's IAM API: what the commands about principals ask with; and which server is
//! asked by whom.

mod connection;
mod element;
mod lambda;
pub(crate) mod profile;
mod transport;

pub(crate) use connection::{Connection, Resolved, Server};
pub(crate) use element::Element;
pub(crate) use transport::Client;
