//! What DescribeKey tells of a key.

use crate::key::{Key, KeyState};
use crate::saved::{SavedKey, SavedState};
use crate::scope::{KeyId, Scope};

/// What there is to tell of a key. What all keys here have in common is left out: they are
/// symmetric, for encryption, of one region, and their material is of KMS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyMetadata {
    /// Where it belongs.
    pub scope: Scope,
    /// Its id.
    pub id: KeyId,
    /// Its ARN.
    pub arn: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// What people wrote about it.
    pub description: String,
    /// Its state.
    pub state: KeyState,
    /// Whether it was made for a service.
    pub is_managed: bool,
    /// The material that encrypts: 64 hexadecimal digits.
    pub current_material: String,
}

impl KeyMetadata {
    /// Of a key.
    pub fn of(key: &Key) -> Self {
        Self::of_saved(key.scope(), key.id(), key.saved())
    }

    pub(crate) fn of_saved(scope: &Scope, id: KeyId, saved: &SavedKey) -> Self {
        let state = match saved.state {
            SavedState::Enabled => KeyState::Enabled,
            SavedState::Disabled => KeyState::Disabled,
            SavedState::PendingDeletion { delete_at_ms, window_days } => {
                KeyState::PendingDeletion { delete_at_ms, window_days }
            }
        };
        Self {
            scope: scope.clone(),
            id,
            arn: scope.key_arn(id),
            created_at_ms: saved.created_at_ms,
            description: saved.description.clone(),
            state,
            is_managed: saved.managed_by.is_some(),
            current_material: saved.materials.last().map(|m| m.id.clone()).unwrap_or_default(),
        }
    }

    /// `Enabled`, `Disabled` or `PendingDeletion`.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion { .. } => "PendingDeletion",
        }
    }
}
