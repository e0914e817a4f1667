//! Mobile push: platform applications and endpoints, kept in the register; what is sent for them; and
//! what their owners are told.

mod credentials;
mod delivery;
mod events;

use std::sync::Arc;

use tidings_broker::{Broker, Failure, Keys};
use tidings_core::register::RegisterWrite;
use tidings_platforms::{Change, Checked, Decision, Event, PREFIX, Platforms, Random};
use tracing::warn;

pub(crate) use credentials::check;
pub(crate) use delivery::{
    Order, check_endpoint, check_publish, deliver, learn, order, tell_of_failure,
};
pub(crate) use events::tell;

use crate::plane::{ChangeFault, LoadError, Plane, Registered};
use credentials::ParsedCredentials;

/// What credentials are sealed for.
const PURPOSE: &str = "push";

/// Platform applications and endpoints. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct MobilePush {
    pub(crate) plane: Arc<Plane<Platforms>>,
    parsed: Arc<ParsedCredentials>,
}

impl Registered for Platforms {
    const PREFIX: &'static str = PREFIX;

    fn load(entries: &[(String, Arc<[u8]>)], keys: &Keys) -> Result<Self, String> {
        let entries = entries.iter().map(|(name, value)| (name.as_str(), &**value));
        Platforms::load(entries, keys.secrets(PURPOSE)).map_err(|damage| damage.to_string())
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        Platforms::apply(self, writes).map_err(|damage| damage.to_string())
    }
}

impl MobilePush {
    /// Reads applications and endpoints from a broker's register.
    ///
    /// # Errors
    /// If the register cannot be read, or one of its entries cannot be used.
    pub async fn open(broker: Broker) -> Result<Self, LoadError> {
        let mobile = Self { plane: Plane::open(broker).await?, parsed: Arc::default() };
        mobile.sweep_later();
        Ok(mobile)
    }

    /// Removes what deleted applications leave behind, in turns with what others change.
    pub(crate) fn sweep_later(&self) {
        if self.plane.look().sweep().is_empty() {
            return;
        }
        let mobile = self.clone();
        tokio::spawn(async move {
            // What fails is done after the next deletion, or the next start.
            while let Ok(false) = mobile.sweep().await {}
        });
    }

    /// Whether nothing is left to be removed.
    async fn sweep(&self) -> Result<bool, ChangeFault<()>> {
        self.plane
            .change(|platforms| {
                let writes = platforms.sweep();
                let is_done = writes.is_empty();
                Ok((writes, is_done))
            })
            .await
    }

    /// Changes what a push service had to say about. Returns what the owner is to be told.
    async fn learn(&self, change: Change) -> Option<Event> {
        let broker = self.plane.broker();
        let (now, random) = (broker.now(), Random::new(broker.random_bytes()));
        let changed = self.plane.change(|platforms| {
            let Decision { writes, event, .. } =
                platforms.decide(change, now, &random, &|_| Ok(Checked::default()))?;
            Ok((writes, event))
        });
        match changed.await {
            Ok(event) => event,
            Err(ChangeFault::Refused(refused)) => {
                let refused: tidings_core::rejection::TopicRejection = refused;
                warn!("an endpoint cannot be changed as its push service wants it: {refused}");
                None
            }
            Err(ChangeFault::Failed(failure)) => {
                let failure: Failure = failure;
                warn!("an endpoint cannot be changed now: {failure}");
                None
            }
        }
    }
}
