//! TLS: who we are, what we ask of clients, and how both change while the server runs.

mod acceptor;
mod config;
mod der;
mod development;
mod files;
mod kept_keys;
pub(crate) mod pem;
pub(crate) mod private_file;
mod resolver;
mod stamp;
mod subject;
pub(crate) mod validity;

pub(crate) use acceptor::{Secured, Tls};

pub(crate) use files::certificates;

pub use config::{CertificateFiles, ClientCertificates, TlsConfig};
pub use development::{DevelopmentCertificates, DevelopmentError};
pub use files::TlsError;
pub use kept_keys::KeptKeys;
