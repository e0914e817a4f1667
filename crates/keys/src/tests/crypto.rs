//! Encrypting and decrypting.

use crate::testing::{World, scope, scope_of};
use crate::{Blob, EncryptionContext, KeyCode, KeyFault, limits};

#[test]
fn a_blob_leads_to_its_key() {
    let mut world = World::new();
    let (arn, other) = (world.new_key(), world.new_key());
    let context = EncryptionContext::one("a", "b");
    let encrypted = world.key(&arn).encrypt(b"secret", &context, [3; 32]).unwrap();
    let blob = Blob::parse(&encrypted.blob).unwrap();
    let own = scope();
    let find = |name, caller| world.store.find_by_blob(&blob, name, caller).map(|key| key.arn());
    assert_eq!(find(None, &own), Ok(arn.as_str()));
    assert_eq!(find(Some(&arn), &own), Ok(arn.as_str()));
    // From another account, too: the key's policy decides.
    let account = scope_of("000000000042", "us-east-1");
    assert_eq!(find(None, &account), Ok(arn.as_str()));
    assert_eq!(
        find(Some(&other), &own),
        Err(KeyFault::new(
            KeyCode::IncorrectKey,
            "The key ID in the request does not identify a CMK that can perform this operation."
        ))
    );
    let region = scope_of("111122223333", "eu-west-1");
    assert_eq!(find(None, &region), Err(KeyFault::foreign_ciphertext()));
    assert_eq!(World::new().store.find_by_blob(&blob, None, &scope()).unwrap_err().code, {
        KeyCode::AccessDenied
    });
}

#[test]
fn another_context_or_key_does_not_open_it() {
    let mut world = World::new();
    let (arn, other) = (world.new_key(), world.new_key());
    let context = EncryptionContext::one("a", "b");
    let encrypted = world.key(&arn).encrypt(b"secret", &context, [3; 32]).unwrap();
    let blob = Blob::parse(&encrypted.blob).unwrap();
    let empty = KeyFault::new(KeyCode::InvalidCiphertext, "");
    for wrong in [
        EncryptionContext::default(),
        EncryptionContext::one("a", "B"),
        EncryptionContext::one("A", "b"),
    ] {
        assert_eq!(world.key(&arn).decrypt(&blob, &wrong).unwrap_err(), empty);
    }
    assert_eq!(world.key(&other).decrypt(&blob, &context).unwrap_err(), empty);
}

#[test]
fn blobs_are_bounded() {
    let mut world = World::new();
    let arn = world.new_key();
    let (context, plaintext) = (EncryptionContext::default(), [0; limits::PLAINTEXT_BYTES_MAX]);
    let longest = world.key(&arn).encrypt(&plaintext, &context, [1; 32]).unwrap().blob;
    assert!(longest.len() <= limits::CIPHERTEXT_BYTES_MAX);
    assert!(world.key(&arn).decrypt(&Blob::parse(&longest).unwrap(), &context).is_ok());
    assert!(Blob::parse(&[1; limits::CIPHERTEXT_BYTES_MAX + 1]).is_err());
    assert!(Blob::parse(&[1; limits::CIPHERTEXT_BYTES_MAX]).is_ok());
    for length in 0..longest.len() {
        let Ok(blob) = Blob::parse(&longest[..length]) else { continue };
        let fault = world.key(&arn).decrypt(&blob, &context).unwrap_err();
        assert_eq!(fault.code, KeyCode::InvalidCiphertext, "{length}");
    }
}

#[test]
fn the_same_plaintext_is_another_blob() {
    let mut world = World::new();
    let (arn, context) = (world.new_key(), EncryptionContext::default());
    let (one, other) = (world.bytes(), world.bytes());
    let blob = |salt| world.key(&arn).encrypt(b"secret", &context, salt).unwrap().blob;
    let tail = |blob: Vec<u8>| blob[blob.len() - 22..].to_vec();
    assert_ne!(tail(blob(one)), tail(blob(other)));
}

/// Made by the first release: what it encrypted must stay readable for ever. The ciphertext was
/// checked with another implementation of HKDF and AES-GCM.
#[test]
fn the_form_is_kept() {
    let mut world = World::new();
    let arn = world.new_key();
    let key = world.key(&arn);
    let context = EncryptionContext::one("aws:sqs:arn", "q");
    let blob = key.encrypt(b"plaintext", &context, [9; 32]).unwrap().blob;
    assert_eq!(blob[0], 1);
    assert_eq!(blob[1..17], key.id().to_bytes());
    assert_eq!(blob[49..81], [9; 32]);
    let tail: String = blob[81..].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tail, "1f20961e48ed0c38ea6fbc3144b2a6e00723c8aef3334c15d2");
}

#[test]
fn nothing_secret_prints() {
    let mut world = World::new();
    let arn = world.new_key();
    let context = EncryptionContext::default();
    let encrypted = world.key(&arn).encrypt(b"plaintext", &context, [9; 32]).unwrap();
    let blob = Blob::parse(&encrypted.blob).unwrap();
    let decrypted = world.key(&arn).decrypt(&blob, &context).unwrap();
    assert!(!format!("{decrypted:?}").contains("112"), "a byte of the plaintext");
    assert_eq!(format!("{:?}", crate::Random::new([1; 92])), "Random(..)");
    let key = format!("{:?}", world.key(&arn));
    assert_eq!(key, format!("Key({arn}, Enabled, ..)"));
    assert!(!format!("{:?}", world.store).contains("sealed"));
}
