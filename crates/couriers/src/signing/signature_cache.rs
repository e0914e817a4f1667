//! Signatures made lately.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_core::delivery::SignatureVersion;
use tidings_core::limits::SIGNATURES_REMEMBERED_MAX;

/// A message's digest, by which its signature is known. Whoever could make two messages with one
/// digest could have one signed in place of the other anyway.
type Digest = Vec<u8>;

/// Remembers signatures, so that a message that goes to many queues is signed once.
///
/// PKCS#1 v1.5 has no randomness: the same message gets the same signature. Two generations bound
/// the memory: when the younger one is full, the older one goes.
#[derive(Default)]
pub(super) struct SignatureCache {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<(SignatureVersion, Digest), Arc<str>>,
    old: HashMap<(SignatureVersion, Digest), Arc<str>>,
}

impl SignatureCache {
    pub(super) fn get(&self, version: SignatureVersion, digest: &[u8]) -> Option<Arc<str>> {
        let key = (version, digest.to_vec());
        let generations = self.lock();
        generations.young.get(&key).or_else(|| generations.old.get(&key)).cloned()
    }

    pub(super) fn put(&self, version: SignatureVersion, digest: &[u8], signature: Arc<str>) {
        let mut generations = self.lock();
        if generations.young.len() >= SIGNATURES_REMEMBERED_MAX / 2 {
            generations.old = mem::take(&mut generations.young);
        }
        generations.young.insert((version, digest.to_vec()), signature);
    }

    /// A poisoned lock is no obstacle: the maps are whole after every step.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> [u8; 8] {
        number.to_be_bytes()
    }

    #[test]
    fn it_forgets_the_oldest_and_stays_bounded() {
        let cache = SignatureCache::default();
        for number in 0..SIGNATURES_REMEMBERED_MAX * 2 {
            cache.put(SignatureVersion::V1, &digest(number), number.to_string().into());
        }
        let last = SIGNATURES_REMEMBERED_MAX * 2 - 1;
        assert_eq!(cache.get(SignatureVersion::V1, &digest(0)), None);
        let remembered = cache.get(SignatureVersion::V1, &digest(last)).unwrap();
        assert_eq!(&*remembered, last.to_string());
        let generations = cache.lock();
        let held = generations.young.len() + generations.old.len();
        assert!(held <= SIGNATURES_REMEMBERED_MAX, "holds {held}");
    }

    #[test]
    fn versions_are_kept_apart() {
        let cache = SignatureCache::default();
        cache.put(SignatureVersion::V1, &digest(1), "one".into());
        assert_eq!(cache.get(SignatureVersion::V2, &digest(1)), None);
    }
}
