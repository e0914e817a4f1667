//! Entries that a disk may hold and blobs that a client may send: none panics.

use proptest::prelude::*;
use tidings_seal::MasterKey;

use crate::testing::{World, scope, sealer};
use crate::{Blob, Change, EncryptionContext, KeyStore, Sealed};

/// The entries of a world with one of everything.
fn entries() -> Vec<(String, Vec<u8>)> {
    let mut world = World::new();
    let key = world.new_key();
    world.change(Change::CreateAlias { alias: "alias/a".into(), key: key.clone() }).unwrap();
    world.change(Change::RotateKeyOnDemand { key: key.clone() }).unwrap();
    let grant = crate::NewGrant {
        name: Some("n".into()),
        grantee: "arn:aws:iam::111122223333:root".into(),
        retiring_principal: None,
        operations: vec!["Decrypt".into()],
        constraints: crate::Constraints::default(),
    };
    world.change(Change::CreateGrant { key, grant }).unwrap();
    assert_eq!(world.register.len(), 3);
    world.register.into_iter().collect()
}

fn load(entries: &[(String, Vec<u8>)]) -> Result<KeyStore, crate::LoadFault> {
    KeyStore::load(entries.iter().map(|(entry, value)| (entry.as_str(), &value[..])), sealer())
}

proptest! {
    #[test]
    fn a_damaged_entry_is_refused_or_read(which in 0..3_usize, at: usize, byte: u8) {
        let mut entries = entries();
        let value = &mut entries[which].1;
        let at = at % value.len();
        value[at] = byte;
        // A digit of a time may have become another: that is for the log's checksums to see.
        let _ = load(&entries);
    }

    #[test]
    fn any_value_is_refused_or_read(which in 0..3_usize, value: Vec<u8>) {
        let mut entries = entries();
        entries[which].1 = value;
        let _ = load(&entries);
    }

    #[test]
    fn any_entry_is_refused_or_read(entry in "(keys/)?.{0,40}", value in ".{0,40}") {
        let _ = load(&[(entry, value.into_bytes())]);
    }

    #[test]
    fn any_bytes_are_no_ciphertext(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut world = World::new();
        let arn = world.new_key();
        if let Ok(blob) = Blob::parse(&bytes) {
            let key = world.key(&arn);
            prop_assert!(key.decrypt(&blob, &EncryptionContext::default()).is_err());
            prop_assert!(world.store.find_by_blob(&blob, None, &scope()).is_err());
        }
        let _ = Sealed::parse(&bytes);
    }

    #[test]
    fn any_name_is_found_or_not(name in "(arn:aws:kms:us-east-1:)?.{0,60}") {
        prop_assert!(World::new().store.find(&name, &scope()).is_err());
    }
}

#[test]
fn what_does_not_open_says_so() {
    let entries = entries();
    let other = MasterKey::new([8; 32]).sealer("keys");
    let refs = entries.iter().map(|(entry, value)| (entry.as_str(), &value[..]));
    let fault = KeyStore::load(refs, other).unwrap_err();
    assert!(fault.entry.starts_with("keys/111122223333/us-east-1/key/"));
    assert!(fault.to_string().ends_with("sealed under another master key"), "{fault}");
}

/// Whoever can write to the disk, but has no master key, cannot give a key another's material.
#[test]
fn material_belongs_to_its_key() {
    let mut world = World::new();
    let (one, other) = (world.new_key(), world.new_key());
    let entry =
        |arn: &str| format!("keys/111122223333/us-east-1/key/{}", arn.rsplit('/').next().unwrap());
    let value = world.register[&entry(&one)].clone();
    let fault = KeyStore::load([(entry(&other).as_str(), &value[..])], sealer()).unwrap_err();
    assert_eq!(fault.entry, entry(&other));
}

#[test]
fn an_alias_without_its_key_is_as_good_as_none() {
    let entries = entries();
    let aliases: Vec<_> =
        entries.into_iter().filter(|(entry, _)| !entry.contains("/key/")).collect();
    let store = load(&aliases).unwrap();
    assert!(store.find("alias/a", &scope()).is_err());
    assert_eq!(store.next_due(), None);
}

#[test]
fn a_time_at_the_end_of_time_is_one() {
    let mut world = World::new();
    let key = world.new_key();
    world.now_ms = u64::MAX - 1;
    world.change(Change::EnableKeyRotation { key: key.clone(), period_days: 90 }).unwrap();
    world.change(Change::ScheduleKeyDeletion { key, window_days: 30 }).unwrap();
    assert_eq!(world.store.next_due(), Some(u64::MAX));
}
