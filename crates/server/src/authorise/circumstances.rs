//! Where a request comes from, as far as policies may ask for it.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::{HeaderValue, REFERER, USER_AGENT};
use hyper::http::request::Parts;
use tidings_access::{Origin, PolicyDocument};
use tidings_core::names::Uuid;
use tidings_core::time::Timestamp;

use crate::audit::{Event, Verdict};
use crate::listener::{Door, Listener, PrivateEndpoint, origin};

/// Under what circumstances a request comes.
pub(crate) struct Circumstances {
    remote: Option<IpAddr>,
    is_secure: bool,
    endpoint: Option<Arc<PrivateEndpoint>>,
    user_agent: Option<HeaderValue>,
    referer: Option<HeaderValue>,
    /// `None` of what the server asks itself.
    listener: Option<Arc<Listener>>,
    client_certificate: Option<Arc<str>>,
}

impl Circumstances {
    pub(crate) fn of(door: &Door, head: &Parts) -> Self {
        Self {
            remote: door.remote,
            is_secure: door.is_secure,
            endpoint: door.endpoint.clone(),
            user_agent: head.headers.get(USER_AGENT).cloned(),
            referer: head.headers.get(REFERER).cloned(),
            listener: Some(Arc::clone(&door.listener)),
            client_certificate: door.client_certificate.clone(),
        }
    }

    /// Of what the server does by itself, for nobody in particular.
    pub(crate) fn internal() -> Self {
        Self {
            remote: None,
            is_secure: true,
            endpoint: None,
            user_agent: None,
            referer: None,
            listener: None,
            client_certificate: None,
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

    /// Where the request comes from, as text.
    pub(crate) fn address(&self) -> String {
        self.remote.map_or_else(|| "local".to_owned(), |address| origin(address).to_string())
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

    /// What the audit log says of it, but for who and what.
    pub(crate) fn event<'a>(
        &'a self,
        now: Timestamp,
        request_id: Uuid,
        action: &'a str,
        decision: Verdict,
        reason: String,
    ) -> Event<'a> {
        Event {
            time: now.to_iso8601(),
            request_id: request_id.to_string(),
            principal: None,
            access_key_id: None,
            source_ip: self.remote.map(|address| address.to_string()),
            listener: self.listener.as_ref().map_or("internal", |it| &it.config.id),
            vpc_endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.id.as_str()),
            client_certificate: self.client_certificate.as_deref(),
            secure: self.is_secure,
            user_agent: self.user_agent().map(shortened),
            action,
            resource: None,
            decision,
            reason: shortened(&reason).to_owned(),
        }
    }
}

/// A line of the audit log must not be as long as whoever writes it likes.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(AUDITED_BYTES_MAX)]
}

/// Bytes of one member of a line.
const AUDITED_BYTES_MAX: usize = 1024;
