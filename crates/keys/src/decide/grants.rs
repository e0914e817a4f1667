//! Grants.

use super::Decision;
use crate::change::{NewGrant, Output, Retired};
use crate::fault::{KeyCode, KeyFault};
use crate::grant::{GRANT_OPERATIONS, Grant, GrantId, read_token, token};
use crate::key::{Key, Need};
use crate::limits;
use crate::random::Random;
use crate::saved::EntryKey;
use crate::scope::Scope;
use crate::store::KeyStore;

impl KeyStore {
    pub(super) fn create_grant(
        &self,
        key: &str,
        caller: &Scope,
        new: NewGrant,
        now_ms: u64,
        random: &mut Random,
    ) -> Decision {
        // Also from another account, and on managed keys, where their policies allow it.
        let key = self.find_by_id(key, caller)?;
        key.check(Need::Enabled)?;
        let mut operations = new.operations;
        operations.sort();
        operations.dedup();
        if let Some(other) = operations.iter().find(|name| !is_grantable(name)) {
            let text = format!("{other} is not an operation that a grant on this key can permit.");
            return Err(KeyFault::validation(text));
        }
        let grant = Grant {
            name: new.name,
            grantee: new.grantee,
            retiring_principal: new.retiring_principal,
            operations,
            constraints: new.constraints,
            issuing_account: caller.account.to_string(),
            created_at_ms: now_ms,
        };
        if let Some(id) = self.same_grant(key, &grant) {
            return Ok((Vec::new(), Output::Grant { id, token: token(key.id(), id) }));
        }
        if self.grants.count_of(key.id()) >= limits::GRANTS_PER_KEY_MAX {
            let text = format!("The quota of grants has been reached for the key {}.", key.arn());
            return Err(KeyFault::new(KeyCode::LimitExceeded, text));
        }
        let id = GrantId(random.take());
        let write = entry(key, id).set(&grant);
        Ok((vec![write], Output::Grant { id, token: token(key.id(), id) }))
    }

    /// A grant without a name is a new one each time.
    fn same_grant(&self, key: &Key, grant: &Grant) -> Option<GrantId> {
        grant.name.as_ref()?;
        let mut of_grantee = self.grants.of_grantee(key.id(), &grant.grantee);
        of_grantee.find(|(_, other)| other.is_same(grant)).map(|(id, _)| id)
    }

    pub(super) fn revoke_grant(&self, key: &str, caller: &Scope, grant_id: &str) -> Decision {
        let key = self.find_by_id(key, caller)?;
        let (id, _) = self.find_grant(key, grant_id)?;
        Ok((vec![entry(key, id).remove()], Output::Done))
    }

    pub(super) fn retire_grant(&self, retired: &Retired, caller: &Scope) -> Decision {
        let (key, id, _) = self.find_retired(retired, caller)?;
        Ok((vec![entry(key, id).remove()], Output::Done))
    }

    /// The grant that RetireGrant names, and its key.
    ///
    /// # Errors
    /// InvalidGrantTokenException, InvalidGrantIdException, NotFoundException.
    pub fn find_retired(
        &self,
        retired: &Retired,
        caller: &Scope,
    ) -> Result<(&Key, GrantId, &Grant), KeyFault> {
        match retired {
            Retired::Id { key, grant_id } => {
                let key = self.find_by_id(key, caller)?;
                let (id, grant) = self.find_grant(key, grant_id)?;
                Ok((key, id, grant))
            }
            Retired::Token(text) => {
                let (key, id) = read_token(text)?;
                let key = self.key(key).filter(|key| key.scope().region == caller.region);
                let found = key.and_then(|key| Some((&**key, id, self.grant(key, id)?)));
                found.ok_or_else(|| no_grant(&id.to_string()))
            }
        }
    }

    fn find_grant(&self, key: &Key, grant_id: &str) -> Result<(GrantId, &Grant), KeyFault> {
        let Some(id) = GrantId::parse(grant_id) else {
            let text = "The grant ID is not one.";
            return Err(KeyFault::new(KeyCode::InvalidGrantId, text));
        };
        let grant = self.grant(key, id).ok_or_else(|| no_grant(grant_id))?;
        Ok((id, grant))
    }
}

fn is_grantable(operation: &str) -> bool {
    GRANT_OPERATIONS.contains(&operation)
}

fn entry(key: &Key, id: GrantId) -> EntryKey {
    EntryKey::Grant(key.scope().clone(), key.id(), id)
}

fn no_grant(id: &str) -> KeyFault {
    KeyFault::new(KeyCode::NotFound, format!("Grant ID {id} not found"))
}
