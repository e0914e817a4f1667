//! Applications, messages and couriers for tests of mobile push.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair,
    PKCS_RSA_SHA256,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidings_couriers::{
    AddressGuard, ApnsHeaders, ApplicationKey, GivenCredentials, PushConfig, PushCourier,
    PushCredentials, PushMessage, PushOutcome, PushPlatform,
};
use tokio_rustls::TlsAcceptor;

pub const BUNDLE: &str = "com.example.hotel";

/// Everything at addresses where nobody listens, unless a test says otherwise.
pub fn nowhere() -> PushConfig {
    let nobody = "http://127.0.0.1:1".to_owned();
    PushConfig {
        apns_url: nobody.clone(),
        apns_sandbox_url: nobody.clone(),
        fcm_url: nobody.clone(),
        fcm_token_url: Some(nobody.clone()),
        adm_url: nobody.clone(),
        adm_token_url: nobody,
        attempt_timeout: Duration::from_secs(10),
        ..PushConfig::default()
    }
}

pub fn courier(config: &PushConfig) -> PushCourier {
    PushCourier::new(config, Arc::new(AddressGuard::default())).unwrap()
}

/// An application with its credentials.
pub struct App {
    pub key: ApplicationKey,
    pub credentials: PushCredentials,
    pub platform: PushPlatform,
    /// What its statements are signed with.
    pub signing: Option<KeyPair>,
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

impl App {
    pub fn new(platform: PushPlatform, given: &GivenCredentials<'_>) -> App {
        let arn = format!("arn:aws:sns:us-east-1:000000000000:app/{platform}/hotel");
        let credentials = PushCredentials::parse(platform, given).unwrap();
        App { key: ApplicationKey { arn, revision: 1 }, credentials, platform, signing: None }
    }

    /// APNs by a signing key.
    pub fn by_token(platform: PushPlatform) -> App {
        let signing = KeyPair::generate().unwrap();
        let given = GivenCredentials {
            principal: Some("KEY1234567"),
            credential: Some(&pem("PRIVATE KEY", &signing.serialize_der())),
            apple_team_id: Some("TEAM123456"),
            apple_bundle_id: Some(BUNDLE),
        };
        App { signing: Some(signing), ..App::new(platform, &given) }
    }

    /// FCM by a service account.
    pub fn by_service_account(token_uri: &str) -> App {
        let signing = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let account = json!({
            "project_id": "hotel-7",
            "private_key_id": "k1",
            "private_key": pem("PRIVATE KEY", &signing.serialize_der()),
            "client_email": "push@hotel-7.example.com",
            "token_uri": token_uri,
        });
        let account = account.to_string();
        let given = GivenCredentials { credential: Some(&account), ..GivenCredentials::default() };
        App { signing: Some(signing), ..App::new(PushPlatform::Gcm, &given) }
    }

    pub fn of_adm() -> App {
        let (principal, credential) = (Some("client 7"), Some("hunter2&x=y"));
        let given = GivenCredentials { principal, credential, ..GivenCredentials::default() };
        App::new(PushPlatform::Adm, &given)
    }

    pub fn message(&self, token: &str) -> PushMessage {
        let payload = match self.platform {
            PushPlatform::Gcm => r#"{"message":{"data":{"room":"7"}}}"#,
            PushPlatform::Adm => r#"{"data":{"room":"7"}}"#,
            _ => r#"{"aps":{"alert":"Room 7"}}"#,
        };
        PushMessage {
            platform: self.platform,
            token: token.to_owned(),
            payload: payload.to_owned(),
            ttl: None,
            published_at: SystemTime::now(),
            apns: ApnsHeaders { push_type: Some("alert".to_owned()), ..ApnsHeaders::default() },
            message_id: "9d0a3c9e-5c6e-4a50-8d0d-0f8a6f5e6c11".to_owned(),
        }
    }

    pub async fn push(&self, courier: &PushCourier, token: &str) -> PushOutcome {
        courier.deliver(&self.key, &self.credentials, &self.message(token)).await
    }
}

/// The header and the claims of a token, whose signature must be right.
pub fn verified(
    jwt: &str,
    key: &KeyPair,
    algorithm: &'static dyn aws_lc_rs::signature::VerificationAlgorithm,
) -> (Value, Value) {
    let (text, signature) = jwt.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, key.public_key_raw());
    key.verify(text.as_bytes(), &signature).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    let read = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}

pub fn is_delivered(outcome: &PushOutcome) -> bool {
    matches!(outcome, PushOutcome::Delivered { .. })
}

/// An authority of a test's own.
pub struct Authority {
    folder: TempDir,
    params: CertificateParams,
    key: KeyPair,
    certificate: Certificate,
}

impl Authority {
    pub fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("authority {}", MADE.fetch_add(1, Ordering::SeqCst));
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), pem("CERTIFICATE", certificate.der()))
            .unwrap();
        Authority { folder, params, key, certificate }
    }

    /// The file that `extra_roots` names.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A service at `localhost`. It asks for certificates that `clients` vouches for, if it is said.
    pub fn acceptor(&self, clients: Option<&Authority>, protocol: &[u8]) -> TlsAcceptor {
        let (certificate, key) =
            self.issue(CertificateParams::new(vec!["localhost".to_owned()]).unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.certificate.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let der = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(vec![certificate], der).unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// APNs by a certificate that this authority vouches for.
    pub fn app(&self, change: impl FnOnce(&mut CertificateParams)) -> App {
        let mut params = CertificateParams::default();
        let uid = DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]);
        params.distinguished_name.push(uid, BUNDLE);
        change(&mut params);
        let (certificate, key) = self.issue(params);
        let given = GivenCredentials {
            principal: Some(&pem("CERTIFICATE", &certificate)),
            credential: Some(&pem("PRIVATE KEY", &key.serialize_der())),
            ..GivenCredentials::default()
        };
        App::new(PushPlatform::Apns, &given)
    }

    fn issue(&self, params: CertificateParams) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        (params.signed_by(&key, &issuer).unwrap().der().clone(), key)
    }
}
