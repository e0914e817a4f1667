//! Ciphertexts of the key store: nothing that was changed or made up decrypts.
//!
//! The first byte of an input says whether the rest is a blob, or how a good one is changed: a
//! position, and what is put there.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tidings_core::names::{AccountId, Region};
use tidings_fuzz::byte;
use tidings_keys::{Blob, Change, EncryptionContext, KeyStore, Output, Random, Scope};
use tidings_seal::MasterKey;

struct World {
    store: KeyStore,
    key: String,
    scope: Scope,
    context: EncryptionContext,
    blob: Vec<u8>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let sealer = MasterKey::new([7; 32]).sealer("keys");
        let mut store = KeyStore::load([], sealer).expect("nothing is nothing wrong");
        let scope = Scope {
            account: AccountId::parse("111122223333").expect("twelve digits"),
            region: Region::parse("us-east-1").expect("a region"),
        };
        let change =
            Change::CreateKey { policy: None, description: String::new(), tags: Vec::new() };
        let random = Random::new([1; Random::BYTES]);
        let decided = store.decide(change, &scope, 1_795_442_400_000, random);
        let (writes, output) = decided.expect("nothing is in the way");
        store.apply(&writes).expect("it made them");
        let Output::Key(metadata) = output else { panic!("not a key") };
        let context = EncryptionContext::one("purpose", "fuzzing");
        let key = metadata.arn.to_string();
        let found = store.find(&key, &scope).expect("it was just made");
        let encrypted = found.encrypt(b"a secret", &context, [2; 32]).expect("it is enabled");
        World { key, scope, context, blob: encrypted.blob, store }
    })
}

fuzz_target!(|data: &[u8]| {
    let World { store, key, scope, context, blob: good } = world();
    let mut rest = data;
    let bytes = if byte(&mut rest) % 2 == 0 {
        rest.to_vec()
    } else {
        let at = usize::from(byte(&mut rest)) % good.len();
        let mut changed = good.clone();
        let length = rest.len().min(good.len() - at);
        changed[at..at + length].copy_from_slice(&rest[..length]);
        changed
    };
    let Ok(blob) = Blob::parse(&bytes) else { return };
    let _ = store.find_by_blob(&blob, None, scope);
    let key = store.find(key, scope).expect("it is there");
    match key.decrypt(&blob, context) {
        Ok(decrypted) => {
            assert_eq!(&bytes, good, "what was changed decrypts");
            assert_eq!(decrypted.plaintext[..], *b"a secret");
        }
        Err(_) => assert_ne!(&bytes, good),
    }
    assert!(key.decrypt(&blob, &EncryptionContext::one("purpose", "other")).is_err());
});
