//! Who calls, and under which address: what a request's head says beside its action.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::header::{AUTHORIZATION, HOST, HeaderName};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use tidings_aws::WireError;
use tidings_aws::sigv4::Scope;
use tidings_core::names::{AccountId, Region};
use tidings_identity::{Directory, Principal};

use crate::authenticate::unauthentic;
use crate::config::Config;
use crate::listener::Door;

/// The account and the region that a request belongs to, and who makes it.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) standing: Standing,
    /// What it signed with, if that was verified.
    pub(crate) access_key_id: Option<Box<str>>,
    /// The session's token that came with it.
    pub(crate) session_token: Option<Box<str>>,
}

/// What is known of who makes a request.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nothing: nobody is authenticated here.
    Unchecked {
        /// Whether the request has a credential.
        is_signed: bool,
    },
    /// It has no signature.
    Anonymous,
    /// Its signature is right.
    Principal(Arc<Principal>),
}

/// What the request's credential says, if it has one.
pub(crate) fn scope(head: &Parts) -> Option<Scope<'_>> {
    Scope::find(text(head, &AUTHORIZATION), head.uri.query().unwrap_or_default())
}

impl Caller {
    /// Judges by the credential scope. The signature is not looked at: authentication is off.
    ///
    /// An access key id of twelve digits is an account, as other self-hosted servers have it too;
    /// anything else, or an unsigned request, is the configured account.
    ///
    /// # Errors
    /// [`WireError::AccessDenied`] if the scope's region cannot be the name of one.
    pub(crate) fn of(scope: Option<&Scope<'_>>, config: &Config) -> Result<Self, WireError> {
        let Some(scope) = scope else {
            let (account, region) = (config.account, config.region.clone());
            return Ok(Self {
                account,
                region,
                standing: Standing::Unchecked { is_signed: false },
                access_key_id: None,
                session_token: None,
            });
        };
        let account = AccountId::parse(scope.access_key_id()).unwrap_or(config.account);
        let region = if scope.region() == config.region.as_str() {
            config.region.clone()
        } else {
            Region::parse(scope.region()).ok_or_else(|| {
                WireError::AccessDenied("Credential should be scoped to a valid region.".into())
            })?
        };
        Ok(Self {
            account,
            region,
            standing: Standing::Unchecked { is_signed: true },
            access_key_id: None,
            session_token: None,
        })
    }

    /// Whether the request has a credential.
    pub(crate) fn is_signed(&self) -> bool {
        match self.standing {
            Standing::Unchecked { is_signed } => is_signed,
            Standing::Anonymous => false,
            Standing::Principal(_) => true,
        }
    }

    /// Who a verified caller is by now: while its request waited for something, its rights may have
    /// been taken away.
    ///
    /// # Errors
    /// [`WireError::Unauthentic`] if what it signed with is no good any more.
    pub(crate) fn again(
        &self,
        directory: &Directory,
        now_ms: u64,
    ) -> Result<Arc<Principal>, WireError> {
        let id = self.access_key_id.as_deref().unwrap_or_default();
        match directory.credentials(id, self.session_token.as_deref(), now_ms) {
            Ok(credentials) => Ok(credentials.principal),
            Err(fault) => Err(WireError::Unauthentic(unauthentic(fault))),
        }
    }

    /// Who it is, if that was verified.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        match &self.standing {
            Standing::Principal(principal) => Some(principal),
            Standing::Unchecked { .. } | Standing::Anonymous => None,
        }
    }
}

/// What queue URLs begin with, so that the client can use them: the configured address, or the
/// host that the client used, or, for a client that names none, the address that it connected to.
///
/// `None` if the request names more than one host, or something that is no host (RFC 9112, 3.2).
pub(crate) fn base_url(head: &Parts, door: &Door) -> Option<String> {
    match door.public_url() {
        Some(public_url) => Some(public_url.to_owned()),
        None => used_url(head, door.scheme(), door.local_addr),
    }
}

fn used_url(head: &Parts, scheme: &str, local_addr: Option<SocketAddr>) -> Option<String> {
    if let Some(authority) = head.uri.authority() {
        return Some(format!("{scheme}://{authority}"));
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next(), local_addr) {
        (None, _, Some(local_addr)) => return Some(format!("{scheme}://{local_addr}")),
        (None, _, None) => "localhost",
        (Some(host), None, _) => host.to_str().ok()?,
        (Some(_), Some(_), _) => return None,
    };
    let is_host = Authority::try_from(host).is_ok() && !host.contains('@');
    is_host.then(|| format!("{scheme}://{host}"))
}

/// A header's value. One that is not ASCII is as good as absent.
pub(crate) fn text<'a>(head: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;
    use crate::config::{Limits, SHUTDOWN_TIMEOUT};

    fn config() -> Config {
        Config {
            listeners: Vec::new(),
            account: AccountId::parse("000000000000").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            public_url: None,
            limits: Limits::default(),
            sms: crate::sms::SmsTerms::default(),
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        }
    }

    fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn signed(access_key_id: &str, region: &str) -> Parts {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={access_key_id}/20260102/{region}/sqs/aws4_request, \
             SignedHeaders=host, Signature=00"
        );
        head("/", &[("authorization", &authorization)])
    }

    #[test]
    fn the_credential_scope_names_account_and_region() {
        for (head, account, region) in [
            (signed("123456789012", "eu-west-1"), "123456789012", "eu-west-1"),
            (signed("AKIDEXAMPLE", "us-east-1"), "000000000000", "us-east-1"),
            (signed("1234567890123", "eu-west-1"), "000000000000", "eu-west-1"),
            (head("/", &[]), "000000000000", "us-east-1"),
            (head("/", &[("authorization", "Basic abc")]), "000000000000", "us-east-1"),
            (
                head("/?X-Amz-Credential=123456789012/20260102/eu-west-1/sqs/aws4_request", &[]),
                "123456789012",
                "eu-west-1",
            ),
        ] {
            let caller = Caller::of(scope(&head).as_ref(), &config()).unwrap();
            assert_eq!(
                (caller.account.to_string().as_str(), caller.region.as_str()),
                (account, region)
            );
        }
    }

    #[test]
    fn a_region_that_cannot_be_one_is_refused() {
        let head = signed("AKIDEXAMPLE", "Mars_1");
        let error = Caller::of(scope(&head).as_ref(), &config()).unwrap_err();
        assert!(matches!(error, WireError::AccessDenied(_)), "{error:?}");
    }

    #[test]
    fn queue_urls_begin_with_the_host_that_the_client_used() {
        let local_addr = Some("127.0.0.1:4566".parse().unwrap());
        let url = |head: &Parts| used_url(head, "http", local_addr);
        for (host, expected) in [
            ("localhost:4566", Some("http://localhost:4566")),
            ("sqs.example.com", Some("http://sqs.example.com")),
            ("[::1]:4566", Some("http://[::1]:4566")),
            ("user@example.com", None),
            ("a b", None),
            ("a\"b<", None),
            ("", None),
        ] {
            assert_eq!(url(&head("/", &[("host", host)])).as_deref(), expected, "{host}");
        }
        assert_eq!(url(&head("/", &[])).as_deref(), Some("http://127.0.0.1:4566"));
        assert_eq!(url(&head("/", &[("host", "a"), ("host", "b")])), None);
        let absolute = head("http://proxied.example.com:80/", &[("host", "other")]);
        assert_eq!(url(&absolute).as_deref(), Some("http://proxied.example.com:80"));
    }

    #[test]
    fn they_begin_with_the_scheme_of_the_listener() {
        let named = head("/", &[("host", "sqs.example.com")]);
        assert_eq!(used_url(&named, "https", None).as_deref(), Some("https://sqs.example.com"));
        assert_eq!(used_url(&head("/", &[]), "http", None).as_deref(), Some("http://localhost"));
        let absolute = head("http://sqs.example.com/", &[]);
        assert_eq!(used_url(&absolute, "https", None).as_deref(), Some("https://sqs.example.com"));
    }
}
