//! What tests share: a directory beside the register that it would be read from again.

use std::collections::BTreeMap;

use tidings_core::names::AccountId;
use tidings_seal::MasterKey;

use crate::directory::{Directory, Writes};
use crate::entry::{EntityKind, EntryKey};
use crate::random::{RANDOM_BYTES, Random};

/// 2026-01-02T03:04:05Z.
pub(crate) const NOW_MS: u64 = 1_767_323_045_000;

pub(crate) fn master() -> MasterKey {
    MasterKey::new([7; 32])
}

pub(crate) fn account() -> AccountId {
    AccountId::parse("123456789012").unwrap()
}

pub(crate) fn random(seed: u64) -> Random {
    // Spread, so that ids differ in more than their last letter.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut bytes = [0; RANDOM_BYTES];
    for byte in &mut bytes {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = (state >> 56) as u8;
    }
    Random::new(bytes)
}

/// What seals the secrets of tests.
pub(crate) fn seals() -> crate::Seals {
    crate::Seals::new(|purpose| master().sealer(purpose))
}

/// A directory, and the register under it.
pub(crate) struct World {
    pub(crate) directory: Directory,
    pub(crate) register: BTreeMap<String, Vec<u8>>,
    pub(crate) seed: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let none: [(&str, &[u8]); 0] = [];
        let directory = Directory::load(none, seals()).unwrap();
        Self { directory, register: BTreeMap::new(), seed: 0 }
    }

    /// Fresh random bytes.
    pub(crate) fn random(&mut self) -> Random {
        self.seed += 1;
        random(self.seed)
    }

    pub(crate) fn apply(&mut self, writes: &Writes) {
        for (key, value) in writes {
            match value {
                Some(value) => self.register.insert(key.clone(), value.clone()),
                None => self.register.remove(key),
            };
        }
        self.directory.apply(writes).unwrap();
    }

    /// Writes an entry as an operation would.
    pub(crate) fn put(&mut self, kind: EntityKind, id: &str, json: &serde_json::Value) {
        let key = EntryKey::Entity(account(), kind, id.to_owned()).to_string();
        self.apply(&vec![(key, Some(json.to_string().into_bytes()))]);
    }

    pub(crate) fn take(&mut self, kind: EntityKind, id: &str) {
        let key = EntryKey::Entity(account(), kind, id.to_owned()).to_string();
        self.apply(&vec![(key, None)]);
    }

    /// The same, read again.
    pub(crate) fn reloaded(&self) -> Directory {
        Directory::load(&self.register, seals()).unwrap()
    }
}

/// Decides by the principal's own policies and the resource's, from an address, now.
pub(crate) struct Judge<'a>(pub(crate) &'a crate::Principal);

impl crate::Arbiter for Judge<'_> {
    fn decide(&self, wanted: &crate::Wanted<'_>) -> Result<(), String> {
        use tidings_access::{Decision, Facts, Origin, Policies, Request, denial_text, evaluate};
        let origin = Origin::Public(std::net::Ipv4Addr::LOCALHOST.into());
        let owner = wanted.owner.to_string();
        let facts = Facts {
            request_tags: wanted.request_tags,
            tag_keys: wanted.tag_keys,
            resource_tags: wanted.resource_tags,
            resource_account: Some(&owner),
            service_keys: wanted.service_keys,
            ..Facts::new(self.0.caller(), origin, NOW_MS as i64)
        };
        let request = Request {
            caller: self.0.caller(),
            action: wanted.action,
            resource: wanted.resource,
            resource_account: &owner,
            context: &facts,
        };
        let identity: Vec<_> = self.0.identity_policies().iter().map(|policy| &**policy).collect();
        let policies =
            Policies { identity: &identity, resource: wanted.policy, ..Policies::default() };
        match evaluate(&request, &policies) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(denial_text(&request, &denial)),
        }
    }
}
