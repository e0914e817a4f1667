//! Register entries: their keys, and the JSON in them.
//!
//! ```text
//!   identity/ACCOUNT/root              the root user's access keys
//!   identity/ACCOUNT/user/AIDA…        a user, its access keys, its groups
//!   identity/ACCOUNT/group/AGPA…       a group
//!   identity/ACCOUNT/role/AROA…        a role
//!   identity/ACCOUNT/policy/ANPA…      a customer managed policy with its versions
//! ```
//!
//! An entry is known by its unique id, so that a new name changes one entry only. Members may be
//! added to these structures; what they mean must stay.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tidings_core::names::AccountId;

use crate::fault::Damage;

/// What every key of ours begins with.
pub const PREFIX: &str = "identity/";

/// Names and values.
pub(crate) type Tags = Vec<(String, String)>;

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum EntityKind {
    User,
    Group,
    Role,
    Policy,
}

impl EntityKind {
    pub(crate) const ALL: [Self; 4] = [Self::User, Self::Group, Self::Role, Self::Policy];

    /// As keys, ARNs and error texts have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }

    /// What unique ids begin with. IAM user guide, "IAM identifiers".
    pub(crate) fn id_prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::Policy => "ANPA",
        }
    }
}

/// An entry's key, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EntryKey {
    Root(AccountId),
    Entity(AccountId, EntityKind, String),
}

impl EntryKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('/');
        let account = AccountId::parse(parts.next()?)?;
        let kind = parts.next()?;
        let key = match parts.next() {
            None if kind == "root" => Self::Root(account),
            None => return None,
            Some(id) => {
                let kind = EntityKind::ALL.into_iter().find(|known| known.name() == kind)?;
                let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
                is_id.then(|| Self::Entity(account, kind, id.to_owned()))?
            }
        };
        parts.next().is_none().then_some(key)
    }

    pub(crate) fn account(&self) -> AccountId {
        match self {
            Self::Root(account) | Self::Entity(account, ..) => *account,
        }
    }
}

impl std::fmt::Display for EntryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root(account) => write!(f, "{PREFIX}{account}/root"),
            Self::Entity(account, kind, id) => write!(f, "{PREFIX}{account}/{}/{id}", kind.name()),
        }
    }
}

/// What is saved of a root user.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedRoot {
    #[serde(default)]
    pub(crate) access_keys: Vec<SavedAccessKey>,
}

/// What is saved of an access key.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedAccessKey {
    pub(crate) id: String,
    /// The secret, sealed and in base64; the context is the access key id.
    pub(crate) sealed_secret: String,
    pub(crate) is_active: bool,
    pub(crate) created_at_ms: u64,
}

/// What is saved of the policies of a user, group or role.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedPolicies {
    /// Inline ones by name, as they were written.
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, String>,
    /// ARNs of managed ones, in the order of attachment.
    #[serde(default)]
    pub(crate) attached: Vec<String>,
    /// The ARN of the permissions boundary.
    #[serde(default)]
    pub(crate) boundary: Option<String>,
}

/// What is saved of a user.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedUser {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) created_at_ms: u64,
    #[serde(default)]
    pub(crate) tags: Tags,
    #[serde(default)]
    pub(crate) policies: SavedPolicies,
    /// Unique ids, in the order of joining.
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) access_keys: Vec<SavedAccessKey>,
}

/// What is saved of a group.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedGroup {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) created_at_ms: u64,
    #[serde(default)]
    pub(crate) policies: SavedPolicies,
}

/// What is saved of a role.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedRole {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) created_at_ms: u64,
    /// The trust policy, as it was written.
    pub(crate) trust_policy: String,
    /// Users and roles that it names: the ARN as written, and the unique id that it was then. Who is
    /// given that ARN later is somebody else.
    #[serde(default)]
    pub(crate) trusted: BTreeMap<String, String>,
    pub(crate) session_seconds_max: u32,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
    #[serde(default)]
    pub(crate) policies: SavedPolicies,
}

/// What is saved of a customer managed policy.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedPolicy {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) created_at_ms: u64,
    pub(crate) updated_at_ms: u64,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
    /// In the order of their numbers.
    pub(crate) versions: Vec<SavedVersion>,
    /// The number of the one that applies.
    pub(crate) default_version: u32,
    /// The number of the newest that ever was: none comes twice.
    pub(crate) last_version: u32,
}

/// What is saved of a version.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedVersion {
    pub(crate) number: u32,
    pub(crate) document: String,
    pub(crate) created_at_ms: u64,
}

pub(crate) fn read<T: DeserializeOwned>(key: &EntryKey, value: &[u8]) -> Result<T, Damage> {
    // The error of serde_json quotes no values, only names and places.
    serde_json::from_slice(value).map_err(|error| Damage::new(&key.to_string(), error.to_string()))
}

pub(crate) fn write<T: Serialize>(saved: &T) -> Vec<u8> {
    serde_json::to_vec(saved).expect("texts, numbers and maps with text keys are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in [
            "identity/123456789012/root",
            "identity/123456789012/user/AIDA2",
            "identity/000000000000/policy/ANPA2",
        ] {
            assert_eq!(EntryKey::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "identity/",
            "identity/1/root",
            "identity/123456789012",
            "identity/123456789012/user",
            "identity/123456789012/user/",
            "identity/123456789012/user/A/B",
            "identity/123456789012/user/Ä",
            "identity/123456789012/root/A",
            "identity/123456789012/thing/A",
            "keys/123456789012/root",
        ] {
            assert_eq!(EntryKey::parse(text), None, "{text}");
        }
    }
}
