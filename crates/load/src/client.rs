//! Which server is asked, and by whom.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::fault::Fault;

/// How long an answer may take, unless it is said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A server, and who asks it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) timeout: Duration,
}

impl Client {
    /// Nothing is sent yet.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        let (endpoint, credentials) = (Arc::new(endpoint), Arc::new(credentials));
        Self { endpoint, credentials, timeout: TIMEOUT }
    }

    /// A server at an address without TLS.
    pub fn plain(address: SocketAddr, credentials: Credentials) -> Self {
        Self::new(Endpoint::plain(address), credentials)
    }

    /// The same server, asked by somebody else.
    pub fn of(&self, credentials: Credentials) -> Self {
        Self { credentials: Arc::new(credentials), ..self.clone() }
    }

    /// The same, with another time in which an answer has to come.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// A connection, made at once.
    ///
    /// # Errors
    /// The server does not take it.
    pub async fn connect(&self) -> Result<Connection, Fault> {
        let mut connection = Connection::new(self);
        connection.open().await?;
        Ok(connection)
    }
}
