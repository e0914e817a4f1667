//! Sealing and opening message bodies, with data keys that are used again for a while.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::cache::Cache;
use super::data_key::{DATA_KEY_BYTES, DataKey, NONCE_BYTES};
use super::resource::Resource;
use super::sealed::{Sealed, Under, Wrapped};
use crate::blob::{Blob, SALT_BYTES};
use crate::fault::{KeyCode, KeyFault};
use crate::key::Key;
use crate::scope::KeyId;
use crate::store::KeyStore;

/// Data keys in use, and what they seal. Cheap to share: what is common is locked for a look-up.
///
/// The key behind a data key is looked at each time, so a key that is disabled or deleted stops
/// everything under it at once. Whether the caller may use the key is asked when a data key is made
/// or opened, as AWS does: a permission that is taken away holds for a reuse period more.
#[derive(Debug)]
pub struct Envelopes {
    sealing: Mutex<Cache<(Resource, String, KeyId), DataKey>>,
    opening: Mutex<Cache<(Vec<u8>, String), DataKey>>,
}

/// Who seals what for whom.
#[derive(Clone, Copy, Debug)]
pub struct SealRequest<'a> {
    /// The queue or topic.
    pub resource: &'a Resource,
    /// Who sends: sessions of a role that differ in their names only should be one. `None` for
    /// whoever must be asked anew for each body.
    pub principal: Option<&'a str>,
    /// The key of the queue or topic.
    pub key: &'a Key,
    /// How long a data key is used: `KmsDataKeyReusePeriodSeconds`, of topics 300.
    pub reuse_seconds: u64,
    /// Now, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Random bytes for one body. Most are needed only when a data key is made.
pub struct EnvelopeRandom {
    data_key: Zeroizing<[u8; DATA_KEY_BYTES]>,
    salt: [u8; SALT_BYTES],
    nonce: [u8; NONCE_BYTES],
}

impl EnvelopeRandom {
    /// How many.
    pub const BYTES: usize = DATA_KEY_BYTES + SALT_BYTES + NONCE_BYTES;

    /// `bytes` must be random, and never given twice.
    pub fn new(bytes: &[u8; Self::BYTES]) -> Self {
        let (data_key, rest) = bytes.split_at(DATA_KEY_BYTES);
        let (salt, nonce) = rest.split_at(SALT_BYTES);
        let exact = "the three parts are as long as all";
        Self {
            data_key: Zeroizing::new(data_key.try_into().expect(exact)),
            salt: salt.try_into().expect(exact),
            nonce: nonce.try_into().expect(exact),
        }
    }
}

impl Envelopes {
    /// Remembers that many data keys for sealing, and as many for opening. One takes about half a
    /// KiB.
    pub fn new(data_keys_max: usize) -> Self {
        let sealing = Mutex::new(Cache::new(data_keys_max));
        Self { sealing, opening: Mutex::new(Cache::new(data_keys_max)) }
    }

    /// Seals a body. `authorise` is asked, if a new data key is needed, whether the caller may have
    /// one: `kms:GenerateDataKey`, and `kms:Decrypt`.
    ///
    /// # Errors
    /// DisabledException or KMSInvalidStateException if the key may not be used, and those of
    /// `authorise`.
    pub fn seal(
        &self,
        request: &SealRequest<'_>,
        body: &[u8],
        random: EnvelopeRandom,
        authorise: impl FnOnce() -> Result<(), KeyFault>,
    ) -> Result<Vec<u8>, KeyFault> {
        let SealRequest { resource, principal, key, reuse_seconds, now_ms } = *request;
        let reuse_ms = reuse_seconds.saturating_mul(1000);
        let name = principal.map(|principal| (resource.clone(), principal.to_owned(), key.id()));
        let known = name.as_ref().and_then(|name| lock(&self.sealing).get(name, now_ms));
        let data_key = match known.filter(|known| known.may_seal(now_ms, reuse_ms)) {
            Some(known) => {
                key.check_usable()?;
                known
            }
            None => {
                // Whoever may not use a key does not learn whether it could be used.
                authorise()?;
                key.check_usable()?;
                let made = Arc::new(make(request, &random)?);
                let ends_at_ms = now_ms.saturating_add(reuse_ms);
                if let Some(name) = name {
                    lock(&self.sealing).put(name, Arc::clone(&made), now_ms, ends_at_ms);
                }
                made
            }
        };
        data_key.seal(resource, body, random.nonce)
    }

    /// Opens a body. `authorise` is asked, unless the data key is known from before, whether the
    /// principal may open what is under the key: `kms:Decrypt`.
    ///
    /// # Errors
    /// As [`Envelopes::seal`]; NotFoundException if the key is gone; KeyUnavailableException if it is
    /// one of another service; InvalidCiphertextException if the sealed body was changed.
    pub fn open(
        &self,
        store: &KeyStore,
        sealed: &[u8],
        principal: Option<&str>,
        (reuse_seconds, now_ms): (u64, u64),
        authorise: impl FnOnce(&Key, &Resource) -> Result<(), KeyFault>,
    ) -> Result<Vec<u8>, KeyFault> {
        let sealed = Sealed::parse(sealed)?;
        let key = match sealed.under {
            Under::Own(key) => store.key(key).ok_or_else(|| gone(key))?,
            Under::Elsewhere(key) => return Err(elsewhere(key)),
        };
        let name = principal.map(|principal| (sealed.data_key.to_vec(), principal.to_owned()));
        let known = name.as_ref().and_then(|name| lock(&self.opening).get(name, now_ms));
        if let Some(known) = known {
            key.check_usable()?;
            return known.open(&sealed);
        }
        authorise(key, &sealed.resource)?;
        key.check_usable()?;
        let data_key = Arc::new(decrypt(key, &sealed, now_ms)?);
        let opened = data_key.open(&sealed)?;
        let ends_at_ms = now_ms.saturating_add(reuse_seconds.saturating_mul(1000));
        if let Some(name) = name {
            lock(&self.opening).put(name, data_key, now_ms, ends_at_ms);
        }
        Ok(opened)
    }
}

fn make(request: &SealRequest<'_>, random: &EnvelopeRandom) -> Result<DataKey, KeyFault> {
    let SealRequest { resource, key, now_ms, .. } = *request;
    let encrypted = key.encrypt(&random.data_key[..], &resource.context(), random.salt)?;
    let made = DataKey::new(&random.data_key[..], Wrapped::Own(encrypted.blob), now_ms);
    let made = made.expect("the data key has 32 bytes");
    // The first use is this one.
    let _ = made.count_use();
    Ok(made)
}

fn decrypt(key: &Key, sealed: &Sealed<'_>, now_ms: u64) -> Result<DataKey, KeyFault> {
    let blob = Blob::parse(sealed.data_key)?;
    let opened = key.decrypt(&blob, &sealed.resource.context())?;
    DataKey::new(&opened.plaintext, Wrapped::Own(sealed.data_key.to_vec()), now_ms)
        .ok_or_else(KeyFault::invalid_ciphertext)
}

/// All that is left of the key is its id.
fn gone(key: KeyId) -> KeyFault {
    KeyFault::new(KeyCode::NotFound, format!("Key '{key}' does not exist"))
}

/// The service that has the key was in use when the body was sealed, and is not any more.
fn elsewhere(key: &str) -> KeyFault {
    let text =
        format!("Key '{key}' is kept by another service, which this server does not use now");
    KeyFault::new(KeyCode::KeyUnavailable, text)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
impl Envelopes {
    /// As if a data key had sealed all that it may.
    pub(crate) fn use_up(&self, name: &(Resource, String, KeyId)) {
        let known = lock(&self.sealing).get(name, 0);
        known.expect("the data key is known").use_up();
    }

    /// Data keys that are remembered, for sealing and for opening.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (lock(&self.sealing).len(), lock(&self.opening).len())
    }
}

impl fmt::Debug for EnvelopeRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeRandom(..)")
    }
}
