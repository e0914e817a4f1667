//! All couriers of a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::limits::HTTP_ATTEMPT_SECONDS;
use tidings_core::names::SubscriptionProtocol;

use crate::{AddressGuard, AddressRanges, Courier, HttpCourier, RootsError};

/// How to deliver.
#[derive(Clone, Debug)]
pub struct CourierConfig {
    /// Addresses to deliver to although they are not public: `endpoint-allow`.
    pub allow: AddressRanges,
    /// Addresses never to deliver to: `endpoint-deny`. Stronger than `allow`.
    pub deny: AddressRanges,
    /// A file of certificates in PEM that HTTPS endpoints may rest on, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long one attempt may take in all.
    pub attempt_timeout: Duration,
}

impl Default for CourierConfig {
    /// Public addresses only, public authorities only, AWS's 15 seconds.
    fn default() -> Self {
        CourierConfig {
            allow: AddressRanges::default(),
            deny: AddressRanges::default(),
            extra_roots: None,
            attempt_timeout: Duration::from_secs(HTTP_ATTEMPT_SECONDS),
        }
    }
}

/// The couriers, one for each protocol.
#[derive(Debug)]
pub struct Couriers {
    /// `http` and `https`.
    pub http: HttpCourier,
}

impl Couriers {
    /// Makes all couriers. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`RootsError`] if `extra_roots` cannot be used.
    pub fn new(config: &CourierConfig) -> Result<Couriers, RootsError> {
        let guard = Arc::new(AddressGuard::new(config.allow.clone(), config.deny.clone()));
        let roots = config.extra_roots.as_deref();
        Ok(Couriers { http: HttpCourier::new(guard, roots, config.attempt_timeout)? })
    }

    /// The courier of a protocol; `None` if there is none.
    #[must_use]
    pub fn of(&self, protocol: SubscriptionProtocol) -> Option<&dyn Courier> {
        match protocol {
            SubscriptionProtocol::Http | SubscriptionProtocol::Https => Some(&self.http),
            _ => None,
        }
    }
}
