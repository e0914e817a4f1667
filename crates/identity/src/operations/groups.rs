//! Groups, and who is in them.

use super::users::listed;
use super::{
    Checks, Decided, Decider, GroupView, Output, PageRequest, check_free, check_quota, seen, under,
};
use crate::directory::Group;
use crate::entry::{EntityKind, SavedGroup, SavedPolicies};
use crate::fault::IdentityFault;
use crate::limits;
use crate::names::arn;

impl Decider<'_> {
    pub(super) fn create_group(&self, name: &str, path: Option<&str>) -> Decided {
        let mut checks = Checks::default();
        checks.new_name(EntityKind::Group, "groupName", name);
        checks.path("path", path);
        checks.finish()?;
        check_free(&self.account.groups, EntityKind::Group, name, None)?;
        check_quota(self.account.groups.len(), "GroupsPerAccount", limits::GROUPS_MAX)?;
        let saved = SavedGroup {
            name: name.to_owned(),
            path: path.unwrap_or("/").to_owned(),
            created_at_ms: self.now_ms,
            policies: SavedPolicies::default(),
        };
        let id = self.random.unique_id(EntityKind::Group.id_prefix());
        let arn = arn(self.account_id, EntityKind::Group, &saved.path, name);
        let view = view(&id, &saved, arn);
        Ok((self.put(EntityKind::Group, &id, &saved)?, Output::Group(view)))
    }

    pub(super) fn get_group(&self, name: &str, page: &PageRequest) -> Decided {
        let (id, group) = self.group(name)?;
        let users = self.members(id).map(|(id, user)| (user.saved.name.to_lowercase(), (id, user)));
        let users = page.cut(users)?.map(|(id, user)| listed(id, user));
        seen(Output::Members(shown(id, group), users))
    }

    pub(super) fn list_groups(&self, path_prefix: Option<&str>, page: &PageRequest) -> Decided {
        let list = under(&self.account.groups, |group| &group.saved.path, path_prefix)?;
        seen(Output::Groups(page.cut(list)?.map(|(id, group)| shown(id, group))))
    }

    pub(super) fn update_group(
        &self,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.name("groupName", name);
        if let Some(new_name) = new_name {
            checks.new_name(EntityKind::Group, "newGroupName", new_name);
        }
        checks.path("newPath", new_path);
        checks.finish()?;
        let (id, group) = self.group(name)?;
        let mut saved = group.saved.clone();
        if let Some(new_name) = new_name {
            check_free(&self.account.groups, EntityKind::Group, new_name, Some(id))?;
            saved.name = new_name.to_owned();
        }
        if let Some(new_path) = new_path {
            saved.path = new_path.to_owned();
        }
        Ok((self.put(EntityKind::Group, id, &saved)?, Output::Done))
    }

    pub(super) fn delete_group(&self, name: &str) -> Decided {
        let (id, group) = self.group(name)?;
        let text = if self.members(id).next().is_some() {
            "Cannot delete entity, must remove users from group first."
        } else if !group.saved.policies.inline.is_empty() {
            "Cannot delete entity, must delete policies first."
        } else if !group.saved.policies.attached.is_empty() {
            "Cannot delete entity, must detach all policies first."
        } else {
            return Ok((self.take(EntityKind::Group, id), Output::Done));
        };
        Err(IdentityFault::conflict(text))
    }

    /// Joining twice changes nothing.
    pub(super) fn add_user_to_group(&self, group: &str, user: &str) -> Decided {
        let (user_id, user) = self.user(user)?;
        let (group_id, _) = self.group(group)?;
        let mut saved = user.saved.clone();
        if !saved.groups.iter().any(|id| id == group_id) {
            check_quota(saved.groups.len(), "GroupsPerUser", limits::GROUPS_OF_USER_MAX)?;
            saved.groups.push(group_id.to_owned());
        }
        Ok((self.put(EntityKind::User, user_id, &saved)?, Output::Done))
    }

    /// Leaving a group that one is not in changes nothing.
    pub(super) fn remove_user_from_group(&self, group: &str, user: &str) -> Decided {
        let (user_id, user) = self.user(user)?;
        let (group_id, _) = self.group(group)?;
        let mut saved = user.saved.clone();
        saved.groups.retain(|id| id != group_id);
        Ok((self.put(EntityKind::User, user_id, &saved)?, Output::Done))
    }

    pub(super) fn list_groups_for_user(&self, user: &str, page: &PageRequest) -> Decided {
        let (_, user) = self.user(user)?;
        let groups = user.saved.groups.iter().filter_map(|id| self.account.groups.find_id(id));
        let mut list: Vec<_> =
            groups.map(|(id, group)| (group.saved.name.to_lowercase(), (id, group))).collect();
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        seen(Output::Groups(page.cut(list.into_iter())?.map(|(id, group)| shown(id, group))))
    }

    fn members(&self, group_id: &str) -> impl Iterator<Item = (&str, &crate::directory::User)> {
        let is_in = move |id: &String| id == group_id;
        self.account.users.iter().filter(move |(_, user)| user.saved.groups.iter().any(is_in))
    }
}

fn shown(id: &str, group: &Group) -> GroupView {
    view(id, &group.saved, group.arn.clone())
}

fn view(id: &str, saved: &SavedGroup, arn: String) -> GroupView {
    let SavedGroup { path, name, created_at_ms, .. } = saved;
    let (path, name, id) = (path.clone(), name.clone(), id.to_owned());
    GroupView { path, name, id, arn, created_at_ms: *created_at_ms }
}
