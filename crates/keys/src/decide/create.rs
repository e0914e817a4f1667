//! New keys.

use tidings_core::names::Uuid;

use super::{Decision, tags};
use crate::change::Output;
use crate::fault::{KeyCode, KeyFault};
use crate::key::new_material;
use crate::limits;
use crate::manager::ManagedBy;
use crate::metadata::KeyMetadata;
use crate::policy::KeyPolicy;
use crate::random::Random;
use crate::saved::{Alias, EntryKey, MadeBy, SavedAlias, SavedKey, SavedRotation, SavedState};
use crate::scope::{KeyId, Scope};
use crate::store::KeyStore;

impl KeyStore {
    pub(super) fn create_key(
        &self,
        caller: &Scope,
        policy: Option<KeyPolicy>,
        description: String,
        tags: Vec<(String, String)>,
        now_ms: u64,
        random: &mut Random,
    ) -> Decision {
        self.check_scope(caller)?;
        let kept = self.scopes.get(caller).map_or(0, |holdings| holdings.keys.len());
        if kept >= limits::KEYS_MAX {
            let text = "The quota of KMS keys in this account and Region has been reached.";
            return Err(KeyFault::new(KeyCode::LimitExceeded, text));
        }
        let policy = policy.unwrap_or_else(|| KeyPolicy::default_of(caller));
        let (id, mut saved) = self.new_key(caller, &policy, now_ms, random);
        saved.description = description;
        saved.tags = tags::merged(&saved.tags, tags)?;
        let metadata = KeyMetadata::of_saved(caller, id, &saved);
        let write = EntryKey::Key(caller.clone(), id).set(&saved);
        Ok((vec![write], Output::Key(Box::new(metadata))))
    }

    /// A managed key comes with its alias, and is rotated every year.
    pub(super) fn create_managed_key(
        &self,
        caller: &Scope,
        manager: ManagedBy,
        now_ms: u64,
        random: &mut Random,
    ) -> Decision {
        if self.alias(caller, manager.alias()).is_some() {
            return Ok((Vec::new(), Output::Done));
        }
        self.check_scope(caller)?;
        let policy = KeyPolicy::of_managed(caller, manager);
        let (id, mut saved) = self.new_key(caller, &policy, now_ms, random);
        saved.managed_by = Some(manager.service().to_owned());
        saved.description = manager.description().to_owned();
        let (_, _, period_days) = limits::ROTATION_PERIOD_DAYS;
        saved.rotation = Some(SavedRotation { period_days, since_ms: now_ms });
        let alias = Alias { target: id, created_at_ms: now_ms, updated_at_ms: now_ms };
        let alias_entry = EntryKey::Alias(caller.clone(), manager.alias().to_owned());
        let writes = vec![
            EntryKey::Key(caller.clone(), id).set(&saved),
            alias_entry.set(&SavedAlias::from(alias)),
        ];
        Ok((writes, Output::Done))
    }

    /// Whether there may be keys in this account and region.
    fn check_scope(&self, scope: &Scope) -> Result<(), KeyFault> {
        if self.scopes.len() < limits::SCOPES_MAX || self.scopes.contains_key(scope) {
            return Ok(());
        }
        let text = "There are keys in as many accounts and regions as there may be.";
        Err(KeyFault::new(KeyCode::LimitExceeded, text))
    }

    fn new_key(
        &self,
        scope: &Scope,
        policy: &KeyPolicy,
        now_ms: u64,
        random: &mut Random,
    ) -> (KeyId, SavedKey) {
        let id = Uuid::from_random(u128::from_be_bytes(random.take()));
        let arn = scope.key_arn(id);
        let material = new_material(&arn, MadeBy::Creation, now_ms, random, &self.sealer);
        let saved = SavedKey {
            created_at_ms: now_ms,
            managed_by: None,
            description: String::new(),
            state: SavedState::Enabled,
            policy: policy.text().to_owned(),
            tags: Default::default(),
            rotation: None,
            on_demand_rotations: 0,
            materials: vec![material],
        };
        (id, saved)
    }
}
