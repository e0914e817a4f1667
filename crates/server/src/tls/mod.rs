//! TLS: who we are, what we ask of clients, and how both change while the server runs.

mod acceptor;
mod config;
mod development;
mod files;
mod resolver;
mod stamp;
mod subject;

pub(crate) use acceptor::{Secured, Tls};

pub use config::{CertificateFiles, ClientCertificates, TlsConfig};
pub use development::{DevelopmentCertificates, DevelopmentError};
pub use files::TlsError;
