//! Tags.

use std::collections::{BTreeMap, BTreeSet};

use super::Decision;
use crate::fault::{KeyCode, KeyFault};
use crate::key::Need;
use crate::limits;
use crate::scope::Scope;
use crate::store::KeyStore;

impl KeyStore {
    pub(super) fn tag(&self, key: &str, caller: &Scope, tags: Vec<(String, String)>) -> Decision {
        self.change_key(key, caller, Need::NotPendingDeletion, |saved| {
            saved.tags = merged(&saved.tags, tags)?;
            Ok(())
        })
    }

    pub(super) fn untag(&self, key: &str, caller: &Scope, tag_keys: &[String]) -> Decision {
        self.change_key(key, caller, Need::NotPendingDeletion, |saved| {
            saved.tags.retain(|tag_key, _| !tag_keys.contains(tag_key));
            Ok(())
        })
    }
}

/// Tags with others set over them.
pub(super) fn merged(
    tags: &BTreeMap<String, String>,
    set: Vec<(String, String)>,
) -> Result<BTreeMap<String, String>, KeyFault> {
    let fault = |text| Err(KeyFault::new(KeyCode::Tag, text));
    let mut keys = BTreeSet::new();
    if !set.iter().all(|(key, _)| keys.insert(key.as_str())) {
        return fault("Duplicate tag keys");
    }
    if keys.iter().any(|key| is_reserved(key)) {
        return fault("Tags beginning with aws: are reserved");
    }
    let mut merged = tags.clone();
    merged.extend(set);
    if merged.len() > limits::TAGS_MAX {
        return fault("Too many tags");
    }
    Ok(merged)
}

fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}
