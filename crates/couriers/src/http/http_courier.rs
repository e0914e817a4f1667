//! One attempt over HTTP: a POST, and a second one if the endpoint wants to know who asks.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tidings_core::limits::HTTP_IDLE_SECONDS;
use tokio::time::{Instant, timeout_at};

use super::answer;
use super::authorization::{Authorization, authorize};
use super::connector::GuardedConnector;
use super::trust::{self, RootsError};
use crate::causes::with_causes;
use crate::{AddressGuard, Attempt, Courier, Endpoint, Outcome, Parcel, Refused};

const AGENT: HeaderValue = HeaderValue::from_static("Amazon Simple Notification Service Agent");
/// Connections to one host that are kept for the next messages. More are opened while they are
/// needed, and each kept one takes a file handle here and there.
const IDLE_PER_HOST_MAX: usize = 2;

/// The type of every body whose delivery policy does not say otherwise.
const PLAIN_TEXT: &str = "text/plain; charset=UTF-8";
/// Requests in one attempt: without credentials, with them, and with them for a fresh nonce.
const REQUESTS_MAX: usize = 3;

/// Delivers to `http` and `https` endpoints, as SNS does: developer guide, "Sending Amazon SNS
/// messages to an HTTP/S endpoint" and "Amazon SNS message delivery retries".
///
/// - 200 to 399 is success. A redirect is an answer like any other and is not followed, so nothing
///   leads a delivery to where the subscription does not.
/// - 400 to 499 is final, but for 429. Everything else may be tried again: 500 and up, an answer
///   that is no HTTP, no answer in time, no connection.
/// - User and password in the URL are sent when the endpoint answers 401 and asks for them in a way
///   we know: Digest with SHA-256 or MD5, or Basic.
/// - HTTP/1.1, with connections kept for the next attempt. No proxy, whatever the environment says.
/// - Certificates are always verified.
#[derive(Clone)]
pub struct HttpCourier {
    client: Client<HttpsConnector<GuardedConnector>, Full<Bytes>>,
    guard: Arc<AddressGuard>,
    attempt_timeout: Duration,
}

impl HttpCourier {
    /// Makes a courier that goes where the guard lets it, and trusts the public authorities and
    /// those in the file `extra_roots`. An attempt takes `attempt_timeout` at most.
    ///
    /// # Errors
    ///
    /// [`RootsError`] if the file cannot be used.
    pub fn new(
        guard: Arc<AddressGuard>,
        extra_roots: Option<&Path>,
        attempt_timeout: Duration,
    ) -> Result<HttpCourier, RootsError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust::client_tls(extra_roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(GuardedConnector::new(Arc::clone(&guard), attempt_timeout));
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(HTTP_IDLE_SECONDS))
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .http1_max_buf_size(answer::HEADER_BYTES_MAX)
            .build(connector);
        Ok(HttpCourier { client, guard, attempt_timeout })
    }

    /// Where deliveries may go: for a first look at an endpoint when it is subscribed.
    #[must_use]
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    async fn attempt(&self, parcel: &Parcel) -> Outcome {
        let endpoint = match Endpoint::parse(&parcel.endpoint) {
            Ok(endpoint) => endpoint,
            Err(error) => return Outcome::Never { why: error.to_string(), status: None },
        };
        let deadline = Instant::now() + self.attempt_timeout;
        match timeout_at(deadline, self.exchange(&endpoint, parcel)).await {
            Ok(Ok(response)) => answer::outcome(response, deadline).await,
            Ok(Err(Failure::Request(error))) => {
                Outcome::Never { why: format!("the request cannot be made: {error}"), status: None }
            }
            Ok(Err(Failure::Connection(error))) => failed(&error),
            Err(_) => {
                let why =
                    format!("no answer within {} seconds", self.attempt_timeout.as_secs_f32());
                Outcome::TryLater { why, status: None }
            }
        }
    }

    /// Sends the parcel, and again with credentials if the endpoint asks for them.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        parcel: &Parcel,
    ) -> Result<Response<Incoming>, Failure> {
        let mut authorization: Option<Authorization> = None;
        for _ in 1..REQUESTS_MAX {
            let response = self.send(endpoint, parcel, authorization.as_ref()).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            let (headers, uri) = (response.headers(), endpoint.uri());
            let given = authorization.as_ref();
            match endpoint.credentials().and_then(|who| authorize(headers, who, uri, given)) {
                None => return Ok(response),
                answer => authorization = answer,
            }
            answer::discard(response).await;
        }
        self.send(endpoint, parcel, authorization.as_ref()).await
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        parcel: &Parcel,
        authorization: Option<&Authorization>,
    ) -> Result<Response<Incoming>, Failure> {
        let request = request(endpoint, parcel, authorization).map_err(Failure::Request)?;
        self.client.request(request).await.map_err(Failure::Connection)
    }
}

impl Courier for HttpCourier {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Attempt<'a> {
        Box::pin(self.attempt(parcel))
    }
}

impl fmt::Debug for HttpCourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpCourier")
            .field("guard", &self.guard)
            .field("attempt_timeout", &self.attempt_timeout)
            .finish_non_exhaustive()
    }
}

enum Failure {
    /// There is something in the parcel that no header can hold.
    Request(hyper::http::Error),
    Connection(legacy::Error),
}

/// Developer guide of SNS, "HTTP/HTTPS headers".
fn request(
    endpoint: &Endpoint,
    parcel: &Parcel,
    authorization: Option<&Authorization>,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let content_type = parcel.content_type.as_deref().unwrap_or(PLAIN_TEXT);
    let mut builder = Request::post(endpoint.uri())
        .header("x-amz-sns-message-type", parcel.kind.as_str())
        .header("x-amz-sns-message-id", &parcel.message_id)
        .header("x-amz-sns-topic-arn", &parcel.topic_arn);
    if let Some(arn) = &parcel.subscription_arn {
        builder = builder.header("x-amz-sns-subscription-arn", arn);
    }
    if parcel.raw {
        builder = builder.header("x-amz-sns-rawdelivery", "true");
    }
    if let Some(authorization) = authorization {
        builder = builder.header(AUTHORIZATION, authorization.value());
    }
    builder
        .header(CONTENT_TYPE, content_type)
        .header(CONNECTION, "Keep-Alive")
        .header(USER_AGENT, AGENT)
        .header(ACCEPT_ENCODING, "gzip,deflate")
        .body(Full::new(parcel.body.clone()))
}

fn failed(error: &legacy::Error) -> Outcome {
    match Refused::behind(error) {
        Some(refused) => Outcome::Never { why: refused.to_string(), status: None },
        None => Outcome::TryLater { why: with_causes(error), status: None },
    }
}
