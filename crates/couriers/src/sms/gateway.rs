//! The gateway: a session with it is kept up for as long as the server runs.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tracing::{debug, info, warn};

use super::accepted::Accepted;
use super::config::{SmsConfig, SmsSetupError};
use super::link;
use super::notice::SmsNotice;
use super::session::{End, Outlets, Session};
use super::status::Status;
use super::submission::Submission;
use crate::client_tls;

/// Why there is no session with the gateway.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum GatewayError {
    /// It cannot be connected to.
    #[error("the gateway {gateway} cannot be reached: {why}")]
    Unreachable {
        /// Host and port.
        gateway: String,
        /// What happened.
        why: String,
    },
    /// It does not want us: what is configured for it is wrong, as a rule.
    #[error("the gateway {gateway} refuses the bind: {status}")]
    Refused {
        /// Host and port.
        gateway: String,
        /// What it says.
        status: Status,
    },
    /// It was there, and is gone.
    #[error("the session with the gateway {gateway} ended: {why}")]
    Lost {
        /// Host and port.
        gateway: String,
        /// What happened.
        why: String,
    },
    /// The server stops, or never began.
    #[error("there is no session with the gateway: the server is stopping")]
    Stopped,
}

/// How it is with the gateway.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Connecting,
    Bound,
    Down(GatewayError),
}

/// What keeps the session up. It does nothing until [`Gateway::run`] is called.
pub struct Gateway {
    pub(super) config: Arc<SmsConfig>,
    pub(super) tls: Option<(TlsConnector, ServerName<'static>)>,
    pub(super) parts: mpsc::Receiver<Submission>,
    pub(super) condition: watch::Sender<Condition>,
    pub(super) accepted: Arc<Accepted>,
    pub(super) notices: mpsc::Sender<SmsNotice>,
}

/// A connection of either kind.
trait Connection: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Connection for T {}

impl Gateway {
    /// Connects, binds, and begins again when the session is lost, later each time, until `stop` is
    /// done. Then it unbinds, once what was sent is answered, and returns within the time that the
    /// gateway has for two answers.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut wait = self.config.reconnect_min;
        let mut told = None;
        loop {
            self.condition.send_replace(Condition::Connecting);
            let connected = tokio::select! {
                connected = connect(&self.config, self.tls.as_ref()) => connected,
                () = &mut stop => break,
            };
            let (error, was_bound) = match connected {
                Ok(stream) => match self.session(stream, stop.as_mut()).await {
                    Some(ended) => ended,
                    None => break,
                },
                Err(why) => (GatewayError::Unreachable { gateway: name(&self.config), why }, false),
            };
            if was_bound {
                wait = self.config.reconnect_min;
                told = None;
            }
            // What an operator has to mend is told once, and that it is mended by the next bind.
            let retry_ms = wait.as_millis();
            match told.as_ref() == Some(&error) {
                true => debug!(retry_ms, "{error}"),
                false => warn!(retry_ms, "text messages wait: {error}"),
            }
            told = Some(error.clone());
            self.condition.send_replace(Condition::Down(error));
            tokio::select! {
                () = self.turn_away(jittered(wait)) => {}
                () = &mut stop => break,
            }
            wait = (wait * 2).min(self.config.reconnect_max);
        }
        self.condition.send_replace(Condition::Down(GatewayError::Stopped));
    }

    /// One session. Why it ended and whether it had been bound; None if that was our wish.
    async fn session(
        &mut self,
        stream: std::pin::Pin<Box<dyn Connection>>,
        stop: impl Future<Output = ()>,
    ) -> Option<(GatewayError, bool)> {
        let (kept_sender, kept) = mpsc::unbounded_channel();
        let outlets = Outlets {
            accepted: Arc::clone(&self.accepted),
            notices: self.notices.clone(),
            kept: kept_sender,
        };
        let session = Session::new(&self.config, outlets, Instant::now());
        let gateway = name(&self.config);
        let (mut was_bound, condition) = (false, &self.condition);
        let on_bound = || {
            info!(gateway, "text messages: the gateway has bound us");
            was_bound = true;
            condition.send_replace(Condition::Bound);
        };
        match link::run(stream, session, &mut self.parts, kept, on_bound, stop).await {
            End::Left => None,
            End::Refused(status) => Some((GatewayError::Refused { gateway, status }, was_bound)),
            End::Lost(why) => Some((GatewayError::Lost { gateway, why }, was_bound)),
        }
    }

    /// Waits, and lets nobody else wait who hands in a part meanwhile.
    async fn turn_away(&mut self, wait: Duration) {
        let turning_away = async {
            while let Some(part) = self.parts.recv().await {
                drop(part);
            }
            // There is nobody left; whoever runs us decides when that is all.
            std::future::pending::<()>().await;
        };
        let _ = timeout(wait, turning_away).await;
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gateway").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What TLS with the gateway needs, if there is to be any.
pub(super) fn tls(
    config: &SmsConfig,
) -> Result<Option<(TlsConnector, ServerName<'static>)>, SmsSetupError> {
    if !config.tls {
        return Ok(None);
    }
    let name = ServerName::try_from(config.host.clone())
        .map_err(|_| SmsSetupError::BadHost(config.host.clone()))?;
    let client = client_tls(config.extra_roots.as_deref())?;
    Ok(Some((TlsConnector::from(Arc::new(client)), name)))
}

fn name(config: &SmsConfig) -> String {
    format!("{}:{}", config.host, config.port)
}

async fn connect(
    config: &SmsConfig,
    tls: Option<&(TlsConnector, ServerName<'static>)>,
) -> Result<std::pin::Pin<Box<dyn Connection>>, String> {
    let connecting = async {
        let stream = TcpStream::connect((config.host.as_str(), config.port)).await?;
        // Short PDUs that somebody waits for.
        stream.set_nodelay(true)?;
        let stream: std::pin::Pin<Box<dyn Connection>> = match tls {
            Some((connector, name)) => Box::pin(connector.connect(name.clone(), stream).await?),
            None => Box::pin(stream),
        };
        Ok(stream)
    };
    match timeout(config.response_timeout, connecting).await {
        Ok(connected) => connected.map_err(|error: std::io::Error| error.to_string()),
        Err(_) => Err("no connection in time".into()),
    }
}

/// Between half of it and all, so that many who lost one gateway do not come back at once.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(rand::random_range(0.5..=1.0))
}
