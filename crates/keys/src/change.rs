//! What can be asked to be changed, and what is answered.

use crate::grant::{Constraints, GrantId};
use crate::manager::ManagedBy;
use crate::metadata::KeyMetadata;
use crate::policy::KeyPolicy;

/// A change. `key` is an id or a key's ARN, as the request has it. Lengths have been checked.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the documented operation of its name, and its members")]
pub enum Change {
    CreateKey {
        /// The default policy if there is none.
        policy: Option<KeyPolicy>,
        description: String,
        tags: Vec<(String, String)>,
    },
    /// No operation: a managed key is made when it is first named.
    CreateManagedKey(ManagedBy),
    EnableKey {
        key: String,
    },
    DisableKey {
        key: String,
    },
    ScheduleKeyDeletion {
        key: String,
        window_days: u32,
    },
    CancelKeyDeletion {
        key: String,
    },
    UpdateKeyDescription {
        key: String,
        description: String,
    },
    PutKeyPolicy {
        key: String,
        policy: KeyPolicy,
    },
    TagResource {
        key: String,
        tags: Vec<(String, String)>,
    },
    UntagResource {
        key: String,
        tag_keys: Vec<String>,
    },
    CreateAlias {
        alias: String,
        key: String,
    },
    UpdateAlias {
        alias: String,
        key: String,
    },
    DeleteAlias {
        alias: String,
    },
    EnableKeyRotation {
        key: String,
        period_days: u32,
    },
    DisableKeyRotation {
        key: String,
    },
    RotateKeyOnDemand {
        key: String,
    },
    CreateGrant {
        key: String,
        grant: NewGrant,
    },
    RevokeGrant {
        key: String,
        grant_id: String,
    },
    RetireGrant(Retired),
}

/// A grant to be created.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// What its author calls it.
    pub name: Option<String>,
    /// The ARN of whoever is permitted.
    pub grantee: String,
    /// The ARN of whoever may end it.
    pub retiring_principal: Option<String>,
    /// What is permitted, without `kms:`.
    pub operations: Vec<String>,
    /// In which encryption contexts.
    pub constraints: Constraints,
}

/// The grant that RetireGrant names.
#[derive(Clone, Debug)]
pub enum Retired {
    /// By its token.
    Token(String),
    /// By the key's ARN or id, and its own id.
    Id {
        /// The key.
        key: String,
        /// The grant.
        grant_id: String,
    },
}

/// What a change is answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Nothing.
    Done,
    /// CreateKey.
    Key(Box<KeyMetadata>),
    /// ScheduleKeyDeletion.
    Scheduled {
        /// The key's ARN.
        arn: String,
        /// When it goes, in milliseconds since 1970.
        delete_at_ms: u64,
        /// As asked for.
        window_days: u32,
    },
    /// CancelKeyDeletion and RotateKeyOnDemand: the key's ARN and its id.
    Named {
        /// The ARN.
        arn: String,
        /// The id.
        id: String,
    },
    /// CreateGrant.
    Grant {
        /// What it is known by.
        id: GrantId,
        /// What names it in a request.
        token: String,
    },
}
