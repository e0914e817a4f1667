//! The front door of Tidings: a listener, and the one list of steps that a request passes
//! (`request.rs`).
//!
//! [`Server`] is what one drives: bind it to an address, run it until a shutdown is asked for.
//! Tests start one in their own process, on port 0, over a broker whose clock they move.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod acme;
mod audit;
mod authenticate;
mod authorise;
mod body;
mod browsers;
mod caller;
mod config;
mod connection;
mod deliveries;
mod delivery_status;
mod encryption;
mod event_sources;
mod exchange;
mod external_kms;
mod fault;
mod http1;
mod http2;
mod iam;
mod identities;
mod keys;
mod kms;
mod lambda;
mod listener;
mod mobile;
mod pages;
mod patient_stream;
mod plain;
mod plane;
pub mod proxy;
mod reply;
mod request;
mod server;
mod shutdown;
mod signatures;
mod sms;
mod sns;
mod sqs;
mod sts;
mod throttle;
mod tls;
mod turned_away;
mod turns;

pub use acme::{AcmeConfig, LETS_ENCRYPT};
pub use audit::{AuditLevel, AuditLog};
pub use authenticate::Auth;
pub use config::{Config, HEADER_BYTES_LEAST, Limits, SHUTDOWN_TIMEOUT};
pub use external_kms::{
    ExternalKms, ExternalKmsConfig, ExternalKmsError, KMS_TIMEOUT, KmsEndpoint,
};
pub use identities::{Identities, RootKeyError};
pub use keys::{KeyService, Kms};
pub use lambda::{DeclareError, DeclaredFunction, Lambda, LambdaError};
pub use listener::{
    BindError, BoundAddress, BoundListener, DEFAULT_LISTENER, ENDPOINT_POLICY_CHARACTERS_MAX,
    ListenAddress, ListenerConfig, PrivateEndpoint, ProxyProtocol, SOCKET_MODE,
};
pub use mobile::MobilePush;
pub use plane::LoadError;
pub use server::{Outbound, Reloader, Server};
pub use sms::{OriginationNumber, SmsTerms};
pub use throttle::Quota;
pub use tidings_functions::HostConfig;
pub use tidings_identity::NewAccessKey;
pub use tidings_lambda::{
    Environment as FunctionEnvironment, Scope as FunctionScope, Settings as FunctionSettings,
};
pub use tls::{
    CertificateFiles, ClientCertificates, DevelopmentCertificates, DevelopmentError, KeptKeys,
    TlsConfig, TlsError,
};
