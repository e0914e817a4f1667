//! AWS KMS: each action as a look at the key store or a change of it.
//!
//! ```text
//!   read (tidings-aws) → what is due, and managed keys that are needed → authorise → look, or
//!   decide, write, apply
//! ```
//!
//! What encrypts and decrypts only looks, and waits for nobody. Whether the caller may, is asked of
//! the same state that answers.

mod changes;
mod cryptography;
mod looks;
mod messages;
mod trial;
#[cfg(test)]
mod turn_tests;

pub(crate) use messages::{Encrypted, Messages, NOBODY, queue, topic};

use tidings_aws::kms::KmsRequest;
use tidings_aws::{KmsAction, Refusal, Service, WireError};
use tidings_core::names::AccountId;
use tidings_keys::Scope;

use crate::exchange::{Answer, Call};
use crate::request::Shared;
use trial::{Sets, Trial};

/// Answers a call, whatever it is.
pub(crate) async fn answer(shared: &Shared, call: &Call, action: KmsAction) -> Answer {
    match body(shared, call, action).await {
        Ok(body) => Answer::of_kms(body),
        Err(refusal) => refusal.answer(Service::Kms, call.protocol, call.request_id),
    }
}

async fn body(shared: &Shared, call: &Call, action: KmsAction) -> Result<Vec<u8>, Refusal> {
    let Some(keys) = &shared.kms else {
        return Err(WireError::ServiceUnavailable("This server keeps no keys.").into());
    };
    let trial = Trial::new(shared, call)?;
    let kms = keys.served()?;
    let request = KmsRequest::read(action, &call.body)?;
    if !is_use(&request) {
        // Whoever cannot wait for it is told of a key as it still is.
        let _ = kms.settle_due(&shared.broker).await;
    }
    // What is made is there for good: not for those who may not use it.
    let is_unmade = |key: &&str| kms.plane.look().unmade_managed_key(key, &trial.scope).is_some();
    let asked = format!("kms:{}", action.name());
    let may = || trial.check_own(&asked, &trial.scope.any_arn(), &Sets::default()).is_ok();
    if let Some(key) = used_key(&request).filter(is_unmade)
        && may()
    {
        kms.make_managed_key(&shared.broker, key, &trial.scope).await?;
    }
    match request {
        KmsRequest::Change { change, bypass_lockout_check, dry_run } => {
            changes::change(kms, &trial, change, bypass_lockout_check, dry_run).await
        }
        KmsRequest::Encrypt(asked) => cryptography::encrypt(&kms.plane.look(), &trial, asked),
        KmsRequest::Decrypt(asked) => cryptography::decrypt(&kms.plane.look(), &trial, asked),
        KmsRequest::ReEncrypt(asked) => cryptography::re_encrypt(&kms.plane.look(), &trial, asked),
        KmsRequest::GenerateDataKey(asked) => {
            cryptography::generate_data_key(&kms.plane.look(), &trial, asked)
        }
        KmsRequest::GenerateRandom { bytes } => cryptography::generate_random(&trial, bytes),
        look => looks::look(&kms.plane.look(), &trial, look),
    }
}

/// Whether a request only uses a key. A key that is due to go is not usable already, and one that is
/// due to be rotated still is: there is nothing to wait for.
fn is_use(request: &KmsRequest) -> bool {
    use KmsRequest as R;
    matches!(
        request,
        R::Encrypt(_)
            | R::Decrypt(_)
            | R::ReEncrypt(_)
            | R::GenerateDataKey(_)
            | R::GenerateRandom { .. }
    )
}

/// The key that a request names, of those requests that a managed key is made for.
fn used_key(request: &KmsRequest) -> Option<&str> {
    match request {
        KmsRequest::DescribeKey { key } => Some(key),
        KmsRequest::Encrypt(asked) => Some(&asked.key),
        KmsRequest::GenerateDataKey(asked) => Some(&asked.key),
        KmsRequest::ReEncrypt(asked) => Some(&asked.destination),
        _ => None,
    }
}

/// Where a call's own keys are.
fn scope_of(call: &Call) -> Scope {
    let account: AccountId = call.caller.account;
    Scope { account, region: call.caller.region.clone() }
}
