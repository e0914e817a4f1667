//! Aliases.

use super::Decision;
use crate::change::Output;
use crate::fault::{KeyCode, KeyFault};
use crate::key::{Key, Need};
use crate::limits;
use crate::saved::{Alias, EntryKey, SavedAlias};
use crate::scope::{KeyName, Scope, check_alias};
use crate::store::{KeyStore, no_alias};

impl KeyStore {
    pub(super) fn create_alias(
        &self,
        alias: String,
        key: &str,
        caller: &Scope,
        now_ms: u64,
    ) -> Decision {
        check_alias(&alias)?;
        let target = self.new_target(key, caller)?;
        if self.alias(caller, &alias).is_some() {
            let arn = caller.alias_arn(&alias);
            let text = format!("An alias with the name {arn} already exists");
            return Err(KeyFault::new(KeyCode::AlreadyExists, text));
        }
        self.check_room_for_alias(target)?;
        let saved = Alias { target: target.id(), created_at_ms: now_ms, updated_at_ms: now_ms };
        let write = EntryKey::Alias(caller.clone(), alias).set(&SavedAlias::from(saved));
        Ok((vec![write], Output::Done))
    }

    pub(super) fn update_alias(
        &self,
        alias: String,
        key: &str,
        caller: &Scope,
        now_ms: u64,
    ) -> Decision {
        check_alias(&alias)?;
        let earlier = self.alias(caller, &alias).ok_or_else(|| no_alias(caller, &alias))?;
        let target = self.new_target(key, caller)?;
        if target.id() != earlier.target {
            self.check_room_for_alias(target)?;
        }
        let saved = Alias { target: target.id(), updated_at_ms: now_ms, ..*earlier };
        let write = EntryKey::Alias(caller.clone(), alias).set(&SavedAlias::from(saved));
        Ok((vec![write], Output::Done))
    }

    pub(super) fn delete_alias(&self, alias: String, caller: &Scope) -> Decision {
        check_alias(&alias)?;
        self.alias(caller, &alias).ok_or_else(|| no_alias(caller, &alias))?;
        Ok((vec![EntryKey::Alias(caller.clone(), alias).remove()], Output::Done))
    }

    fn new_target(&self, key: &str, caller: &Scope) -> Result<&Key, KeyFault> {
        if matches!(KeyName::parse(key, caller)?, KeyName::Alias(..)) {
            return Err(KeyFault::validation("Aliases must refer to keys. Not aliases"));
        }
        self.own_key(key, caller, Need::NotPendingDeletion).map(|key| &**key)
    }

    fn check_room_for_alias(&self, key: &Key) -> Result<(), KeyFault> {
        if self.aliases_of(key).count() < limits::ALIASES_PER_KEY_MAX {
            return Ok(());
        }
        let text = format!("The quota of aliases has been reached for the key {}.", key.arn());
        Err(KeyFault::new(KeyCode::LimitExceeded, text))
    }
}
