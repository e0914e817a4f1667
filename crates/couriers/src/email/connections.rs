//! Connections to the mail server: a few, each used again while it is wanted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::Address;
use tidings_core::limits::EMAIL_IDLE_SECONDS;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{info, warn};

use super::refusal::is_about_login;
use super::session::{Failure, Login, Patience, Session, Taken};
use super::wire::MailServer;
use crate::complaint::Complaint;
use crate::{Gate, TurnedAway};

const IDLE: Duration = Duration::from_secs(EMAIL_IDLE_SECONDS);
/// How long a server may take to forget a message that it refused, or to say goodbye. Nothing depends
/// on it.
const GOODBYE: Duration = Duration::from_secs(2);

/// All connections to one server.
pub(super) struct Connections {
    server: MailServer,
    login: Login,
    from: Address,
    gate: Gate,
    room: Semaphore,
    patience: Patience,
    idle: Arc<Idle>,
    login_refused: Complaint,
}

#[derive(Default)]
struct Idle(Mutex<IdleSessions>);

#[derive(Default)]
struct IdleSessions {
    /// The one used last is the last one, and is used next.
    sessions: Vec<(Instant, Session)>,
    has_sweeper: bool,
}

impl Connections {
    pub(super) fn new(
        server: MailServer,
        login: Login,
        from: Address,
        connections_max: usize,
        patience: Patience,
    ) -> Self {
        let (gate, room, idle) = (Gate::default(), Semaphore::new(connections_max), Arc::default());
        let login_refused = Complaint::default();
        Self { server, login, from, gate, room, patience, idle, login_refused }
    }

    /// Sends a message to one recipient. If the server hangs before it has the message, the next ones
    /// need not find that out.
    pub(super) async fn send(&self, to: &Address, message: &[u8]) -> Result<Taken, Failure> {
        let _room = self.room().await?;
        let begun_at = Instant::now();
        let outcome = self.send_from(begun_at, to, message).await;
        if let Err(silent @ Failure::Silent { .. }) = &outcome {
            self.gate.close(begun_at, Instant::now(), &silent.why());
        }
        self.tell_of_login(&outcome);
        outcome
    }

    /// Tells the operator when the server does not let us in any more, and when it does again.
    fn tell_of_login(&self, outcome: &Result<Taken, Failure>) {
        let MailServer { host, port, .. } = &self.server;
        match outcome {
            Ok(_) if self.login_refused.ends() => {
                info!(host, port, "the mail server takes mail again");
            }
            Err(failure @ Failure::Refused { during, code, .. })
                if is_about_login(during, *code) && self.login_refused.begins() =>
            {
                warn!(
                    host,
                    port,
                    "mail waits until user and password are right: {}",
                    failure.why()
                );
            }
            _ => {}
        }
    }

    async fn send_from(
        &self,
        begun_at: Instant,
        to: &Address,
        message: &[u8],
    ) -> Result<Taken, Failure> {
        let within = self.patience.attempt;
        let session = timeout_at(begun_at + within, self.session()).await;
        let mut session = session.map_err(|_| Failure::Silent { within })??;
        let outcome = session.send(to, message, begun_at, self.patience).await;
        let is_usable = match &outcome {
            Ok(_) => true,
            // The server is about to close the connection. RFC 5321, section 3.8.
            Err(Failure::Refused { code: 421, .. }) => false,
            Err(Failure::Refused { .. }) => {
                timeout(GOODBYE, session.reset()).await.unwrap_or_default()
            }
            Err(_) => false,
        };
        if is_usable {
            self.idle.keep(session);
        }
        outcome
    }

    /// A place for one more connection. Those who have one may need long, which is not the server's
    /// failure.
    async fn room(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let within = self.patience.attempt;
        let busy = |_| {
            let seconds = within.as_secs_f32();
            let why = format!("not tried, for all connections were in use for {seconds} seconds");
            // It has waited long enough.
            Failure::NotBegun(TurnedAway { why, pause: Duration::ZERO })
        };
        let room = timeout(within, self.room.acquire()).await.map_err(busy)?;
        Ok(room.expect("nobody closes it"))
    }

    /// A session that has taken the sender's name: one that is kept, or a new one. What a kept one
    /// says against the sender may be about that connection only: servers close them, and some take
    /// so many messages over each and refuse the next (OpenSMTPD: 452 after 100). A new one tells.
    async fn session(&self) -> Result<Session, Failure> {
        while let Some(mut session) = self.idle.take() {
            if session.mail_from(&self.from).await.is_ok() {
                return Ok(session);
            }
        }
        let begun_at = Instant::now();
        self.gate.pass(begun_at, self.patience.attempt).map_err(Failure::NotBegun)?;
        match self.begin().await {
            Ok(session) => {
                self.gate.open();
                Ok(session)
            }
            Err(failure) => {
                self.gate.close(begun_at, Instant::now(), &failure.why());
                Err(failure)
            }
        }
    }

    async fn begin(&self) -> Result<Session, Failure> {
        let mut session = Session::begin(&self.server, &self.login).await?;
        session.mail_from(&self.from).await?;
        Ok(session)
    }
}

impl Idle {
    fn take(&self) -> Option<Session> {
        self.lock().sessions.pop().map(|(_, session)| session)
    }

    /// Keeps a session for the next message, and sees to it that it is not kept for ever.
    fn keep(self: &Arc<Self>, session: Session) {
        let mut idle = self.lock();
        idle.sessions.push((Instant::now(), session));
        if !std::mem::replace(&mut idle.has_sweeper, true) {
            tokio::spawn(sweep(Arc::clone(self)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, IdleSessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that nobody has used for long; and whether there are others.
    fn overdue(&self) -> (Vec<Session>, bool) {
        let mut idle = self.lock();
        let since = Instant::now();
        let (old, kept): (Vec<_>, Vec<_>) =
            idle.sessions.drain(..).partition(|(used_at, _)| since - *used_at >= IDLE);
        idle.sessions = kept;
        idle.has_sweeper = !idle.sessions.is_empty();
        (old.into_iter().map(|(_, session)| session).collect(), idle.has_sweeper)
    }
}

async fn sweep(idle: Arc<Idle>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let (overdue, goes_on) = idle.overdue();
        for session in overdue {
            let _ = timeout(GOODBYE, session.end()).await;
        }
        if !goes_on {
            return;
        }
    }
}
