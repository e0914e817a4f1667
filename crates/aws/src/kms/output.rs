//! What KMS answers with. Actions that are not here answer with nothing: an empty body.

use serde::Serialize;
use tidings_keys::{
    AliasInfo, Decrypted, Encrypted, Grant, GrantId, Key, KeyMetadata, KeyState, MadeBy,
    MaterialInfo, Page, Scope,
};
use zeroize::Zeroizing;

use super::encoding::{blob, optional_blob, optional_seconds, seconds};
use super::policies;

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// The body of an answer.
pub fn body(output: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(output).expect("texts and numbers can be written as JSON")
}

/// CreateKey and DescribeKey.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct KeyOutput {
    key_metadata: Metadata,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    #[serde(serialize_with = "seconds")]
    creation_date: u64,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    deletion_date: Option<u64>,
    origin: &'static str,
    key_manager: &'static str,
    customer_master_key_spec: &'static str,
    key_spec: &'static str,
    encryption_algorithms: [&'static str; 1],
    multi_region: bool,
    current_key_material_id: String,
}

impl KeyOutput {
    /// What there is to tell of a key.
    pub fn new(metadata: &KeyMetadata) -> Self {
        let deletion_date = match metadata.state {
            KeyState::PendingDeletion { delete_at_ms, .. } => Some(delete_at_ms),
            KeyState::Enabled | KeyState::Disabled => None,
        };
        Self {
            key_metadata: Metadata {
                account: metadata.scope.account.to_string(),
                key_id: metadata.id.to_string(),
                arn: metadata.arn.clone(),
                creation_date: metadata.created_at_ms,
                enabled: metadata.state == KeyState::Enabled,
                description: metadata.description.clone(),
                key_usage: "ENCRYPT_DECRYPT",
                key_state: metadata.state_name(),
                deletion_date,
                origin: "AWS_KMS",
                key_manager: if metadata.is_managed { "AWS" } else { "CUSTOMER" },
                customer_master_key_spec: SYMMETRIC,
                key_spec: SYMMETRIC,
                encryption_algorithms: [SYMMETRIC],
                multi_region: false,
                current_key_material_id: metadata.current_material.clone(),
            },
        }
    }
}

/// CancelKeyDeletion, with the key's ARN, and RotateKeyOnDemand, with its id.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct NamedOutput {
    /// The key.
    pub key_id: String,
}

/// ScheduleKeyDeletion.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduledOutput {
    /// The key's ARN.
    pub key_id: String,
    /// In milliseconds since 1970.
    #[serde(serialize_with = "seconds")]
    pub deletion_date: u64,
    /// `PendingDeletion`.
    pub key_state: &'static str,
    /// As asked for.
    pub pending_window_in_days: u32,
}

/// GetKeyPolicy.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyOutput {
    policy: String,
    policy_name: &'static str,
}

impl PolicyOutput {
    /// The policy of a key.
    pub fn new(key: &Key) -> Self {
        Self { policy: key.policy().text().to_owned(), policy_name: policies::DEFAULT }
    }
}

/// ListKeyPolicies.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyNamesOutput {
    policy_names: [&'static str; 1],
    truncated: bool,
}

impl Default for PolicyNamesOutput {
    fn default() -> Self {
        Self { policy_names: [policies::DEFAULT], truncated: false }
    }
}

/// GetKeyRotationStatus.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct RotationStatusOutput {
    key_rotation_enabled: bool,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<u32>,
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<u64>,
}

impl RotationStatusOutput {
    /// How a key is rotated by itself.
    pub fn new(key: &Key) -> Self {
        let rotation = key.rotation();
        Self {
            key_rotation_enabled: rotation.is_some(),
            key_id: key.id().to_string(),
            rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
            next_rotation_date: rotation.map(|rotation| rotation.next_at_ms),
        }
    }
}

/// The end of a list.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct End {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

impl End {
    fn of(next_marker: Option<String>) -> Self {
        Self { truncated: next_marker.is_some(), next_marker }
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $output:ident { $list:ident: $item:ident })*) => { $(
        $(#[$doc])*
        #[derive(Serialize, Debug)]
        #[serde(rename_all = "PascalCase")]
        pub struct $output {
            $list: Vec<$item>,
            #[serde(flatten)]
            end: End,
        }
    )* };
}

lists! {
    /// ListKeys.
    KeysOutput { keys: KeyEntry }
    /// ListAliases.
    AliasesOutput { aliases: AliasEntry }
    /// ListGrants.
    GrantsOutput { grants: GrantEntry }
    /// ListResourceTags.
    TagsOutput { tags: TagEntry }
    /// ListKeyRotations.
    RotationsOutput { rotations: RotationEntry }
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct KeyEntry {
    key_id: String,
    key_arn: String,
}

impl KeysOutput {
    /// The keys of an account in a region.
    pub fn new(scope: &Scope, page: Page<tidings_keys::KeyId>) -> Self {
        let entry = |id: tidings_keys::KeyId| KeyEntry {
            key_id: id.to_string(),
            key_arn: scope.key_arn(id),
        };
        let keys = page.items.into_iter().map(entry).collect();
        Self { keys, end: End::of(page.next_marker) }
    }
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct AliasEntry {
    alias_name: String,
    alias_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_key_id: Option<String>,
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    creation_date: Option<u64>,
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    last_updated_date: Option<u64>,
}

impl AliasesOutput {
    /// Aliases.
    pub fn new(page: Page<AliasInfo>) -> Self {
        let entry = |alias: AliasInfo| AliasEntry {
            alias_name: alias.name,
            alias_arn: alias.arn,
            target_key_id: alias.target.map(|(id, ..)| id.to_string()),
            creation_date: alias.target.map(|(_, created_at_ms, _)| created_at_ms),
            last_updated_date: alias.target.map(|(.., updated_at_ms)| updated_at_ms),
        };
        let aliases = page.items.into_iter().map(entry).collect();
        Self { aliases, end: End::of(page.next_marker) }
    }
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct TagEntry {
    tag_key: String,
    tag_value: String,
}

impl TagsOutput {
    /// Tags.
    pub fn new(page: Page<(&str, &str)>) -> Self {
        let entry = |(key, value): (&str, &str)| TagEntry {
            tag_key: key.to_owned(),
            tag_value: value.to_owned(),
        };
        let tags = page.items.into_iter().map(entry).collect();
        Self { tags, end: End::of(page.next_marker) }
    }
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct RotationEntry {
    key_id: String,
    key_material_id: String,
    key_material_state: &'static str,
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    rotation_date: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_type: Option<&'static str>,
}

impl RotationsOutput {
    /// Materials of a key.
    pub fn new(key: &Key, page: Page<MaterialInfo>) -> Self {
        let entry = |material: MaterialInfo| {
            let rotation_type = match material.made_by {
                MadeBy::Creation => None,
                MadeBy::Automatic => Some("AUTOMATIC"),
                MadeBy::OnDemand => Some("ON_DEMAND"),
            };
            RotationEntry {
                key_id: key.id().to_string(),
                key_material_id: material.id.to_string(),
                key_material_state: if material.is_current { "CURRENT" } else { "NON_CURRENT" },
                rotation_date: rotation_type.map(|_| material.made_at_ms),
                rotation_type,
            }
        };
        let rotations = page.items.into_iter().map(entry).collect();
        Self { rotations, end: End::of(page.next_marker) }
    }
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct GrantEntry {
    key_id: String,
    grant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(serialize_with = "seconds")]
    creation_date: u64,
    grantee_principal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_principal: Option<String>,
    issuing_account: String,
    operations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<ConstraintsEntry>,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct ConstraintsEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_subset: Option<std::collections::BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_equals: Option<std::collections::BTreeMap<String, String>>,
}

impl GrantsOutput {
    /// Grants on a key.
    pub fn new(key: &Key, page: Page<(GrantId, &Grant)>) -> Self {
        let partition = key.scope().region.partition();
        let entry = |(id, grant): (GrantId, &Grant)| {
            let constraints = ConstraintsEntry {
                encryption_context_subset: grant.constraints.subset.clone(),
                encryption_context_equals: grant.constraints.equals.clone(),
            };
            let is_constrained = grant.constraints != tidings_keys::Constraints::default();
            GrantEntry {
                key_id: key.arn().to_owned(),
                grant_id: id.to_string(),
                name: grant.name.clone(),
                creation_date: grant.created_at_ms,
                grantee_principal: grant.grantee.clone(),
                retiring_principal: grant.retiring_principal.clone(),
                issuing_account: format!("arn:{partition}:iam::{}:root", grant.issuing_account),
                operations: grant.operations.clone(),
                constraints: is_constrained.then_some(constraints),
            }
        };
        let grants = page.items.into_iter().map(entry).collect();
        Self { grants, end: End::of(page.next_marker) }
    }
}

/// CreateGrant.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct GrantOutput {
    /// 64 hexadecimal digits.
    pub grant_id: String,
    /// What names the grant in a request.
    pub grant_token: String,
}

/// Encrypt.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptOutput {
    #[serde(serialize_with = "blob")]
    ciphertext_blob: Vec<u8>,
    key_id: String,
    encryption_algorithm: &'static str,
}

impl EncryptOutput {
    /// What came of encrypting under a key.
    pub fn new(key: &Key, encrypted: Encrypted) -> Self {
        let key_id = key.arn().to_owned();
        Self { ciphertext_blob: encrypted.blob, key_id, encryption_algorithm: SYMMETRIC }
    }
}

/// Decrypt.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecryptOutput {
    #[serde(serialize_with = "optional_blob")]
    plaintext: Option<Zeroizing<Vec<u8>>>,
    key_id: String,
    encryption_algorithm: &'static str,
    key_material_id: String,
}

impl DecryptOutput {
    /// What came of decrypting under a key.
    pub fn new(key: &Key, decrypted: Decrypted) -> Self {
        Self {
            plaintext: Some(decrypted.plaintext),
            key_id: key.arn().to_owned(),
            encryption_algorithm: SYMMETRIC,
            key_material_id: decrypted.material.to_string(),
        }
    }
}

/// ReEncrypt.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct ReEncryptOutput {
    #[serde(serialize_with = "blob")]
    ciphertext_blob: Vec<u8>,
    source_key_id: String,
    key_id: String,
    source_encryption_algorithm: &'static str,
    destination_encryption_algorithm: &'static str,
    source_key_material_id: String,
    destination_key_material_id: String,
}

impl ReEncryptOutput {
    /// What came of decrypting under one key and encrypting under another.
    pub fn new(source: &Key, decrypted: &Decrypted, key: &Key, encrypted: Encrypted) -> Self {
        Self {
            ciphertext_blob: encrypted.blob,
            source_key_id: source.arn().to_owned(),
            key_id: key.arn().to_owned(),
            source_encryption_algorithm: SYMMETRIC,
            destination_encryption_algorithm: SYMMETRIC,
            source_key_material_id: decrypted.material.to_string(),
            destination_key_material_id: encrypted.material.to_string(),
        }
    }
}

/// GenerateDataKey and GenerateDataKeyWithoutPlaintext.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataKeyOutput {
    #[serde(serialize_with = "blob")]
    ciphertext_blob: Vec<u8>,
    #[serde(serialize_with = "optional_blob", skip_serializing_if = "Option::is_none")]
    plaintext: Option<Zeroizing<Vec<u8>>>,
    key_id: String,
    key_material_id: String,
}

impl DataKeyOutput {
    /// A data key under a key, and itself if that is asked for.
    pub fn new(key: &Key, encrypted: Encrypted, plaintext: Option<Zeroizing<Vec<u8>>>) -> Self {
        Self {
            ciphertext_blob: encrypted.blob,
            plaintext,
            key_id: key.arn().to_owned(),
            key_material_id: encrypted.material.to_string(),
        }
    }
}

/// GenerateRandom.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RandomOutput {
    #[serde(serialize_with = "optional_blob")]
    plaintext: Option<Zeroizing<Vec<u8>>>,
}

impl RandomOutput {
    /// Random bytes.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { plaintext: Some(bytes) }
    }
}
