//! Signing keys that were of use.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::credential::Scope;
use crate::secret::SecretKey;
use crate::signing_key::SigningKey;

/// Keeps derived keys: a client derives one a day, and so does the server.
///
/// Many threads may use it at once. A key is only found together with the secret that it was
/// derived from, so that a secret that changes takes effect at once, whatever
/// [`SigningKeys::forget`] races with; that is for the memory, and for keys that are deleted.
///
/// It holds as many keys as it was made for. When a part is full, the next key in turn goes that
/// nobody has used since its last turn.
#[derive(Debug)]
pub struct SigningKeys {
    parts: [RwLock<Part>; PARTS],
    part_keys_max: usize,
}

/// So many threads can keep a key at once; they find them without waiting for each other.
const PARTS: usize = 16;

#[derive(Default, Debug)]
struct Part {
    kept: Vec<Kept>,
    turn: usize,
}

#[derive(Debug)]
struct Kept {
    hash: u64,
    /// Access key id, date, region and service.
    name: [Box<str>; 4],
    secret: SecretKey,
    key: SigningKey,
    is_used: AtomicBool,
}

type Name<'a> = [&'a str; 4];

impl SigningKeys {
    /// Makes room for so many keys, rounded up to a multiple of 16; at least 16.
    pub fn new(keys_max: usize) -> Self {
        Self { parts: Default::default(), part_keys_max: keys_max.div_ceil(PARTS).max(1) }
    }

    /// Forgets the keys of an access key id: it is deleted or disabled, or has another secret.
    pub fn forget(&self, access_key_id: &str) {
        for part in &self.parts {
            write(part).kept.retain(|kept| *kept.name[0] != *access_key_id);
        }
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| read(part).kept.len()).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn find(
        &self,
        access_key_id: &str,
        secret: &SecretKey,
        scope: &Scope<'_>,
    ) -> Option<SigningKey> {
        let name = [access_key_id, scope.date, scope.region, scope.service];
        let hash = hash(&name);
        let part = read(self.part(hash));
        let kept = part.kept.iter().find(|kept| kept.is(hash, &name))?;
        if kept.secret != *secret {
            return None;
        }
        // Written only when it changes: a line of memory that all threads write is slow.
        if !kept.is_used.load(Ordering::Relaxed) {
            kept.is_used.store(true, Ordering::Relaxed);
        }
        Some(kept.key.clone())
    }

    pub(crate) fn keep(
        &self,
        access_key_id: &str,
        secret: &SecretKey,
        scope: &Scope<'_>,
        key: SigningKey,
    ) {
        let name = [access_key_id, scope.date, scope.region, scope.service];
        let hash = hash(&name);
        let new = Kept {
            hash,
            name: name.map(Box::from),
            secret: secret.clone(),
            key,
            is_used: AtomicBool::new(false),
        };
        let mut part = write(self.part(hash));
        if let Some(kept) = part.kept.iter_mut().find(|kept| kept.is(hash, &name)) {
            *kept = new;
        } else if part.kept.len() < self.part_keys_max {
            part.kept.push(new);
        } else {
            let place = part.next_unused();
            part.kept[place] = new;
        }
    }

    fn part(&self, hash: u64) -> &RwLock<Part> {
        let index = usize::try_from(hash % PARTS as u64).unwrap_or_default();
        &self.parts[index]
    }
}

impl Part {
    /// The next in turn that nobody has used since its last turn. There is at least one key here;
    /// the second time round none counts as used.
    fn next_unused(&mut self) -> usize {
        loop {
            let place = self.turn % self.kept.len();
            self.turn = place + 1;
            if !std::mem::take(self.kept[place].is_used.get_mut()) {
                return place;
            }
        }
    }
}

impl Kept {
    fn is(&self, hash: u64, name: &Name<'_>) -> bool {
        self.hash == hash && self.name.iter().map(|part| &**part).eq(name.iter().copied())
    }
}

/// Only names of keys that have signed something are kept, so that nobody can choose them freely to
/// collide.
fn hash(name: &Name<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// A poisoned lock is no obstacle: a part is whole after every step.
fn read(part: &RwLock<Part>) -> RwLockReadGuard<'_, Part> {
    part.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(part: &RwLock<Part>) -> RwLockWriteGuard<'_, Part> {
    part.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(region: &str) -> Scope<'_> {
        Scope { date: "20150830", region, service: "sqs" }
    }

    fn keep(keys: &SigningKeys, id: &str, secret: &SecretKey, region: &str) {
        keys.keep(id, secret, &scope(region), SigningKey::derive(secret, &scope(region)));
    }

    #[test]
    fn a_key_is_found_by_all_of_its_name_and_its_secret() {
        let (keys, secret) = (SigningKeys::new(100), SecretKey::new("one".to_owned()));
        assert!(keys.is_empty());
        keep(&keys, "AKID", &secret, "us-east-1");
        assert!(keys.find("AKID", &secret, &scope("us-east-1")).is_some());
        assert!(keys.find("AKIE", &secret, &scope("us-east-1")).is_none());
        assert!(keys.find("AKID", &secret, &scope("us-east-2")).is_none());
        let tomorrow = Scope { date: "20150831", ..scope("us-east-1") };
        assert!(keys.find("AKID", &secret, &tomorrow).is_none());
        let changed = SecretKey::new("two".to_owned());
        assert!(keys.find("AKID", &changed, &scope("us-east-1")).is_none());
        keep(&keys, "AKID", &changed, "us-east-1");
        assert_eq!(keys.len(), 1, "the new secret's key takes the place of the old one's");
        assert!(keys.find("AKID", &secret, &scope("us-east-1")).is_none());
    }

    #[test]
    fn what_is_forgotten_is_gone() {
        let (keys, secret) = (SigningKeys::new(100), SecretKey::new("one".to_owned()));
        for region in ["a", "b", "c"] {
            keep(&keys, "AKID", &secret, region);
            keep(&keys, "OTHER", &secret, region);
        }
        keys.forget("AKID");
        assert_eq!(keys.len(), 3);
        assert!(keys.find("AKID", &secret, &scope("a")).is_none());
        assert!(keys.find("OTHER", &secret, &scope("a")).is_some());
    }

    #[test]
    fn it_stays_bounded_and_keeps_what_is_in_use() {
        let (keys, secret) = (SigningKeys::new(64), SecretKey::new("one".to_owned()));
        keep(&keys, "AKID", &secret, "busy");
        for number in 0..1000 {
            keep(&keys, "AKID", &secret, &format!("region-{number}"));
            assert!(keys.find("AKID", &secret, &scope("busy")).is_some(), "{number}");
        }
        assert_eq!(keys.len(), 64);
    }

    #[test]
    fn many_threads_use_it_at_once() {
        let (keys, secret) = (SigningKeys::new(64), SecretKey::new("one".to_owned()));
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let (keys, secret) = (&keys, &secret);
                threads.spawn(move || {
                    for number in 0..200 {
                        let region = format!("region-{}", (number * 7 + thread) % 90);
                        if keys.find("AKID", secret, &scope(&region)).is_none() {
                            keep(keys, "AKID", secret, &region);
                        }
                        if number % 50 == 0 {
                            keys.forget("AKID");
                        }
                    }
                });
            }
        });
        assert!(keys.len() <= 64);
    }
}
