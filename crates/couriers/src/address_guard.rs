//! Where deliveries may go.
//!
//! Whoever may subscribe may make this server send requests: without a guard it would send them to
//! the machines beside it, to itself, and to the metadata service of a cloud. The live service
//! delivers to public addresses only, and so does the default here.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use thiserror::Error;

use crate::causes::causes;
use crate::special_addresses::{embedded, special};
use crate::{AddressRanges, Endpoint, EndpointError};

/// Says which addresses may be connected to.
///
/// An address in `deny` may not. Otherwise one in `allow` may. Otherwise public ones may, and all
/// others may not: loopback, private, link-local, shared, multicast, reserved, for documentation.
/// An IPv6 address that leads to an IPv4 address counts as both.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allow: AddressRanges,
    deny: AddressRanges,
}

/// An address that may not be connected to.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    /// It is not public, and nobody allowed it.
    #[error("deliveries to {address} are not allowed: it is {what}. endpoint-allow can allow it")]
    Special {
        /// The address.
        address: IpAddr,
        /// What is special about it.
        what: &'static str,
    },
    /// It is denied.
    #[error("deliveries to {address} are not allowed: endpoint-deny has {range}")]
    Denied {
        /// The address.
        address: IpAddr,
        /// The entry that it lies in.
        range: IpNet,
    },
}

/// Why a URL will not be delivered to.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum GuardError {
    /// It is not a URL that can be delivered to.
    #[error(transparent)]
    BadUrl(#[from] EndpointError),
    /// Its host is an address that may not be connected to.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl AddressGuard {
    /// A guard with exceptions to the default.
    #[must_use]
    pub fn new(allow: AddressRanges, deny: AddressRanges) -> AddressGuard {
        AddressGuard { allow, deny }
    }

    /// Says whether an address may be connected to.
    ///
    /// # Errors
    ///
    /// [`Refused`] says why not.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let inner = embedded(address).map(IpAddr::V4);
        let find = |ranges: &AddressRanges| {
            ranges.find(address).or_else(|| inner.and_then(|inner| ranges.find(inner)))
        };
        if let Some(range) = find(&self.deny) {
            return Err(Refused::Denied { address, range });
        }
        match special(address) {
            Some(what) if find(&self.allow).is_none() => Err(Refused::Special { address, what }),
            _ => Ok(()),
        }
    }

    /// What can be said of a URL when an endpoint is subscribed, without asking DNS: whether it can
    /// be delivered to, and if its host is an address or `localhost`, whether that is allowed.
    /// Every connection is checked again, with what the name stands for by then.
    ///
    /// # Errors
    ///
    /// [`GuardError`]. The live service answers AuthorizationError for a refused address.
    pub fn check_url(&self, url: &str) -> Result<(), GuardError> {
        let endpoint = Endpoint::parse(url)?;
        if let Some(address) = endpoint.address() {
            self.check(address)?;
        } else if is_localhost(endpoint.host()) {
            let four = self.check(IpAddr::V4(Ipv4Addr::LOCALHOST));
            four.or_else(|refused| {
                self.check(IpAddr::V6(Ipv6Addr::LOCALHOST)).map_err(|_| refused)
            })?;
        }
        Ok(())
    }
}

/// RFC 6761: `localhost` and all below it.
fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

impl Refused {
    /// Finds a refusal among the causes of an error, wherever a library has wrapped it.
    pub(crate) fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Refused> {
        causes(error).find_map(|error| error.downcast_ref())
    }
}

#[cfg(test)]
#[path = "address_guard_tests.rs"]
mod tests;
