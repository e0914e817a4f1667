//! One connection, from its first request to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::config::{HEADER_BYTES_LEAST, Limits};
use crate::patient_stream::PatientStream;
use crate::request::{self, Door};

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

/// Serves a connection's requests, one after another, until the client leaves or the server stops.
///
/// A client that leaves while its request is under way ends that request there and then: hyper
/// reads on while a request is being answered, and gives up on the end of the stream. So a receive
/// that waits takes no message for a client that has gone. It does not look past a request that was
/// sent ahead of the answer (pipelined): then the loss shows when the answer is written, and
/// messages already handed out come back after their visibility timeout.
///
/// A client that only closes its sending half counts as gone too; HTTP libraries do not do that.
pub(crate) async fn serve(stream: TcpStream, door: Door) {
    let mut stopping = door.stopping.clone();
    let limits = &door.shared.config.limits;
    let io = TokioIo::new(PatientStream::new(stream, limits.write_timeout));
    let mut connection = builder(limits).serve_connection(io, Requests(door.clone()));

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
    let stream = connection.into_parts().io.into_inner();
    if stream.has_given_up() {
        // What the client leaves unread would stay in the system's buffers: a reset frees them. If
        // it cannot be arranged, they are freed when the system gives up in its turn.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        let hurry = async {
            stopping.begun().await;
            sleep(LINGER_AT_STOP).await;
        };
        tokio::select! {
            () = linger(stream.into_inner()) => {}
            () = hurry => {}
        }
    }
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
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

/// Tells a client that there is no room for its connection.
pub(crate) async fn turn_away(mut stream: TcpStream) {
    if stream.write_all(TOO_MANY).await.is_ok() {
        linger(stream).await;
    }
}

/// Ends a connection such that the client gets to read the last answer.
///
/// To close while bytes of the client's are unread, or on their way, resets the connection, and the
/// reset overtakes the answer: a client that sends a body that is too large would see a broken pipe
/// in place of the 413. So the sending half is closed, and what still comes is thrown away for a
/// while.
async fn linger(mut stream: TcpStream) {
    let drained = timeout(LINGER, async {
        stream.shutdown().await?;
        let mut sink = [0; 4096];
        while stream.read(&mut sink).await? > 0 {}
        io::Result::Ok(())
    });
    // Whether the client read its answer is not ours to know.
    let _ = drained.await;
}

/// A connection's requests, as hyper hands them over.
struct Requests(Door);

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let door = self.0.clone();
        Box::pin(async move { Ok(request::answer(&door, request).await) })
    }
}
