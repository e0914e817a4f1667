//! Where a server is.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A server's address, found out once, and what its requests carry in `Host`.
pub struct Endpoint {
    address: SocketAddr,
    host: String,
    tls: Option<Tls>,
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL of a host.
    #[error("{0:?} is no endpoint: one looks like http://127.0.0.1:4566 or https://host")]
    Form(String),
    /// Its host has no address.
    #[error("{0} has no address")]
    Address(String, #[source] io::Error),
}

/// Bytes in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Endpoint {
    /// An address without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), tls: None }
    }

    /// What a URL names. Its host is looked up now; the first address counts. `tls` is used if the
    /// URL says `https`.
    ///
    /// # Errors
    /// The text is another URL or none, or nobody knows the host.
    pub fn resolve(
        url: &str,
        tls: impl FnOnce() -> Arc<ClientConfig>,
    ) -> Result<Self, EndpointError> {
        let form = || EndpointError::Form(url.to_owned());
        let (is_tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(form()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(is_host) {
            return Err(form());
        }
        let (host, port) = split(authority).ok_or_else(form)?;
        let port = port.unwrap_or(if is_tls { 443 } else { 80 });
        let failed = |error| EndpointError::Address(authority.to_owned(), error);
        let found = (host, port).to_socket_addrs().map_err(failed)?.next();
        let address = found.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let tls = match is_tls {
            true => Some(Tls {
                connector: TlsConnector::from(tls()),
                name: ServerName::try_from(host.to_owned()).map_err(|_| form())?,
            }),
            false => None,
        };
        Ok(Self { address, host: authority.to_owned(), tls })
    }

    /// The header `Host`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => Ok(Box::new(tls.connector.connect(tls.name.clone(), stream).await?)),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({} at {})", self.host, self.address)
    }
}

/// A host without brackets, and the port if there is one.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_and_a_host() {
        for (url, address) in [
            ("http://127.0.0.1:4566", "127.0.0.1:4566"),
            ("http://127.0.0.1/", "127.0.0.1:80"),
            ("http://[::1]:4566", "[::1]:4566"),
        ] {
            let endpoint = Endpoint::resolve(url, || unreachable!()).unwrap();
            assert_eq!(endpoint.address.to_string(), address, "{url}");
        }
        for url in
            ["", "localhost:4566", "ftp://x", "http://", "http://a@x", "http://x/y", "http://x:y"]
        {
            let error = Endpoint::resolve(url, || unreachable!()).unwrap_err();
            assert!(matches!(error, EndpointError::Form(_)), "{url}: {error}");
        }
    }
}
