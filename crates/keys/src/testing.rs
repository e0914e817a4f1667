//! What the tests share: a store that is driven as a server drives it, but for the disk.

use std::collections::BTreeMap;

use tidings_core::names::{AccountId, Region};
use tidings_seal::{MasterKey, Sealer};

use crate::{Change, Key, KeyFault, KeyStore, Output, Random, Scope, Write};

pub(crate) const DAY_MS: u64 = 86_400_000;
pub(crate) const NOW_MS: u64 = 1_795_442_400_000;

pub(crate) fn scope() -> Scope {
    scope_of("111122223333", "us-east-1")
}

pub(crate) fn scope_of(account: &str, region: &str) -> Scope {
    Scope { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
}

pub(crate) fn sealer() -> Sealer {
    MasterKey::new([7; 32]).sealer("keys")
}

/// A store, its register, a clock and a source of bytes that never repeats.
pub(crate) struct World {
    pub(crate) store: KeyStore,
    pub(crate) register: BTreeMap<String, Vec<u8>>,
    pub(crate) now_ms: u64,
    counter: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = KeyStore::load([], sealer()).unwrap();
        Self { store, register: BTreeMap::new(), now_ms: NOW_MS, counter: 0 }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            self.counter += 1;
            let spread = self.counter.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            chunk.copy_from_slice(&spread[..chunk.len()]);
        }
        bytes
    }

    pub(crate) fn change_as(&mut self, caller: &Scope, change: Change) -> Result<Output, KeyFault> {
        let random = Random::new(self.bytes());
        let (writes, output) = self.store.decide(change, caller, self.now_ms, random)?;
        self.write(&writes);
        Ok(output)
    }

    pub(crate) fn change(&mut self, change: Change) -> Result<Output, KeyFault> {
        self.change_as(&scope(), change)
    }

    fn write(&mut self, writes: &[Write]) {
        assert!(writes.len() <= crate::limits::WRITES_MAX);
        self.store.apply(writes).unwrap();
        for (entry, value) in writes.iter().cloned() {
            assert!(entry.len() <= 1024);
            match value {
                Some(value) => {
                    assert!(value.len() <= 256 * 1024);
                    self.register.insert(entry, value);
                }
                None => {
                    self.register.remove(&entry);
                }
            }
        }
    }

    /// Does what is due until nothing is. Returns in how many steps.
    pub(crate) fn advance_to(&mut self, now_ms: u64) -> usize {
        self.now_ms = now_ms;
        let mut steps = 0;
        while self.store.next_due().is_some_and(|due_at_ms| due_at_ms <= now_ms) {
            let random = Random::new(self.bytes());
            let writes = self.store.advance(now_ms, random);
            assert!(!writes.is_empty());
            self.write(&writes);
            steps += 1;
        }
        steps
    }

    pub(crate) fn new_key_as(&mut self, caller: &Scope) -> String {
        let (policy, description, tags) = (None, String::new(), Vec::new());
        let change = Change::CreateKey { policy, description, tags };
        match self.change_as(caller, change).unwrap() {
            Output::Key(metadata) => metadata.arn,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn new_key(&mut self) -> String {
        self.new_key_as(&scope())
    }

    pub(crate) fn key(&self, name: &str) -> &Key {
        self.store.find(name, &scope()).unwrap()
    }

    /// The store that the register makes.
    pub(crate) fn reloaded(&self) -> KeyStore {
        let entries = self.register.iter().map(|(entry, value)| (entry.as_str(), &value[..]));
        KeyStore::load(entries, sealer()).unwrap()
    }
}
