//! Bodies are sealed and opened again, and data keys are used as often as they may.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::testing::{DAY_MS, NOW_MS, World, scope};
use crate::{Change, KeyCode, KeyFault, KeyStore};

const ARN: &str = "arn:aws:sqs:us-east-1:111122223333:orders";

fn queue() -> Resource {
    Resource::Queue(ARN.to_owned())
}

/// Envelopes over a world with one key, and how often permission was asked for.
struct Desk {
    world: World,
    key: String,
    envelopes: Envelopes,
    asked: Cell<u32>,
}

impl Desk {
    fn new() -> Self {
        let mut world = World::new();
        let key = world.new_key();
        Self { world, key, envelopes: Envelopes::new(100), asked: Cell::new(0) }
    }

    fn seal_as(
        &mut self,
        principal: &str,
        resource: &Resource,
        body: &[u8],
    ) -> Result<Vec<u8>, KeyFault> {
        let random = EnvelopeRandom::new(&self.world.bytes());
        let request = SealRequest {
            resource,
            principal: Some(principal),
            key: self.world.key(&self.key),
            reuse_seconds: 60,
            now_ms: self.world.now_ms,
        };
        self.envelopes.seal(&request, body, random, || {
            self.asked.set(self.asked.get() + 1);
            Ok(())
        })
    }

    fn seal(&mut self, body: &[u8]) -> Result<Vec<u8>, KeyFault> {
        self.seal_as("AIDAANN", &queue(), body)
    }

    fn open_with(&self, store: &KeyStore, sealed: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let times = (60, self.world.now_ms);
        self.envelopes.open(store, sealed, Some("AIDAANN"), times, |_, _| {
            self.asked.set(self.asked.get() + 1);
            Ok(())
        })
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, KeyFault> {
        self.open_with(&self.world.store, sealed)
    }

    fn data_key(sealed: &[u8]) -> Vec<u8> {
        Sealed::parse(sealed).unwrap().data_key.to_vec()
    }
}

proptest! {
    #[test]
    fn a_body_is_opened_again(body: Vec<u8>, is_queue: bool, name in "[a-z]{0,40}") {
        let mut desk = Desk::new();
        let resource = if is_queue { Resource::Queue(name) } else { Resource::Topic(name) };
        let sealed = desk.seal_as("AIDAANN", &resource, &body).unwrap();
        prop_assert_eq!(&Sealed::parse(&sealed).unwrap().resource, &resource);
        prop_assert_eq!(desk.open(&sealed), Ok(body));
    }

    #[test]
    fn a_changed_bit_is_refused(body: Vec<u8>, at: usize, bit in 0..8_u8) {
        let mut desk = Desk::new();
        let mut sealed = desk.seal(&body).unwrap();
        // Once with the data key known, once without.
        prop_assert_eq!(desk.open(&sealed), Ok(body));
        let at = at % sealed.len();
        sealed[at] ^= 1 << bit;
        prop_assert!(desk.open(&sealed).is_err());
        let fresh = Desk { envelopes: Envelopes::new(1), ..desk };
        prop_assert!(fresh.open(&sealed).is_err());
    }
}

#[test]
fn what_is_cut_is_refused() {
    let mut desk = Desk::new();
    let sealed = desk.seal(b"body").unwrap();
    for length in 0..sealed.len() {
        let fault = desk.open(&sealed[..length]).unwrap_err();
        assert_eq!(fault.code, KeyCode::InvalidCiphertext, "{length}");
    }
}

/// With the key store alone: after a restart, and after the key was rotated.
#[test]
fn a_body_says_itself_how_it_is_opened() {
    let mut desk = Desk::new();
    let sealed = desk.seal(b"body").unwrap();
    let key = desk.world.key(&desk.key).id();
    assert_eq!(Sealed::parse(&sealed).unwrap().under, Under::Own(key));
    desk.world.change(Change::RotateKeyOnDemand { key: desk.key.clone() }).unwrap();
    let desk = Desk { envelopes: Envelopes::new(100), ..desk };
    assert_eq!(desk.open_with(&desk.world.reloaded(), &sealed), Ok(b"body".to_vec()));
}

/// Made by the first release: what it sealed must stay readable for ever. Checked with another
/// implementation of HKDF and AES-GCM.
#[test]
fn the_form_is_kept() {
    let desk = Desk::new();
    let mut bytes = [1; EnvelopeRandom::BYTES];
    bytes[32..64].fill(2);
    bytes[64..].fill(3);
    let request = SealRequest {
        resource: &queue(),
        principal: Some("AIDAANN"),
        key: desk.world.key(&desk.key),
        reuse_seconds: 60,
        now_ms: NOW_MS,
    };
    let random = EnvelopeRandom::new(&bytes);
    let sealed = desk.envelopes.seal(&request, b"body", random, || Ok(())).unwrap();
    assert_eq!(sealed[..4], [1, 1, 0, 41]);
    assert_eq!(&sealed[4..45], ARN.as_bytes());
    assert_eq!(sealed[45..47], [0, 129]);
    assert_eq!(sealed[176..188], [3; 12]);
    let tail: String = sealed[188..].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tail, "9a0e70e330b4b64e9717ba04f64bcaea926ad33c");
}

/// The server used another service when it was sealed, and does not now.
#[test]
fn a_body_under_a_key_elsewhere_is_not_ours_to_open() {
    let desk = Desk::new();
    let made = DataKey::of_service(&[7; 32], "the key".to_owned(), b"opaque".to_vec(), NOW_MS);
    let sealed = made.unwrap().seal(&queue(), b"body", [3; 12]).unwrap();
    let fault = desk.open(&sealed).unwrap_err();
    assert_eq!(fault.code, KeyCode::KeyUnavailable);
    assert!(fault.text.contains("the key"), "{fault}");
}

#[test]
fn a_data_key_is_used_again_for_a_while() {
    let mut desk = Desk::new();
    let first = desk.seal(b"a").unwrap();
    desk.world.now_ms += 59_999;
    let second = desk.seal(b"b").unwrap();
    assert_eq!(Desk::data_key(&first), Desk::data_key(&second));
    assert_eq!(desk.asked.get(), 1);
    desk.world.now_ms += 1;
    let third = desk.seal(b"c").unwrap();
    assert_ne!(Desk::data_key(&first), Desk::data_key(&third));
    assert_eq!(desk.asked.get(), 2);
}

#[test]
fn each_principal_and_each_queue_has_its_own() {
    let mut desk = Desk::new();
    let other = Resource::Queue(format!("{ARN}-2"));
    let topic = Resource::Topic(ARN.to_owned());
    let mut keys = vec![
        desk.seal(b"a").unwrap(),
        desk.seal_as("AIDABOB", &queue(), b"a").unwrap(),
        desk.seal_as("AIDAANN", &other, b"a").unwrap(),
        desk.seal_as("AIDAANN", &topic, b"a").unwrap(),
    ];
    desk.key = desk.world.new_key();
    keys.push(desk.seal(b"a").unwrap());
    let mut keys: Vec<_> = keys.iter().map(|sealed| Desk::data_key(sealed)).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), desk.asked.get()), (5, 5));
}

#[test]
fn a_data_key_that_has_sealed_too_much_is_replaced() {
    let mut desk = Desk::new();
    let first = desk.seal(b"a").unwrap();
    desk.envelopes.use_up(&(queue(), "AIDAANN".to_owned(), desk.world.key(&desk.key).id()));
    let second = desk.seal(b"a").unwrap();
    assert_ne!(Desk::data_key(&first), Desk::data_key(&second));
}

/// Two bodies never share a nonce: each gets its own.
#[test]
fn the_same_body_is_sealed_otherwise() {
    let mut desk = Desk::new();
    let (first, second) = (desk.seal(b"a").unwrap(), desk.seal(b"a").unwrap());
    let nonce = |sealed: &[u8]| Sealed::parse(sealed).unwrap().nonce;
    assert_ne!(nonce(&first), nonce(&second));
}

#[test]
fn a_key_that_may_not_be_used_stops_all_at_once() {
    let mut desk = Desk::new();
    let sealed = desk.seal(b"a").unwrap();
    desk.open(&sealed).unwrap();
    desk.world.change(Change::DisableKey { key: desk.key.clone() }).unwrap();
    assert_eq!(desk.open(&sealed).unwrap_err().code, KeyCode::Disabled);
    assert_eq!(desk.seal(b"b").unwrap_err().code, KeyCode::Disabled);
    desk.world.change(Change::EnableKey { key: desk.key.clone() }).unwrap();
    assert_eq!(desk.open(&sealed).as_deref(), Ok(&b"a"[..]), "nothing is lost");
    let change = Change::ScheduleKeyDeletion { key: desk.key.clone(), window_days: 7 };
    desk.world.change(change).unwrap();
    assert_eq!(desk.open(&sealed).unwrap_err().code, KeyCode::InvalidState);
    desk.world.advance_to(NOW_MS + 7 * DAY_MS);
    assert_eq!(desk.open(&sealed).unwrap_err().code, KeyCode::NotFound);
    assert!(desk.world.store.find(&desk.key, &scope()).is_err());
}

#[test]
fn permission_is_asked_for_once_in_a_while() {
    let mut desk = Desk::new();
    let sealed = desk.seal(b"a").unwrap();
    desk.asked.set(0);
    desk.open(&sealed).unwrap();
    desk.world.now_ms += 59_999;
    desk.open(&sealed).unwrap();
    assert_eq!(desk.asked.get(), 1);
    desk.world.now_ms += 1;
    desk.open(&sealed).unwrap();
    assert_eq!(desk.asked.get(), 2);
    let denied = || KeyFault::new(KeyCode::AccessDenied, "no");
    let store = &desk.world.store;
    let asked = desk.envelopes.open(
        store,
        &sealed,
        Some("AIDABOB"),
        (60, desk.world.now_ms),
        |key, resource| {
            assert_eq!((key.arn(), resource), (desk.key.as_str(), &queue()));
            Err(denied())
        },
    );
    assert_eq!(asked, Err(denied()), "what one may open, another may not");
}

#[test]
fn whoever_may_not_have_a_data_key_gets_none() {
    let mut desk = Desk::new();
    let random = EnvelopeRandom::new(&desk.world.bytes());
    let request = SealRequest {
        resource: &queue(),
        principal: Some("AIDABOB"),
        key: desk.world.key(&desk.key),
        reuse_seconds: 300,
        now_ms: NOW_MS,
    };
    let denied = KeyFault::new(KeyCode::AccessDenied, "no");
    let sealed = desk.envelopes.seal(&request, b"a", random, || Err(denied.clone()));
    assert_eq!(sealed, Err(denied));
}

#[test]
fn only_so_many_data_keys_are_remembered() {
    let mut desk = Desk { envelopes: Envelopes::new(10), ..Desk::new() };
    for n in 0..50 {
        let sealed = desk.seal_as(&format!("AIDA{n}"), &queue(), b"a").unwrap();
        desk.open(&sealed).unwrap();
    }
    assert_eq!(desk.envelopes.counts(), (10, 10));
}
