//! The listener: connections in, tasks out, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tidings_broker::Broker;
use tidings_couriers::Couriers;
use tidings_couriers::signing::Signer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, info, warn};

use crate::authenticate::Auth;
use crate::body::Bodies;
use crate::config::Config;
use crate::request::{Door, Shared};
use crate::shutdown::{self, Stopping};
use crate::{connection, deliveries};

/// A listening server. [`Server::bind`] it, then [`Server::run`] it; close the broker afterwards.
///
/// ```no_run
/// # use tidings_broker::Broker;
/// # use tidings_server::{Auth, BindError, Config, Outbound, Server};
/// # async fn example(config: Config, broker: Broker, outbound: Outbound) -> Result<(), BindError> {
/// let server = Server::bind(config, broker.clone(), outbound, Auth::Off).await?;
/// println!("listening on {}", server.local_addr());
/// server.run(std::future::pending()).await;
/// broker.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
}

/// What goes out of a server by itself: deliveries to endpoints, signed.
pub struct Outbound {
    /// Who delivers.
    pub couriers: Couriers,
    /// What published messages are signed with.
    pub signer: Signer,
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}: {source}")]
pub struct BindError {
    /// As configured.
    pub listen: String,
    /// What the operating system said.
    pub source: io::Error,
}

/// Clients that are being turned away at once. Beyond that they are cut off unheard.
const TURNED_AWAY_MAX: usize = 100;

/// How long to wait when no connection can be taken for want of file handles or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Server {
    /// Listens. Clients can connect from now on, and are answered once the server runs.
    ///
    /// # Errors
    /// The address is no address, is in use, or is not ours.
    pub async fn bind(
        config: Config,
        broker: Broker,
        outbound: Outbound,
        auth: Auth,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError { listen: config.listen.clone(), source };
        let listener = TcpListener::bind(&config.listen).await.map_err(failed)?;
        let local_addr = listener.local_addr().map_err(failed)?;
        let bodies = Bodies::new(&config.limits);
        let Outbound { couriers, signer } = outbound;
        let signer = Arc::new(signer);
        let shared = Arc::new(Shared { config, broker, bodies, signer, couriers, auth });
        Ok(Self { listener, local_addr, shared })
    }

    /// Where it listens; the port that was found free if port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` is ready, then stops in order: no new connections; what is under way
    /// is finished, receives that wait are answered with no messages; whatever still runs after
    /// [`Config::shutdown_timeout`] is cut off.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopping) = shutdown::channel();
        let mut connections = JoinSet::new();
        let deliveries = self.start_deliveries(&stopping);
        self.accept(shutdown, stopping, &mut connections).await;
        let Self { listener, shared, .. } = self;
        drop(listener);
        stop.begin();
        drain(connections, shared.config.shutdown_timeout).await;
        if let Some(deliveries) = deliveries {
            let _ = deliveries.await;
        }
    }

    /// Delivers what the broker has for endpoints, unless another server over it does.
    fn start_deliveries(&self, stopping: &Stopping) -> Option<JoinHandle<()>> {
        let attempts = self.shared.broker.deliveries()?;
        let base_url = match &self.shared.config.public_url {
            Some(public_url) => public_url.clone(),
            None => own_url(self.local_addr),
        };
        let shared = Arc::clone(&self.shared);
        let deliveries = deliveries::run(shared, base_url.into(), attempts, stopping.clone());
        Some(tokio::spawn(deliveries))
    }

    /// Takes connections until `shutdown` is ready.
    async fn accept(
        &self,
        shutdown: impl Future<Output = ()>,
        stopping: Stopping,
        connections: &mut JoinSet<()>,
    ) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut turned_away = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => return,
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                Some(_) = turned_away.join_next() => continue,
            };
            match accepted {
                Ok((stream, _))
                    if connections.len() >= self.shared.config.limits.connections_max =>
                {
                    if turned_away.len() < TURNED_AWAY_MAX {
                        turned_away.spawn(connection::turn_away(stream));
                    }
                }
                Ok((stream, _)) => self.start(stream, &stopping, connections),
                Err(error) => after_failed_accept(&error).await,
            }
        }
    }

    fn start(&self, stream: TcpStream, stopping: &Stopping, connections: &mut JoinSet<()>) {
        // Both fail only for a connection that is gone already. Without TCP_NODELAY an answer's
        // last packet would wait for the acknowledgement of the one before it.
        let Ok(local_addr) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let door = Door { shared, local_addr, stopping: stopping.clone() };
        connections.spawn(connection::serve(stream, door));
    }
}

/// Waits for connections to end, and ends those that do not.
async fn drain(mut connections: JoinSet<()>, timeout: Duration) {
    info!(connections = connections.len(), "stopping: no new connections, finishing requests");
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(timeout, all_ended).await.is_err() {
        warn!(connections = connections.len(), "cut off requests that did not finish in time");
        connections.shutdown().await;
    }
}

/// A client that gave up while it waited to be taken is its own affair. Anything else is a shortage
/// here: taking the next one at once would fail alike and keep a core busy.
async fn after_failed_accept(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        debug!("a client left before its connection was taken: {error}");
    } else {
        warn!("cannot take a connection: {error}");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// What leads back to this server, as far as it knows itself: where it listens on all addresses, this
/// machine's own.
fn own_url(local_addr: SocketAddr) -> String {
    if local_addr.ip().is_unspecified() {
        return format!("http://localhost:{}", local_addr.port());
    }
    format!("http://{local_addr}")
}
