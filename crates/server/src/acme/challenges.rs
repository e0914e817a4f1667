//! How a server shows that it answers for a name: by a certificate of its own making, in a handshake
//! of its own kind (RFC 8737).

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{Acceptor, ClientHello};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::order::AcmeError;

/// The protocol that an authority asks for, and nobody else.
const ACME_TLS: &[u8] = b"acme-tls/1";

/// What there is to show now, by name.
#[derive(Default)]
pub(crate) struct Challenges(Mutex<HashMap<String, Arc<ServerConfig>>>);

/// Something that is shown until this is dropped.
pub(super) struct Shown<'a> {
    challenges: &'a Challenges,
    domain: String,
}

impl Challenges {
    /// Shows what proves that somebody knows the account's key.
    pub(super) fn show(&self, domain: &str, digest: &[u8]) -> Result<Shown<'_>, AcmeError> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new([domain.to_owned()])?;
        parameters.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let certificate = parameters.self_signed(&key)?;
        let key = PrivateKeyDer::Pkcs8(key.serialized_der().to_vec().into());
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Not `with_single_cert`, which refuses certificates with extensions that it does not know.
        let key = provider.key_provider.load_private_key(key)?;
        let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![ACME_TLS.to_vec()];
        let domain = domain.to_ascii_lowercase();
        self.all().insert(domain.clone(), Arc::new(config));
        Ok(Shown { challenges: self, domain })
    }

    /// Shakes hands: with an authority that looks for something, to show it and part again, and
    /// with everybody else as `usual`.
    pub(crate) async fn accept<S>(
        &self,
        stream: S,
        usual: Arc<ServerConfig>,
    ) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if !is_authority(&start.client_hello()) {
            return start.into_stream(usual).await;
        }
        let name = start.client_hello().server_name().map(str::to_ascii_lowercase);
        let shown = name.and_then(|name| self.all().get(&name).cloned());
        let nothing = || io::Error::other("an authority looks for what nobody has asked it for");
        let mut stream = start.into_stream(shown.ok_or_else(nothing)?).await?;
        let _ = stream.shutdown().await;
        Err(io::Error::other("it was an authority, which has seen what it looked for"))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<ServerConfig>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.challenges.all().remove(&self.domain);
    }
}

fn is_authority(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == ACME_TLS))
}

#[cfg(test)]
#[path = "challenges_tests.rs"]
mod tests;
