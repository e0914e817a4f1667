use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt, duplex};
use tokio_rustls::TlsConnector;

use super::*;

/// An authority takes any certificate to look at, as long as the other end has its key.
#[derive(Debug)]
struct Any(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// What a server with this certificate shows to a client that asks for a protocol: the certificate,
/// and whether it goes on.
async fn meet(
    challenges: &Challenges,
    usual: &Arc<ServerConfig>,
    protocol: &[u8],
    name: &str,
) -> Option<(Vec<u8>, bool)> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Any(provider.signature_verification_algorithms));
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    client.alpn_protocols = vec![protocol.to_vec()];
    let (near, far) = duplex(1 << 16);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connecting = TlsConnector::from(Arc::new(client)).connect(name, far);
    let (accepted, connected) =
        tokio::join!(challenges.accept(near, Arc::clone(usual)), connecting);
    let mut connected = connected.ok()?;
    let shown = connected.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let goes_on = accepted.is_ok();
    if !goes_on {
        assert_eq!(connected.read(&mut [0]).await.unwrap(), 0, "it ends as it should");
    }
    Some((shown, goes_on))
}

fn usual() -> (Arc<ServerConfig>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["sqs.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialized_der().to_vec().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    (Arc::new(config), certificate.der().to_vec())
}

#[tokio::test]
async fn an_authority_sees_what_it_looks_for_and_others_never_do() {
    let (usual, certificate) = usual();
    let challenges = Challenges::default();
    let digest = [7; 32];
    let shown = challenges.show("SQS.test", &digest).unwrap();
    assert_eq!(
        meet(&challenges, &usual, b"http/1.1", "sqs.test").await,
        Some((certificate.clone(), true))
    );
    let (seen, goes_on) = meet(&challenges, &usual, ACME_TLS, "sqs.test").await.unwrap();
    assert!(seen != certificate && !goes_on);
    let has_digest = seen.windows(digest.len()).any(|bytes| bytes == digest);
    assert!(has_digest, "the digest is in its extension");
    assert_eq!(meet(&challenges, &usual, ACME_TLS, "sns.test").await, None);
    drop(shown);
    assert_eq!(meet(&challenges, &usual, ACME_TLS, "sqs.test").await, None);
}
