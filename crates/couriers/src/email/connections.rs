//! Connections to the mail server: a few, each used again while it is wanted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::Address;
use tidings_core::limits::EMAIL_IDLE_SECONDS;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::session::{Failure, Login, Session, Taken};
use super::wire::MailServer;
use crate::gate::Gate;

const IDLE: Duration = Duration::from_secs(EMAIL_IDLE_SECONDS);
/// How long a server may take to say goodbye. Nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(2);

/// All connections to one server.
pub(super) struct Connections {
    server: MailServer,
    login: Login,
    from: Address,
    gate: Gate,
    room: Semaphore,
    attempt_timeout: Duration,
    idle: Arc<Idle>,
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
        attempt_timeout: Duration,
    ) -> Self {
        let (gate, room, idle) = (Gate::default(), Semaphore::new(connections_max), Arc::default());
        Self { server, login, from, gate, room, attempt_timeout, idle }
    }

    /// Sends a message to one recipient. Give it up after `attempt_timeout`, with [`Self::hung`].
    pub(super) async fn send(&self, to: &Address, message: &[u8]) -> Result<Taken, Failure> {
        let _room = self.room().await;
        let mut session = self.session().await?;
        let outcome = session.send(to, message).await;
        let is_usable = match &outcome {
            Ok(_) => true,
            // The server is about to close the connection. RFC 5321, section 3.8.
            Err(Failure::Refused { code: 421, .. } | Failure::Lost { .. }) => false,
            Err(Failure::Refused { .. }) => session.reset().await,
        };
        if is_usable {
            self.idle.keep(session);
        }
        outcome
    }

    /// An attempt that was begun then got no answer in time: others need not wait as long.
    pub(super) fn hung(&self, begun_at: Instant, why: &str) {
        self.gate.close(begun_at, Instant::now(), why);
    }

    async fn room(&self) -> SemaphorePermit<'_> {
        self.room.acquire().await.expect("nobody closes it")
    }

    /// A session that has taken the sender's name: one that is kept, unless it was closed meanwhile,
    /// or a new one.
    async fn session(&self) -> Result<Session, Failure> {
        while let Some(mut session) = self.idle.take() {
            match session.mail_from(&self.from).await {
                Ok(()) => return Ok(session),
                Err(Failure::Refused { code: 421, .. } | Failure::Lost { .. }) => {}
                Err(refused) => {
                    if session.reset().await {
                        self.idle.keep(session);
                    }
                    return Err(refused);
                }
            }
        }
        let begun_at = Instant::now();
        self.gate.pass(begun_at, self.attempt_timeout).map_err(|why| Failure::Lost { why })?;
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
