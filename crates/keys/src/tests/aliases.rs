//! Aliases.

use crate::testing::{World, scope, scope_of};
use crate::{Change, KeyCode, KeyFault, limits};

fn create(alias: &str, key: &str) -> Change {
    Change::CreateAlias { alias: alias.into(), key: key.into() }
}

#[test]
fn an_alias_leads_to_its_key() {
    let mut world = World::new();
    let (one, other) = (world.new_key(), world.new_key());
    world.change(create("alias/a", &one)).unwrap();
    assert_eq!(world.key("alias/a").arn(), one);
    assert_eq!(world.key("arn:aws:kms:us-east-1:111122223333:alias/a").arn(), one);
    world.now_ms += 5;
    world.change(Change::UpdateAlias { alias: "alias/a".into(), key: other.clone() }).unwrap();
    assert_eq!(world.key("alias/a").arn(), other);
    assert_eq!(world.store.aliases_of(world.key(&one)).count(), 0);
    assert_eq!(world.store.aliases_of(world.key(&other)).collect::<Vec<_>>(), ["alias/a"]);
    let page = world.store.list_aliases(&scope(), Some(world.key(&other)), None, 10).unwrap();
    let (target, created_at_ms, updated_at_ms) = page.items[0].target.unwrap();
    assert_eq!((target, updated_at_ms - created_at_ms), (world.key(&other).id(), 5));
    world.change(Change::DeleteAlias { alias: "alias/a".into() }).unwrap();
    assert_eq!(world.store.find("alias/a", &scope()).unwrap_err().code, KeyCode::NotFound);
}

#[test]
fn what_no_alias_can_be_is_refused() {
    let mut world = World::new();
    let key = world.new_key();
    world.change(create("alias/a", &key)).unwrap();
    let arn = "arn:aws:kms:us-east-1:111122223333:alias/";
    let not_found =
        |name: &str| KeyFault::new(KeyCode::NotFound, format!("Alias {arn}{name} is not found."));
    for (change, fault) in [
        (
            create("alias/a", &key),
            KeyFault::new(
                KeyCode::AlreadyExists,
                format!("An alias with the name {arn}a already exists"),
            ),
        ),
        (
            create("alias/b", "alias/a"),
            KeyFault::validation("Aliases must refer to keys. Not aliases"),
        ),
        (create("alias/b", "x"), KeyFault::new(KeyCode::NotFound, "Invalid keyId 'x'")),
        (Change::DeleteAlias { alias: "alias/b".into() }, not_found("b")),
        (Change::UpdateAlias { alias: "alias/b".into(), key: key.clone() }, not_found("b")),
    ] {
        assert_eq!(world.change(change), Err(fault));
    }
    let other = scope_of("000000000042", "us-east-1");
    let fault = world.change_as(&other, create("alias/b", &key)).unwrap_err();
    assert_eq!(fault.code, KeyCode::NotFound, "the key of another account");
    world.new_key_as(&other);
}

#[test]
fn a_key_has_so_many_aliases() {
    let mut world = World::new();
    let (key, other) = (world.new_key(), world.new_key());
    for n in 0..limits::ALIASES_PER_KEY_MAX {
        world.change(create(&format!("alias/{n}"), &key)).unwrap();
    }
    assert_eq!(world.change(create("alias/x", &key)).unwrap_err().code, KeyCode::LimitExceeded);
    world.change(create("alias/x", &other)).unwrap();
    let change = Change::UpdateAlias { alias: "alias/x".into(), key: key.clone() };
    assert_eq!(world.change(change).unwrap_err().code, KeyCode::LimitExceeded);
    world.change(Change::UpdateAlias { alias: "alias/0".into(), key }).unwrap();
}

#[test]
fn management_takes_no_alias() {
    let mut world = World::new();
    let key = world.new_key();
    world.change(create("alias/a", &key)).unwrap();
    let fault = world.change(Change::DisableKey { key: "alias/a".into() }).unwrap_err();
    assert_eq!(fault, KeyFault::new(KeyCode::NotFound, "Invalid keyId 'alias/a'"));
}
