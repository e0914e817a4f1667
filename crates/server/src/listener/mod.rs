//! Where clients come in: addresses and Unix sockets, what is configured for each, and what is known
//! of a connection before its first request.
//!
//! ```text
//!   ListenerConfig ──► Entrance ──► Socket ──► connection.rs: PROXY header, TLS ──► Door
//!    as configured      it listens   one client                                  its requests
//! ```

mod config;
mod crowd;
mod door;
mod entrance;
mod lent_stream;
mod socket;
#[cfg(unix)]
mod socket_file;

pub(crate) use crowd::{Crowd, Member, origin};
pub(crate) use door::Door;
pub(crate) use entrance::{Arrival, Entrance, Entrances, Listener};
pub(crate) use lent_stream::{Lender, LentStream};
pub(crate) use socket::Socket;

pub use config::{
    DEFAULT_LISTENER, ENDPOINT_POLICY_CHARACTERS_MAX, ListenAddress, ListenerConfig,
    PrivateEndpoint, ProxyProtocol, SOCKET_MODE,
};
pub use entrance::{BindError, BoundAddress, BoundListener};
