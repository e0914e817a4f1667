//! Connections of one application to one server.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{AlertDescription, ClientConfig};
use tidings_core::limits::{
    HTTP_ANSWER_BYTES_MAX, PROVIDER_RESPONSE_BYTES_MAX, PUSH_IDLE_SECONDS, RETRY_SECONDS_MAX,
};
use tokio::time::{Instant, timeout_at};

use crate::causes::{causes, with_causes};
use crate::gate::Gate;
use crate::http::connector::GuardedConnector;
use crate::{AddressGuard, Refused, TurnedAway};

/// Connections of HTTP/1.1 that are kept for the next request.
const IDLE_MAX: usize = 4;
/// The silence after which TCP looks whether the other side is still there: less than what translators
/// of addresses wait before they forget a connection. Apple asks to leave PINGs of HTTP/2.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes of the headers of an answer. More is no answer.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// How often a request is sent that the server did not begin with: it was about to leave, or had no
/// room for another one. Each time it has said so.
const SENDINGS_MAX: usize = 3;

type Client = legacy::Client<HttpsConnector<GuardedConnector>, Full<Bytes>>;

/// What a server speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Speaks {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 and nothing else: one connection, and as many requests on it as the server allows. Over
    /// `http` without an upgrade.
    Http2,
}

/// A way to a server.
#[derive(Clone)]
pub(super) struct Way {
    /// What certificates are trusted, and what is shown to those who ask for one.
    pub(super) tls: ClientConfig,
    /// Where connections may go.
    pub(super) guard: Arc<AddressGuard>,
    pub(super) speaks: Speaks,
    /// How long an attempt may take at most, and so connecting.
    pub(super) attempt_timeout: Duration,
}

/// Connections to one server: made when they are needed, kept while they are good.
pub(super) struct Link {
    way: Way,
    gate: Gate,
    current: Mutex<Current>,
}

struct Current {
    client: Client,
    generation: u64,
    /// When the server answered anything last.
    answered_at: Option<Instant>,
}

/// An answer, read as far as it matters.
pub(super) struct Answer {
    pub(super) status: u16,
    /// For how long the server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// Connections may not go there.
    Guarded(String),
    /// The other side refused the handshake of TLS, after it saw who we are.
    Alert(String),
    /// It was not asked, for it is known to be down.
    TurnedAway(TurnedAway),
    /// There is no connection to be had.
    Unreachable(String),
    /// There is no answer, though the request may have arrived.
    Lost(String),
    /// It cannot be asked at all: something fits into no header.
    Unsayable(String),
}

impl Link {
    pub(super) fn new(way: Way) -> Link {
        let client = client(&way);
        let current = Mutex::new(Current { client, generation: 0, answered_at: None });
        Link { way, gate: Gate::default(), current }
    }

    /// Asks, until `deadline`.
    pub(super) async fn ask(
        &self,
        deadline: Instant,
        request: impl Fn() -> Result<Request<Full<Bytes>>, hyper::http::Error>,
    ) -> Result<Answer, Failure> {
        let (begun_at, generation) = (Instant::now(), self.generation());
        self.gate.pass(begun_at, self.way.attempt_timeout).map_err(Failure::TurnedAway)?;
        let outcome = match timeout_at(deadline, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(self.hung(begun_at, generation)),
        };
        match &outcome {
            Ok(_) => {
                self.gate.open();
                self.lock(|current| current.answered_at = Some(Instant::now()));
            }
            Err(Failure::TurnedAway(_) | Failure::Lost(_) | Failure::Unsayable(_)) => {}
            Err(Failure::Guarded(why) | Failure::Alert(why) | Failure::Unreachable(why)) => {
                self.gate.close(begun_at, Instant::now(), why);
            }
        }
        outcome
    }

    /// There was no answer in time. If there was none to anybody meanwhile, the next ones go over new
    /// connections: a line that was cut without a word stays silent for a quarter of an hour and
    /// longer.
    fn hung(&self, begun_at: Instant, generation: u64) -> Failure {
        let now = Instant::now();
        let why = format!("no answer within {:.1} seconds", (now - begun_at).as_secs_f32());
        if self.lock(|current| current.answered_at.is_none_or(|at| at < begun_at)) {
            self.gate.close(begun_at, now, &why);
            self.leave(generation);
        }
        Failure::Lost(why)
    }

    /// Which connections are in use: for [`Link::leave`].
    pub(super) fn generation(&self) -> u64 {
        self.lock(|current| current.generation)
    }

    /// Uses these connections no longer, once what is under way on them has ended.
    pub(super) fn leave(&self, generation: u64) {
        self.lock(|current| {
            if current.generation == generation {
                current.generation = generation.wrapping_add(1);
                current.client = client(&self.way);
            }
        });
    }

    async fn exchange(
        &self,
        request: impl Fn() -> Result<Request<Full<Bytes>>, hyper::http::Error>,
    ) -> Result<Answer, Failure> {
        let mut sent = 1;
        loop {
            let request = request().map_err(|error| Failure::Unsayable(error.to_string()))?;
            let client = self.lock(|current| current.client.clone());
            match client.request(request).await {
                Ok(response) => return Ok(read(response).await),
                Err(error) if sent < SENDINGS_MAX && was_not_begun(&error) => sent += 1,
                Err(error) => return Err(failure(&error)),
            }
        }
    }

    fn lock<T>(&self, act: impl FnOnce(&mut Current) -> T) -> T {
        act(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Answer {
    /// The beginning of the body, for people: what it says of itself is not to be trusted.
    pub(super) fn text(&self) -> String {
        let end = self.body.len().min(PROVIDER_RESPONSE_BYTES_MAX);
        String::from_utf8_lossy(&self.body[..end]).trim_end_matches('\u{fffd}').trim().to_owned()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Failure::TurnedAway(TurnedAway { why, .. })
        | Failure::Guarded(why)
        | Failure::Alert(why)
        | Failure::Unreachable(why)
        | Failure::Lost(why)
        | Failure::Unsayable(why)) = self;
        formatter.write_str(why)
    }
}

fn client(way: &Way) -> Client {
    let builder = HttpsConnectorBuilder::new().with_tls_config(way.tls.clone()).https_or_http();
    let connector = GuardedConnector::new(Arc::clone(&way.guard), way.attempt_timeout);
    let connector = connector.kept_alive(SILENCE);
    let connector = match way.speaks {
        Speaks::Http1 => builder.enable_http1().wrap_connector(connector),
        Speaks::Http2 => builder.enable_http2().wrap_connector(connector),
    };
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(PUSH_IDLE_SECONDS))
        .pool_max_idle_per_host(IDLE_MAX)
        .http1_max_buf_size(HEADER_BYTES_MAX as usize)
        .http2_only(way.speaks == Speaks::Http2)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        // Until the server has said how many it takes. APNs takes one, until it knows who asks.
        .http2_initial_max_send_streams(1)
        .build(connector)
}

/// Reads an answer to its end, if that is not far. One that breaks off is judged by its status: the
/// server had decided.
async fn read(response: Response<Incoming>) -> Answer {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let seconds: Option<u64> = header(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let retry_after = seconds.map(|it| Duration::from_secs(it.min(RETRY_SECONDS_MAX)));
    let is_encoded = header(CONTENT_ENCODING).is_some();
    let status = response.status().as_u16();
    let (mut from, mut body) = (response.into_body(), Vec::new());
    while let Some(Ok(frame)) = from.frame().await {
        let data = frame.into_data().unwrap_or_default();
        if body.len() + data.len() > HTTP_ANSWER_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&data);
    }
    if is_encoded {
        body.clear();
    }
    Answer { status, retry_after, body }
}

/// Whether the server has not looked at a request: it never left, or the server said so.
fn was_not_begun(error: &legacy::Error) -> bool {
    causes(error).any(|error| {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let is_farewell = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            return error.is_remote()
                && (is_farewell || error.reason() == Some(h2::Reason::REFUSED_STREAM));
        }
        error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
    })
}

fn failure(error: &legacy::Error) -> Failure {
    if let Some(refused) = Refused::behind(error) {
        return Failure::Guarded(refused.to_string());
    }
    match alert(error) {
        Some(alert) => Failure::Alert(alert),
        None if error.is_connect() => match with_causes(error) {
            // Whoever was connecting knows why there is no connection.
            why if why.ends_with(WAITED_IN_VAIN) => {
                Failure::Lost("no connection could be made for another message".to_owned())
            }
            why => Failure::Unreachable(why),
        },
        None => Failure::Lost(with_causes(error)),
    }
}

/// What the library says to those who waited for a connection that another request was making. It
/// keeps the type of that error to itself.
const WAITED_IN_VAIN: &str = "request was canceled";

/// What the other side can say in TLS about a certificate of ours.
const ABOUT_US: [AlertDescription; 9] = [
    AlertDescription::AccessDenied,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::DecryptError,
    AlertDescription::UnknownCA,
    AlertDescription::UnsupportedCertificate,
];

/// What the other side said in TLS about our certificate, if that is why it left. With TLS 1.3 it says
/// so after the handshake, and the library for HTTP/2 keeps nothing of an error but its text.
fn alert(error: &legacy::Error) -> Option<String> {
    let text = with_causes(error);
    let said = |alert: &AlertDescription| {
        text.ends_with(&rustls::Error::AlertReceived(*alert).to_string())
    };
    let alert = ABOUT_US.into_iter().find(said)?;
    Some(format!("the server refused our certificate: {alert:?}"))
}
