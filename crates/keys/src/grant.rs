//! Grants: permission to use a key that is given beside its policy. KMS developer guide, "Grants".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tidings_access::Caller;
use tidings_core::names::Uuid;

use crate::context::EncryptionContext;
use crate::fault::{KeyCode, KeyFault};
use crate::scope::KeyId;

/// What a grant is known by; 64 hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantId(pub(crate) [u8; 32]);

/// What a grant permits, as the wire has it: without `kms:`. Of the documented ones, those that a
/// symmetric key can do.
pub const GRANT_OPERATIONS: [&str; 9] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
];

/// A grant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Grant {
    /// What its author calls it. The same name with the same contents is the same grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The ARN of whoever is permitted.
    pub grantee: String,
    /// The ARN of whoever may end it, besides its grantee if that is permitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retiring_principal: Option<String>,
    /// What is permitted: names in [`GRANT_OPERATIONS`].
    pub operations: Vec<String>,
    /// In which encryption contexts.
    #[serde(default)]
    pub constraints: Constraints,
    /// The account that created it: twelve digits.
    pub issuing_account: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
}

/// In which encryption contexts a grant permits operations that have one. Others it permits anyway.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub struct Constraints {
    /// The context must be just this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<BTreeMap<String, String>>,
    /// The context must have all of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<BTreeMap<String, String>>,
}

impl Grant {
    /// Whether it permits an operation, named without `kms:`. `context` is that of the operation, if
    /// it is one that has one.
    pub(crate) fn permits(&self, operation: &str, context: Option<&EncryptionContext>) -> bool {
        let is_one = self.operations.iter().any(|permitted| permitted == operation);
        is_one && context.is_none_or(|context| self.constraints.allow(context))
    }

    /// Whether a caller may end it for being who it is. Its grantee may as well, if the grant permits
    /// RetireGrant.
    pub fn is_retired_by(&self, caller: &Caller<'_>) -> bool {
        let names = names_of(caller);
        self.retiring_principal.as_deref().is_some_and(|name| names.contains(&name))
    }

    /// Whether two would be the same grant: all but the time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let Self { created_at_ms, .. } = *self;
        Self { created_at_ms, ..other.clone() } == *self
    }
}

impl Constraints {
    fn allow(&self, context: &EncryptionContext) -> bool {
        let wanted = |pairs: &Option<BTreeMap<String, String>>| {
            pairs.as_ref().map(|pairs| pairs.clone().into_iter().collect::<EncryptionContext>())
        };
        wanted(&self.equals).is_none_or(|equals| equals == *context)
            && wanted(&self.subset).is_none_or(|subset| context.has_all_of(&subset))
    }
}

/// The ARNs by which a grant may name a caller: its own, and of a session its role's. An account's
/// is its root user's, and nobody else's.
pub(crate) fn names_of<'a>(caller: &Caller<'a>) -> Vec<&'a str> {
    match *caller {
        Caller::Session { arn, role_arn, .. } => vec![arn, role_arn],
        Caller::Root { .. }
        | Caller::User { .. }
        | Caller::FederatedUser { .. }
        | Caller::Service { .. } => vec![caller.name()],
        Caller::Anonymous | Caller::Federated { .. } => Vec::new(),
    }
}

/// All grants, and whose they are.
#[derive(Default, Debug)]
pub(crate) struct Grants {
    all: BTreeMap<(KeyId, GrantId), Grant>,
    by_grantee: BTreeSet<(KeyId, String, GrantId)>,
    counts: BTreeMap<KeyId, usize>,
}

impl Grants {
    pub(crate) fn put(&mut self, key: KeyId, id: GrantId, grant: Grant) {
        self.remove(key, id);
        self.by_grantee.insert((key, grant.grantee.clone(), id));
        self.all.insert((key, id), grant);
        *self.counts.entry(key).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, key: KeyId, id: GrantId) {
        if let Some(grant) = self.all.remove(&(key, id)) {
            self.by_grantee.remove(&(key, grant.grantee, id));
            let count = self.counts.entry(key).or_default();
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
    }

    pub(crate) fn count_of(&self, key: KeyId) -> usize {
        self.counts.get(&key).copied().unwrap_or_default()
    }

    pub(crate) fn get(&self, key: KeyId, id: GrantId) -> Option<&Grant> {
        self.all.get(&(key, id))
    }

    /// Those of a key, in the order of their ids.
    pub(crate) fn of_key(&self, key: KeyId) -> impl Iterator<Item = (GrantId, &Grant)> {
        let range = (key, GrantId([0; 32]))..=(key, GrantId([0xff; 32]));
        self.all.range(range).map(|((_, id), grant)| (*id, grant))
    }

    /// Those of a key for one ARN, in the order of their ids.
    pub(crate) fn of_grantee(
        &self,
        key: KeyId,
        grantee: &str,
    ) -> impl Iterator<Item = (GrantId, &Grant)> {
        let bound = |id| (key, grantee.to_owned(), GrantId(id));
        let ids = self.by_grantee.range(bound([0; 32])..=bound([0xff; 32]));
        ids.filter_map(move |(_, _, id)| Some((*id, self.get(key, *id)?)))
    }
}

/// A grant's token names it. It is no secret here: grants hold at once, without it.
pub(crate) fn token(key: KeyId, id: GrantId) -> String {
    STANDARD.encode([&[1][..], &key.to_bytes(), &id.0].concat())
}

/// What a token names.
///
/// # Errors
/// InvalidGrantTokenException.
pub(crate) fn read_token(text: &str) -> Result<(KeyId, GrantId), KeyFault> {
    let read = || {
        let bytes = STANDARD.decode(text).ok()?;
        let bytes: [u8; 49] = bytes.try_into().ok()?;
        let (&version, rest) = bytes.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let id = rest.first_chunk()?;
        (version == 1).then(|| (Uuid::from_bytes(*key), GrantId(*id)))
    };
    read().ok_or_else(|| KeyFault::new(KeyCode::InvalidGrantToken, "The grant token is not valid."))
}

impl GrantId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        crate::hex::parse(text).map(Self)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::hex::write(f, &self.0)
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
