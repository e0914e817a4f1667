//! A key's state, its description and its policy.

use super::{Decision, write_if_changed};
use crate::change::Output;
use crate::fault::KeyFault;
use crate::key::{Need, later};
use crate::policy::KeyPolicy;
use crate::saved::SavedState;
use crate::scope::Scope;
use crate::store::KeyStore;

impl KeyStore {
    pub(super) fn enable_key(&self, key: &str, caller: &Scope) -> Decision {
        self.set_state(key, caller, SavedState::Enabled)
    }

    pub(super) fn disable_key(&self, key: &str, caller: &Scope) -> Decision {
        self.set_state(key, caller, SavedState::Disabled)
    }

    fn set_state(&self, key: &str, caller: &Scope, state: SavedState) -> Decision {
        self.change_key(key, caller, Need::NotPendingDeletion, |saved| {
            saved.state = state;
            Ok(())
        })
    }

    pub(super) fn schedule_deletion(
        &self,
        key: &str,
        caller: &Scope,
        window_days: u32,
        now_ms: u64,
    ) -> Decision {
        let key = self.own_key(key, caller, Need::NotPendingDeletion)?;
        let delete_at_ms = later(now_ms, window_days);
        let mut saved = key.to_saved();
        saved.state = SavedState::PendingDeletion { delete_at_ms, window_days };
        let arn = key.arn().to_owned();
        let output = Output::Scheduled { arn, delete_at_ms, window_days };
        Ok((write_if_changed(key, &saved), output))
    }

    pub(super) fn cancel_deletion(&self, key: &str, caller: &Scope) -> Decision {
        let key = self.own_key(key, caller, Need::PendingDeletion)?;
        let mut saved = key.to_saved();
        saved.state = SavedState::Disabled;
        let output = Output::Named { arn: key.arn().to_owned(), id: key.id().to_string() };
        Ok((write_if_changed(key, &saved), output))
    }

    pub(super) fn update_description(
        &self,
        key: &str,
        caller: &Scope,
        description: String,
    ) -> Decision {
        self.change_key(key, caller, Need::NotPendingDeletion, |saved| {
            saved.description = description;
            Ok(())
        })
    }

    /// In any state.
    pub(super) fn put_policy(&self, key: &str, caller: &Scope, policy: &KeyPolicy) -> Decision {
        let set = |saved: &mut crate::saved::SavedKey| -> Result<(), KeyFault> {
            saved.policy = policy.text().to_owned();
            Ok(())
        };
        self.change_key(key, caller, Need::Nothing, set)
    }
}
