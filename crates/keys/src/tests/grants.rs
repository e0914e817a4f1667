//! Grants: as they are kept. What they permit is in `access`.

use std::collections::BTreeMap;

use crate::testing::{DAY_MS, NOW_MS, World, scope, scope_of};
use crate::{Change, Constraints, KeyCode, KeyFault, NewGrant, Output, Retired};

fn grant(name: Option<&str>, operations: &[&str]) -> NewGrant {
    NewGrant {
        name: name.map(str::to_owned),
        grantee: "arn:aws:iam::111122223333:user/ann".into(),
        retiring_principal: None,
        operations: operations.iter().map(|name| (*name).to_owned()).collect(),
        constraints: Constraints::default(),
    }
}

fn create(world: &mut World, key: &str, grant: NewGrant) -> (String, String) {
    match world.change(Change::CreateGrant { key: key.into(), grant }).unwrap() {
        Output::Grant { id, token } => (id.to_string(), token),
        other => panic!("{other:?}"),
    }
}

fn count(world: &World, key: &str) -> usize {
    world.store.list_grants(world.key(key), None, None, None, 1000).unwrap().items.len()
}

#[test]
fn the_same_name_and_contents_are_the_same_grant() {
    let mut world = World::new();
    let key = world.new_key();
    let first = create(&mut world, &key, grant(Some("n"), &["Encrypt", "Decrypt"]));
    world.now_ms += 1000;
    let again = grant(Some("n"), &["Decrypt", "Encrypt", "Decrypt"]);
    assert_eq!(create(&mut world, &key, again), first);
    assert_eq!(first.0.len(), 64);
    let mut ids = vec![first.0];
    for other in [
        grant(Some("n"), &["Decrypt"]),
        grant(Some("m"), &["Encrypt", "Decrypt"]),
        grant(None, &["Decrypt"]),
        grant(None, &["Decrypt"]),
    ] {
        ids.push(create(&mut world, &key, other).0);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count(&world, &key)), (5, 5));
}

#[test]
fn only_what_a_symmetric_key_can_do_is_granted() {
    let mut world = World::new();
    let key = world.new_key();
    for name in ["Sign", "decrypt", "GenerateMac", ""] {
        let change = Change::CreateGrant { key: key.clone(), grant: grant(None, &[name]) };
        assert_eq!(world.change(change).unwrap_err().code, KeyCode::Validation, "{name}");
    }
    assert_eq!(count(&world, &key), 0);
}

#[test]
fn a_grant_is_revoked_by_its_id_and_retired_by_its_token_too() {
    let mut world = World::new();
    let key = world.new_key();
    let (one, _) = create(&mut world, &key, grant(None, &["Decrypt"]));
    let (two, _) = create(&mut world, &key, grant(None, &["Decrypt"]));
    let (three, token) = create(&mut world, &key, grant(None, &["Decrypt"]));
    world.change(Change::RevokeGrant { key: key.clone(), grant_id: one.clone() }).unwrap();
    let retired = Retired::Id { key: key.clone(), grant_id: two };
    world.change(Change::RetireGrant(retired)).unwrap();
    let retired = Retired::Token(token.clone());
    let (_, id, _) = world.store.find_retired(&retired, &scope()).unwrap();
    assert_eq!(id.to_string(), three);
    world.change(Change::RetireGrant(retired)).unwrap();
    assert_eq!(count(&world, &key), 0);
    let gone = |id: &str| KeyFault::new(KeyCode::NotFound, format!("Grant ID {id} not found"));
    let again = Change::RevokeGrant { key: key.clone(), grant_id: one.clone() };
    assert_eq!(world.change(again), Err(gone(&one)));
    let again = Change::RetireGrant(Retired::Token(token));
    assert_eq!(world.change(again), Err(gone(&three)));
    for token in ["", "x", "AAAA", &"A".repeat(68)] {
        let fault = world.change(Change::RetireGrant(Retired::Token(token.into()))).unwrap_err();
        assert_eq!(fault.code, KeyCode::InvalidGrantToken, "{token}");
    }
    let bad = Change::RevokeGrant { key, grant_id: "x".into() };
    assert_eq!(world.change(bad).unwrap_err().code, KeyCode::InvalidGrantId);
}

#[test]
fn another_account_may_create_one_that_says_so() {
    let mut world = World::new();
    let key = world.new_key();
    let other = scope_of("000000000042", "us-east-1");
    let change = Change::CreateGrant { key: key.clone(), grant: grant(None, &["Decrypt"]) };
    world.change_as(&other, change).unwrap();
    let page = world.store.list_grants(world.key(&key), None, None, None, 10).unwrap();
    assert_eq!(page.items[0].1.issuing_account, "000000000042");
    assert_eq!(page.items[0].1.created_at_ms, NOW_MS);
}

/// More grants than are written at once go before their key does.
#[test]
fn a_deleted_key_takes_its_grants_along() {
    let mut world = World::new();
    let key = world.new_key();
    for n in 0..250 {
        let pairs = BTreeMap::from([("n".to_owned(), n.to_string())]);
        let constraints = Constraints { equals: Some(pairs), subset: None };
        create(&mut world, &key, NewGrant { constraints, ..grant(None, &["Decrypt"]) });
    }
    world.change(Change::ScheduleKeyDeletion { key: key.clone(), window_days: 7 }).unwrap();
    assert_eq!(world.advance_to(NOW_MS + 7 * DAY_MS), 3);
    assert!(world.register.is_empty());
    assert_eq!(world.store.find(&key, &scope()).unwrap_err().code, KeyCode::NotFound);
}
