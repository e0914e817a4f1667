//! What is known of a connection, for all of its requests.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::listener::{Listener, PrivateEndpoint};
use crate::request::Shared;
use crate::shutdown::Stopping;

/// Where one connection's requests come in, and from where.
pub(crate) struct Door {
    pub(crate) shared: Arc<Shared>,
    pub(crate) listener: Arc<Listener>,
    /// The connection's near end, unless it is a Unix socket.
    pub(crate) local_addr: Option<SocketAddr>,
    /// The client's address: the connection's far end, or what a trusted balancer says of it. `None`
    /// on a Unix socket, and where the balancer does not know.
    pub(crate) remote: Option<IpAddr>,
    /// Whether nobody could read along: over TLS that ends here, or at a trusted balancer that says
    /// so.
    pub(crate) is_secure: bool,
    /// The private endpoint that the connection is through.
    pub(crate) endpoint: Option<Arc<PrivateEndpoint>>,
    /// The subject of the certificate that the client has shown and that has been verified, as
    /// RFC 4514 writes names.
    pub(crate) client_certificate: Option<Arc<str>>,
    pub(crate) stopping: Stopping,
}

impl Door {
    /// What URLs given out here begin with, up to the host.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    /// What URLs given out here begin with if that is configured.
    pub(crate) fn public_url(&self) -> Option<&str> {
        let of_all = self.shared.config.public_url.as_deref();
        self.listener.config.public_url.as_deref().or(of_all)
    }
}
