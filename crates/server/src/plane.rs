//! State that lies in the register: read by every request, changed by one at a time.
//!
//! ```text
//!   look ───────────────────────────► the state as it is durable, in memory
//!   change: decide ─► write ─► apply   under a lock that only other changes wait for
//! ```

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tidings_broker::{Broker, Failure, Keys, Unavailable};
use tidings_core::command::{Command, Reply};
use tidings_core::register::RegisterWrite;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::error;

/// What can be built from entries of the register and kept up with them.
pub(crate) trait Registered: Sized + Send + Sync + 'static {
    /// What its entries' names begin with.
    const PREFIX: &'static str;

    /// Builds it from all its entries, whose secrets `keys` seal; says which one cannot be used.
    fn load(entries: &[(String, Arc<[u8]>)], keys: &Keys) -> Result<Self, String>;

    /// Applies writes that are durable; says what is wrong if they are none of its own.
    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String>;
}

/// A state and the way to its entries.
pub(crate) struct Plane<S> {
    broker: Broker,
    state: RwLock<S>,
    /// Whose turn it is to change something.
    turn: Arc<Mutex<()>>,
}

/// Why nothing was changed, or perhaps was.
#[derive(Debug)]
pub(crate) enum ChangeFault<F> {
    /// It was decided so.
    Refused(F),
    /// The broker could not be asked, or does not know.
    Failed(Failure),
}

/// Why a state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The register cannot be read.
    #[error("the register cannot be read: {0}")]
    Unreadable(Failure),
    /// An entry cannot be used, and nothing may be served without it: it may be the one that denies.
    #[error("the register has an entry that cannot be used: {0}")]
    Damaged(String),
}

/// How long to wait before the register is read again when it could not be.
const RETRY_AFTER: Duration = Duration::from_millis(100);

impl<S: Registered> Plane<S> {
    pub(crate) async fn open(broker: Broker) -> Result<Arc<Self>, LoadError> {
        let state = RwLock::new(read(&broker).await?);
        Ok(Arc::new(Self { broker, state, turn: Arc::default() }))
    }

    /// Where the entries lie.
    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The state now. Do not hold it across a wait.
    pub(crate) fn look(&self) -> RwLockReadGuard<'_, S> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides something, and returns what came of it when it is durable and can be seen.
    ///
    /// A caller who goes away in between does not leave it half done.
    pub(crate) async fn change<T, F>(
        self: &Arc<Self>,
        decide: impl FnOnce(&S) -> Result<(Vec<RegisterWrite>, T), F>,
    ) -> Result<T, ChangeFault<F>> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let (writes, output) = decide(&self.look()).map_err(ChangeFault::Refused)?;
        if !writes.is_empty() {
            let written = tokio::spawn(Arc::clone(self).write(writes, turn)).await;
            let unknown = Err(Failure::Unavailable(Unavailable::Unknown));
            written.unwrap_or(unknown).map_err(ChangeFault::Failed)?;
        }
        Ok(output)
    }

    /// Keeps everybody else from changing anything.
    #[cfg(test)]
    pub(crate) async fn take_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Returns when somebody waits for a turn that another has.
    #[cfg(test)]
    pub(crate) async fn someone_waits(&self) {
        // The plane's own, the turn's, and one of whoever waits.
        while Arc::strong_count(&self.turn) < 3 {
            tokio::task::yield_now().await;
        }
    }

    async fn write(
        self: Arc<Self>,
        writes: Vec<RegisterWrite>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<(), Failure> {
        let written = self.broker.call(Command::WriteRegister { writes: writes.clone() }).await;
        let applied = match written {
            Ok(_) => self.state.write().unwrap_or_else(PoisonError::into_inner).apply(&writes),
            Err(failure) => {
                // It may have happened: what holds is what the register says.
                tokio::spawn(self.read_again(turn));
                return Err(failure);
            }
        };
        if let Err(problem) = applied {
            error!("an entry was written that cannot be used: {problem}");
            tokio::spawn(self.read_again(turn));
        }
        Ok(())
    }

    /// Reads the register until that succeeds, and lets nobody change anything meanwhile.
    async fn read_again(self: Arc<Self>, turn: OwnedMutexGuard<()>) {
        loop {
            match read(&self.broker).await {
                Ok(state) => {
                    *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
                    break;
                }
                Err(LoadError::Unreadable(Failure::Unavailable(Unavailable::Closing))) => break,
                Err(failed) => error!("cannot read the register again yet: {failed}"),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        drop(turn);
    }
}

async fn read<S: Registered>(broker: &Broker) -> Result<S, LoadError> {
    let entries = match broker.call(Command::ReadRegister { prefix: S::PREFIX.to_owned() }).await {
        Ok(Reply::Register(entries)) => entries,
        Ok(reply) => return Err(LoadError::Damaged(format!("not a register: {reply:?}"))),
        Err(failure) => return Err(LoadError::Unreadable(failure)),
    };
    S::load(&entries, broker.keys()).map_err(LoadError::Damaged)
}
