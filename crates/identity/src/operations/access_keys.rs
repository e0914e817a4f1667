//! Access keys, of users and of the root user. Without a name they are the caller's own.

use super::{AccessKeyView, Checks, Decided, Decider, LastUseView, Output, PageRequest, seen};
use crate::directory::Writes;
use crate::entry::{self, EntityKind, EntryKey, SavedAccessKey, SavedRoot, SavedUser};
use crate::fault::{Code, IdentityFault};
use crate::names::root_arn;

/// Whose keys they are: what is saved of them.
enum Keyed<'a> {
    Root(SavedRoot),
    User(&'a str, Box<SavedUser>),
}

impl Keyed<'_> {
    fn keys(&self) -> &[SavedAccessKey] {
        match self {
            Self::Root(saved) => &saved.access_keys,
            Self::User(_, saved) => &saved.access_keys,
        }
    }

    fn keys_mut(&mut self) -> &mut Vec<SavedAccessKey> {
        match self {
            Self::Root(saved) => &mut saved.access_keys,
            Self::User(_, saved) => &mut saved.access_keys,
        }
    }

    fn user_name(&self) -> Option<String> {
        match self {
            Self::Root(_) => None,
            Self::User(_, saved) => Some(saved.name.clone()),
        }
    }
}

impl Decider<'_> {
    pub(super) fn create_access_key(&self, user: Option<&str>) -> Decided {
        let mut keyed = self.keyed(user)?;
        let name = keyed.user_name();
        let (account, keys) = (self.account_id, keyed.keys_mut());
        let new = self.directory.new_access_key(account, name, keys, self.now_ms, self.random)?;
        Ok((self.put_keyed(&keyed)?, Output::NewAccessKey(new)))
    }

    pub(super) fn list_access_keys(&self, user: Option<&str>, page: &PageRequest) -> Decided {
        let keyed = self.keyed(user)?;
        let user_name = keyed.user_name();
        let mut keys: Vec<&SavedAccessKey> = keyed.keys().iter().collect();
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        let list = keys.into_iter().map(|key| (key.id.clone(), key));
        seen(Output::AccessKeys(page.cut(list)?.map(|key| AccessKeyView {
            user_name: user_name.clone(),
            id: key.id.clone(),
            status: if key.is_active { "Active" } else { "Inactive" },
            created_at_ms: key.created_at_ms,
        })))
    }

    pub(super) fn update_access_key(&self, user: Option<&str>, id: &str, status: &str) -> Decided {
        let mut checks = Checks::default();
        if !matches!(status, "Active" | "Inactive") {
            checks.fail("status", "Member must satisfy enum value set: [Active, Inactive]");
        }
        checks.finish()?;
        let mut keyed = self.keyed(user)?;
        let key = keyed.keys_mut().iter_mut().find(|key| key.id == id).ok_or_else(|| no_key(id))?;
        key.is_active = status == "Active";
        Ok((self.put_keyed(&keyed)?, Output::Done))
    }

    pub(super) fn delete_access_key(&self, user: Option<&str>, id: &str) -> Decided {
        let mut keyed = self.keyed(user)?;
        let at = keyed.keys().iter().position(|key| key.id == id).ok_or_else(|| no_key(id))?;
        keyed.keys_mut().remove(at);
        Ok((self.put_keyed(&keyed)?, Output::Done))
    }

    /// A key of another account is as unknown as one that does not exist.
    pub(super) fn access_key_last_used(&self, id: &str) -> Decided {
        let held = self.directory.access_keys.get(id);
        let held = held.filter(|held| held.holder.0 == self.account_id).ok_or_else(|| {
            let text = format!(
                "User: {} is not authorized to perform iam:GetAccessKeyLastUsed on resource: \
                 access key {id}",
                self.principal.arn()
            );
            IdentityFault::new(Code::AccessDenied, text)
        })?;
        let user = held.holder.1.as_deref().and_then(|id| self.account.users.find_id(id));
        let user_name = user.map(|(_, user)| user.saved.name.clone());
        let (at_ms, service, region) = match held.last_use() {
            Some((at_ms, service, region)) => (Some(at_ms), service, region),
            None => (None, "N/A".to_owned(), "N/A".to_owned()),
        };
        seen(Output::LastUse(LastUseView { user_name, at_ms, service, region }))
    }

    fn keyed(&self, user: Option<&str>) -> Result<Keyed<'_>, IdentityFault> {
        if user.is_none() && self.principal.arn() == root_arn(self.account_id) {
            let root = self.account.root.as_ref();
            return Ok(Keyed::Root(root.map(|root| root.saved.clone()).unwrap_or_default()));
        }
        let (id, user) = self.user_or_caller(user)?;
        Ok(Keyed::User(id, Box::new(user.saved.clone())))
    }

    fn put_keyed(&self, keyed: &Keyed<'_>) -> Result<Writes, IdentityFault> {
        match keyed {
            Keyed::Root(saved) => {
                let key = EntryKey::Root(self.account_id).to_string();
                Ok(vec![(key, Some(entry::write(saved)))])
            }
            Keyed::User(id, saved) => self.put(EntityKind::User, id, saved),
        }
    }
}

fn no_key(id: &str) -> IdentityFault {
    IdentityFault::no_such(format!("The Access Key with id {id} cannot be found."))
}
