//! Encrypting and decrypting.

use tidings_access::ContextValue;
use tidings_aws::Refusal;
use tidings_aws::kms::output::{
    DataKeyOutput, DecryptOutput, EncryptOutput, RandomOutput, ReEncryptOutput, body,
};
use tidings_aws::kms::{Decrypt, Encrypt, GenerateDataKey, ReEncrypt};
use tidings_broker::Broker;
use tidings_keys::{Blob, EncryptionContext, Key, KeyCode, KeyFault, KeyRequest, KeyStore, limits};
use zeroize::Zeroizing;

use super::trial::{Sets, Trial, request_alias};

pub(super) fn encrypt(
    store: &KeyStore,
    trial: &Trial<'_>,
    asked: Encrypt,
) -> Result<Vec<u8>, Refusal> {
    let Encrypt { key: name, plaintext, context, dry_run } = asked;
    let key = usable_key(store, trial, &name, "kms:Encrypt", &context, Vec::new())?;
    let encrypted = key.encrypt(&plaintext, &context, trial.broker.random_bytes())?;
    check_wanted(dry_run)?;
    Ok(body(&EncryptOutput::new(key, encrypted)))
}

pub(super) fn decrypt(
    store: &KeyStore,
    trial: &Trial<'_>,
    asked: Decrypt,
) -> Result<Vec<u8>, Refusal> {
    let Decrypt { blob, key: name, context, dry_run } = asked;
    let blob = Blob::parse(&blob)?;
    let action = "kms:Decrypt";
    let key = key_of_blob(store, trial, &blob, name.as_deref(), (action, &context), Vec::new())?;
    let decrypted = key.decrypt(&blob, &context)?;
    check_wanted(dry_run)?;
    Ok(body(&DecryptOutput::new(key, decrypted)))
}

pub(super) fn re_encrypt(
    store: &KeyStore,
    trial: &Trial<'_>,
    asked: ReEncrypt,
) -> Result<Vec<u8>, Refusal> {
    let ReEncrypt { blob, source, source_context, destination, destination_context, dry_run } =
        asked;
    let blob = Blob::parse(&blob)?;
    let is_same = store.find(&destination, &trial.scope).is_ok_and(|key| key.id() == blob.key);
    let same = || vec![("kms:ReEncryptOnSameKey", ContextValue::Bool(is_same))];
    let from = ("kms:ReEncryptFrom", &source_context);
    let source = key_of_blob(store, trial, &blob, source.as_deref(), from, same())?;
    let (action, context) = ("kms:ReEncryptTo", &destination_context);
    let key = usable_key(store, trial, &destination, action, context, same())?;
    let decrypted = source.decrypt(&blob, &source_context)?;
    let salt = trial.broker.random_bytes();
    let encrypted = key.encrypt(&decrypted.plaintext, &destination_context, salt)?;
    check_wanted(dry_run)?;
    Ok(body(&ReEncryptOutput::new(source, &decrypted, key, encrypted)))
}

pub(super) fn generate_data_key(
    store: &KeyStore,
    trial: &Trial<'_>,
    asked: GenerateDataKey,
) -> Result<Vec<u8>, Refusal> {
    let GenerateDataKey { key: name, bytes, context, with_plaintext, dry_run } = asked;
    let action = match with_plaintext {
        true => "kms:GenerateDataKey",
        false => "kms:GenerateDataKeyWithoutPlaintext",
    };
    let key = usable_key(store, trial, &name, action, &context, Vec::new())?;
    let data_key = random(trial.broker, bytes);
    let encrypted = key.encrypt(&data_key, &context, trial.broker.random_bytes())?;
    check_wanted(dry_run)?;
    Ok(body(&DataKeyOutput::new(key, encrypted, with_plaintext.then_some(data_key))))
}

pub(super) fn generate_random(trial: &Trial<'_>, bytes: usize) -> Result<Vec<u8>, Refusal> {
    trial.check_own("kms:GenerateRandom", &trial.scope.any_arn(), &Sets::default())?;
    Ok(body(&RandomOutput::new(random(trial.broker, bytes))))
}

/// The key that a name leads to, if the caller may do this with it.
fn usable_key<'s>(
    store: &'s KeyStore,
    trial: &Trial<'_>,
    name: &str,
    action: &str,
    context: &EncryptionContext,
    more: Vec<(&str, ContextValue<'_>)>,
) -> Result<&'s Key, Refusal> {
    let key = trial.find(store, name, action)?;
    let request = KeyRequest { context: Some(context), ..KeyRequest::new(action, key) };
    let service_keys = request_alias(name).into_iter().chain(more).collect();
    trial.check(store, &request, &Sets::keys(service_keys))?;
    Ok(key)
}

/// The key that a ciphertext is under, if the caller may do this with it. Callers of other accounts
/// do not learn whether there is such a key.
fn key_of_blob<'s>(
    store: &'s KeyStore,
    trial: &Trial<'_>,
    blob: &Blob<'_>,
    name: Option<&str>,
    (action, context): (&str, &EncryptionContext),
    more: Vec<(&str, ContextValue<'_>)>,
) -> Result<&'s Key, Refusal> {
    let key = store.find_by_blob(blob, name, &trial.scope)?;
    let request = KeyRequest { context: Some(context), ..KeyRequest::new(action, key) };
    let service_keys = name.map(request_alias).unwrap_or_default().into_iter().chain(more);
    let checked = trial.check(store, &request, &Sets::keys(service_keys.collect()));
    match checked {
        Err(Refusal::Key(KeyFault { code: KeyCode::AccessDenied, .. }))
            if key.scope() != &trial.scope =>
        {
            Err(KeyFault::foreign_ciphertext().into())
        }
        Err(refusal) => Err(refusal),
        Ok(()) => Ok(key),
    }
}

fn random(broker: &Broker, bytes: usize) -> Zeroizing<Vec<u8>> {
    let most: Zeroizing<[u8; limits::RANDOM_BYTES_MAX]> = Zeroizing::new(broker.random_bytes());
    Zeroizing::new(most.iter().copied().take(bytes).collect())
}

/// A trial ends here, with nothing wrong.
fn check_wanted(dry_run: bool) -> Result<(), KeyFault> {
    if dry_run { Err(KeyFault::dry_run()) } else { Ok(()) }
}
