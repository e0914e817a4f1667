//! Signed requests to services that speak AWS's APIs: who signs, where they are, and how they are made.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tidings_sigv4::{BodyHash, Request as Unsigned, Seconds, SecretKey, Signer};
use zeroize::Zeroizing;

use crate::{RootsError, client_tls};

/// What asks a service, over HTTP/1.1. Certificates are verified, redirects are not followed, and no
/// proxy is used, whatever the environment says.
pub type ServiceClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that trusts the public authorities, and those of a PEM file beside them. Opens no connection.
///
/// # Errors
/// [`RootsError`] if the file cannot be used.
pub fn service_client(extra_roots: Option<&Path>) -> Result<ServiceClient, RootsError> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(client_tls(extra_roots)?)
        .https_or_http()
        .enable_http1()
        .build();
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).build(connector))
}

/// A service's URL: `https://` or `http://` and a host, without a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceEndpoint {
    is_encrypted: bool,
    authority: Authority,
}

/// An access key that a service knows. Only its id prints.
#[derive(Clone)]
pub struct ServiceCredentials {
    /// The public part.
    pub access_key_id: String,
    /// The secret.
    pub secret: SecretKey,
    /// The session token, of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

/// What is asked, before it is signed.
#[derive(Clone, Debug)]
pub struct ServiceRequest<'a> {
    /// The name that is signed for, such as `kms`.
    pub service: &'a str,
    /// The region that is signed for.
    pub region: &'a str,
    /// `POST` and its like.
    pub method: &'a str,
    /// The path, encoded, without a query.
    pub path: &'a str,
    /// Headers, all of them signed, with names in lower case. `host` is added.
    pub headers: &'a [(&'static str, &'a str)],
    /// The body.
    pub body: Bytes,
}

impl ServiceEndpoint {
    /// Whether it is `https://`.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The host, without its port.
    pub fn host(&self) -> &str {
        self.authority.host()
    }
}

impl FromStr for ServiceEndpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an endpoint is https:// or http:// and a host, without a path, such as \
                            https://lambda.eu-west-1.amazonaws.com";
        let uri: Uri = text.parse().map_err(|_| FORM)?;
        let authority = uri.authority().ok_or(FORM)?;
        let is_root = uri.path() == "/" && uri.query().is_none();
        if !is_root || authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(FORM);
        }
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FORM),
        };
        Ok(Self { is_encrypted, authority: authority.clone() })
    }
}

impl fmt::Display for ServiceEndpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        write!(out, "{scheme}://{}", self.authority)
    }
}

impl fmt::Debug for ServiceCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServiceCredentials({}, ..)", self.access_key_id)
    }
}

impl ServiceRequest<'_> {
    /// The request to an endpoint, signed at an instant in seconds since 1970. `None` if something in it
    /// can be in no request.
    pub fn sign(
        &self,
        endpoint: &ServiceEndpoint,
        credentials: &ServiceCredentials,
        now_seconds: u64,
    ) -> Option<Request<Full<Bytes>>> {
        let Self { service, region, method, path, headers, ref body } = *self;
        let host = endpoint.authority.as_str();
        let mut all: Vec<(&str, &[u8])> = vec![("host", host.as_bytes())];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
        let unsigned = Unsigned { method, path, query: "", headers: &all };
        let signer = Signer {
            access_key_id: &credentials.access_key_id,
            secret: &credentials.secret,
            session_token: credentials.session_token.as_ref().map(|token| token.as_str()),
            region,
            service,
        };
        let now = Seconds(i64::try_from(now_seconds).ok()?);
        let signed = signer.sign(&unsigned, &BodyHash::of(body), now).ok()?;
        let mut request = Request::builder().method(method).uri(format!("{endpoint}{path}"));
        let to = request.headers_mut()?;
        to.insert(HOST, HeaderValue::from_str(host).ok()?);
        for (name, value) in headers {
            to.insert(HeaderName::from_static(name), HeaderValue::from_str(value).ok()?);
        }
        for (name, value) in signed.iter() {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            to.insert(HeaderName::from_static(name), value);
        }
        request.body(Full::from(body.clone())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_and_a_host() {
        for (text, host) in [
            ("https://lambda.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"),
            ("http://127.0.0.1:9000/", "127.0.0.1"),
            ("http://[::1]:4566", "[::1]"),
        ] {
            let endpoint: ServiceEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text.trim_end_matches('/'));
            assert_eq!((endpoint.host(), endpoint.is_encrypted()), (host, text.contains("s:")));
        }
        for text in [
            "",
            "/",
            "lambda",
            "localhost:4566",
            "ftp://lambda",
            "http://",
            "http://a/b",
            "http://a/?b",
            "http://u@a",
        ] {
            assert!(text.parse::<ServiceEndpoint>().is_err(), "{text}");
        }
    }

    fn credentials(access_key_id: &str) -> ServiceCredentials {
        ServiceCredentials {
            access_key_id: access_key_id.to_owned(),
            secret: SecretKey::new("hunter2".to_owned()),
            session_token: Some("hunter3".to_owned().into()),
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let text = format!("{:?}", credentials("AKIDEXAMPLE"));
        assert_eq!(text, "ServiceCredentials(AKIDEXAMPLE, ..)");
    }

    #[test]
    fn a_request_has_what_was_signed() {
        let endpoint = "http://127.0.0.1:9000".parse().unwrap();
        let request = ServiceRequest {
            service: "kms",
            region: "eu-west-1",
            method: "POST",
            path: "/a%3Ab",
            headers: &[("x-amz-target", "TrentService.Decrypt")],
            body: Bytes::from_static(b"{}"),
        };
        let signed = request.sign(&endpoint, &credentials("AKIDEXAMPLE"), 1_800_000_000).unwrap();
        assert_eq!(signed.uri(), "http://127.0.0.1:9000/a%3Ab");
        assert_eq!(signed.headers()["host"], "127.0.0.1:9000");
        assert_eq!(signed.headers()["x-amz-target"], "TrentService.Decrypt");
        let authorization = &signed.headers()["authorization"];
        let text = authorization.to_str().unwrap();
        assert!(text.contains("Credential=AKIDEXAMPLE/20270115/eu-west-1/kms/aws4_request"));
        assert!(text.contains("SignedHeaders=host;"), "{text}");
        assert!(text.contains("x-amz-target"), "{text}");
        assert!(
            authorization.is_sensitive() && signed.headers()["x-amz-security-token"].is_sensitive()
        );
        assert!(request.sign(&endpoint, &credentials("a\nb"), 0).is_none());
        let odd = ServiceRequest { headers: &[("x-amz-target", "a\nb")], ..request };
        assert!(odd.sign(&endpoint, &credentials("AKIDEXAMPLE"), 0).is_none());
    }
}
