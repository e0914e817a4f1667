//! The life of a connection.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tracing::debug;

use super::activity::Activity;
use super::requests::Requests;
use crate::config::Limits;
use crate::listener::Door;

/// Bytes of bodies that a client may send before they are read, on one request and on all of a
/// connection's. They are held in memory on top of what bodies have.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 256 << 10;

/// How long a peer may be silent before it is asked whether it is still there, and how long it has
/// to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a client has to leave once it has been told to and has its answers.
const GOODBYE: Duration = Duration::from_secs(1);

/// Serves a connection's requests, many at once, until the client leaves, asks for nothing, does not
/// read its answers, or the server stops. A request whose stream the client resets ends there and
/// then.
pub(crate) async fn serve<S>(stream: S, door: Arc<Door>, places: Arc<Semaphore>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = door.shared.config.limits.clone();
    let mut stopping = door.stopping.clone();
    let activity = Activity::new();
    let requests = Requests { door, places, activity: Arc::clone(&activity) };
    let connection = builder(&limits).serve_connection(TokioIo::new(stream), requests);
    let mut connection = pin!(connection);

    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = stopping.begun() => None,
        () = activity.idle_for(limits.idle_timeout) => None,
        () = activity.stuck_for(limits.write_timeout) => return,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = &mut connection => ended,
                // A client that does not go is left.
                () = activity.idle_for(GOODBYE) => Ok(()),
                () = activity.stuck_for(limits.write_timeout) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        debug!("connection ended: {error}");
    }
}

/// The bounds on streams that are reset as soon as they are opened, and on empty and on small
/// frames, are those of the library.
fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
