//! Describing and listing.

use tidings_aws::kms::output::{
    AliasesOutput, GrantsOutput, KeyOutput, KeysOutput, PolicyNamesOutput, PolicyOutput,
    RotationStatusOutput, RotationsOutput, TagsOutput, body,
};
use tidings_aws::kms::{KmsRequest, PageWanted};
use tidings_aws::{Refusal, WireError};
use tidings_keys::{Key, KeyMetadata, KeyRequest, KeyStore};

use super::trial::{Sets, Trial, request_alias};

pub(super) fn look(
    store: &KeyStore,
    trial: &Trial<'_>,
    request: KmsRequest,
) -> Result<Vec<u8>, Refusal> {
    let by_id = |name: &str, action| -> Result<&Key, Refusal> {
        let key = trial.find_by_id(store, name, action)?;
        trial.check_plain(store, action, key)?;
        Ok(key)
    };
    match request {
        KmsRequest::DescribeKey { key } => describe(store, trial, &key),
        KmsRequest::GetKeyPolicy { key } => {
            Ok(body(&PolicyOutput::new(by_id(&key, "kms:GetKeyPolicy")?)))
        }
        KmsRequest::GetKeyRotationStatus { key } => {
            Ok(body(&RotationStatusOutput::new(by_id(&key, "kms:GetKeyRotationStatus")?)))
        }
        KmsRequest::ListKeyPolicies { key } => {
            by_id(&key, "kms:ListKeyPolicies")?;
            Ok(body(&PolicyNamesOutput::default()))
        }
        KmsRequest::ListKeyRotations { key, all, page: PageWanted { marker, limit } } => {
            let key = by_id(&key, "kms:ListKeyRotations")?;
            let page = key.list_rotations(all, marker.as_deref(), limit)?;
            Ok(body(&RotationsOutput::new(key, page)))
        }
        KmsRequest::ListResourceTags { key, page: PageWanted { marker, limit } } => {
            let key = by_id(&key, "kms:ListResourceTags")?;
            Ok(body(&TagsOutput::new(key.list_tags(marker.as_deref(), limit)?)))
        }
        KmsRequest::ListGrants { key, grant_id, grantee, page: PageWanted { marker, limit } } => {
            let key = by_id(&key, "kms:ListGrants")?;
            let (only, grantee) = (grant_id.as_deref(), grantee.as_deref());
            let page = store.list_grants(key, only, grantee, marker.as_deref(), limit)?;
            Ok(body(&GrantsOutput::new(key, page)))
        }
        KmsRequest::ListKeys { page: PageWanted { marker, limit } } => {
            trial.check_own("kms:ListKeys", &trial.scope.any_arn(), &Sets::default())?;
            let page = store.list_keys(&trial.scope, marker.as_deref(), limit)?;
            Ok(body(&KeysOutput::new(&trial.scope, page)))
        }
        KmsRequest::ListAliases { key, page } => aliases(store, trial, key, page),
        // These are no looks.
        KmsRequest::Change { .. }
        | KmsRequest::Encrypt(_)
        | KmsRequest::Decrypt(_)
        | KmsRequest::ReEncrypt(_)
        | KmsRequest::GenerateDataKey(_)
        | KmsRequest::GenerateRandom { .. } => Err(WireError::InternalFailure.into()),
    }
}

fn describe(store: &KeyStore, trial: &Trial<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let action = "kms:DescribeKey";
    let key = trial.find(store, name, action)?;
    let sets = Sets::keys(request_alias(name));
    trial.check(store, &KeyRequest::new(action, key), &sets)?;
    Ok(body(&KeyOutput::new(&KeyMetadata::of(key))))
}

fn aliases(
    store: &KeyStore,
    trial: &Trial<'_>,
    key: Option<String>,
    page: PageWanted,
) -> Result<Vec<u8>, Refusal> {
    let action = "kms:ListAliases";
    trial.check_own(action, &trial.scope.any_arn(), &Sets::default())?;
    // Whose aliases another account has is its own affair.
    let own = |name: String| -> Result<&Key, Refusal> {
        let key = trial.find_by_id(store, &name, action)?;
        if key.scope() != &trial.scope {
            trial.check_plain(store, action, key)?;
        }
        Ok(key)
    };
    let key = key.map(own).transpose()?;
    let PageWanted { marker, limit } = page;
    let page = store.list_aliases(&trial.scope, key, marker.as_deref(), limit)?;
    Ok(body(&AliasesOutput::new(page)))
}
