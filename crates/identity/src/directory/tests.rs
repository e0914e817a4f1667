use serde_json::{Value, json};
use tidings_access::Caller;
use tidings_seal::MasterKey;
use tidings_sigv4::SecretKey;

use super::testing::{NOW_MS, World, account, master, random};
use super::*;
use crate::entry::EntityKind;
use crate::fault::CredentialFault;
use crate::session::{Holder, SessionBody};

const HOUR_MS: u64 = 3_600_000;

fn allow(sid: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Sid":"{sid}","Effect":"Allow","Action":"*","Resource":"*"}}}}"#
    )
}

fn sids(documents: &[Arc<tidings_access::PolicyDocument>]) -> Vec<&str> {
    documents.iter().filter_map(|document| document.statements()[0].sid()).collect()
}

fn sealed_key(directory: &Directory, id: &str, secret: &str) -> Value {
    let sealed = directory.seals.access_keys.seal(id.as_bytes(), secret.as_bytes(), [3; 12]);
    json!({"id": id, "sealed_secret": STANDARD.encode(sealed), "is_active": true, "created_at_ms": 1})
}

fn user(directory: &Directory) -> Value {
    json!({
        "name": "Ann", "path": "/staff/", "created_at_ms": NOW_MS,
        "tags": [["team", "red"]],
        "access_keys": [sealed_key(directory, "AKIAANN", "hunter2")],
    })
}

fn role() -> Value {
    json!({
        "name": "reader", "path": "/apps/", "created_at_ms": NOW_MS,
        "trust_policy": r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#,
        "session_seconds_max": 3600,
        "tags": [["Team", "blue"], ["stage", "test"]],
        "policies": {"inline": {"p": allow("role")}},
    })
}

fn policy(version: u32) -> Value {
    json!({
        "name": "shared", "path": "/", "created_at_ms": 1, "updated_at_ms": 1,
        "versions": [
            {"number": 1, "document": allow("one"), "created_at_ms": 1},
            {"number": 2, "document": allow("two"), "created_at_ms": 1},
        ],
        "default_version": version, "last_version": 2,
    })
}

const SHARED: &str = "arn:aws:iam::123456789012:policy/shared";

fn group() -> Value {
    json!({
        "name": "ops", "path": "/", "created_at_ms": 1,
        "policies": {"inline": {"g": allow("group")}, "attached": [SHARED]},
    })
}

fn session(world: &World, holder: Holder) -> crate::session::NewSession {
    let body = SessionBody {
        account: account().to_string(),
        holder,
        issued_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + HOUR_MS,
        policy: None,
        policy_arns: Vec::new(),
        tags: vec![("team".into(), "green".into())],
        transitive_keys: vec!["team".into()],
        source_identity: None,
    };
    body.seal(account(), &world.directory.seals.sessions, &random(99))
}

#[test]
fn a_first_start_makes_a_root_key() {
    let mut world = World::new();
    assert!(world.directory.is_empty());
    let (writes, key) = world.directory.create_root_key(account(), NOW_MS, &random(1)).unwrap();
    world.apply(&writes);
    assert!(!world.directory.is_empty());
    for directory in [&world.directory, &world.reloaded()] {
        let credentials = directory.credentials(&key.id, None, NOW_MS).unwrap();
        assert_eq!(credentials.secret, SecretKey::new(key.secret.as_str().to_owned()));
        let principal = &credentials.principal;
        let arn = "arn:aws:iam::123456789012:root";
        assert_eq!(principal.caller(), Caller::Root { account: "123456789012", arn });
        assert_eq!(principal.user_id(), "123456789012");
        assert!(principal.identity_policies().is_empty() && principal.session_facts().is_none());
    }
    assert!(!format!("{key:?}{:?}", world.directory).contains(key.secret.as_str()));
    let entry = String::from_utf8(writes[0].1.clone().unwrap()).unwrap();
    assert!(!entry.contains(key.secret.as_str()) && entry.contains(&key.id), "{entry}");
}

#[test]
fn a_root_user_has_two_keys_at_most() {
    let mut world = World::new();
    for seed in 1..=2 {
        let (writes, _) =
            world.directory.create_root_key(account(), NOW_MS, &random(seed)).unwrap();
        world.apply(&writes);
    }
    let fault = world.directory.create_root_key(account(), NOW_MS, &random(3)).unwrap_err();
    assert_eq!(fault, IdentityFault::quota("AccessKeysPerUser", 2));
}

#[test]
fn root_keys_that_are_replaced_are_good_no_more() {
    let mut world = World::new();
    let replace =
        |world: &World, seed| world.directory.replace_root_keys(account(), NOW_MS, &random(seed));
    let (writes, first, removed) = replace(&world, 1).unwrap();
    world.apply(&writes);
    assert_eq!(removed, Vec::<String>::new());
    let (writes, second) = world.directory.create_root_key(account(), NOW_MS, &random(2)).unwrap();
    world.apply(&writes);
    let (writes, third, removed) = replace(&world, 3).unwrap();
    world.apply(&writes);
    assert_eq!(removed, [first.id.as_str(), &second.id]);
    for directory in [&world.directory, &world.reloaded()] {
        for old in [&first, &second] {
            let fault = directory.credentials(&old.id, None, NOW_MS).unwrap_err();
            assert_eq!(fault, CredentialFault::Unknown);
        }
        assert!(directory.credentials(&third.id, None, NOW_MS).is_ok());
    }
}

#[test]
fn a_key_is_good_while_it_is_active() {
    let mut world = World::new();
    let mut user = user(&world.directory);
    world.put(EntityKind::User, "AIDAANN", &user);
    let credentials = world.directory.credentials("AKIAANN", None, NOW_MS).unwrap();
    assert_eq!(credentials.secret, SecretKey::new("hunter2".into()));
    assert_eq!(credentials.principal.arn(), "arn:aws:iam::123456789012:user/staff/Ann");
    assert_eq!(credentials.principal.user_id(), "AIDAANN");
    assert_eq!(credentials.principal.tags(), [("team".to_owned(), "red".to_owned())]);

    let unknown = |world: &World, id: &str, token: Option<&str>| {
        let fault = world.directory.credentials(id, token, NOW_MS).unwrap_err();
        assert_eq!(fault, CredentialFault::Unknown, "{id} {token:?}");
    };
    unknown(&world, "AKIABOB", None);
    unknown(&world, "", None);
    unknown(&world, "AKIAANN", Some("token"));
    user["access_keys"][0]["is_active"] = false.into();
    world.put(EntityKind::User, "AIDAANN", &user);
    unknown(&world, "AKIAANN", None);
    user["access_keys"] = json!([]);
    world.put(EntityKind::User, "AIDAANN", &user);
    unknown(&world, "AKIAANN", None);
    assert!(world.directory.access_keys.is_empty());
}

#[test]
fn rights_follow_groups_and_managed_policies() {
    let mut world = World::new();
    world.put(EntityKind::Policy, "ANPA1", &policy(1));
    world.put(EntityKind::Group, "AGPA1", &group());
    let mut user = user(&world.directory);
    user["groups"] = json!(["AGPA1"]);
    user["policies"] = json!({
        "inline": {"own": allow("own")},
        "attached": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess", SHARED],
        "boundary": SHARED,
    });
    world.put(EntityKind::User, "AIDAANN", &user);
    let policies = |directory: &Directory| {
        let principal = directory.credentials("AKIAANN", None, NOW_MS).unwrap().principal;
        let boundary = principal.boundary().and_then(|b| b.statements()[0].sid());
        let count = principal.identity_policies().len();
        (sids(principal.identity_policies()).join(" "), count, boundary.map(str::to_owned))
    };
    assert_eq!(policies(&world.directory), ("own group one".into(), 4, Some("one".into())));
    world.put(EntityKind::Policy, "ANPA1", &policy(2));
    assert_eq!(policies(&world.directory), ("own group two".into(), 4, Some("two".into())));
    assert_eq!(policies(&world.reloaded()), policies(&world.directory));
    let mut group = group();
    group["policies"] = json!({});
    world.put(EntityKind::Group, "AGPA1", &group);
    assert_eq!(policies(&world.directory), ("own two".into(), 3, Some("two".into())));
}

#[test]
fn a_session_has_the_rights_of_its_role() {
    let mut world = World::new();
    world.put(EntityKind::Role, "AROA1", &role());
    let session = session(&world, Holder::Role("AROA1".into(), "work".into()));
    let of = |world: &World, now_ms: u64| {
        world.directory.credentials(&session.access_key_id, Some(&session.token), now_ms)
    };
    // The first time opened, the second time found.
    for _ in 0..2 {
        let credentials = of(&world, NOW_MS).unwrap();
        assert_eq!(credentials.secret, SecretKey::new(session.secret.to_string()));
        let principal = credentials.principal;
        assert_eq!(
            principal.caller(),
            Caller::Session {
                account: "123456789012",
                role_arn: "arn:aws:iam::123456789012:role/apps/reader",
                arn: "arn:aws:sts::123456789012:assumed-role/reader/work",
                role_id: "AROA1",
            }
        );
        assert_eq!(principal.user_id(), "AROA1:work");
        assert_eq!(sids(principal.identity_policies()), ["role"]);
        let tags: Vec<_> = principal.tags().iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(tags, ["team=green", "stage=test"]);
        assert_eq!(principal.session_facts().unwrap().issued_at_ms as u64, NOW_MS);
    }
    let mut changed = role();
    changed["policies"] = json!({"inline": {"p": allow("changed")}});
    world.put(EntityKind::Role, "AROA1", &changed);
    let principal = of(&world, NOW_MS).unwrap().principal;
    assert_eq!(sids(principal.identity_policies()), ["changed"]);

    assert!(of(&world, NOW_MS + HOUR_MS - 1).is_ok());
    assert_eq!(of(&world, NOW_MS + HOUR_MS).unwrap_err(), CredentialFault::Expired);
    let without = world.directory.credentials(&session.access_key_id, None, NOW_MS);
    assert_eq!(without.unwrap_err(), CredentialFault::Unknown);
    let mut longer = session.token.clone();
    longer.push('A');
    let other = world.directory.credentials(&session.access_key_id, Some(&longer), NOW_MS);
    assert_eq!(other.unwrap_err(), CredentialFault::Unknown);

    // Another role of the same name is not the one.
    world.take(EntityKind::Role, "AROA1");
    assert_eq!(of(&world, NOW_MS).unwrap_err(), CredentialFault::Unknown);
    world.put(EntityKind::Role, "AROA2", &role());
    assert_eq!(of(&world, NOW_MS).unwrap_err(), CredentialFault::Unknown);
}

#[test]
fn sessions_of_users_and_of_the_root_user_are_theirs() {
    let mut world = World::new();
    let mut ann = user(&world.directory);
    ann["policies"] = json!({"inline": {"own": allow("own")}});
    world.put(EntityKind::User, "AIDAANN", &ann);
    let (writes, _) = world.directory.create_root_key(account(), NOW_MS, &random(1)).unwrap();
    world.apply(&writes);
    let principal = |holder: Holder| {
        let session = session(&world, holder);
        let (id, token) = (&session.access_key_id, Some(&*session.token));
        world.directory.credentials(id, token, NOW_MS).unwrap().principal
    };
    let of_user = principal(Holder::User("AIDAANN".into()));
    assert_eq!(of_user.caller().user_name(), Some("Ann"));
    assert!(of_user.is_session() && of_user.session_policies().is_none());
    assert_eq!(of_user.iam_user_id(), Some("AIDAANN"));
    assert_eq!(principal(Holder::Root).user_id(), "123456789012");
    let federated = principal(Holder::Federated(Some("AIDAANN".into()), "bob".into()));
    assert_eq!(federated.user_id(), "123456789012:bob");
    assert_eq!(sids(federated.identity_policies()), ["own"]);
    assert!(federated.session_policies().unwrap().is_empty());
    assert_eq!(federated.transitive_tags().count(), 1);
}

#[test]
fn only_so_many_sessions_are_kept() {
    let mut world = World::new();
    world.put(EntityKind::Role, "AROA1", &role());
    for seed in 0..2 * limits::SESSIONS_KEPT_MAX as u64 {
        let body = SessionBody {
            account: account().to_string(),
            holder: Holder::Role("AROA1".into(), "work".into()),
            issued_at_ms: NOW_MS,
            expires_at_ms: NOW_MS + HOUR_MS,
            policy: None,
            policy_arns: Vec::new(),
            tags: Vec::new(),
            transitive_keys: Vec::new(),
            source_identity: None,
        };
        let sealer = &world.directory.seals.sessions;
        let session = body.seal(account(), sealer, &random(seed));
        let (id, token) = (&session.access_key_id, Some(&*session.token));
        assert!(world.directory.credentials(id, token, NOW_MS).is_ok());
        assert!(world.directory.sessions.len() <= limits::SESSIONS_KEPT_MAX);
    }
}

#[test]
fn what_a_key_was_used_for_is_known_to_the_minute() {
    let mut world = World::new();
    let user = user(&world.directory);
    world.put(EntityKind::User, "AIDAANN", &user);
    let last = |world: &World| world.directory.access_keys["AKIAANN"].last_use();
    assert_eq!(last(&world), None);
    world.directory.note_use("AKIAANN", "sqs", "eu-west-1", NOW_MS);
    world.directory.note_use("AKIAANN", "sns", "us-east-1", NOW_MS + 59_999);
    world.directory.note_use("AKIABOB", "sns", "us-east-1", NOW_MS);
    assert_eq!(last(&world), Some((NOW_MS, "sqs".into(), "eu-west-1".into())));
    // A change of its user does not undo it.
    world.put(EntityKind::User, "AIDAANN", &user);
    assert_eq!(last(&world).unwrap().0, NOW_MS);
    world.directory.note_use("AKIAANN", "sns", "us-east-1", NOW_MS + 60_000);
    assert_eq!(last(&world), Some((NOW_MS + 60_000, "sns".into(), "us-east-1".into())));
}

#[test]
fn an_account_without_anyone_is_gone() {
    let mut world = World::new();
    world.put(EntityKind::Role, "AROA1", &role());
    assert_eq!(world.directory.accounts().collect::<Vec<_>>(), [account()]);
    world.take(EntityKind::Role, "AROA1");
    assert!(world.directory.is_empty());
}

fn damage(entries: &[(&str, Value)], master: &MasterKey) -> String {
    let entries = entries.iter().map(|(key, value)| (*key, value.to_string().into_bytes()));
    Directory::load(entries, Seals::new(|purpose| master.sealer(purpose))).unwrap_err().to_string()
}

#[test]
fn damaged_entries_are_named() {
    let world = World::new();
    let user = user(&world.directory);
    let with = |name: &str, value: Value| {
        let mut user = user.clone();
        user[name] = value;
        user
    };
    let key = "identity/123456789012/user/AIDAANN";
    for (value, problem) in [
        (json!(7), "invalid type"),
        (json!({"name": "Ann"}), "missing field"),
        (with("groups", json!(["AGPA9"])), "names a group"),
        (with("policies", json!({"attached": [SHARED]})), "managed policy that is not there"),
        (with("policies", json!({"boundary": SHARED})), "managed policy that is not there"),
        (with("policies", json!({"inline": {"p": "{}"}})), "Statement: missing"),
        (
            with(
                "access_keys",
                json!([{"id": "A", "sealed_secret": "", "is_active": true, "created_at_ms": 1}]),
            ),
            "master key",
        ),
    ] {
        let told = damage(&[(key, value)], &master());
        assert!(told.contains(problem) && told.contains(key), "{told}");
    }
    let other = "identity/123456789012/user/AIDABOB";
    let told = damage(&[(key, user.clone()), (other, user.clone())], &master());
    assert!(told.contains("access key id"), "{told}");
    let mut namesake = with("access_keys", json!([]));
    namesake["name"] = "aNN".into();
    let told = damage(&[(key, user.clone()), (other, namesake)], &master());
    assert!(told.contains("has its name"), "{told}");
    let told = damage(&[("identity/123456789012/thing/A", json!({}))], &master());
    assert!(told.contains("unknown kind"), "{told}");
    let told = damage(&[(key, user)], &MasterKey::new([8; 32]));
    assert!(told.contains("master key") && !told.contains("hunter2"), "{told}");
    let told = damage(&[("identity/123456789012/policy/ANPA1", policy(3))], &master());
    assert!(told.contains("no default version"), "{told}");
}
