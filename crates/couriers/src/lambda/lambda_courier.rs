//! One attempt at a function elsewhere: a signed Invoke that is not waited for.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tidings_core::limits::PROVIDER_RESPONSE_BYTES_MAX;
use tidings_core::names::Region;
use tokio::time::timeout;

use super::config::{LambdaConfig, RemoteFunctions};
use crate::{
    Attempt, Courier, Outcome, Parcel, RootsError, ServiceClient, ServiceRequest, service_client,
    with_causes,
};

/// Invokes functions elsewhere, as SNS does: `Invoke` with the type `Event`. API reference of Lambda.
///
/// - 200 to 299: the service has the event.
/// - 429, 500 and up, no connection, no answer in time: try later. So is a signature or an access key
///   that the service does not take: an operator's slip is not to lose messages.
/// - All else, such as 404 for a function that is not there and 403 for one that may not be invoked:
///   never.
pub struct LambdaCourier {
    client: ServiceClient,
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
        let client = service_client(config.extra_roots.as_deref())?;
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
    let request = ServiceRequest {
        service: "lambda",
        region: region.as_str(),
        method: "POST",
        path: &path,
        headers: &[("content-type", "application/json"), ("x-amz-invocation-type", "Event")],
        body: parcel.body.clone(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    request.sign(&place.endpoint, &place.credentials, now)
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
