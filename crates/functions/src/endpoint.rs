//! The endpoint of one process: a port of its own on loopback, so that the port says which process
//! it is that asks.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tracing::warn;

use crate::desk::Desk;
use crate::limits::ENDPOINT_CONNECTIONS_MAX;
use crate::peer::belongs_to;
use crate::runtime_api;

/// A listening endpoint. Dropped, it closes its port and its connections.
#[derive(Debug)]
pub(crate) struct Endpoint {
    address: SocketAddr,
    /// Connections that are open.
    open: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Endpoint {
    /// Listens on a free port of loopback, to processes of `user`.
    pub(crate) async fn listen(desk: Arc<Desk>, user: u32) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let open = Arc::new(AtomicUsize::new(0));
        let guest = Guest { desk, user, endpoint: address };
        let task = tokio::spawn(accept(listener, guest, Arc::clone(&open))).abort_handle();
        Ok(Self { address, open, task })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` says.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until what a process that has ended still sent is read: its connections end when it
    /// does. Gives up after a second, for connections that others hold.
    pub(crate) async fn read_out(&self) {
        const STEP: Duration = Duration::from_millis(10);
        for _ in 0..100 {
            tokio::time::sleep(STEP).await;
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who is let in, and to what.
#[derive(Clone)]
struct Guest {
    desk: Arc<Desk>,
    user: u32,
    endpoint: SocketAddr,
}

async fn accept(listener: TcpListener, guest: Guest, open: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= ENDPOINT_CONNECTIONS_MAX {
            let _ = connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    open.fetch_add(1, Ordering::AcqRel);
                    let open = Open(Arc::clone(&open));
                    connections.spawn(serve(stream, peer, guest.clone(), open));
                }
                // Out of descriptors, most likely: others may be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A connection that is counted.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, guest: Guest, _open: Open) {
    let Guest { desk, user, endpoint } = guest;
    let ours = spawn_blocking(move || belongs_to(user, peer, endpoint)).await;
    if !ours.unwrap_or(false) {
        warn!(%endpoint, "a connection to a function's endpoint is not of the function's user");
        return;
    }
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(runtime_api::answer(&desk, request).await) }
    });
    // How a connection of a function ends is the function's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
