//! Signed requests to the service.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use tidings_couriers::{RootsError, client_tls, with_causes};
use tidings_sigv4::{BodyHash, Request as Unsigned, Seconds, Signer};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, error, info};
use zeroize::Zeroizing;

use super::answer::{Complaint, Fault, UNREACHABLE, UNUSABLE, complaint};
use super::config::ExternalKmsConfig;

/// Requests at once. One that waits for its turn has so much less time for its answer.
const REQUESTS_MAX: usize = 32;

/// Bytes of an answer. One with a data key has some hundred, and 8 KiB at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;

const JSON: &str = "application/x-amz-json-1.1";

/// Asks the service. Certificates are verified, redirects are not followed, and no proxy is used,
/// whatever the environment says.
pub(super) struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    config: ExternalKmsConfig,
    turns: Semaphore,
    /// Whether the last answer could not be used: what lasts is logged once.
    is_failing: AtomicBool,
}

/// Why a request has no answer that reports success.
enum Failure {
    /// There is none, or only part of one.
    Unanswered(String),
    /// It cannot be made, or its answer makes no sense.
    Strange(String),
    /// It reports an error.
    Complained(Complaint),
}

impl Client {
    pub(super) fn new(config: ExternalKmsConfig) -> Result<Self, RootsError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(client_tls(config.extra_roots.as_deref())?)
            .https_or_http()
            .enable_http1()
            .build();
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        let (turns, is_failing) = (Semaphore::new(REQUESTS_MAX), AtomicBool::new(false));
        Ok(Self { http, config, turns, is_failing })
    }

    /// Where the service is.
    pub(super) fn endpoint(&self) -> String {
        self.config.endpoint.to_string()
    }

    /// Asks for one action, which must be one that may be carried out twice.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &'static str,
        input: &serde_json::Value,
        now_ms: u64,
    ) -> Result<T, Fault> {
        let body = Bytes::from(input.to_string());
        let within = self.config.timeout;
        let exchange = timeout(within, self.exchange(action, &body, now_ms)).await;
        let late = |_| Err(Failure::Unanswered(format!("no answer within {within:?}")));
        let read = exchange.unwrap_or_else(late).and_then(|answer| {
            // An error of serde names what is wrong, and where, and shows no bytes.
            let read = serde_json::from_slice(&answer);
            read.map_err(|error| Failure::Strange(format!("an answer is not KMS's: {error}")))
        });
        self.tell(action, read.as_ref().err());
        read.map_err(|failure| match failure {
            Failure::Unanswered(_) => Fault::Unavailable(UNREACHABLE),
            Failure::Strange(_) => Fault::Unavailable(UNUSABLE),
            Failure::Complained(complaint) => complaint.fault,
        })
    }

    async fn exchange(
        &self,
        action: &'static str,
        body: &Bytes,
        now_ms: u64,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let unanswered = |error: &(dyn Error + 'static)| Failure::Unanswered(with_causes(error));
        let _turn = self.turns.acquire().await.map_err(|error| unanswered(&error))?;
        let request = || {
            let cannot = || Failure::Strange("the access key can be in no header".to_owned());
            self.request(action, body, now_ms).ok_or_else(cannot)
        };
        let answer = match self.http.request(request()?).await {
            Ok(answer) => answer,
            // A connection that was kept may have ended meanwhile.
            Err(first) => {
                debug!("the key service is asked once more: {}", with_causes(&first));
                let second = self.http.request(request()?).await;
                second.map_err(|error| unanswered(&error))?
            }
        };
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| unanswered(&*error))?;
        let body = Zeroizing::new(body.to_bytes().to_vec());
        match status {
            200 => Ok(body),
            _ => Err(Failure::Complained(complaint(status, &body))),
        }
    }

    /// A signed request. `None` if something in it can be in no header.
    fn request(
        &self,
        action: &'static str,
        body: &Bytes,
        now_ms: u64,
    ) -> Option<Request<Full<Bytes>>> {
        let ExternalKmsConfig { endpoint, region, credentials, .. } = &self.config;
        let target = format!("TrentService.{action}");
        let headers = [
            ("content-type", JSON.as_bytes()),
            ("host", endpoint.host.as_bytes()),
            ("x-amz-target", target.as_bytes()),
        ];
        let unsigned = Unsigned { method: "POST", path: "/", query: "", headers: &headers };
        let signer = Signer {
            access_key_id: &credentials.access_key_id,
            secret: &credentials.secret,
            session_token: credentials.session_token.as_ref().map(|token| token.as_str()),
            region: region.as_str(),
            service: "kms",
        };
        let now = Seconds(i64::try_from(now_ms / 1000).ok()?);
        let signed = signer.sign(&unsigned, &BodyHash::of(body), now).ok()?;
        let mut request = Request::post(endpoint.uri.clone());
        let to = request.headers_mut()?;
        to.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        to.insert(HOST, endpoint.host.clone());
        to.insert("x-amz-target", HeaderValue::from_str(&target).ok()?);
        for (name, value) in signed.iter() {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            to.insert(HeaderName::from_static(name), value);
        }
        request.body(Full::from(body.clone())).ok()
    }

    /// Logs what operators should know: that the service cannot be used, and that it can again. That
    /// a key says no is its callers' business.
    fn tell(&self, action: &str, failure: Option<&Failure>) {
        let problem = match failure {
            Some(Failure::Unanswered(problem) | Failure::Strange(problem)) => problem,
            Some(Failure::Complained(Complaint { fault: Fault::Unavailable(_), told })) => told,
            None | Some(Failure::Complained(_)) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    info!(endpoint = self.endpoint(), "the key service can be used again");
                }
                return;
            }
        };
        if self.is_failing.swap(true, Ordering::Relaxed) {
            debug!(action, "the key service cannot be used: {problem}");
        } else {
            error!(endpoint = self.endpoint(), action, "the key service cannot be used: {problem}");
        }
    }
}
