//! Requests one after another: HTTP/1.1.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

use crate::config::{HEADER_BYTES_LEAST, Limits};
use crate::connection::say_goodbye;
use crate::listener::Door;
use crate::request;

/// Serves a connection's requests, one after another, until the client leaves or the server stops.
///
/// A client that leaves while its request is under way ends that request there and then: hyper
/// reads on while a request is being answered, and gives up on the end of the stream. So a receive
/// that waits takes no message for a client that has gone. It does not look past a request that was
/// sent ahead of the answer (pipelined): then the loss shows when the answer is written, and
/// messages already handed out come back after their visibility timeout.
///
/// A client that only closes its sending half counts as gone too; HTTP libraries do not do that.
pub(crate) async fn serve<S>(stream: S, door: Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stopping = door.stopping.clone();
    let builder = builder(&door.shared.config.limits);
    let mut connection = builder.serve_connection(TokioIo::new(stream), Requests(door));

    let ended = tokio::select! {
        ended = poll_fn(|context| connection.poll_without_shutdown(context)) => ended,
        () = stopping.begun() => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    if let Err(error) = ended {
        debug!("connection ended: {error}");
    }
    // This drops the request that was under way, if one was.
    say_goodbye(connection.into_parts().io.into_inner()).await;
}

fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // From the end of one request to the end of the next one's headers. A client that sends its
        // headers slowly holds no more than one that sends nothing, so both have the same time.
        .header_read_timeout(limits.idle_timeout)
        .max_header_size(limits.header_bytes_max)
        // Also how much of a body is read at once.
        .max_buf_size(limits.header_bytes_max.max(8 * HEADER_BYTES_LEAST));
    builder
}

/// A connection's requests, as hyper hands them over.
struct Requests(Arc<Door>);

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let door = Arc::clone(&self.0);
        Box::pin(async move { Ok(request::answer(&door, request).await) })
    }
}
