//! Changes: from what is asked to what is to be written. Nothing here changes the state.

mod aliases;
mod create;
mod grants;
mod keys;
mod rotation;
mod tags;

use std::sync::Arc;

use crate::change::{Change, Output};
use crate::fault::{KeyCode, KeyFault};
use crate::key::{Key, Need};
use crate::random::Random;
use crate::saved::{EntryKey, SavedKey, Write};
use crate::scope::Scope;
use crate::store::KeyStore;

/// What a change comes to.
type Decision = Result<(Vec<Write>, Output), KeyFault>;

impl KeyStore {
    /// Decides a change that the caller is allowed to make. `now_ms` is in milliseconds since 1970.
    ///
    /// The writes are to be made durable all at once, and then applied, before the next change is
    /// decided. There are none if the state is as asked for already.
    ///
    /// # Errors
    /// Those that the API reference has for the operation, with KMS's texts as far as they are
    /// known.
    pub fn decide(
        &self,
        change: Change,
        caller: &Scope,
        now_ms: u64,
        mut random: Random,
    ) -> Result<(Vec<Write>, Output), KeyFault> {
        let random = &mut random;
        match change {
            Change::CreateKey { policy, description, tags } => {
                self.create_key(caller, policy, description, tags, now_ms, random)
            }
            Change::CreateManagedKey(manager) => {
                self.create_managed_key(caller, manager, now_ms, random)
            }
            Change::EnableKey { key } => self.enable_key(&key, caller),
            Change::DisableKey { key } => self.disable_key(&key, caller),
            Change::ScheduleKeyDeletion { key, window_days } => {
                self.schedule_deletion(&key, caller, window_days, now_ms)
            }
            Change::CancelKeyDeletion { key } => self.cancel_deletion(&key, caller),
            Change::UpdateKeyDescription { key, description } => {
                self.update_description(&key, caller, description)
            }
            Change::PutKeyPolicy { key, policy } => self.put_policy(&key, caller, &policy),
            Change::TagResource { key, tags } => self.tag(&key, caller, tags),
            Change::UntagResource { key, tag_keys } => self.untag(&key, caller, &tag_keys),
            Change::CreateAlias { alias, key } => self.create_alias(alias, &key, caller, now_ms),
            Change::UpdateAlias { alias, key } => self.update_alias(alias, &key, caller, now_ms),
            Change::DeleteAlias { alias } => self.delete_alias(alias, caller),
            Change::EnableKeyRotation { key, period_days } => {
                self.enable_rotation(&key, caller, period_days, now_ms)
            }
            Change::DisableKeyRotation { key } => self.disable_rotation(&key, caller),
            Change::RotateKeyOnDemand { key } => {
                self.rotate_on_demand(&key, caller, now_ms, random)
            }
            Change::CreateGrant { key, grant } => {
                self.create_grant(&key, caller, grant, now_ms, random)
            }
            Change::RevokeGrant { key, grant_id } => self.revoke_grant(&key, caller, &grant_id),
            Change::RetireGrant(retired) => self.retire_grant(&retired, caller),
        }
    }

    /// A key of the caller's own account that people manage.
    fn own_key(&self, name: &str, caller: &Scope, need: Need) -> Result<&Arc<Key>, KeyFault> {
        let key = self.find_by_id(name, caller)?;
        if key.scope() != caller {
            return Err(KeyFault::not_found(key.arn()));
        }
        if key.managed_by().is_some() {
            let text =
                format!("{} is an AWS managed key, which only its service manages.", key.arn());
            return Err(KeyFault::new(KeyCode::UnsupportedOperation, text));
        }
        key.check(need)?;
        Ok(key)
    }

    /// Changes a key of the caller's own, and answers with nothing.
    fn change_key(
        &self,
        name: &str,
        caller: &Scope,
        need: Need,
        change: impl FnOnce(&mut SavedKey) -> Result<(), KeyFault>,
    ) -> Decision {
        let key = self.own_key(name, caller, need)?;
        let mut saved = key.to_saved();
        change(&mut saved)?;
        Ok((write_if_changed(key, &saved), Output::Done))
    }
}

fn write_if_changed(key: &Key, saved: &SavedKey) -> Vec<Write> {
    match saved == key.saved() {
        true => Vec::new(),
        false => vec![entry_of(key).set(saved)],
    }
}

pub(crate) fn entry_of(key: &Key) -> EntryKey {
    EntryKey::Key(key.scope().clone(), key.id())
}
