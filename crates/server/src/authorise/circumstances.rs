//! Where a request comes from, as far as policies may ask for it.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::{HeaderValue, REFERER, USER_AGENT};
use hyper::http::request::Parts;
use tidings_access::{Origin, PolicyDocument};

use crate::listener::{Door, PrivateEndpoint};

/// Under what circumstances a request comes.
pub(crate) struct Circumstances {
    remote: Option<IpAddr>,
    is_secure: bool,
    endpoint: Option<Arc<PrivateEndpoint>>,
    user_agent: Option<HeaderValue>,
    referer: Option<HeaderValue>,
}

impl Circumstances {
    pub(crate) fn of(door: &Door, head: &Parts) -> Self {
        Self {
            remote: door.remote,
            is_secure: door.is_secure,
            endpoint: door.endpoint.clone(),
            user_agent: head.headers.get(USER_AGENT).cloned(),
            referer: head.headers.get(REFERER).cloned(),
        }
    }

    /// Through a private endpoint, from a public address, or, over a Unix socket, from neither.
    pub(crate) fn origin(&self) -> Origin<'_> {
        match (&self.endpoint, self.remote) {
            (Some(endpoint), address) => Origin::Private {
                endpoint: &endpoint.id,
                network: endpoint.network.as_deref(),
                address,
                account: None,
            },
            (None, Some(address)) => Origin::Public(address),
            (None, None) => Origin::Service,
        }
    }

    pub(crate) fn endpoint_policy(&self) -> Option<&PolicyDocument> {
        self.endpoint.as_ref()?.policy.as_ref()
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_ref()?.to_str().ok()
    }

    pub(crate) fn referer(&self) -> Option<&str> {
        self.referer.as_ref()?.to_str().ok()
    }
}
