//! Creating, describing and deleting keys; policies, descriptions and tags.

use crate::testing::{DAY_MS, NOW_MS, World, scope, scope_of};
use crate::{
    Change, KeyCode, KeyFault, KeyMetadata, KeyPolicy, KeyState, ManagedBy, Output, limits,
};

fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_new_key_is_enabled_and_left_to_its_account() {
    let mut world = World::new();
    let (policy, description) = (None, "of orders".to_owned());
    let change = Change::CreateKey { policy, description, tags: tags(&[("team", "a")]) };
    let Ok(Output::Key(metadata)) = world.change(change) else { panic!("no key") };
    let key = world.key(&metadata.arn);
    assert_eq!(*metadata, KeyMetadata::of(key));
    assert_eq!(metadata.arn, format!("arn:aws:kms:us-east-1:111122223333:key/{}", metadata.id));
    assert_eq!((metadata.created_at_ms, metadata.state), (NOW_MS, KeyState::Enabled));
    assert_eq!((metadata.description.as_str(), metadata.is_managed), ("of orders", false));
    assert_eq!(metadata.current_material.len(), 64);
    assert_eq!(key.tags().collect::<Vec<_>>(), [("team", "a")]);
    assert_eq!(key.policy().text(), KeyPolicy::default_of(&scope()).text());
    assert_eq!(key.rotation(), None);
}

/// As GetKeyPolicy's documentation shows it.
#[test]
fn the_default_policy_is_the_documented_one() {
    let expected = "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \
                    \"Statement\" : [ {\n    \"Sid\" : \"Enable IAM User Permissions\",\n    \
                    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \
                    \"arn:aws:iam::111122223333:root\"\n    },\n    \"Action\" : \"kms:*\",\n    \
                    \"Resource\" : \"*\"\n  } ]\n}";
    assert_eq!(KeyPolicy::default_of(&scope()).text(), expected);
}

#[test]
fn an_account_and_a_region_have_their_own_keys() {
    let mut world = World::new();
    let arn = world.new_key();
    let id = arn.rsplit('/').next().unwrap().to_owned();
    let (account, region) =
        (scope_of("000000000042", "us-east-1"), scope_of("111122223333", "eu-west-1"));
    for other in [&account, &region] {
        let fault = world.store.find(&id, other).unwrap_err();
        let text = format!("Key '{}' does not exist", other.key_arn(world.key(&arn).id()));
        assert_eq!(fault, KeyFault::new(KeyCode::NotFound, text));
        let fault = world.change_as(other, Change::DisableKey { key: id.clone() }).unwrap_err();
        assert_eq!(fault.code, KeyCode::NotFound);
        let page = world.store.list_keys(other, None, 10).unwrap();
        assert!(page.items.is_empty());
    }
    // By its ARN another account finds it; whether it may use it is up to the policies.
    assert_eq!(world.store.find(&arn, &account).unwrap().arn(), arn);
    let fault = world.change_as(&account, Change::DisableKey { key: arn.clone() }).unwrap_err();
    assert_eq!(fault, KeyFault::new(KeyCode::NotFound, format!("Key '{arn}' does not exist")));
    let fault = world.store.find(&arn, &region).unwrap_err();
    assert_eq!(fault, KeyFault::new(KeyCode::NotFound, "Invalid arn us-east-1"));
}

#[test]
fn a_deletion_takes_its_time_and_all_with_it() {
    let mut world = World::new();
    let arn = world.new_key();
    world.change(Change::CreateAlias { alias: "alias/a".into(), key: arn.clone() }).unwrap();
    let change = Change::ScheduleKeyDeletion { key: arn.clone(), window_days: 7 };
    let delete_at_ms = NOW_MS + 7 * DAY_MS;
    let expected = Output::Scheduled { arn: arn.clone(), delete_at_ms, window_days: 7 };
    assert_eq!(world.change(change), Ok(expected));
    let state = KeyState::PendingDeletion { delete_at_ms, window_days: 7 };
    assert_eq!(world.key(&arn).state(), state);
    assert_eq!(world.store.next_due(), Some(delete_at_ms));
    assert_eq!(world.advance_to(delete_at_ms - 1), 0);
    assert_eq!(world.key("alias/a").state(), state);
    assert_eq!(world.advance_to(delete_at_ms), 1);
    assert_eq!(world.store.find(&arn, &scope()).unwrap_err().code, KeyCode::NotFound);
    assert_eq!(
        world.store.find("alias/a", &scope()).unwrap_err().text,
        "Alias arn:aws:kms:us-east-1:111122223333:alias/a is not found."
    );
    assert!(world.register.is_empty(), "{:?}", world.register.keys());
    assert_eq!(world.store.next_due(), None);
}

#[test]
fn a_key_is_kept_after_all() {
    let mut world = World::new();
    let arn = world.new_key();
    world.change(Change::ScheduleKeyDeletion { key: arn.clone(), window_days: 30 }).unwrap();
    let id = world.key(&arn).id().to_string();
    let cancelled = world.change(Change::CancelKeyDeletion { key: id.clone() });
    assert_eq!(cancelled, Ok(Output::Named { arn: arn.clone(), id }));
    assert_eq!(world.key(&arn).state(), KeyState::Disabled);
    assert_eq!(world.advance_to(NOW_MS + 100 * DAY_MS), 0);
    world.change(Change::EnableKey { key: arn.clone() }).unwrap();
    assert_eq!(world.key(&arn).state(), KeyState::Enabled);
}

#[test]
fn what_is_as_asked_for_is_not_written() {
    let mut world = World::new();
    let arn = world.new_key();
    let random = crate::Random::new(world.bytes());
    let change = Change::EnableKey { key: arn };
    let (writes, output) = world.store.decide(change, &scope(), NOW_MS, random).unwrap();
    assert_eq!((writes, output), (Vec::new(), Output::Done));
}

#[test]
fn tags_are_set_and_taken_away() {
    let mut world = World::new();
    let key = world.new_key();
    let set = |world: &mut World, pairs: &[(&str, &str)]| {
        world.change(Change::TagResource { key: key.clone(), tags: tags(pairs) })
    };
    set(&mut world, &[("b", "1"), ("a", "2"), ("c", "")]).unwrap();
    set(&mut world, &[("b", "3")]).unwrap();
    let tag_keys = vec!["a".to_owned(), "none".to_owned()];
    world.change(Change::UntagResource { key: key.clone(), tag_keys }).unwrap();
    assert_eq!(world.key(&key).tags().collect::<Vec<_>>(), [("b", "3"), ("c", "")]);
    let many: Vec<String> = (0..limits::TAGS_MAX - 1).map(|n| format!("k{n}")).collect();
    let many: Vec<_> = many.iter().map(|key| (key.as_str(), "")).collect();
    for (pairs, text) in [
        (&[("a", "1"), ("a", "2")][..], "Duplicate tag keys"),
        (&[("aws:a", "1")], "Tags beginning with aws: are reserved"),
        (&[("AWS:a", "1")], "Tags beginning with aws: are reserved"),
        (&many, "Too many tags"),
    ] {
        let fault = set(&mut world, pairs).unwrap_err();
        assert_eq!(fault, KeyFault::new(KeyCode::Tag, text));
    }
    set(&mut world, &many[1..]).unwrap();
    assert_eq!(world.key(&key).tags().count(), limits::TAGS_MAX);
}

#[test]
fn policies_are_kept_as_they_were_set() {
    let mut world = World::new();
    let key = world.new_key();
    let text =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#;
    let policy = KeyPolicy::parse(text).unwrap();
    world.change(Change::PutKeyPolicy { key: key.clone(), policy }).unwrap();
    assert_eq!(world.key(&key).policy().text(), text);
    for bad in ["", "{}", "[]", r#"{"Statement":[]}"#, r#"{"Statement":{"Effect":"Allow"}}"#] {
        let fault = KeyPolicy::parse(bad).unwrap_err();
        assert_eq!(fault.code, KeyCode::MalformedPolicyDocument, "{bad}");
    }
}

#[test]
fn managed_keys_are_made_when_they_are_needed() {
    let mut world = World::new();
    for (managed, alias) in [(ManagedBy::Sqs, "alias/aws/sqs"), (ManagedBy::Sns, "alias/aws/sns")] {
        assert_eq!(world.store.find(alias, &scope()).unwrap_err().code, KeyCode::NotFound);
        assert_eq!(world.store.unmade_managed_key(alias, &scope()), Some(managed));
        let by_arn = scope().alias_arn(alias);
        assert_eq!(world.store.unmade_managed_key(&by_arn, &scope()), Some(managed));
        let other = scope_of("000000000042", "us-east-1");
        assert_eq!(world.store.unmade_managed_key(&by_arn, &other), None);
        world.change(Change::CreateManagedKey(managed)).unwrap();
        assert_eq!(world.store.unmade_managed_key(alias, &scope()), None);
        let key = world.key(alias);
        assert_eq!(key.managed_by(), Some(managed));
        assert_eq!(key.rotation().map(|rotation| rotation.period_days), Some(365));
        let entries = world.register.len();
        world.change(Change::CreateManagedKey(managed)).unwrap();
        assert_eq!(world.register.len(), entries, "it is made once");
    }
    assert_eq!(world.store.unmade_managed_key("alias/aws/s3", &scope()), None);
    assert_eq!(world.store.unmade_managed_key("alias/a", &scope()), None);
}

#[test]
fn managed_keys_are_not_for_people_to_manage() {
    let mut world = World::new();
    world.change(Change::CreateManagedKey(ManagedBy::Sqs)).unwrap();
    let key = world.key("alias/aws/sqs").arn().to_owned();
    let policy = KeyPolicy::default_of(&scope());
    for change in [
        Change::DisableKey { key: key.clone() },
        Change::EnableKey { key: key.clone() },
        Change::ScheduleKeyDeletion { key: key.clone(), window_days: 7 },
        Change::PutKeyPolicy { key: key.clone(), policy },
        Change::TagResource { key: key.clone(), tags: tags(&[("a", "b")]) },
        Change::UpdateKeyDescription { key: key.clone(), description: "x".into() },
        Change::DisableKeyRotation { key: key.clone() },
        Change::RotateKeyOnDemand { key: key.clone() },
        Change::CreateAlias { alias: "alias/mine".into(), key },
    ] {
        let asked = format!("{change:?}");
        let fault = world.change(change).unwrap_err();
        assert_eq!(fault.code, KeyCode::UnsupportedOperation, "{asked}");
    }
    let fault = world.change(Change::DeleteAlias { alias: "alias/aws/sqs".into() }).unwrap_err();
    assert_eq!(fault.code, KeyCode::NotAuthorized);
}

#[test]
fn there_are_keys_in_so_many_accounts_and_regions_and_no_more() {
    let mut world = World::new();
    let region = |number: usize| scope_of("111122223333", &format!("r-{number}"));
    let make = |world: &mut World, number: usize| {
        world.change_as(&region(number), Change::CreateManagedKey(ManagedBy::Sqs))
    };
    for number in 0..crate::limits::SCOPES_MAX {
        make(&mut world, number).unwrap();
    }
    let one_more = region(crate::limits::SCOPES_MAX);
    assert_eq!(
        make(&mut world, crate::limits::SCOPES_MAX).unwrap_err().code,
        KeyCode::LimitExceeded
    );
    let (policy, description, tags) = (None, String::new(), Vec::new());
    let change = Change::CreateKey { policy, description, tags };
    assert_eq!(world.change_as(&one_more, change).unwrap_err().code, KeyCode::LimitExceeded);
    world.new_key_as(&region(0));
}
