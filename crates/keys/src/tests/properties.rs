//! What holds for any history, any plaintext and any context.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::testing::{DAY_MS, World, scope, scope_of};
use crate::{
    Blob, Change, Constraints, EncryptionContext, KeyMetadata, KeyPolicy, KeyStore, ManagedBy,
    NewGrant, Retired, Scope,
};

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(
        plaintext in proptest::collection::vec(any::<u8>(), 0..200),
        context: BTreeMap<String, String>,
        salt: [u8; 32],
    ) {
        let mut world = World::new();
        let arn = world.new_key();
        let context: EncryptionContext = context.into_iter().collect();
        let encrypted = world.key(&arn).encrypt(&plaintext, &context, salt).unwrap();
        let reloaded = world.reloaded();
        let blob = Blob::parse(&encrypted.blob).unwrap();
        let key = reloaded.find_by_blob(&blob, None, &scope()).unwrap();
        let decrypted = key.decrypt(&blob, &context).unwrap();
        prop_assert_eq!(&decrypted.plaintext[..], &plaintext[..]);
        prop_assert_eq!(decrypted.material, encrypted.material);
    }

    #[test]
    fn a_changed_bit_is_refused(
        plaintext in proptest::collection::vec(any::<u8>(), 0..100),
        salt: [u8; 32],
        at: usize,
        bit in 0..8_u8,
    ) {
        let mut world = World::new();
        let arn = world.new_key();
        let context = EncryptionContext::one("a", "b");
        let mut bytes = world.key(&arn).encrypt(&plaintext, &context, salt).unwrap().blob;
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let opened = Blob::parse(&bytes).and_then(|blob| world.key(&arn).decrypt(&blob, &context));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn what_is_loaded_is_what_was(history in proptest::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        let scopes = [scope(), scope_of("000000000042", "us-east-1"), scope_of("111122223333", "eu-west-1")];
        let mut keys = Vec::new();
        for (of, step) in &history {
            let caller = &scopes[of % scopes.len()];
            play(&mut world, caller, step, &mut keys);
            prop_assert_eq!(describe(&world.store, &scopes), describe(&world.reloaded(), &scopes));
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Create,
    CreateManaged(bool),
    Enable(usize),
    Disable(usize),
    Schedule(usize),
    Cancel(usize),
    Describe(usize, String),
    Policy(usize),
    Tag(usize, u8, String),
    Untag(usize, u8),
    Alias(usize, u8),
    Move(usize, u8),
    Unalias(u8),
    Rotation(usize, bool),
    Rotate(usize),
    Grant(usize, u8),
    Retire(usize),
    Wait(u16),
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let key = 0..4_usize;
    let name = 0..4_u8;
    let step = prop_oneof![
        3 => Just(Step::Create),
        1 => any::<bool>().prop_map(Step::CreateManaged),
        1 => key.clone().prop_map(Step::Enable),
        1 => key.clone().prop_map(Step::Disable),
        1 => key.clone().prop_map(Step::Schedule),
        1 => key.clone().prop_map(Step::Cancel),
        1 => (key.clone(), ".{0,9}").prop_map(|(key, text)| Step::Describe(key, text)),
        1 => key.clone().prop_map(Step::Policy),
        1 => (key.clone(), name.clone(), ".{0,5}").prop_map(|(k, n, t)| Step::Tag(k, n, t)),
        1 => (key.clone(), name.clone()).prop_map(|(key, name)| Step::Untag(key, name)),
        2 => (key.clone(), name.clone()).prop_map(|(key, name)| Step::Alias(key, name)),
        1 => (key.clone(), name.clone()).prop_map(|(key, name)| Step::Move(key, name)),
        1 => name.clone().prop_map(Step::Unalias),
        1 => (key.clone(), any::<bool>()).prop_map(|(key, on)| Step::Rotation(key, on)),
        1 => key.clone().prop_map(Step::Rotate),
        2 => (key.clone(), name).prop_map(|(key, name)| Step::Grant(key, name)),
        1 => key.prop_map(Step::Retire),
        2 => (0..400_u16).prop_map(Step::Wait),
    ];
    (0..6_usize, step)
}

fn play(world: &mut World, caller: &Scope, step: &Step, keys: &mut Vec<String>) {
    let key = |at: &usize| keys.get(*at).cloned().unwrap_or_else(|| "none".into());
    let alias = |name: &u8| format!("alias/{name}");
    let change = match step {
        Step::Create => return keys.push(world.new_key_as(caller)),
        Step::Wait(days) => {
            world.advance_to(world.now_ms + u64::from(*days) * DAY_MS);
            return;
        }
        Step::CreateManaged(of_queues) => {
            let managed = if *of_queues { ManagedBy::Sqs } else { ManagedBy::Sns };
            Change::CreateManagedKey(managed)
        }
        Step::Enable(at) => Change::EnableKey { key: key(at) },
        Step::Disable(at) => Change::DisableKey { key: key(at) },
        Step::Schedule(at) => Change::ScheduleKeyDeletion { key: key(at), window_days: 7 },
        Step::Cancel(at) => Change::CancelKeyDeletion { key: key(at) },
        Step::Describe(at, text) => {
            Change::UpdateKeyDescription { key: key(at), description: text.clone() }
        }
        Step::Policy(at) => {
            let text =
                r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
            Change::PutKeyPolicy { key: key(at), policy: KeyPolicy::parse(text).unwrap() }
        }
        Step::Tag(at, name, text) => {
            Change::TagResource { key: key(at), tags: vec![(name.to_string(), text.clone())] }
        }
        Step::Untag(at, name) => {
            Change::UntagResource { key: key(at), tag_keys: vec![name.to_string()] }
        }
        Step::Alias(at, name) => Change::CreateAlias { alias: alias(name), key: key(at) },
        Step::Move(at, name) => Change::UpdateAlias { alias: alias(name), key: key(at) },
        Step::Unalias(name) => Change::DeleteAlias { alias: alias(name) },
        Step::Rotation(at, true) => Change::EnableKeyRotation { key: key(at), period_days: 90 },
        Step::Rotation(at, false) => Change::DisableKeyRotation { key: key(at) },
        Step::Rotate(at) => Change::RotateKeyOnDemand { key: key(at) },
        Step::Grant(at, name) => {
            let grant = NewGrant {
                name: Some(name.to_string()),
                grantee: format!("arn:aws:iam::111122223333:user/{}", name % 2),
                retiring_principal: None,
                operations: vec!["Decrypt".into()],
                constraints: Constraints::default(),
            };
            Change::CreateGrant { key: key(at), grant }
        }
        Step::Retire(at) => {
            let Ok(found) = world.store.find(&key(at), caller) else { return };
            let page = world.store.list_grants(found, None, None, None, 1).unwrap();
            let Some((id, _)) = page.items.first() else { return };
            Change::RetireGrant(Retired::Id { key: key(at), grant_id: id.to_string() })
        }
    };
    let _ = world.change_as(caller, change);
}

/// All that can be seen of a store, and what its keys encrypt.
fn describe(store: &KeyStore, scopes: &[Scope]) -> String {
    let mut out = format!("{:?}\n", store.next_due());
    for scope in scopes {
        for id in store.list_keys(scope, None, 1000).unwrap().items {
            let key = store.key(id).unwrap();
            let materials: Vec<_> = key.materials().collect();
            let tags: Vec<_> = key.tags().collect();
            let grants = store.list_grants(key, None, None, None, 1000).unwrap();
            let of_one = store
                .list_grants(key, None, Some("arn:aws:iam::111122223333:user/1"), None, 1000)
                .unwrap();
            let sealed = key.encrypt(b"x", &EncryptionContext::default(), [5; 32]);
            let aliases: Vec<_> = store.aliases_of(key).collect();
            out += &format!(
                "{:?} {} {materials:?} {tags:?} {grants:?} {of_one:?} {sealed:?} {aliases:?} {:?}\n",
                KeyMetadata::of(key),
                key.policy().text(),
                key.rotation(),
            );
        }
        out += &format!("{:?}\n", store.list_aliases(scope, None, None, 1000).unwrap());
    }
    out
}
