//! Which of several certificates a client is shown.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The first certificate that is for the name that the client asks for, or else the first.
#[derive(Debug)]
pub(super) struct ByServerName(Vec<Arc<CertifiedKey>>);

impl ByServerName {
    pub(super) fn new(keys: Vec<Arc<CertifiedKey>>) -> Self {
        Self(keys)
    }

    fn find(&self, server_name: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        let first = self.0.first();
        if self.0.len() < 2 {
            return first;
        }
        let name = server_name.and_then(|name| ServerName::try_from(name).ok());
        let for_name = |key: &&Arc<CertifiedKey>| {
            let certificate = key.end_entity_cert().and_then(ParsedCertificate::try_from);
            certificate.is_ok_and(|certificate| {
                name.as_ref().is_some_and(|name| verify_server_name(&certificate, name).is_ok())
            })
        };
        self.0.iter().find(for_name).or(first)
    }
}

impl ResolvesServerCert for ByServerName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::pki_types::PrivateKeyDer;

    use super::*;

    fn key(name: &str) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::try_from(key.serialized_der().to_vec()).unwrap();
        let chain = vec![certificate.der().clone()];
        Arc::new(CertifiedKey::from_der(chain, key, &default_provider()).unwrap())
    }

    #[test]
    fn a_client_is_shown_the_certificate_for_the_name_that_it_asks_for() {
        let keys = ["sqs.example.com", "*.example.org", "sns.example.com"].map(key);
        let by_name = ByServerName::new(keys.to_vec());
        for (name, index) in [
            (Some("sqs.example.com"), 0),
            (Some("sns.example.com"), 2),
            (Some("SNS.example.com"), 2),
            (Some("any.example.org"), 1),
            (Some("example.org"), 0),
            (Some("no name"), 0),
            (None, 0),
        ] {
            let found = by_name.find(name).unwrap();
            assert!(Arc::ptr_eq(found, &keys[index]), "{name:?}");
        }
        assert!(ByServerName::new(Vec::new()).find(None).is_none());
    }
}
