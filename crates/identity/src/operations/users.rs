//! Users.

use super::tags::check_unlike;
use super::{
    Checks, Decided, Decider, Output, PageRequest, UserView, check_free, check_quota, seen, under,
};
use crate::directory::User;
use crate::entry::{EntityKind, SavedPolicies, SavedUser};
use crate::fault::IdentityFault;
use crate::limits;
use crate::names::{arn, root_arn};

impl Decider<'_> {
    pub(super) fn create_user(
        &self,
        name: &str,
        path: Option<&str>,
        boundary: Option<&str>,
        tags: &[(String, String)],
    ) -> Decided {
        let mut checks = Checks::default();
        checks.new_name(EntityKind::User, "userName", name);
        checks.path("path", path);
        checks.tags(tags);
        checks.finish()?;
        check_unlike(tags)?;
        self.check_boundary(boundary)?;
        check_free(&self.account.users, EntityKind::User, name, None)?;
        check_quota(self.account.users.len(), "UsersPerAccount", limits::USERS_MAX)?;
        let saved = SavedUser {
            name: name.to_owned(),
            path: path.unwrap_or("/").to_owned(),
            created_at_ms: self.now_ms,
            tags: tags.to_vec(),
            policies: SavedPolicies { boundary: boundary.map(str::to_owned), ..Default::default() },
            groups: Vec::new(),
            access_keys: Vec::new(),
        };
        let id = self.random.unique_id(EntityKind::User.id_prefix());
        let arn = arn(self.account_id, EntityKind::User, &saved.path, name);
        let view = view(&id, &saved, arn);
        Ok((self.put(EntityKind::User, &id, &saved)?, Output::User(view)))
    }

    pub(super) fn get_user(&self, name: Option<&str>) -> Decided {
        if name.is_none()
            && let Some(root) = self.root_as_user()
        {
            return seen(Output::User(root));
        }
        let (id, user) = self.user_or_caller(name)?;
        seen(Output::User(view(id, &user.saved, user.arn.clone())))
    }

    /// The root user, if it asks. It was made with its first access key.
    fn root_as_user(&self) -> Option<UserView> {
        let arn = root_arn(self.account_id);
        let is_root = self.principal.arn() == arn;
        let keys = self.account.root.as_ref().map(|root| root.saved.access_keys.as_slice());
        let created = keys.unwrap_or_default().iter().map(|key| key.created_at_ms).min();
        is_root.then(|| UserView {
            path: None,
            name: None,
            id: self.account_id.to_string(),
            arn,
            created_at_ms: created.unwrap_or(self.now_ms),
            boundary: None,
            tags: Vec::new(),
        })
    }

    pub(super) fn list_users(&self, path_prefix: Option<&str>, page: &PageRequest) -> Decided {
        let list = under(&self.account.users, |user| &user.saved.path, path_prefix)?;
        seen(Output::Users(page.cut(list)?.map(|(id, user)| listed(id, user))))
    }

    pub(super) fn update_user(
        &self,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.name("userName", name);
        if let Some(new_name) = new_name {
            checks.new_name(EntityKind::User, "newUserName", new_name);
        }
        checks.path("newPath", new_path);
        checks.finish()?;
        let (id, user) = self.user(name)?;
        let mut saved = user.saved.clone();
        if let Some(new_name) = new_name {
            check_free(&self.account.users, EntityKind::User, new_name, Some(id))?;
            saved.name = new_name.to_owned();
        }
        if let Some(new_path) = new_path {
            saved.path = new_path.to_owned();
        }
        Ok((self.put(EntityKind::User, id, &saved)?, Output::Done))
    }

    pub(super) fn delete_user(&self, name: &str) -> Decided {
        let (id, user) = self.user(name)?;
        let SavedUser { policies, groups, access_keys, .. } = &user.saved;
        let text = if !access_keys.is_empty() {
            "Cannot delete entity, must delete access keys first."
        } else if !policies.inline.is_empty() {
            "Cannot delete entity, must delete policies first."
        } else if !policies.attached.is_empty() {
            "Cannot delete entity, must detach all policies first."
        } else if !groups.is_empty() {
            "Cannot delete entity, must remove user from groups first."
        } else {
            return Ok((self.take(EntityKind::User, id), Output::Done));
        };
        Err(IdentityFault::conflict(text))
    }
}

/// A user in full.
fn view(id: &str, saved: &SavedUser, arn: String) -> UserView {
    UserView {
        path: Some(saved.path.clone()),
        name: Some(saved.name.clone()),
        id: id.to_owned(),
        arn,
        created_at_ms: saved.created_at_ms,
        boundary: saved.policies.boundary.clone(),
        tags: saved.tags.clone(),
    }
}

/// A user as lists show it. API reference, ListUsers: without boundary and tags.
pub(super) fn listed(id: &str, user: &User) -> UserView {
    let view = view(id, &user.saved, user.arn.clone());
    UserView { boundary: None, tags: Vec::new(), ..view }
}
