//! Lists, page by page.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fault::KeyFault;
use crate::grant::{Grant, GrantId};
use crate::key::{Key, MaterialInfo};
use crate::manager::ManagedBy;
use crate::saved::MadeBy;
use crate::scope::{KeyId, Scope};
use crate::store::KeyStore;

/// Part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// At most as many as asked for.
    pub items: Vec<T>,
    /// What to ask for the rest with, if there is more.
    pub next_marker: Option<String>,
}

/// An alias, as ListAliases tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasInfo {
    /// Its name, which begins with `alias/`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Where it leads, with the times of its creation and its last change in milliseconds since
    /// 1970; none for that of a managed key that was not needed yet.
    pub target: Option<(KeyId, u64, u64)>,
}

impl KeyStore {
    /// The ids of an account's keys in a region, in their order.
    ///
    /// # Errors
    /// InvalidMarkerException.
    pub fn list_keys(
        &self,
        scope: &Scope,
        marker: Option<&str>,
        limit: usize,
    ) -> Result<Page<KeyId>, KeyFault> {
        let after = marker.map(read_marker).transpose()?;
        let start = match &after {
            Some(after) => {
                Bound::Excluded(KeyId::parse(after).ok_or_else(KeyFault::invalid_marker)?)
            }
            None => Bound::Unbounded,
        };
        let keys = self.scopes.get(scope).map(|holdings| &holdings.keys);
        let ids = keys.into_iter().flat_map(|keys| keys.range((start, Bound::Unbounded)));
        Ok(page(ids.copied(), limit, KeyId::to_string))
    }

    /// The aliases of an account in a region, or only those of one key, in the order of their names.
    ///
    /// # Errors
    /// InvalidMarkerException.
    pub fn list_aliases(
        &self,
        scope: &Scope,
        key: Option<&Key>,
        marker: Option<&str>,
        limit: usize,
    ) -> Result<Page<AliasInfo>, KeyFault> {
        let after = marker.map(read_marker).transpose()?.unwrap_or_default();
        let info = |name: &str| {
            let alias = self.alias(scope, name);
            let target =
                alias.map(|alias| (alias.target, alias.created_at_ms, alias.updated_at_ms));
            AliasInfo { name: name.to_owned(), arn: scope.alias_arn(name), target }
        };
        let marker_of = |info: &AliasInfo| info.name.clone();
        if let Some(key) = key {
            let names = self.aliases_of(key).filter(|name| **name > *after);
            return Ok(page(names.map(info), limit, marker_of));
        }
        let is_unmade = |name: &str| *name > *after && self.alias(scope, name).is_none();
        let start = (Bound::Excluded(after.as_str()), Bound::Unbounded);
        let made = self.scopes.get(scope).map(|holdings| &holdings.aliases);
        let made = made.into_iter().flat_map(|aliases| aliases.range::<str, _>(start));
        let mut names: Vec<&str> = made.map(|(name, _)| name.as_str()).take(limit + 1).collect();
        for managed in ManagedBy::ALL {
            names.extend(Some(managed.alias()).filter(|name| is_unmade(name)));
        }
        names.sort_unstable();
        Ok(page(names.into_iter().map(info), limit, marker_of))
    }

    /// The grants on a key, in the order of their ids; only one of them, or only those for a
    /// grantee, if asked for.
    ///
    /// # Errors
    /// InvalidMarkerException.
    pub fn list_grants(
        &self,
        key: &Key,
        only: Option<&str>,
        grantee: Option<&str>,
        marker: Option<&str>,
        limit: usize,
    ) -> Result<Page<(GrantId, &Grant)>, KeyFault> {
        let after = marker.map(read_marker).transpose()?;
        let after = match &after {
            Some(after) => Some(GrantId::parse(after).ok_or_else(KeyFault::invalid_marker)?),
            None => None,
        };
        let wanted = only.map(GrantId::parse);
        let grants: Box<dyn Iterator<Item = (GrantId, &Grant)>> = match grantee {
            Some(grantee) => Box::new(self.grants.of_grantee(key.id(), grantee)),
            None => Box::new(self.grants.of_key(key.id())),
        };
        let grants = grants
            .filter(|(id, _)| after.is_none_or(|after| *id > after))
            .filter(|(id, _)| wanted.is_none_or(|wanted| wanted == Some(*id)));
        Ok(page(grants, limit, |(id, _)| id.to_string()))
    }
}

impl Key {
    /// Its tags, in the order of their keys.
    ///
    /// # Errors
    /// InvalidMarkerException.
    pub fn list_tags(
        &self,
        marker: Option<&str>,
        limit: usize,
    ) -> Result<Page<(&str, &str)>, KeyFault> {
        let after = marker.map(read_marker).transpose()?;
        let tags = self.tags().filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after));
        Ok(page(tags, limit, |(key, _)| (*key).to_owned()))
    }

    /// Its rotations, the oldest first; with `all` also the material it was created with.
    ///
    /// # Errors
    /// InvalidMarkerException.
    pub fn list_rotations(
        &self,
        all: bool,
        marker: Option<&str>,
        limit: usize,
    ) -> Result<Page<MaterialInfo>, KeyFault> {
        let after = marker.map(read_marker).transpose()?;
        let after: Option<usize> = match &after {
            Some(after) => Some(after.parse().map_err(|_| KeyFault::invalid_marker())?),
            None => None,
        };
        let numbered = self.materials().enumerate();
        let wanted = numbered
            .filter(|(_, material)| all || material.made_by != MadeBy::Creation)
            .filter(|(number, _)| after.is_none_or(|after| *number > after));
        let page = page(wanted, limit, |(number, _)| number.to_string());
        let items = page.items.into_iter().map(|(_, material)| material).collect();
        Ok(Page { items, next_marker: page.next_marker })
    }
}

/// The first of a list, and a marker made of the last of them if there are more.
fn page<T>(
    mut items: impl Iterator<Item = T>,
    limit: usize,
    marker_of: impl Fn(&T) -> String,
) -> Page<T> {
    let first: Vec<T> = items.by_ref().take(limit).collect();
    let has_more = items.next().is_some();
    let last = first.last().filter(|_| has_more);
    let next_marker = last.map(|last| STANDARD.encode(marker_of(last)));
    Page { items: first, next_marker }
}

fn read_marker(marker: &str) -> Result<String, KeyFault> {
    let bytes = STANDARD.decode(marker).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(KeyFault::invalid_marker)
}
