//! From an access key id to who it stands for: on every request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tidings_core::names::AccountId;
use tidings_sigv4::SecretKey;

use super::{Credentials, Directory};
use crate::fault::CredentialFault;
use crate::principal::Principal;

/// An access key, ready for use.
pub(crate) struct HeldKey {
    secret: SecretKey,
    pub(crate) is_active: bool,
    /// The account and, unless it is the root user's, the user's unique id.
    pub(crate) holder: (AccountId, Option<String>),
    pub(crate) principal: Arc<Principal>,
    last_use: LastUse,
}

/// When and for what a key was last used. Kept in memory only: AWS tells it with a delay of hours,
/// so nobody may rest on it.
#[derive(Default)]
struct LastUse {
    /// In milliseconds since 1970; 0 if never.
    at_ms: AtomicU64,
    /// The service and the region.
    of: Mutex<(String, String)>,
}

/// How exactly the last use is known: writing it on every request would slow all of them down.
const LAST_USE_GRAIN_MS: u64 = 60_000;

impl HeldKey {
    pub(super) fn new(
        secret: SecretKey,
        is_active: bool,
        holder: (AccountId, Option<String>),
        principal: Arc<Principal>,
    ) -> Self {
        Self { secret, is_active, holder, principal, last_use: LastUse::default() }
    }

    /// When it was last used, in milliseconds since 1970, for which service and in which region.
    pub(crate) fn last_use(&self) -> Option<(u64, String, String)> {
        let at_ms = self.last_use.at_ms.load(Ordering::Relaxed);
        let (service, region) =
            self.last_use.of.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (at_ms > 0).then_some((at_ms, service, region))
    }
}

impl Directory {
    /// What an access key id stands for, at this time in milliseconds since 1970. The signature is
    /// still to be verified, with the secret that comes with it.
    ///
    /// For a long-term key this is one lookup. A session's token is opened the first time that it
    /// comes, and again when it has not come for long.
    ///
    /// # Errors
    /// Unknown or expired. An inactive key is unknown; so is a long-term one that comes with a
    /// session token, and a temporary one without.
    pub fn credentials(
        &self,
        access_key_id: &str,
        session_token: Option<&str>,
        now_ms: u64,
    ) -> Result<Credentials, CredentialFault> {
        if let Some(token) = session_token {
            return self.session_credentials(access_key_id, token, now_ms);
        }
        let held = self.access_keys.get(access_key_id).filter(|held| held.is_active);
        let held = held.ok_or(CredentialFault::Unknown)?;
        Ok(Credentials { secret: held.secret.clone(), principal: held.principal.clone() })
    }

    /// Notes that a long-term key was used to sign a request that was good: GetAccessKeyLastUsed
    /// tells. To the minute; nearly free.
    pub fn note_use(&self, access_key_id: &str, service: &str, region: &str, now_ms: u64) {
        let Some(held) = self.access_keys.get(access_key_id) else { return };
        let last_ms = held.last_use.at_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(last_ms) < LAST_USE_GRAIN_MS {
            return;
        }
        held.last_use.at_ms.store(now_ms, Ordering::Relaxed);
        let mut of = held.last_use.of.lock().unwrap_or_else(PoisonError::into_inner);
        *of = (service.to_owned(), region.to_owned());
    }
}
