//! Data keys that a service elsewhere made, remembered for a while.

use std::sync::{Arc, Mutex, PoisonError};

use super::cache::Cache;
use super::data_key::DataKey;
use super::resource::Resource;
use super::sealed::Sealed;

/// Data keys in use: those that seal, and those that open. Whoever drives it asks the service for
/// what is not here, and puts it in.
///
/// A data key is used for a reuse period, whatever happens to its key meanwhile: the service is not
/// asked before that is over. SQS developer guide, "Understanding the data key reuse period".
#[derive(Debug)]
pub struct DataKeys {
    sealing: Mutex<Cache<SealingName, DataKey>>,
    opening: Mutex<Cache<OpeningName, DataKey>>,
}

/// What has a data key of its own to seal: a queue or topic, and the key as it is set there.
pub type SealingName = (Resource, String);

/// What a data key opens: what was sealed for a queue or topic under this encrypted data key.
pub type OpeningName = (Resource, Vec<u8>);

impl DataKeys {
    /// Remembers that many data keys for sealing, and as many for opening. One takes about half a
    /// KiB, and at most some 14 KiB if the service encrypts them to as much as it may.
    pub fn new(max: usize) -> Self {
        Self { sealing: Mutex::new(Cache::new(max)), opening: Mutex::new(Cache::new(max)) }
    }

    /// The data key for one more body, if there is one that may still seal.
    pub fn to_seal(
        &self,
        name: &SealingName,
        now_ms: u64,
        reuse_seconds: u64,
    ) -> Option<Arc<DataKey>> {
        let known = lock(&self.sealing).get(name, now_ms)?;
        known.may_seal(now_ms, reuse_ms(reuse_seconds)).then_some(known)
    }

    /// The data key that opens a body, if it is known.
    pub fn to_open(&self, name: &OpeningName, now_ms: u64) -> Option<Arc<DataKey>> {
        lock(&self.opening).get(name, now_ms)
    }

    /// Remembers a data key that was made to seal; it also opens what it seals.
    pub fn put_to_seal(
        &self,
        name: SealingName,
        made: &Arc<DataKey>,
        now_ms: u64,
        reuse_seconds: u64,
    ) {
        self.put_to_open((name.0.clone(), made.blob().to_vec()), made, now_ms, reuse_seconds);
        let ends_at_ms = now_ms.saturating_add(reuse_ms(reuse_seconds));
        lock(&self.sealing).put(name, Arc::clone(made), now_ms, ends_at_ms);
    }

    /// Remembers a data key that was decrypted.
    pub fn put_to_open(
        &self,
        name: OpeningName,
        opened: &Arc<DataKey>,
        now_ms: u64,
        reuse_seconds: u64,
    ) {
        let ends_at_ms = now_ms.saturating_add(reuse_ms(reuse_seconds));
        lock(&self.opening).put(name, Arc::clone(opened), now_ms, ends_at_ms);
    }
}

impl Sealed<'_> {
    /// What its data key is remembered by.
    pub fn opening_name(&self) -> OpeningName {
        (self.resource.clone(), self.data_key.to_vec())
    }
}

fn reuse_ms(seconds: u64) -> u64 {
    seconds.saturating_mul(1000)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sealed::Under;
    use super::*;
    use crate::fault::KeyCode;

    const ARN: &str = "arn:aws:sqs:us-east-1:111122223333:orders";
    const KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/11111111-2222-3333-4444-555555555555";
    const NOW_MS: u64 = 1_800_000_000_000;

    fn queue() -> Resource {
        Resource::Queue(ARN.to_owned())
    }

    fn name() -> SealingName {
        (queue(), "alias/orders".to_owned())
    }

    fn data_key(blob: &[u8]) -> Arc<DataKey> {
        let made = DataKey::of_service(&[7; 32], KEY.to_owned(), blob.to_vec(), NOW_MS);
        Arc::new(made.unwrap())
    }

    proptest! {
        #[test]
        fn a_body_is_opened_again(body: Vec<u8>, blob in prop::collection::vec(0_u8.., 1..400)) {
            let made = data_key(&blob);
            let sealed = made.seal(&queue(), &body, [3; 12]).unwrap();
            let parsed = Sealed::parse(&sealed).unwrap();
            prop_assert_eq!(&parsed.resource, &queue());
            prop_assert_eq!(parsed.under, Under::Elsewhere(KEY));
            prop_assert_eq!(parsed.data_key(), &blob);
            prop_assert_eq!(made.open(&parsed), Ok(body));
        }

        #[test]
        fn a_changed_bit_is_refused(body: Vec<u8>, at: usize, bit in 0..8_u8) {
            let made = data_key(b"opaque");
            let mut sealed = made.seal(&queue(), &body, [3; 12]).unwrap();
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            let opened = Sealed::parse(&sealed).and_then(|sealed| made.open(&sealed));
            prop_assert_eq!(opened.unwrap_err().code, KeyCode::InvalidCiphertext);
        }
    }

    #[test]
    fn what_is_cut_is_refused() {
        let made = data_key(b"opaque");
        let sealed = made.seal(&queue(), b"body", [3; 12]).unwrap();
        for length in 0..sealed.len() {
            let opened = Sealed::parse(&sealed[..length]).and_then(|sealed| made.open(&sealed));
            assert_eq!(opened.unwrap_err().code, KeyCode::InvalidCiphertext, "{length}");
        }
    }

    /// Made by the first release that had it: what it sealed must stay readable for ever. The tail
    /// is AES-256-GCM of the body with all that is before the nonce as additional data, made by
    /// another implementation.
    #[test]
    fn the_form_is_kept() {
        let sealed = data_key(b"opaque").seal(&queue(), b"body", [3; 12]).unwrap();
        assert_eq!(sealed[..4], [2, 1, 0, 41]);
        assert_eq!(&sealed[4..45], ARN.as_bytes());
        assert_eq!(sealed[45..47], [0, 75]);
        assert_eq!(&sealed[47..122], KEY.as_bytes());
        assert_eq!(sealed[122..124], [0, 6]);
        assert_eq!(&sealed[124..130], b"opaque");
        assert_eq!(sealed[130..142], [3; 12]);
        let tail: String = sealed[142..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(tail, "4791c77a00723c1d5c9d72b28a6662a58ca7b002");
    }

    #[test]
    fn only_what_kms_makes_is_a_data_key() {
        let made = |bytes: &[u8], key: usize, blob: usize| {
            DataKey::of_service(bytes, "k".repeat(key), vec![1; blob], NOW_MS).is_some()
        };
        assert!(made(&[7; 32], 2048, 6144));
        assert!(!made(&[7; 16], 75, 184) && !made(&[7; 33], 75, 184) && !made(&[], 75, 184));
        assert!(!made(&[7; 32], 2049, 184) && !made(&[7; 32], 75, 0) && !made(&[7; 32], 75, 6145));
    }

    #[test]
    fn a_data_key_seals_and_opens_for_a_reuse_period() {
        let keys = DataKeys::new(10);
        assert!(keys.to_seal(&name(), NOW_MS, 60).is_none());
        let made = data_key(b"opaque");
        keys.put_to_seal(name(), &made, NOW_MS, 60);
        let sealed = made.seal(&queue(), b"body", [3; 12]).unwrap();
        let opening = Sealed::parse(&sealed).unwrap().opening_name();
        let last = NOW_MS + 59_999;
        assert!(keys.to_seal(&name(), last, 60).is_some());
        assert!(keys.to_open(&opening, last).is_some());
        assert!(keys.to_seal(&name(), last + 1, 60).is_none());
        assert!(keys.to_open(&opening, last + 1).is_none());
        // The period can be made shorter while a data key is in use.
        assert!(keys.to_seal(&name(), NOW_MS + 30_000, 30).is_none());
        made.use_up();
        assert!(keys.to_seal(&name(), NOW_MS, 60).is_none());
    }

    #[test]
    fn each_resource_and_each_name_of_a_key_has_its_own() {
        let keys = DataKeys::new(10);
        keys.put_to_seal(name(), &data_key(b"opaque"), NOW_MS, 60);
        let topic = Resource::Topic(ARN.to_owned());
        assert!(keys.to_seal(&(queue(), KEY.to_owned()), NOW_MS, 60).is_none());
        assert!(keys.to_seal(&(topic.clone(), name().1), NOW_MS, 60).is_none());
        assert!(keys.to_open(&(topic, b"opaque".to_vec()), NOW_MS).is_none());
    }
}
