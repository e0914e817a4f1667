//! One listener's end of TLS.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

use super::config::TlsConfig;
use super::files::{self, HTTP_2, TlsError};
use super::kept_keys::KeptKeys;
use super::stamp::Stamp;
use super::subject;
use crate::acme::{self, Acme, Challenges};

/// Speaks TLS with the certificates that the files have now.
pub(crate) struct Tls {
    config: TlsConfig,
    kept: KeptKeys,
    /// What the authority looks for, if one is asked for certificates.
    challenges: Option<Challenges>,
    current: RwLock<Arc<ServerConfig>>,
    /// What the files looked like when they were last read, whatever came of that.
    stamp: Mutex<Stamp>,
}

/// What a handshake came to.
pub(crate) struct Secured<S> {
    pub(crate) stream: TlsStream<S>,
    pub(crate) is_http_2: bool,
    /// The subject of the client's certificate.
    pub(crate) client: Option<Arc<str>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn new(config: TlsConfig, kept: KeptKeys) -> Result<Self, TlsError> {
        if let Some(acme) = &config.acme {
            acme::make_placeholder(acme, &kept)?;
        }
        // Before they are read: what changes in between is read again.
        let stamp = Stamp::of(&config);
        let current = Arc::new(files::read(&config, &kept)?);
        let challenges = config.acme.as_ref().map(|_| Challenges::default());
        let (current, stamp) = (RwLock::new(current), Mutex::new(stamp));
        Ok(Self { config, kept, challenges, current, stamp })
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// The client speaks no TLS, none that we speak, or has no certificate that it needs.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<Secured<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let stream = match &self.challenges {
            None => TlsAcceptor::from(current).accept(stream).await?,
            Some(challenges) => challenges.accept(stream, current).await?,
        };
        let (_, session) = stream.get_ref();
        let is_http_2 = session.alpn_protocol() == Some(HTTP_2);
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let client = certificate.map(|certificate| subject::of(certificate).into());
        Ok(Secured { stream, is_http_2, client })
    }

    /// The authority that is asked for certificates.
    pub(crate) fn acme(&self) -> Option<Acme<'_>> {
        let (config, challenges) = self.config.acme.as_ref().zip(self.challenges.as_ref())?;
        Some(Acme { config, challenges, kept: &self.kept })
    }

    /// Reads the files again if they have changed, or if that `is_demanded`. Connections that are
    /// open go on as they are. Files that cannot be used are told of, and change nothing.
    pub(crate) fn reload(&self, listener: &str, is_demanded: bool) {
        let now = Stamp::of(&self.config);
        let mut stamp = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *stamp == now && !is_demanded {
            return;
        }
        *stamp = now;
        drop(stamp);
        match files::read(&self.config, &self.kept) {
            Ok(current) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
                info!(listener, "the certificates have been read again");
            }
            Err(error) => {
                warn!(
                    listener,
                    "the certificates have changed and are not used: {error}. Those \
                                 from before are used on"
                );
            }
        }
    }
}

#[cfg(test)]
#[path = "acceptor_tests.rs"]
mod tests;
