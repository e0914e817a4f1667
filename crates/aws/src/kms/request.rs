//! What a request asks, whichever action it is of.

use serde::Deserialize;
use tidings_keys::Change;

use super::aliases::Alias;
use super::create_key::CreateKey;
use super::cryptography::{CryptoInput, Decrypt, Encrypt, GenerateDataKey, ReEncrypt};
use super::grants::{CreateGrant, EndGrant};
use super::keys::KeyInput;
use super::lists::{ListInput, PageWanted};
use super::policies::PolicyInput;
use super::rotation::ListKeyRotations;
use super::tags::{TagResource, UntagResource};
use crate::action::KmsAction;
use crate::json;
use crate::refusal::Refusal;

/// What is asked of the key store. `key` is a name of a key as it came.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the documented operation of its name, and its members")]
pub enum KmsRequest {
    /// One of the operations that change something.
    Change {
        change: Change,
        /// Of a policy that may lock its author out.
        bypass_lockout_check: bool,
        /// Whether only to try.
        dry_run: bool,
    },
    DescribeKey {
        key: String,
    },
    GetKeyPolicy {
        key: String,
    },
    GetKeyRotationStatus {
        key: String,
    },
    ListAliases {
        key: Option<String>,
        page: PageWanted,
    },
    ListGrants {
        key: String,
        grant_id: Option<String>,
        grantee: Option<String>,
        page: PageWanted,
    },
    ListKeyPolicies {
        key: String,
    },
    ListKeyRotations {
        key: String,
        /// The material of the key's creation, too.
        all: bool,
        page: PageWanted,
    },
    ListKeys {
        page: PageWanted,
    },
    ListResourceTags {
        key: String,
        page: PageWanted,
    },
    Encrypt(Encrypt),
    Decrypt(Decrypt),
    ReEncrypt(ReEncrypt),
    GenerateDataKey(GenerateDataKey),
    GenerateRandom {
        bytes: usize,
    },
}

impl KmsRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// SerializationException if it is no JSON object or has a member of the wrong type;
    /// ValidationException if one is missing or out of its bounds; what else can be said without a
    /// key: UnsupportedOperationException for kinds of keys that there are none of here,
    /// MalformedPolicyDocumentException, InvalidKeyUsageException.
    pub fn read(action: KmsAction, body: &[u8]) -> Result<Self, Refusal> {
        use KmsAction as A;
        let key = || input::<KeyInput<'_>>(body);
        let crypto = || input::<CryptoInput<'_>>(body);
        let list = || input::<ListInput<'_>>(body);
        let read = match action {
            A::CancelKeyDeletion => key()?.change(|key| Change::CancelKeyDeletion { key }),
            A::CreateAlias => input::<Alias<'_>>(body)?.create(),
            A::CreateGrant => input::<CreateGrant<'_>>(body)?.read(),
            A::CreateKey => input::<CreateKey<'_>>(body)?.read(),
            A::Decrypt => crypto()?.decrypt(),
            A::DeleteAlias => input::<Alias<'_>>(body)?.delete(),
            A::DescribeKey => key()?.key().map(|key| Self::DescribeKey { key }),
            A::DisableKey => key()?.change(|key| Change::DisableKey { key }),
            A::DisableKeyRotation => key()?.change(|key| Change::DisableKeyRotation { key }),
            A::EnableKey => key()?.change(|key| Change::EnableKey { key }),
            A::EnableKeyRotation => key()?.enable_rotation(),
            A::Encrypt => crypto()?.encrypt(),
            A::GenerateDataKey => crypto()?.generate_data_key(true),
            A::GenerateDataKeyWithoutPlaintext => crypto()?.generate_data_key(false),
            A::GenerateRandom => crypto()?.generate_random(),
            A::GetKeyPolicy => input::<PolicyInput<'_>>(body)?.get(),
            A::GetKeyRotationStatus => key()?.key().map(|key| Self::GetKeyRotationStatus { key }),
            A::ListAliases => list()?.aliases(),
            A::ListGrants => list()?.grants(),
            A::ListKeyPolicies => key()?.key().map(|key| Self::ListKeyPolicies { key }),
            A::ListKeyRotations => input::<ListKeyRotations<'_>>(body)?.read(),
            A::ListKeys => list()?.keys(),
            A::ListResourceTags => list()?.resource_tags(),
            A::PutKeyPolicy => input::<PolicyInput<'_>>(body)?.put(),
            A::ReEncrypt => crypto()?.re_encrypt(),
            A::RetireGrant => input::<EndGrant<'_>>(body)?.retire(),
            A::RevokeGrant => input::<EndGrant<'_>>(body)?.revoke(),
            A::RotateKeyOnDemand => key()?.change(|key| Change::RotateKeyOnDemand { key }),
            A::ScheduleKeyDeletion => key()?.schedule_deletion(),
            A::TagResource => input::<TagResource<'_>>(body)?.read(),
            A::UntagResource => input::<UntagResource<'_>>(body)?.read(),
            A::UpdateAlias => input::<Alias<'_>>(body)?.update(),
            A::UpdateKeyDescription => key()?.update_description(),
        };
        Ok(read?)
    }

    /// A change without any ifs.
    pub(super) fn change(change: Change) -> Self {
        Self::Change { change, bypass_lockout_check: false, dry_run: false }
    }
}

fn input<'a, I: Deserialize<'a>>(body: &'a [u8]) -> Result<I, Refusal> {
    Ok(json::read(body)?)
}
