//! What there is in an account.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tidings_access::PolicyDocument;

use crate::entry::{SavedGroup, SavedPolicy, SavedRole, SavedRoot, SavedUser};
use crate::principal::{Principal, Rights};

/// An account. It is there as long as something is in it.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) root: Option<Root>,
    pub(crate) users: Entities<User>,
    pub(crate) groups: Entities<Group>,
    pub(crate) roles: Entities<Role>,
    pub(crate) policies: Entities<Policy>,
}

pub(crate) struct Root {
    pub(crate) saved: SavedRoot,
}

/// Each entity is what is saved of it, its ARN, and what follows: compiled documents, and what
/// they come to together with those of groups and managed policies (`settle.rs`).
pub(crate) struct User {
    pub(crate) saved: SavedUser,
    pub(crate) arn: String,
    pub(crate) inline: Box<[Arc<PolicyDocument>]>,
    pub(crate) rights: Arc<Rights>,
    pub(crate) principal: Arc<Principal>,
}

pub(crate) struct Group {
    pub(crate) saved: SavedGroup,
    pub(crate) arn: String,
    pub(crate) inline: Box<[Arc<PolicyDocument>]>,
}

pub(crate) struct Role {
    pub(crate) saved: SavedRole,
    pub(crate) arn: String,
    /// The trust policy as it was written, but for those whom it names and who have another ARN by
    /// now, or are gone.
    pub(crate) trust_policy: String,
    pub(crate) trust: Arc<PolicyDocument>,
    pub(crate) inline: Box<[Arc<PolicyDocument>]>,
    pub(crate) rights: Arc<Rights>,
}

pub(crate) struct Policy {
    pub(crate) saved: SavedPolicy,
    pub(crate) arn: String,
    /// The default version.
    pub(crate) document: Arc<PolicyDocument>,
}

/// What has a name that is unique in its account, whatever the case.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

/// All entities of a kind, by unique id and by name.
pub(crate) struct Entities<T> {
    by_id: HashMap<String, T>,
    /// Names in lower case, in order, and unique ids.
    by_name: BTreeMap<String, String>,
}

impl Account {
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.roles.is_empty()
            && self.policies.is_empty()
    }
}

impl<T> Default for Entities<T> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), by_name: BTreeMap::new() }
    }
}

impl<T: Named> Entities<T> {
    /// Puts an entity in the place of what had its id. `Err` gives it back if another has its name.
    pub(crate) fn set(&mut self, id: &str, entity: T) -> Result<(), T> {
        let name = entity.name().to_lowercase();
        if self.by_name.get(&name).is_some_and(|other| other != id) {
            return Err(entity);
        }
        self.remove(id);
        self.by_name.insert(name, id.to_owned());
        self.by_id.insert(id.to_owned(), entity);
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let entity = self.by_id.remove(id)?;
        self.by_name.remove(&entity.name().to_lowercase());
        Some(entity)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.by_id.get_mut(id)
    }

    /// The entity of this unique id, with it.
    pub(crate) fn find_id(&self, id: &str) -> Option<(&str, &T)> {
        self.by_id.get_key_value(id).map(|(id, entity)| (id.as_str(), entity))
    }

    /// The entity of this name in whatever case, with its unique id.
    pub(crate) fn find(&self, name: &str) -> Option<(&str, &T)> {
        let id = self.by_name.get(&name.to_lowercase())?;
        Some((id, self.by_id.get(id)?))
    }

    /// All, with their unique ids, in the order of names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.by_name.values().filter_map(|id| self.find_id(id))
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.by_name.values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

impl Named for User {
    fn name(&self) -> &str {
        &self.saved.name
    }
}

impl Named for Group {
    fn name(&self) -> &str {
        &self.saved.name
    }
}

impl Named for Role {
    fn name(&self) -> &str {
        &self.saved.name
    }
}

impl Named for Policy {
    fn name(&self) -> &str {
        &self.saved.name
    }
}
