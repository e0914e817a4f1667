//! Changes: authorised and decided on the same state, one at a time.

use tidings_access::ContextValue;
use tidings_aws::Refusal;
use tidings_aws::kms::output::{GrantOutput, KeyOutput, NamedOutput, ScheduledOutput, body};
use tidings_keys::{
    Change, Key, KeyFault, KeyRequest, KeyStore, NewGrant, Output, Random, Retired,
};

use super::trial::{Sets, Trial};
use crate::keys::{self, Kms};

pub(super) async fn change(
    kms: &Kms,
    trial: &Trial<'_>,
    change: Change,
    bypass_lockout_check: bool,
    dry_run: bool,
) -> Result<Vec<u8>, Refusal> {
    let random = Random::new(trial.broker.random_bytes());
    let is_rotation = matches!(change, Change::RotateKeyOnDemand { .. });
    let changed = kms.plane.change(|store| {
        // While it waited for its turn, another may have taken its rights away.
        let principal = trial.caller_again()?;
        let (trial, now_ms) = (&trial.again(principal.as_deref()), trial.now_ms());
        authorise(store, trial, &change, bypass_lockout_check)?;
        let (writes, output) = store.decide(change, &trial.scope, now_ms, random)?;
        if dry_run {
            return Err(KeyFault::dry_run().into());
        }
        Ok((writes, output))
    });
    Ok(written(changed.await.map_err(keys::refusal)?, is_rotation))
}

fn written(output: Output, is_rotation: bool) -> Vec<u8> {
    match output {
        Output::Done => Vec::new(),
        Output::Key(metadata) => body(&KeyOutput::new(&metadata)),
        Output::Named { id, .. } if is_rotation => body(&NamedOutput { key_id: id }),
        Output::Named { arn, .. } => body(&NamedOutput { key_id: arn }),
        Output::Scheduled { arn, delete_at_ms, window_days } => body(&ScheduledOutput {
            key_id: arn,
            deletion_date: delete_at_ms,
            key_state: "PendingDeletion",
            pending_window_in_days: window_days,
        }),
        Output::Grant { id, token } => {
            body(&GrantOutput { grant_id: id.to_string(), grant_token: token })
        }
    }
}

/// Asks for every permission that a change needs.
fn authorise(
    store: &KeyStore,
    trial: &Trial<'_>,
    change: &Change,
    bypass_lockout_check: bool,
) -> Result<(), Refusal> {
    let on_key = |action: &str, name: &str, sets: Sets<'_>| -> Result<(), Refusal> {
        let key = trial.find_by_id(store, name, action)?;
        trial.check(store, &KeyRequest::new(action, key), &sets)
    };
    let plain = |action: &str, name: &str| on_key(action, name, Sets::default());
    match change {
        Change::CreateKey { policy, tags, .. } => {
            let sets = || Sets { tags, ..Sets::keys(lockout_key(bypass_lockout_check)) };
            let any = trial.scope.any_arn();
            trial.check_own("kms:CreateKey", &any, &sets())?;
            if !tags.is_empty() {
                trial.check_own("kms:TagResource", &any, &sets())?;
            }
            let keeps = |policy| bypass_lockout_check || trial.keeps_author(&any, policy);
            if policy.as_ref().is_some_and(|policy| !keeps(policy)) {
                return Err(KeyFault::lockout().into());
            }
            Ok(())
        }
        // Made for whoever first names it.
        Change::CreateManagedKey(_) => Ok(()),
        Change::EnableKey { key } => plain("kms:EnableKey", key),
        Change::DisableKey { key } => plain("kms:DisableKey", key),
        Change::ScheduleKeyDeletion { key, window_days } => {
            let name = "kms:ScheduleKeyDeletionPendingWindowInDays";
            let sets = Sets::keys(vec![(name, number(*window_days))]);
            on_key("kms:ScheduleKeyDeletion", key, sets)
        }
        Change::CancelKeyDeletion { key } => plain("kms:CancelKeyDeletion", key),
        Change::UpdateKeyDescription { key, .. } => plain("kms:UpdateKeyDescription", key),
        Change::PutKeyPolicy { key, policy } => {
            let sets = Sets::keys(lockout_key(bypass_lockout_check));
            on_key("kms:PutKeyPolicy", key, sets)?;
            let arn = trial.find_by_id(store, key, "kms:PutKeyPolicy")?.arn();
            if !bypass_lockout_check && !trial.keeps_author(arn, policy) {
                return Err(KeyFault::lockout().into());
            }
            Ok(())
        }
        Change::TagResource { key, tags } => {
            on_key("kms:TagResource", key, Sets { tags, ..Sets::default() })
        }
        Change::UntagResource { key, tag_keys } => {
            on_key("kms:UntagResource", key, Sets { untagged: tag_keys, ..Sets::default() })
        }
        Change::CreateAlias { alias, key } => {
            on_alias(store, trial, "kms:CreateAlias", alias, &[Some(key)])
        }
        Change::UpdateAlias { alias, key } => {
            on_alias(store, trial, "kms:UpdateAlias", alias, &[None, Some(key)])
        }
        Change::DeleteAlias { alias } => on_alias(store, trial, "kms:DeleteAlias", alias, &[None]),
        Change::EnableKeyRotation { key, period_days } => {
            let sets = Sets::keys(vec![("kms:RotationPeriodInDays", number(*period_days))]);
            on_key("kms:EnableKeyRotation", key, sets)
        }
        Change::DisableKeyRotation { key } => plain("kms:DisableKeyRotation", key),
        Change::RotateKeyOnDemand { key } => plain("kms:RotateKeyOnDemand", key),
        Change::CreateGrant { key, grant } => {
            on_key("kms:CreateGrant", key, Sets::keys(grant_keys(grant)))
        }
        Change::RevokeGrant { key, .. } => {
            let is_for_service = ("kms:GrantIsForAWSResource", ContextValue::Bool(false));
            on_key("kms:RevokeGrant", key, Sets::keys(vec![is_for_service]))
        }
        Change::RetireGrant(retired) => retire(store, trial, retired),
    }
}

/// An alias, and the keys that it leads to (`None`) or is to lead to. A managed key's alias is left
/// to the key store, which says that it is reserved.
fn on_alias(
    store: &KeyStore,
    trial: &Trial<'_>,
    action: &str,
    alias: &str,
    keys: &[Option<&String>],
) -> Result<(), Refusal> {
    trial.check_own(action, &trial.scope.alias_arn(alias), &Sets::default())?;
    for key in keys {
        let key: Option<&Key> = match key {
            // Aliases that are no targets are for the key store to refuse.
            Some(key) => store.find_by_id(key, &trial.scope).ok().map(|key| &**key),
            None => store.target_of_alias(alias, &trial.scope).map(|key| &**key),
        };
        if let Some(key) = key.filter(|key| key.managed_by().is_none()) {
            trial.check_plain(store, action, key)?;
        }
    }
    Ok(())
}

/// A grant may be ended by the principal that it names for that, and by whoever has the permission.
fn retire(store: &KeyStore, trial: &Trial<'_>, retired: &Retired) -> Result<(), Refusal> {
    let action = "kms:RetireGrant";
    if let Retired::Id { key, .. } = retired {
        trial.find_by_id(store, key, action)?;
    }
    let (key, _, grant) = store.find_retired(retired, &trial.scope)?;
    if trial.holds(|facts, _| grant.is_retired_by(&facts.caller)) {
        return Ok(());
    }
    trial.check_plain(store, action, key)
}

fn lockout_key(bypass: bool) -> Vec<(&'static str, ContextValue<'static>)> {
    vec![("kms:BypassPolicyLockoutSafetyCheck", ContextValue::Bool(bypass))]
}

fn number(days: u32) -> ContextValue<'static> {
    ContextValue::Number(days.into())
}

/// KMS developer guide, "AWS KMS condition keys", on CreateGrant.
fn grant_keys(grant: &NewGrant) -> Vec<(&str, ContextValue<'_>)> {
    let mut keys = vec![
        ("kms:GrantIsForAWSResource", ContextValue::Bool(false)),
        ("kms:GranteePrincipal", ContextValue::text(grant.grantee.as_str())),
        ("kms:GrantOperations", ContextValue::many(grant.operations.iter().map(String::as_str))),
    ];
    if let Some(principal) = &grant.retiring_principal {
        keys.push(("kms:RetiringPrincipal", ContextValue::text(principal.as_str())));
    }
    let kinds = [
        ("EncryptionContextEquals", &grant.constraints.equals),
        ("EncryptionContextSubset", &grant.constraints.subset),
    ];
    if let Some((kind, _)) = kinds.iter().find(|(_, pairs)| pairs.is_some()) {
        keys.push(("kms:GrantConstraintType", ContextValue::text(*kind)));
    }
    keys
}
