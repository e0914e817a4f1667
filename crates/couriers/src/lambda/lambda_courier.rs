//! One attempt at a function elsewhere: a signed Invoke that is not waited for.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tidings_core::limits::PROVIDER_RESPONSE_BYTES_MAX;
use tidings_core::names::Region;
use tidings_sigv4::{BodyHash, Request as Unsigned, Seconds, Signer};
use tokio::time::timeout;

use super::config::{LambdaConfig, RemoteFunctions};
use crate::{Attempt, Courier, Outcome, Parcel, RootsError, client_tls, with_causes};

/// Invokes functions elsewhere, as SNS does: `Invoke` with the type `Event`. API reference of Lambda.
///
/// - 200 to 299: the service has the event.
/// - 429, 500 and up, no connection, no answer in time: try later. So is a signature or an access key
///   that the service does not take: an operator's slip is not to lose messages.
/// - All else, such as 404 for a function that is not there and 403 for one that may not be invoked:
///   never.
pub struct LambdaCourier {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    config: LambdaConfig,
}

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Errors that say something of this server, and nothing of the function.
const OURS: [&str; 7] = [
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
];

impl LambdaCourier {
    /// Makes a courier. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`RootsError`] if the file with authorities cannot be used.
    pub fn new(config: &LambdaConfig) -> Result<LambdaCourier, RootsError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(client_tls(config.extra_roots.as_deref())?)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(LambdaCourier { client, config: config.clone() })
    }

    /// Whether some place is for the function of this ARN.
    #[must_use]
    pub fn reaches(&self, arn: &str) -> bool {
        self.place(arn).is_some()
    }

    fn place(&self, arn: &str) -> Option<&RemoteFunctions> {
        self.config.places.iter().find(|place| place.has(arn))
    }

    async fn attempt(&self, parcel: &Parcel) -> Outcome {
        let never = |why: &str| Outcome::Never { why: why.to_owned(), status: None };
        let Some(place) = self.place(&parcel.endpoint) else {
            return never("no endpoint is configured for the function");
        };
        let Some(request) = request(place, parcel) else {
            return never("the request cannot be made");
        };
        let exchange = async {
            let answer = self.client.request(request).await;
            match answer {
                Ok(answer) => judge(answer).await,
                Err(error) => Outcome::TryLater { why: with_causes(&error), status: None },
            }
        };
        match timeout(self.config.attempt_timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let seconds = self.config.attempt_timeout.as_secs_f32();
                let why = format!("no answer within {seconds} seconds");
                Outcome::TryLater { why, status: None }
            }
        }
    }
}

impl Courier for LambdaCourier {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Attempt<'a> {
        Box::pin(self.attempt(parcel))
    }
}

impl fmt::Debug for LambdaCourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LambdaCourier")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// A signed request; `None` if something in it can be in no request.
fn request(place: &RemoteFunctions, parcel: &Parcel) -> Option<Request<Full<Bytes>>> {
    let of_arn = || Region::parse(parcel.endpoint.split(':').nth(3)?);
    let region = place.region.clone().or_else(of_arn)?;
    let path = format!("/2015-03-31/functions/{}/invocations", encoded(&parcel.endpoint));
    let headers = [
        ("content-type", &b"application/json"[..]),
        ("host", place.endpoint.host.as_bytes()),
        ("x-amz-invocation-type", b"Event"),
    ];
    let unsigned = Unsigned { method: "POST", path: &path, query: "", headers: &headers };
    let credentials = &place.credentials;
    let signer = Signer {
        access_key_id: &credentials.access_key_id,
        secret: &credentials.secret,
        session_token: credentials.session_token.as_ref().map(|token| token.as_str()),
        region: region.as_str(),
        service: "lambda",
    };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let now = Seconds(i64::try_from(seconds).ok()?);
    let signed = signer.sign(&unsigned, &BodyHash::of(&parcel.body), now).ok()?;
    let mut request = Request::post(format!("{}{path}", place.endpoint));
    let to = request.headers_mut()?;
    to.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    to.insert(HOST, place.endpoint.host.clone());
    to.insert("x-amz-invocation-type", HeaderValue::from_static("Event"));
    for (name, value) in signed.iter() {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        to.insert(HeaderName::from_static(name), value);
    }
    request.body(Full::from(parcel.body.clone())).ok()
}

async fn judge(answer: Response<Incoming>) -> Outcome {
    let status = answer.status().as_u16();
    let header = |name: &str| {
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (error, request_id) = (header("x-amzn-errortype"), header("x-amzn-requestid"));
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    let said = &said[..said.floor_char_boundary(PROVIDER_RESPONSE_BYTES_MAX)];
    // `ResourceNotFoundException:http://…`, as some have it.
    let error = error.split(':').next().unwrap_or_default();
    let why = format!("the function's service answered {status} {error} {}", said.trim());
    let is_ours = OURS.iter().any(|ours| error == *ours || error.is_empty() && said.contains(ours));
    match status {
        200..=299 => {
            let detail = format!("{{\"lambdaRequestId\":\"{request_id}\"}}");
            Outcome::Delivered { status, detail }
        }
        429 | 500.. => Outcome::TryLater { why, status: Some(status) },
        400 | 401 | 403 if is_ours => Outcome::TryLater { why, status: Some(status) },
        _ => Outcome::Never { why, status: Some(status) },
    }
}

/// An ARN as a segment of a path.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 32);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
#[path = "lambda_courier_tests.rs"]
mod tests;
