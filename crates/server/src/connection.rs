//! One connection, from its first byte to its end:
//!
//! ```text
//!   who connects?  →  how many from there?  →  TLS          →  requests            →  linger
//!   PROXY header      Crowd                    tls/            http1.rs, http2.rs
//! ```

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tracing::debug;

use crate::listener::{Arrival, Crowd, Door, Lender, LentStream, Member, PrivateEndpoint, Socket};
use crate::patient_stream::PatientStream;
use crate::proxy::{self, Origin};
use crate::request::Shared;
use crate::shutdown::Stopping;
use crate::tls::Secured;
use crate::{http1, http2};

/// How long a closed connection is read on. See [`linger`].
const LINGER: Duration = Duration::from_secs(2);

/// The same once the server stops, when every idle client's connection is closed.
const LINGER_AT_STOP: Duration = Duration::from_millis(100);

/// What a client is told when there are as many connections as there may be. It is written without
/// reading the request, so it is in no protocol; the SDKs retry on the status alone.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 22\r\n\
    connection: close\r\n\r\n\
    Too many connections.\n";

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) shared: Arc<Shared>,
    pub(crate) crowd: Arc<Crowd>,
    /// A place for each request under way over HTTP/2, where one connection has many.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) stopping: Stopping,
}

/// A client's socket, which comes back when the connection has ended.
type Lent = LentStream<PatientStream<Socket>>;

/// A connection whose requests can be read.
struct Opened {
    stream: Stream,
    lender: Lender<PatientStream<Socket>>,
    door: Door,
    _member: Member,
}

enum Stream {
    Plain(Lent),
    Http1(Box<TlsStream<Lent>>),
    Http2(Box<TlsStream<Lent>>),
}

/// Why a connection was closed before its first request.
#[derive(Debug, thiserror::Error)]
enum NotOpened {
    #[error("it is gone already: {0}")]
    Gone(io::Error),
    #[error("it is not from a balancer that the listener trusts")]
    NotTrusted,
    #[error(transparent)]
    Proxy(#[from] proxy::ReadError),
    #[error("it is through the endpoint {0}, which the listener does not have")]
    UnknownEndpoint(String),
    #[error("there are as many connections from its address as there may be")]
    TooMany,
    #[error("the TLS handshake failed: {0}")]
    Tls(io::Error),
    #[error("it took too long to say where it comes from or to agree on TLS")]
    TooSlow,
}

/// Where a connection comes from.
#[derive(Default)]
struct From {
    remote: Option<IpAddr>,
    /// Whether a balancer says that its client speaks TLS.
    is_secure: bool,
    endpoint: Option<Arc<PrivateEndpoint>>,
}

/// Serves a connection's requests until the client leaves or the server stops.
pub(crate) async fn serve(arrival: Arrival, common: Common) {
    let mut stopping = common.stopping.clone();
    let (listener, peer) = (Arc::clone(&arrival.listener), arrival.peer);
    let handshake_timeout = common.shared.config.limits.handshake_timeout;
    let opened = tokio::select! {
        opened = timeout(handshake_timeout, open(arrival, &common)) => opened,
        // Nothing has been asked yet.
        () = stopping.begun() => return,
    };
    let Opened { stream, lender, door, _member } = match opened.unwrap_or(Err(NotOpened::TooSlow)) {
        Ok(opened) => opened,
        Err(reason) => {
            debug!(listener = listener.config.id, ?peer, "closed a connection: {reason}");
            return;
        }
    };
    let endpoint = door.endpoint.as_ref().map(|endpoint| endpoint.id.as_str());
    let (remote, client) = (door.remote, door.client_certificate.as_deref());
    debug!(listener = listener.config.id, ?remote, endpoint, client, "connected");
    let door = Arc::new(door);
    match stream {
        Stream::Plain(stream) => http1::serve(stream, door).await,
        Stream::Http1(stream) => http1::serve(stream, door).await,
        Stream::Http2(stream) => http2::serve(stream, door, common.places).await,
    }
    let Some(stream) = lender.take() else { return };
    if stream.has_given_up() {
        // What the client leaves unread would stay in the system's buffers.
        stream.into_inner().forget_unread();
        return;
    }
    let hurry = async {
        stopping.begun().await;
        sleep(LINGER_AT_STOP).await;
    };
    tokio::select! {
        () = linger(stream.into_inner()) => {}
        () = hurry => {}
    }
}

/// Does everything that comes before the first request.
async fn open(arrival: Arrival, common: &Common) -> Result<Opened, NotOpened> {
    let Arrival { mut socket, listener, peer } = arrival;
    socket.prepare().map_err(NotOpened::Gone)?;
    let from = find_out(&mut socket, &listener.config, peer).await?;
    let Some(member) = common.crowd.join(from.remote.or(peer)) else {
        if listener.tls.is_none() {
            // Whether the client gets to read it is its own affair: it has too many of these.
            let _ = socket.write_all(TOO_MANY).await;
        }
        return Err(NotOpened::TooMany);
    };
    let local_addr = socket.local_addr();
    let write_timeout = common.shared.config.limits.write_timeout;
    let (lent, lender) = LentStream::new(PatientStream::new(socket, write_timeout));
    let (stream, client_certificate) = match &listener.tls {
        None => (Stream::Plain(lent), None),
        Some(tls) => {
            let Secured { stream, is_http_2, client } =
                tls.accept(lent).await.map_err(NotOpened::Tls)?;
            let stream = Box::new(stream);
            (if is_http_2 { Stream::Http2(stream) } else { Stream::Http1(stream) }, client)
        }
    };
    let door = Door {
        shared: Arc::clone(&common.shared),
        local_addr,
        remote: from.remote,
        is_secure: from.is_secure || listener.tls.is_some(),
        endpoint: from.endpoint,
        client_certificate,
        listener,
        stopping: common.stopping.clone(),
    };
    Ok(Opened { stream, lender, door, _member: member })
}

/// Finds out where a connection comes from.
async fn find_out(
    socket: &mut Socket,
    config: &crate::ListenerConfig,
    peer: Option<IpAddr>,
) -> Result<From, NotOpened> {
    let sole_endpoint = || config.endpoints.first().cloned();
    let Some(proxy) = &config.proxy else {
        return Ok(From { remote: peer, is_secure: false, endpoint: sole_endpoint() });
    };
    // Who can open a Unix socket is trusted by its permissions.
    if peer.is_some_and(|peer| !proxy.trusted.contains(peer)) {
        return Err(NotOpened::NotTrusted);
    }
    let header = proxy::read(socket).await?;
    let endpoint = match header.endpoint_id {
        Some(id) if proxy.has_endpoint_id => {
            let known = config.endpoints.iter().find(|endpoint| endpoint.id == id).cloned();
            Some(known.ok_or(NotOpened::UnknownEndpoint(id))?)
        }
        None if proxy.has_endpoint_id => None,
        _ => sole_endpoint(),
    };
    let remote = match header.origin {
        Origin::Balancer => peer,
        Origin::Client(address) => Some(address),
        Origin::Unknown => None,
    };
    Ok(From { remote, is_secure: header.is_tls, endpoint })
}

/// Tells a client that there is no room for its connection, if it would understand.
pub(crate) async fn turn_away(arrival: Arrival) {
    let Arrival { mut socket, listener, .. } = arrival;
    let is_plain = listener.tls.is_none() && listener.config.proxy.is_none();
    if is_plain && socket.write_all(TOO_MANY).await.is_ok() {
        linger(socket).await;
    }
}

/// Ends a connection such that the client gets to read the last answer.
///
/// To close while bytes of the client's are unread, or on their way, resets the connection, and the
/// reset overtakes the answer: a client that sends a body that is too large would see a broken pipe
/// in place of the 413. So the sending half is closed, and what still comes is thrown away for a
/// while.
async fn linger(mut socket: Socket) {
    let drained = timeout(LINGER, async {
        // It may have been closed already.
        let _ = socket.shutdown().await;
        let mut sink = [0; 4096];
        while socket.read(&mut sink).await? > 0 {}
        io::Result::Ok(())
    });
    // Whether the client read its answer is not ours to know.
    let _ = drained.await;
}

/// Says to the client that nothing more comes: over TLS, that nothing has been cut off.
pub(crate) async fn say_goodbye<S: AsyncWrite + Unpin>(mut stream: S) {
    // One that does not listen any more need not know.
    let _ = timeout(LINGER, stream.shutdown()).await;
}
