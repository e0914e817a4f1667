use std::sync::Arc;

use super::*;
use crate::directory::testing::{Judge, NOW_MS, World, account};
use crate::operations::{
    CreatePolicy, CreateRole, Holder, HolderKind, Operation, Output, PageRequest, Pairs,
};
use crate::principal::Principal;

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
const HOUR_MS: u64 = 3_600_000;

fn text(text: &str) -> String {
    text.to_owned()
}

fn statement(effect: &str, action: &str, rest: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":{action},{rest}}}}}"#
    )
}

fn trust(principal: &str) -> String {
    let actions = r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    statement("Allow", actions, &format!(r#""Principal":{principal}"#))
}

fn done(world: &mut World, account: AccountId, operation: Operation) -> Output {
    let random = world.random();
    let principal = Principal::root(account);
    let (writes, output) = world.directory.decide(&principal, &operation, NOW_MS, &random).unwrap();
    world.apply(&writes);
    output
}

fn create_role(world: &mut World, name: &str, trust_policy: &str, seconds: i64) {
    let create = CreateRole {
        name: text(name),
        trust_policy: text(trust_policy),
        session_seconds_max: Some(seconds),
        ..CreateRole::default()
    };
    done(world, account(), Operation::CreateRole(create));
}

fn set_trust(world: &mut World, document: &str) {
    let document = text(document);
    let operation = Operation::UpdateAssumeRolePolicy { name: text("reader"), document };
    done(world, account(), operation);
}

/// A user with a key, and what its own policy says of STS.
fn user(world: &mut World, account: AccountId, name: &str, policy: Option<&str>) -> Arc<Principal> {
    let create =
        Operation::CreateUser { name: text(name), path: None, boundary: None, tags: Pairs::new() };
    done(world, account, create);
    if let Some(policy) = policy {
        let holder = Holder { kind: HolderKind::User, name: text(name) };
        let (name, document) = (text("p"), text(policy));
        done(world, account, Operation::PutInlinePolicy { holder, name, document });
    }
    let created = done(world, account, Operation::CreateAccessKey { user: Some(text(name)) });
    let Output::NewAccessKey(key) = created else { panic!("no key") };
    world.directory.credentials(&key.id, None, NOW_MS).unwrap().principal
}

fn may_all() -> String {
    statement("Allow", r#""sts:*""#, r#""Resource":"*""#)
}

/// A role that everybody may assume, and a user who may.
fn world() -> (World, Arc<Principal>) {
    let mut world = World::new();
    create_role(&mut world, "reader", &trust(r#"{"AWS":"123456789012"}"#), 43_200);
    let ann = user(&mut world, account(), "ann", Some(&may_all()));
    (world, ann)
}

fn asked() -> AssumeRole {
    AssumeRole { role_arn: text(ROLE), session_name: text("work"), ..AssumeRole::default() }
}

fn assume(
    world: &mut World,
    principal: &Principal,
    asked: &AssumeRole,
) -> Result<AssumedRole, String> {
    let random = world.random();
    let judge = Judge(principal);
    let assumed = world.directory.assume_role(principal, &judge, asked, NOW_MS, &random);
    assumed.map_err(|fault| format!("{}: {}", fault.code.name(), fault.text))
}

fn used(world: &World, credentials: &TemporaryCredentials) -> Arc<Principal> {
    let token = Some(credentials.session_token.as_str());
    world.directory.credentials(&credentials.access_key_id, token, NOW_MS).unwrap().principal
}

fn denied(principal: &Principal, action: &str) -> String {
    let arn = principal.arn();
    format!("AccessDenied: User: {arn} is not authorized to perform: {action} on resource: {ROLE}")
}

#[test]
fn a_role_is_assumed() {
    let (mut world, ann) = world();
    let assumed = assume(&mut world, &ann, &asked()).unwrap();
    assert_eq!(assumed.arn, "arn:aws:sts::123456789012:assumed-role/reader/work");
    assert!(assumed.id.starts_with("AROA") && assumed.id.ends_with(":work"), "{}", assumed.id);
    assert_eq!((assumed.packed_percent, &assumed.source_identity), (None, &None));
    assert_eq!(assumed.credentials.expires_at_ms, NOW_MS + HOUR_MS);
    assert!(assumed.credentials.access_key_id.starts_with("ASIA"));
    let principal = used(&world, &assumed.credentials);
    assert_eq!((principal.arn(), &*principal.user_id()), (&*assumed.arn, &*assumed.id));
    assert!(principal.session_policies().is_none());
    let printed = format!("{assumed:?}");
    assert!(!printed.contains(assumed.credentials.secret.as_str()), "{printed}");
    assert!(!printed.contains(assumed.credentials.session_token.as_str()), "{printed}");
}

#[test]
fn the_trust_policy_decides() {
    let (mut world, ann) = world();
    let bob = user(&mut world, account(), "bob", None);
    let other = AccountId::parse("000000000001").unwrap();
    let carl = user(&mut world, other, "carl", Some(&may_all()));
    let dora = user(&mut world, other, "dora", None);
    let root = Principal::root(account());
    for (trust_policy, may) in [
        // The account: those of it whose own policies allow it, too.
        (trust(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#), ["ann"].as_slice()),
        // Themselves: nothing else is needed in the same account, but from another.
        (trust(r#"{"AWS":"arn:aws:iam::123456789012:user/bob"}"#), &["bob"]),
        (
            trust(r#"{"AWS":["000000000001","arn:aws:iam::123456789012:user/ann"]}"#),
            &["ann", "carl"],
        ),
        (trust(r#""*""#), &["ann", "bob", "carl"]),
        (trust(r#"{"Service":"sns.amazonaws.com"}"#), &[]),
        (statement("Deny", r#""sts:AssumeRole""#, r#""Principal":"*""#), &[]),
        (statement("Allow", r#""sts:TagSession""#, r#""Principal":"*""#), &[]),
    ] {
        set_trust(&mut world, &trust_policy);
        for (name, principal) in [("ann", &ann), ("bob", &bob), ("carl", &carl), ("dora", &dora)] {
            let assumed = assume(&mut world, principal, &asked()).map(|_| ());
            let expected =
                if may.contains(&name) { Ok(()) } else { Err(denied(principal, "sts:AssumeRole")) };
            assert_eq!(assumed, expected, "{name} by {trust_policy}");
        }
        let told = assume(&mut world, &root, &asked()).unwrap_err();
        assert_eq!(told, "AccessDenied: Roles may not be assumed by root accounts.");
    }
    let missing = AssumeRole { role_arn: ROLE.replace("reader", "none"), ..asked() };
    let told = assume(&mut world, &ann, &missing).unwrap_err();
    assert_eq!(told, denied(&ann, "sts:AssumeRole").replace("reader", "none"));
}

#[test]
fn an_external_id_can_be_asked_for() {
    let (mut world, ann) = world();
    let condition = r#""Principal":"*","Condition":{"StringEquals":{"sts:ExternalId":"42"}}"#;
    set_trust(&mut world, &statement("Allow", r#""sts:AssumeRole""#, condition));
    for (id, may) in [(None, false), (Some("41"), false), (Some("42"), true)] {
        let asked = AssumeRole { external_id: id.map(text), ..asked() };
        assert_eq!(assume(&mut world, &ann, &asked).is_ok(), may, "{id:?}");
    }
    let condition = r#""Principal":"*","Condition":{"StringLike":{"sts:RoleSessionName":"ann-*"}}"#;
    set_trust(&mut world, &statement("Allow", r#""sts:AssumeRole""#, condition));
    assert!(assume(&mut world, &ann, &asked()).is_err());
    let named = AssumeRole { session_name: text("ann-1"), ..asked() };
    assert!(assume(&mut world, &ann, &named).is_ok());
}

#[test]
fn parameters_have_their_forms() {
    let (mut world, ann) = world();
    let invalid = |value: &str, at: &str, what: &str| {
        format!(
            "ValidationError: 1 validation error detected: Value '{value}' at '{at}' failed to \
             satisfy constraint: Member must {what}"
        )
    };
    let long = "s".repeat(65);
    for (asked, expected) in [
        (
            AssumeRole { session_name: text("Session1:2"), ..asked() },
            invalid(
                "Session1:2",
                "roleSessionName",
                r"satisfy regular expression pattern: [\w+=,.@-]*",
            ),
        ),
        (
            AssumeRole { session_name: long.clone(), ..asked() },
            invalid(&long, "roleSessionName", "have length less than or equal to 64"),
        ),
        (
            AssumeRole { role_arn: text("nothing-valid-in-here"), ..asked() },
            text("ValidationError: nothing-valid-in-here is invalid"),
        ),
        (
            AssumeRole { role_arn: text("arn::b:::something/test-role"), ..asked() },
            text("ValidationError: arn::b:::something/test-role is invalid"),
        ),
        (
            AssumeRole { seconds: Some(899), ..asked() },
            invalid("899", "durationSeconds", "have value greater than or equal to 900"),
        ),
        (
            AssumeRole { policy: Some(text("{}")), ..asked() },
            text("MalformedPolicyDocument: Syntax errors in policy."),
        ),
        (
            AssumeRole {
                policy_arns: vec![text("arn:aws:iam::123456789012:policy/none")],
                ..asked()
            },
            text(
                "ValidationError: Policy arn:aws:iam::123456789012:policy/none does not exist or \
                 is not attachable.",
            ),
        ),
        (
            AssumeRole { tags: vec![(text("a"), text("")), (text("A"), text(""))], ..asked() },
            text(
                "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are \
                 case insensitive.",
            ),
        ),
        (
            AssumeRole { transitive_keys: vec![text("a")], ..asked() },
            text(
                "InvalidParameterValue: The specified transitive tag key must be included in the \
                 requested tags.",
            ),
        ),
        (
            AssumeRole {
                tags: (0..50).map(|n| (n.to_string(), "v".repeat(200))).collect(),
                ..asked()
            },
            text(
                "PackedPolicyTooLarge: Packed size of session tags consumes 247% of allotted space.",
            ),
        ),
        (
            AssumeRole { has_mfa: true, ..asked() },
            text(
                "AccessDenied: MultiFactorAuthentication failed, unable to validate MFA code. \
                 Please verify your MFA serial number is valid and associated with this user.",
            ),
        ),
    ] {
        assert_eq!(assume(&mut world, &ann, &asked).unwrap_err(), expected);
    }
}

#[test]
fn a_session_lasts_as_long_as_it_may() {
    let (mut world, ann) = world();
    create_role(&mut world, "short", &trust(r#""*""#), 3_600);
    let asked_of = |role: &str, seconds| AssumeRole {
        role_arn: format!("arn:aws:iam::123456789012:role/{role}"),
        seconds: Some(seconds),
        ..asked()
    };
    let long = assume(&mut world, &ann, &asked_of("reader", 43_200)).unwrap();
    assert_eq!(long.credentials.expires_at_ms, NOW_MS + 12 * HOUR_MS);
    let text = "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set \
                for this role.";
    assert_eq!(assume(&mut world, &ann, &asked_of("short", 3_601)).unwrap_err(), text);
    // One that a session begins: an hour, whatever the role says.
    set_trust(&mut world, &trust(r#""*""#));
    let session = used(&world, &long.credentials);
    assert!(assume(&mut world, &session, &asked_of("reader", 3_600)).is_ok());
    let text = "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit \
                for roles assumed by role chaining";
    assert_eq!(assume(&mut world, &session, &asked_of("reader", 3_601)).unwrap_err(), text);
}

#[test]
fn transitive_tags_and_the_source_identity_go_on() {
    let (mut world, ann) = world();
    set_trust(&mut world, &trust(r#""*""#));
    let first = AssumeRole {
        tags: vec![(text("Team"), text("red")), (text("once"), text("1"))],
        transitive_keys: vec![text("Team")],
        source_identity: Some(text("ann")),
        ..asked()
    };
    let assumed = assume(&mut world, &ann, &first).unwrap();
    assert_eq!(assumed.source_identity.as_deref(), Some("ann"));
    assert_eq!(assumed.packed_percent, Some(1));
    let first = used(&world, &assumed.credentials);
    assert_eq!((first.source_identity(), first.tags().len()), (Some("ann"), 2));
    let assumed = assume(&mut world, &first, &asked()).unwrap();
    let second = used(&world, &assumed.credentials);
    assert_eq!(second.source_identity(), Some("ann"));
    assert_eq!(second.tags(), [(text("Team"), text("red"))]);
    for key in ["Team", "TEAM"] {
        let other = AssumeRole { tags: vec![(text(key), text("blue"))], ..asked() };
        assert_eq!(
            assume(&mut world, &second, &other).unwrap_err(),
            "InvalidParameterValue: One of the specified transitive tag keys can't be set because \
             it conflicts with a transitive tag key from the calling session."
        );
    }
    let other = AssumeRole { source_identity: Some(text("bob")), ..asked() };
    assert!(assume(&mut world, &second, &other).unwrap_err().starts_with("InvalidParameterValue"));
    // Both need permissions of their own, whether given or gone on.
    set_trust(&mut world, &statement("Allow", r#""sts:AssumeRole""#, r#""Principal":"*""#));
    assert!(assume(&mut world, &ann, &asked()).is_ok());
    let tagged = AssumeRole { tags: vec![(text("k"), text("v"))], ..asked() };
    let told = assume(&mut world, &ann, &tagged).unwrap_err();
    assert!(told.starts_with(&denied(&ann, "sts:TagSession")), "{told}");
    let named = AssumeRole { source_identity: Some(text("ann")), ..asked() };
    let told = assume(&mut world, &ann, &named).unwrap_err();
    assert!(told.contains("sts:SetSourceIdentity"), "{told}");
    assert!(assume(&mut world, &second, &asked()).unwrap_err().contains("sts:TagSession"));
}

#[test]
fn a_session_is_bounded_by_its_policies() {
    let (mut world, ann) = world();
    let create = CreatePolicy {
        name: text("p"),
        document: statement("Allow", r#""sqs:*""#, r#""Resource":"*""#),
        ..CreatePolicy::default()
    };
    done(&mut world, account(), Operation::CreatePolicy(create));
    let bounded = AssumeRole {
        policy: Some(statement("Allow", r#""sns:*""#, r#""Resource":"*""#)),
        policy_arns: vec![text("arn:aws:iam::123456789012:policy/p")],
        ..asked()
    };
    let assumed = assume(&mut world, &ann, &bounded).unwrap();
    assert_eq!(used(&world, &assumed.credentials).session_policies().unwrap().len(), 2);
    let gone = Operation::DeletePolicy { arn: text("arn:aws:iam::123456789012:policy/p") };
    done(&mut world, account(), gone);
    // What is gone allows nothing, and bounds still.
    assert_eq!(used(&world, &assumed.credentials).session_policies().unwrap().len(), 1);
}

#[test]
fn long_term_credentials_are_exchanged() {
    let (mut world, ann) = world();
    let token = |world: &mut World, principal: &Principal, seconds| {
        let random = world.random();
        let got = world.directory.session_token(principal, seconds, false, NOW_MS, &random);
        got.map_err(|fault| format!("{}: {}", fault.code.name(), fault.text))
    };
    let credentials = token(&mut world, &ann, None).unwrap();
    assert_eq!(credentials.expires_at_ms, NOW_MS + 12 * HOUR_MS);
    let session = used(&world, &credentials);
    assert_eq!((session.arn(), session.is_session()), (ann.arn(), true));
    let told = token(&mut world, &session, None).unwrap_err();
    assert_eq!(told, "AccessDenied: Cannot call GetSessionToken with session credentials");
    assert!(token(&mut world, &ann, Some(129_601)).unwrap_err().starts_with("ValidationError"));
    let root = Principal::root(account());
    let credentials = token(&mut world, &root, Some(43_200)).unwrap();
    assert_eq!(credentials.expires_at_ms, NOW_MS + HOUR_MS);
}

#[test]
fn rights_are_left_to_others() {
    let (mut world, ann) = world();
    let bob = user(&mut world, account(), "bob", None);
    let token = |world: &mut World, principal: &Principal, asked: &GetFederationToken| {
        let random = world.random();
        let judge = Judge(principal);
        let got = world.directory.federation_token(principal, &judge, asked, NOW_MS, &random);
        got.map_err(|fault| format!("{}: {}", fault.code.name(), fault.text))
    };
    let asked = GetFederationToken { name: text("guest"), ..GetFederationToken::default() };
    let federated = token(&mut world, &ann, &asked).unwrap();
    assert_eq!(federated.arn, "arn:aws:sts::123456789012:federated-user/guest");
    assert_eq!(federated.id, "123456789012:guest");
    let guest = used(&world, &federated.credentials);
    assert_eq!((guest.arn(), &*guest.user_id()), (&*federated.arn, &*federated.id));
    assert!(guest.session_policies().unwrap().is_empty());
    let told = token(&mut world, &guest, &asked).unwrap_err();
    assert_eq!(told, "AccessDenied: Cannot call GetFederationToken with session credentials");
    set_trust(&mut world, &trust(r#""*""#));
    let told = assume(&mut world, &guest, &self::asked()).map(|_| ()).unwrap_err();
    assert_eq!(told, denied(&guest, "sts:AssumeRole"));
    let told = token(&mut world, &bob, &asked).unwrap_err();
    assert!(told.starts_with("AccessDenied: User: arn:aws:iam::123456789012:user/bob"), "{told}");
    // Who left them is gone, and so are they.
    let holder = Holder { kind: HolderKind::User, name: text("ann") };
    done(&mut world, account(), Operation::DeleteInlinePolicy { holder, name: text("p") });
    let list = Operation::ListAccessKeys { user: Some(text("ann")), page: PageRequest::default() };
    let Output::AccessKeys(keys) = done(&mut world, account(), list) else { panic!("no keys") };
    let id = keys.items[0].id.clone();
    done(&mut world, account(), Operation::DeleteAccessKey { user: Some(text("ann")), id });
    done(&mut world, account(), Operation::DeleteUser { name: text("ann") });
    let credentials = &federated.credentials;
    let token = Some(credentials.session_token.as_str());
    assert!(world.directory.credentials(&credentials.access_key_id, token, NOW_MS).is_err());
}

#[test]
fn an_access_key_tells_its_account() {
    let (mut world, ann) = world();
    let assumed = assume(&mut world, &ann, &asked()).unwrap();
    let of = |id: &str| world.directory.access_key_account(&ann, &Judge(&ann), id).ok();
    assert_eq!(of(&assumed.credentials.access_key_id), Some(account()));
    assert_eq!(of("AKIAY34FZKBOKMUTVV7A"), None);
    assert_eq!(of("ASIAY34FZKBOKMUTVV7A"), None);
    assert_eq!(of("short"), None);
}

#[test]
fn trust_is_in_who_it_was_and_not_in_a_name() {
    let (mut world, ann) = world();
    let arn = "arn:aws:iam::123456789012:user/ann";
    set_trust(&mut world, &trust(&format!(r#"{{"AWS":["000000000001","{arn}"]}}"#)));
    let shown = |world: &mut World| {
        let got = done(world, account(), Operation::GetRole { name: text("reader") });
        let Output::Role(role) = got else { panic!("no role") };
        role.trust_policy
    };
    assert!(shown(&mut world).contains(arn));
    assert!(assume(&mut world, &ann, &asked()).is_ok());
    // By another name it is the same user.
    let rename =
        Operation::UpdateUser { name: text("ann"), new_name: Some(text("anna")), new_path: None };
    done(&mut world, account(), rename);
    let anna = {
        let list = Operation::ListAccessKeys { user: Some(text("anna")), page: Default::default() };
        let Output::AccessKeys(keys) = done(&mut world, account(), list) else { panic!("no keys") };
        world.directory.credentials(&keys.items[0].id, None, NOW_MS).unwrap().principal
    };
    assert!(shown(&mut world).contains(&format!("{arn}a")));
    assert!(assume(&mut world, &anna, &asked()).is_ok());
    // Somebody else by the name is not.
    let other = user(&mut world, account(), "ann", Some(&may_all()));
    assert_eq!(assume(&mut world, &other, &asked()).unwrap_err(), denied(&other, "sts:AssumeRole"));
    // Who is gone is shown by the unique id.
    let holder = Holder { kind: HolderKind::User, name: text("anna") };
    done(&mut world, account(), Operation::DeleteInlinePolicy { holder, name: text("p") });
    let list = Operation::ListAccessKeys { user: Some(text("anna")), page: Default::default() };
    let Output::AccessKeys(keys) = done(&mut world, account(), list) else { panic!("no keys") };
    let id = keys.items[0].id.clone();
    done(&mut world, account(), Operation::DeleteAccessKey { user: Some(text("anna")), id });
    done(&mut world, account(), Operation::DeleteUser { name: text("anna") });
    assert!(shown(&mut world).contains(&*anna.user_id()), "{}", shown(&mut world));
    world.directory = world.reloaded();
    assert!(shown(&mut world).contains(&*anna.user_id()));
    assert!(assume(&mut world, &other, &asked()).is_err());
}

#[test]
fn only_who_exists_can_be_trusted() {
    let (mut world, _) = world();
    for (name, is_there) in [
        ("arn:aws:iam::123456789012:user/ann", true),
        ("arn:aws:iam::123456789012:role/reader", true),
        ("arn:aws:iam::000000000009:root", true),
        ("arn:aws:iam::123456789012:user/none", false),
        ("arn:aws:iam::123456789012:role/x/reader", false),
        ("arn:aws:iam::000000000009:user/ann", false),
    ] {
        let document = trust(&format!(r#"{{"AWS":"{name}"}}"#));
        let operation = Operation::UpdateAssumeRolePolicy { name: text("reader"), document };
        let random = world.random();
        let root = Principal::root(account());
        let decided = world.directory.decide(&root, &operation, NOW_MS, &random);
        let told = decided.map(|_| ()).map_err(|fault| fault.text.into_owned());
        let invalid = format!("Invalid principal in policy: \"AWS\":\"{name}\"");
        assert_eq!(told, if is_there { Ok(()) } else { Err(invalid) }, "{name}");
    }
}

#[test]
fn a_long_new_name_does_not_spoil_a_trust_policy() {
    let (mut world, _) = world();
    let arns: Vec<String> = (0..25)
        .map(|number| {
            user(&mut world, account(), &format!("u{number}"), None);
            format!(r#""arn:aws:iam::123456789012:user/u{number}""#)
        })
        .collect();
    set_trust(&mut world, &trust(&format!(r#"{{"AWS":[{}]}}"#, arns.join(","))));
    for number in 0..25 {
        let name = format!("u{number}");
        let new_path = Some(format!("/{}/", "p".repeat(500)));
        done(&mut world, account(), Operation::UpdateUser { name, new_name: None, new_path });
    }
    let list = Operation::ListAccessKeys { user: Some(text("u7")), page: Default::default() };
    let Output::AccessKeys(keys) = done(&mut world, account(), list) else { panic!("no keys") };
    world.directory = world.reloaded();
    let u7 = world.directory.credentials(&keys.items[0].id, None, NOW_MS).unwrap().principal;
    assert!(assume(&mut world, &u7, &asked()).is_ok());
}
