//! What is kept of keys, aliases and grants: entries of the register, each written whole.
//!
//! ```text
//!   keys/ACCOUNT/REGION/alias/NAME           SavedAlias
//!   keys/ACCOUNT/REGION/grant/KEY/GRANT      SavedGrant
//!   keys/ACCOUNT/REGION/key/KEY              SavedKey, its materials sealed
//! ```
//!
//! Values are JSON, so that a later release can add members. What a release removes or renames it
//! still reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidings_core::names::{AccountId, Region, Uuid};

use crate::grant::GrantId;
use crate::scope::{KeyId, Scope};

/// One entry of the register as it is to be: `None` removes it.
pub type Write = (String, Option<Vec<u8>>);

/// What the keys of all entries begin with.
pub const PREFIX: &str = "keys/";

/// What an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EntryKey {
    Alias(Scope, String),
    Grant(Scope, KeyId, GrantId),
    Key(Scope, KeyId),
}

impl EntryKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.splitn(4, '/');
        let account = AccountId::parse(parts.next()?)?;
        let scope = Scope { account, region: Region::parse(parts.next()?)? };
        match (parts.next()?, parts.next()?) {
            ("alias", rest) => Some(Self::Alias(scope, format!("alias/{rest}"))),
            ("grant", rest) => {
                let (key, grant) = rest.split_once('/')?;
                Some(Self::Grant(scope, Uuid::parse(key)?, GrantId::parse(grant)?))
            }
            ("key", id) => Some(Self::Key(scope, Uuid::parse(id)?)),
            _ => None,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let write = |scope: &Scope, rest: String| {
            format!("{PREFIX}{}/{}/{rest}", scope.account, scope.region.as_str())
        };
        match self {
            // The name begins with `alias/`.
            Self::Alias(scope, name) => write(scope, name.clone()),
            Self::Grant(scope, key, grant) => write(scope, format!("grant/{key}/{grant}")),
            Self::Key(scope, id) => write(scope, format!("key/{id}")),
        }
    }

    /// An entry as it is to be.
    pub(crate) fn set(&self, saved: &impl Serialize) -> Write {
        let value = serde_json::to_vec(saved).expect("texts and numbers can be written as JSON");
        (self.to_text(), Some(value))
    }

    /// An entry that is to go.
    pub(crate) fn remove(&self) -> Write {
        (self.to_text(), None)
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedKey {
    pub(crate) created_at_ms: u64,
    /// Of a managed key, the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) state: SavedState,
    pub(crate) policy: String,
    /// In the order of their keys.
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// Of a key that is rotated by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotation: Option<SavedRotation>,
    /// How often a rotation has been asked for.
    #[serde(default)]
    pub(crate) on_demand_rotations: u32,
    /// The oldest first. The last one encrypts, all decrypt.
    pub(crate) materials: Vec<SavedMaterial>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SavedState {
    Enabled,
    Disabled,
    PendingDeletion { delete_at_ms: u64, window_days: u32 },
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedRotation {
    pub(crate) period_days: u32,
    /// What the period counts from: when rotation was switched on, or happened last.
    pub(crate) since_ms: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedMaterial {
    /// 64 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) made_at_ms: u64,
    pub(crate) made_by: MadeBy,
    /// What a `Sealer` made of the bytes, as base64.
    pub(crate) sealed: String,
}

/// What a key material was made by.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// The key's creation.
    Creation,
    /// A rotation that was due.
    Automatic,
    /// A rotation that was asked for.
    OnDemand,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Alias {
    pub(crate) target: KeyId,
    pub(crate) created_at_ms: u64,
    pub(crate) updated_at_ms: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedAlias {
    pub(crate) target: String,
    pub(crate) created_at_ms: u64,
    pub(crate) updated_at_ms: u64,
}

impl From<Alias> for SavedAlias {
    fn from(alias: Alias) -> Self {
        let Alias { target, created_at_ms, updated_at_ms } = alias;
        Self { target: target.to_string(), created_at_ms, updated_at_ms }
    }
}

impl SavedAlias {
    pub(crate) fn open(self) -> Option<Alias> {
        let Self { target, created_at_ms, updated_at_ms } = self;
        Some(Alias { target: Uuid::parse(&target)?, created_at_ms, updated_at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scope;

    #[test]
    fn entries_have_readable_keys() {
        let key = Uuid::from_random(7);
        for (entry, text) in [
            (
                EntryKey::Alias(scope(), "alias/a/b".to_owned()),
                "keys/111122223333/us-east-1/alias/a/b".to_owned(),
            ),
            (EntryKey::Key(scope(), key), format!("keys/111122223333/us-east-1/key/{key}")),
            (
                EntryKey::Grant(scope(), key, GrantId([0xab; 32])),
                format!("keys/111122223333/us-east-1/grant/{key}/{}", "ab".repeat(32)),
            ),
        ] {
            assert_eq!(entry.to_text(), text);
            assert_eq!(EntryKey::parse(&text), Some(entry));
        }
        for text in [
            "",
            "keys/",
            "identity/111122223333/us-east-1/key/x",
            "keys/1/us-east-1/alias/a",
            "keys/111122223333/US/alias/a",
            "keys/111122223333/us-east-1/key/x",
            "keys/111122223333/us-east-1/key",
            "keys/111122223333/us-east-1/grant/x",
            "keys/111122223333/us-east-1/thing/x",
        ] {
            assert_eq!(EntryKey::parse(text), None, "{text}");
        }
    }
}
