//! Connections, behind the guard.
//!
//! The guard is asked three times, since each alone would leave a hole: for hosts that are
//! addresses, since those are not resolved; for what DNS says at that moment, so that a name which
//! changes its mind after Subscribe gains nothing; and for the address at the other end of the
//! connection, before a byte is sent.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::{AddressGuard, Refused};

type BoxError = Box<dyn Error + Send + Sync>;
type Pending<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Names that are looked up at once.
const LOOKUPS_MAX: usize = 64;

/// Connects over TCP to addresses that the guard lets pass.
#[derive(Clone, Debug)]
pub(crate) struct GuardedConnector {
    inner: HttpConnector<GuardedResolver>,
    guard: Arc<AddressGuard>,
}

impl GuardedConnector {
    /// The addresses of a host share the timeout, so that one that does not answer leaves time for
    /// the others.
    pub(crate) fn new(guard: Arc<AddressGuard>, connect_timeout: Duration) -> GuardedConnector {
        let room = Arc::new(Semaphore::new(LOOKUPS_MAX));
        let mut inner =
            HttpConnector::new_with_resolver(GuardedResolver { guard: Arc::clone(&guard), room });
        // TLS is laid over it by another layer.
        inner.enforce_http(false);
        inner.set_nodelay(true);
        inner.set_connect_timeout(Some(connect_timeout));
        GuardedConnector { inner, guard }
    }

    /// Has the system look, after so long a silence, whether the other side is still there. What is
    /// between keeps the connection in mind by that, too.
    pub(crate) fn kept_alive(mut self, silence: Duration) -> GuardedConnector {
        self.inner.set_keepalive(Some(silence));
        self.inner.set_keepalive_interval(Some(silence / 4));
        self.inner.set_keepalive_retries(Some(4));
        self
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pending<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let guard = Arc::clone(&self.guard);
        let written = address_in(&uri).map_or(Ok(()), |address| guard.check(address));
        let connecting = written.map(|()| self.inner.call(uri));
        Box::pin(async move {
            let stream = connecting?.await?;
            guard.check(stream.inner().peer_addr()?.ip())?;
            Ok(stream)
        })
    }
}

/// The host, if it is an address.
fn address_in(uri: &Uri) -> Option<IpAddr> {
    uri.host()?.trim_matches(['[', ']']).parse().ok()
}

/// Asks the system's resolver, and passes on what the guard lets pass.
#[derive(Clone, Debug)]
struct GuardedResolver {
    guard: Arc<AddressGuard>,
    /// Room for questions. Each takes a thread until it is answered, and whoever asked may have given
    /// up long before: without a bound, names that nobody answers for would take all threads.
    room: Arc<Semaphore>,
}

impl Service<Name> for GuardedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pending<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (guard, room) = (Arc::clone(&self.guard), Arc::clone(&self.room));
        Box::pin(async move {
            let place = room.acquire_owned().await?;
            let asked = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(place);
                found
            });
            Ok(let_pass(&guard, asked.await??)?.into_iter())
        })
    }
}

/// Those addresses that may be connected to. An error if there is none.
fn let_pass(
    guard: &AddressGuard,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, BoxError> {
    let mut refused: Option<Refused> = None;
    let passed: Vec<SocketAddr> = found
        .filter(|address| match guard.check(address.ip()) {
            Ok(()) => true,
            Err(error) => {
                refused.get_or_insert(error);
                false
            }
        })
        .collect();
    match refused {
        _ if !passed.is_empty() => Ok(passed),
        Some(refused) => Err(refused.into()),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(guard: &AddressGuard, found: &[&str]) -> Result<Vec<String>, BoxError> {
        let found = found.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        let_pass(guard, found)
            .map(|passed| passed.iter().map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn only_what_passes_is_connected_to() {
        let guard = AddressGuard::default();
        let passed = pass(&guard, &["10.0.0.1", "1.1.1.1", "fd00::1", "2606:4700::1"]).unwrap();
        assert_eq!(passed, ["1.1.1.1", "2606:4700::1"]);
        let error = pass(&guard, &["10.0.0.1", "127.0.0.1"]).unwrap_err();
        assert!(Refused::behind(&*error).unwrap().to_string().contains("10.0.0.1"));
        assert!(Refused::behind(&*pass(&guard, &[]).unwrap_err()).is_none());
    }

    #[test]
    fn hosts_that_are_addresses_are_seen() {
        for (uri, address) in [
            ("http://10.0.0.1:80/", Some("10.0.0.1")),
            ("http://[::1]/", Some("::1")),
            ("http://example.com/", None),
        ] {
            let found = address_in(&uri.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(found.as_deref(), address, "{uri}");
        }
    }
}
