//! The table of key states. KMS developer guide, "Key states of AWS KMS keys".

use crate::testing::{World, scope};
use crate::{
    Blob, Change, Constraints, EncryptionContext, KeyCode, KeyFault, KeyPolicy, NewGrant, limits,
};

#[derive(Clone, Copy, Debug)]
enum State {
    Enabled,
    Disabled,
    PendingDeletion,
}

const STATES: [State; 3] = [State::Enabled, State::Disabled, State::PendingDeletion];

/// A world with one key in a state, which has encrypted something before.
fn world_in(state: State) -> (World, String, Vec<u8>) {
    let mut world = World::new();
    let key = world.new_key();
    let salt = world.bytes();
    let context = EncryptionContext::default();
    let blob = world.key(&key).encrypt(b"before", &context, salt).unwrap().blob;
    world.change(Change::CreateAlias { alias: "alias/a".into(), key: key.clone() }).unwrap();
    let change = match state {
        State::Enabled => return (world, key, blob),
        State::Disabled => Change::DisableKey { key: key.clone() },
        State::PendingDeletion => {
            let (window_days, ..) = limits::PENDING_WINDOW_DAYS;
            Change::ScheduleKeyDeletion { key: key.clone(), window_days }
        }
    };
    world.change(change).unwrap();
    (world, key, blob)
}

fn grant() -> NewGrant {
    NewGrant {
        name: None,
        grantee: "arn:aws:iam::111122223333:user/ann".into(),
        retiring_principal: None,
        operations: vec!["Decrypt".into()],
        constraints: Constraints::default(),
    }
}

/// What an operation comes to in a state: fine, or a code and the end of its text.
fn expect(operation: &str, of: impl Fn(&str) -> Change, expected: [Option<(KeyCode, &str)>; 3]) {
    for (state, expected) in STATES.into_iter().zip(expected) {
        let (mut world, key, _) = world_in(state);
        let before = world.register.clone();
        let came = world.change(of(&key)).map(|_| ());
        let expected = match expected {
            None => Ok(()),
            Some((code, text)) => Err(KeyFault::new(code, format!("{key} is {text}."))),
        };
        if expected.is_err() {
            assert_eq!(world.register, before, "{operation} in {state:?} changed something");
        }
        assert_eq!(came, expected, "{operation} in {state:?}");
    }
}

const FINE: Option<(KeyCode, &str)> = None;
const DISABLED: Option<(KeyCode, &str)> = Some((KeyCode::Disabled, "disabled"));
const PENDING: Option<(KeyCode, &str)> = Some((KeyCode::InvalidState, "pending deletion"));
const NOT_PENDING: Option<(KeyCode, &str)> = Some((KeyCode::InvalidState, "not pending deletion"));

#[test]
fn changes_keep_to_the_table() {
    let not_pending = [FINE, FINE, PENDING];
    let enabled = [FINE, DISABLED, PENDING];
    let any = [FINE, FINE, FINE];
    expect("EnableKey", |key| Change::EnableKey { key: key.into() }, not_pending);
    expect("DisableKey", |key| Change::DisableKey { key: key.into() }, not_pending);
    let schedule = |key: &str| Change::ScheduleKeyDeletion { key: key.into(), window_days: 30 };
    expect("ScheduleKeyDeletion", schedule, not_pending);
    let cancel = |key: &str| Change::CancelKeyDeletion { key: key.into() };
    expect("CancelKeyDeletion", cancel, [NOT_PENDING, NOT_PENDING, FINE]);
    let create = |key: &str| Change::CreateAlias { alias: "alias/b".into(), key: key.into() };
    expect("CreateAlias", create, not_pending);
    let update = |key: &str| Change::UpdateAlias { alias: "alias/a".into(), key: key.into() };
    expect("UpdateAlias", update, not_pending);
    expect("DeleteAlias", |_| Change::DeleteAlias { alias: "alias/a".into() }, any);
    let tag =
        |key: &str| Change::TagResource { key: key.into(), tags: vec![("a".into(), "".into())] };
    expect("TagResource", tag, not_pending);
    let untag = |key: &str| Change::UntagResource { key: key.into(), tag_keys: vec!["a".into()] };
    expect("UntagResource", untag, not_pending);
    let describe =
        |key: &str| Change::UpdateKeyDescription { key: key.into(), description: "x".into() };
    expect("UpdateKeyDescription", describe, not_pending);
    let put = |key: &str| {
        let policy = KeyPolicy::default_of(&scope());
        Change::PutKeyPolicy { key: key.into(), policy }
    };
    expect("PutKeyPolicy", put, any);
    let rotate = |key: &str| Change::EnableKeyRotation { key: key.into(), period_days: 365 };
    expect("EnableKeyRotation", rotate, enabled);
    expect("DisableKeyRotation", |key| Change::DisableKeyRotation { key: key.into() }, enabled);
    expect("RotateKeyOnDemand", |key| Change::RotateKeyOnDemand { key: key.into() }, enabled);
    expect("CreateGrant", |key| Change::CreateGrant { key: key.into(), grant: grant() }, enabled);
}

#[test]
fn only_an_enabled_key_encrypts_and_decrypts() {
    let context = EncryptionContext::default();
    for (state, expected) in STATES.into_iter().zip([FINE, DISABLED, PENDING]) {
        let (world, arn, blob) = world_in(state);
        let key = world.key(&arn);
        let encrypted = key.encrypt(b"x", &context, [1; 32]).map(|_| ());
        let decrypted = key.decrypt(&Blob::parse(&blob).unwrap(), &context).map(|_| ());
        let expected = match expected {
            None => Ok(()),
            Some((code, text)) => Err(KeyFault::new(code, format!("{arn} is {text}."))),
        };
        assert_eq!((&encrypted, &decrypted), (&expected, &expected), "{state:?}");
    }
}

#[test]
fn grants_end_in_any_state() {
    for state in STATES {
        let (mut world, key, _) = world_in(State::Enabled);
        let made = world.change(Change::CreateGrant { key: key.clone(), grant: grant() }).unwrap();
        let crate::Output::Grant { id, .. } = made else { panic!("{made:?}") };
        match state {
            State::Enabled => {}
            State::Disabled => {
                world.change(Change::DisableKey { key: key.clone() }).unwrap();
            }
            State::PendingDeletion => {
                let change = Change::ScheduleKeyDeletion { key: key.clone(), window_days: 7 };
                world.change(change).unwrap();
            }
        }
        let grant_id = id.to_string();
        world.change(Change::RevokeGrant { key: key.clone(), grant_id }).unwrap();
        let page = world.store.list_grants(world.key(&key), None, None, None, 10).unwrap();
        assert!(page.items.is_empty(), "{state:?}");
    }
}
