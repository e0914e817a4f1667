//! Signed requests to the service.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use serde::de::DeserializeOwned;
use tidings_couriers::{
    Gate, RootsError, ServiceClient, ServiceRequest, service_client, with_causes,
};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tracing::{debug, error, info, warn};
use zeroize::Zeroizing;

use super::answer::{Complaint, Fault, UNREACHABLE, UNUSABLE, complaint};
use super::config::ExternalKmsConfig;
use super::refusals::Refusals;

/// Requests at once. One that waits for its turn has so much less time for its answer.
const REQUESTS_MAX: usize = 32;

/// Bytes of an answer. One with a data key has some hundred, and 8 KiB at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;

const JSON: &str = "application/x-amz-json-1.1";

/// Asks the service.
pub(super) struct Client {
    http: ServiceClient,
    config: ExternalKmsConfig,
    turns: Semaphore,
    /// Closed while the service does not answer: nobody waits for it then but who finds that out.
    gate: Gate,
    refusals: Refusals,
    /// Whether the last answer could not be used: what lasts is logged once.
    is_failing: AtomicBool,
}

/// Why a request has no answer that reports success.
enum Failure {
    /// There is none, or only part of one.
    Unanswered(String),
    /// Others had none just now, so it was not asked.
    NotAsked(String),
    /// It cannot be made, or its answer makes no sense.
    Strange(String),
    /// It reports an error.
    Complained(Complaint),
}

impl Client {
    pub(super) fn new(config: ExternalKmsConfig) -> Result<Self, RootsError> {
        let http = service_client(config.extra_roots.as_deref())?;
        let (turns, is_failing) = (Semaphore::new(REQUESTS_MAX), AtomicBool::new(false));
        let (gate, refusals) = (Gate::default(), Refusals::default());
        Ok(Self { http, config, turns, gate, refusals, is_failing })
    }

    /// Where the service is.
    pub(super) fn endpoint(&self) -> String {
        self.config.endpoint.to_string()
    }

    /// Asks for one action with a key, which must be one that may be carried out twice.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &'static str,
        key: &str,
        input: &serde_json::Value,
        now_ms: u64,
    ) -> Result<T, Fault> {
        let body = Bytes::from(input.to_string());
        let (within, begun_at) = (self.config.timeout, Instant::now());
        let exchange = timeout(within, self.exchange(action, &body, now_ms)).await;
        let late = |_| Err(Failure::Unanswered(format!("no answer within {within:?}")));
        let read = exchange.unwrap_or_else(late).and_then(|answer| {
            // An error of serde names what is wrong, and where, and shows no bytes.
            let read = serde_json::from_slice(&answer);
            read.map_err(|error| Failure::Strange(format!("an answer is not KMS's: {error}")))
        });
        match &read {
            Err(Failure::Unanswered(why)) => self.gate.close(begun_at, Instant::now(), why),
            Err(Failure::NotAsked(_)) => {}
            _ => self.gate.open(),
        }
        self.tell(action, read.as_ref().err());
        self.tell_of_key(action, key, read.as_ref().err());
        read.map_err(|failure| match failure {
            Failure::Unanswered(_) | Failure::NotAsked(_) => Fault::Unavailable(UNREACHABLE),
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
        self.gate
            .pass(Instant::now(), self.config.timeout)
            .map_err(|turned_away| Failure::NotAsked(turned_away.why))?;
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
        let request = ServiceRequest {
            service: "kms",
            region: region.as_str(),
            method: "POST",
            path: "/",
            headers: &[("content-type", JSON), ("x-amz-target", &target)],
            body: body.clone(),
        };
        request.sign(&endpoint.0, credentials, now_ms / 1000)
    }

    /// Logs that the service cannot be used, and that it can again.
    fn tell(&self, action: &str, failure: Option<&Failure>) {
        let problem = match failure {
            Some(Failure::NotAsked(problem)) => {
                return debug!(action, "the key service is not asked: {problem}");
            }
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

    /// Logs that the service refuses to use a key, in its own words, and that it does so no more.
    /// What waits for the key meanwhile, deliveries above all, says nothing.
    fn tell_of_key(&self, action: &'static str, key: &str, failure: Option<&Failure>) {
        match failure {
            None if self.refusals.end(action, key) => {
                info!(action, key, "the key service does not refuse this key any more");
            }
            Some(Failure::Complained(Complaint { fault: Fault::Refused(_), told })) => {
                if self.refusals.begin(action, key) {
                    warn!(action, key, "the key service refuses: {told}");
                } else {
                    debug!(action, key, "the key service refuses: {told}");
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::time::Duration;

    use serde_json::{Value, json};
    use tidings_core::names::Region;
    use tidings_couriers::ServiceCredentials;
    use tidings_sigv4::SecretKey;

    use super::*;
    use crate::external_kms::KMS_TIMEOUT;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_hangs_is_waited_for_by_one_at_a_time() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        silent.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let client = Client::new(ExternalKmsConfig {
            endpoint: endpoint.parse().unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            credentials: ServiceCredentials {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret: SecretKey::new("secret".to_owned()),
                session_token: None,
            },
            extra_roots: None,
            timeout: KMS_TIMEOUT,
        })
        .unwrap();
        let (mut connections, mut kept) = (0, Vec::new());
        let mut asked = |expected: usize| {
            loop {
                match silent.accept() {
                    Ok(connection) => kept.push(connection),
                    Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
                connections += 1;
            }
            assert_eq!(connections, expected);
        };
        let ask = async || client.ask::<Value>("Decrypt", "a", &json!({}), 0).await.unwrap_err();
        assert_eq!(ask().await, Fault::Unavailable(UNREACHABLE));
        asked(1);
        for _ in 0..10 {
            assert_eq!(ask().await, Fault::Unavailable(UNREACHABLE));
        }
        asked(1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let both = tokio::join!(ask(), ask());
        assert_eq!(both, (Fault::Unavailable(UNREACHABLE), Fault::Unavailable(UNREACHABLE)));
        asked(2);
    }
}
