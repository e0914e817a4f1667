//! Listeners that listen.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::config::{ListenAddress, ListenerConfig};
use super::socket::Socket;
#[cfg(unix)]
use super::socket_file::{self, SocketFile};
use crate::plane::LoadError;
use crate::tls::{KeptKeys, Tls, TlsError};

/// What is known of a listener.
pub(crate) struct Listener {
    pub(crate) config: ListenerConfig,
    /// Its end of TLS, if it speaks that.
    pub(crate) tls: Option<Tls>,
}

/// A listener, and the socket that it listens on.
pub(crate) struct Entrance {
    listener: Arc<Listener>,
    bound: BoundListener,
    listening: Listening,
}

enum Listening {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
}

/// A listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// As configured.
        listen: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its certificates cannot be used.
    #[error("the listener {listener} cannot speak TLS: {source}")]
    Tls {
        /// The listener's id.
        listener: String,
        /// What is wrong with the files.
        source: TlsError,
    },
    /// What is kept of text messages cannot be read.
    #[error("what is kept of text messages: {0}")]
    TextMessages(#[from] LoadError),
}

/// Where a listener was found to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundListener {
    /// The listener's id.
    pub id: String,
    /// Where it listens.
    pub address: BoundAddress,
    /// Whether it speaks TLS.
    pub is_tls: bool,
}

/// Where a listener listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BoundAddress {
    /// With the port that was found free if port 0 was asked for.
    Tcp(SocketAddr),
    /// The socket's file.
    Unix(PathBuf),
}

impl fmt::Display for BoundListener {
    /// As a URL: `https://127.0.0.1:4566`, or `unix:/path`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        match &self.address {
            BoundAddress::Tcp(address) => write!(formatter, "{scheme}://{address}"),
            BoundAddress::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl Entrance {
    /// Listens.
    ///
    /// # Errors
    /// The address is none, is in use, or is not ours; a file of TLS cannot be used.
    pub(crate) async fn open(config: ListenerConfig, kept: KeptKeys) -> Result<Self, BindError> {
        let tls = config.tls.clone().map(|tls| Tls::new(tls, kept)).transpose();
        let tls = tls.map_err(|source| BindError::Tls { listener: config.id.clone(), source })?;
        let (listening, address) = listen(&config.address)
            .await
            .map_err(|source| BindError::Listen { listen: config.address.to_string(), source })?;
        let bound = BoundListener { id: config.id.clone(), address, is_tls: tls.is_some() };
        Ok(Self { listener: Arc::new(Listener { config, tls }), bound, listening })
    }

    /// The next client, and its address if it has one.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Socket, Option<IpAddr>)>> {
        match &self.listening {
            Listening::Tcp(listener) => listener
                .poll_accept(context)
                .map_ok(|(stream, peer)| (Socket::Tcp(stream), Some(peer.ip().to_canonical()))),
            #[cfg(unix)]
            Listening::Unix { listener, .. } => {
                listener.poll_accept(context).map_ok(|(stream, _)| (Socket::Unix(stream), None))
            }
        }
    }
}

async fn listen(address: &ListenAddress) -> io::Result<(Listening, BoundAddress)> {
    match address {
        ListenAddress::Tcp(address) => {
            let listening = TcpListener::bind(address).await?;
            let address = BoundAddress::Tcp(listening.local_addr()?);
            Ok((Listening::Tcp(listening), address))
        }
        #[cfg(unix)]
        ListenAddress::Unix { path, mode } => {
            let (listener, file) = socket_file::listen(path, *mode).await?;
            let address = BoundAddress::Unix(path.clone());
            Ok((Listening::Unix { listener, _file: file }, address))
        }
        #[cfg(not(unix))]
        ListenAddress::Unix { .. } => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// All of a server's listeners.
pub(crate) struct Entrances {
    entrances: Vec<Entrance>,
    /// The one that is asked first.
    next: usize,
}

/// A client, where it came in, and its address if it has one.
pub(crate) struct Arrival {
    pub(crate) socket: Socket,
    pub(crate) listener: Arc<Listener>,
    pub(crate) peer: Option<IpAddr>,
}

impl Entrances {
    pub(crate) fn new(entrances: Vec<Entrance>) -> Self {
        Self { entrances, next: 0 }
    }

    pub(crate) fn bound(&self) -> impl Iterator<Item = &BoundListener> {
        self.entrances.iter().map(|entrance| &entrance.bound)
    }

    pub(crate) fn listeners(&self) -> impl Iterator<Item = &Arc<Listener>> {
        self.entrances.iter().map(|entrance| &entrance.listener)
    }

    /// The next client at any of them. They take turns, so that none is kept waiting by another.
    pub(crate) fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let count = self.entrances.len();
        for index in (self.next..count).chain(0..self.next.min(count)) {
            let entrance = &self.entrances[index];
            if let Poll::Ready(accepted) = entrance.poll_accept(context) {
                self.next = (index + 1) % count;
                let listener = Arc::clone(&entrance.listener);
                return Poll::Ready(accepted.map(|(socket, peer)| Arrival {
                    socket,
                    listener,
                    peer,
                }));
            }
        }
        Poll::Pending
    }
}
