//! Delivery over HTTP and HTTPS.

mod answer;
mod authorization;
mod challenge;
pub(crate) mod connector;
mod digest;
mod http_courier;
mod trust;

pub use http_courier::HttpCourier;
pub use trust::{RootsError, client_tls};
