//! Who may use a key, as a table.

use std::collections::BTreeMap;

use tidings_access::{Caller, Facts, Kind, Origin, Policies, PolicyDocument, SessionFacts};

use crate::testing::{NOW_MS, World, scope};
use crate::{
    Change, Constraints, EncryptionContext, KeyCode, KeyPolicy, KeyRequest, ManagedBy, NewGrant,
    authorise, keeps_author,
};

const ANN: Caller<'_> = Caller::User {
    account: "111122223333",
    arn: "arn:aws:iam::111122223333:user/ann",
    id: "AIDAANN",
};
const ROOT: Caller<'_> =
    Caller::Root { account: "111122223333", arn: "arn:aws:iam::111122223333:root" };
const BOB: Caller<'_> = Caller::User {
    account: "000000000042",
    arn: "arn:aws:iam::000000000042:user/bob",
    id: "AIDABOB",
};
const SESSION: Caller<'_> = Caller::Session {
    account: "000000000042",
    role_arn: "arn:aws:iam::000000000042:role/worker",
    arn: "arn:aws:sts::000000000042:assumed-role/worker/s1",
    role_id: "AROAWORKER",
};
const SNS: Caller<'_> = Caller::Service { name: "sns.amazonaws.com" };

fn identity(effect: &str, action: &str) -> PolicyDocument {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":
            {{"Effect":"{effect}","Action":"{action}","Resource":"*"}}}}"#
    );
    PolicyDocument::parse(&text, Kind::Identity).unwrap()
}

/// A key with a policy of these statements.
fn world_with(statements: &str) -> (World, String) {
    let mut world = World::new();
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let policy = Some(KeyPolicy::parse(&text).unwrap());
    let (description, tags) = (String::new(), vec![("team".into(), "a".into())]);
    world.change(Change::CreateKey { policy, description, tags }).unwrap();
    let id = world.store.list_keys(&scope(), None, 1).unwrap().items[0];
    (world, scope().key_arn(id))
}

fn allow(principal: &str, action: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"*",
            "Condition":{{{condition}}}}}"#
    )
}

struct Ask<'a> {
    caller: Caller<'a>,
    action: &'a str,
    context: Option<(&'a str, &'a str)>,
    via: Option<&'a str>,
    identity: &'a [&'a PolicyDocument],
}

const ASK: Ask<'_> =
    Ask { caller: ANN, action: "kms:Decrypt", context: None, via: None, identity: &[] };

fn ask(world: &World, key: &str, ask: &Ask<'_>) -> Result<(), String> {
    let facts = Facts::new(ask.caller, Origin::Service, i64::try_from(NOW_MS).unwrap());
    let context = ask.context.map(|(name, value)| EncryptionContext::one(name, value));
    let key = world.key(key);
    let request = KeyRequest {
        context: context.as_ref(),
        via_service: ask.via,
        ..KeyRequest::new(ask.action, key)
    };
    let policies = Policies { identity: ask.identity, ..Policies::default() };
    authorise(&world.store, &request, &facts, &policies).map(drop).map_err(|fault| {
        assert_eq!(fault.code, KeyCode::AccessDenied);
        fault.text
    })
}

#[test]
fn the_default_policy_leaves_it_to_identity_policies() {
    let mut world = World::new();
    let key = world.new_key();
    let (yes, no) = (identity("Allow", "kms:*"), identity("Deny", "kms:Decrypt"));
    assert_eq!(ask(&world, &key, &Ask { caller: ROOT, ..ASK }), Ok(()));
    assert_eq!(ask(&world, &key, &Ask { identity: &[&yes], ..ASK }), Ok(()));
    assert_eq!(
        ask(&world, &key, &ASK).unwrap_err(),
        format!(
            "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: kms:Decrypt on \
             resource: {key} because no identity-based policy allows the kms:Decrypt action"
        )
    );
    assert!(ask(&world, &key, &Ask { identity: &[&yes, &no], ..ASK }).is_err());
    assert_eq!(
        ask(&world, &key, &Ask { caller: BOB, identity: &[&yes], ..ASK }).unwrap_err(),
        "User: arn:aws:iam::000000000042:user/bob is not authorized to perform: kms:Decrypt on \
         this resource because the resource does not exist in this Region, no resource-based \
         policies allow access, or a resource-based policy explicitly denies access"
    );
}

#[test]
fn identity_policies_are_nothing_without_the_keys() {
    let (world, key) =
        world_with(&allow(r#"{"AWS":"arn:aws:iam::111122223333:user/eve"}"#, "kms:*", ""));
    let yes = identity("Allow", "kms:*");
    assert!(
        ask(&world, &key, &Ask { identity: &[&yes], ..ASK })
            .unwrap_err()
            .ends_with("because no resource-based policy allows the kms:Decrypt action")
    );
    assert!(ask(&world, &key, &Ask { caller: ROOT, ..ASK }).is_err(), "not even for root");
}

#[test]
fn conditions_of_kms_are_known() {
    let yes = identity("Allow", "kms:*");
    let on_context = r#""StringEquals":{"kms:EncryptionContext:aws:sqs:arn":"q"}"#;
    let queue = Some(("aws:sqs:arn", "q"));
    let via = r#""StringEquals":{"kms:ViaService":"sqs.us-east-1.amazonaws.com"}"#;
    let everyone = r#""*""#;
    for (condition, request, is_allowed) in [
        (on_context, Ask { context: queue, ..ASK }, true),
        (on_context, Ask { context: Some(("aws:sqs:arn", "Q")), ..ASK }, false),
        (on_context, Ask { context: Some(("AWS:sqs:ARN", "q")), ..ASK }, true),
        (on_context, ASK, false),
        (via, Ask { via: Some("sqs"), ..ASK }, true),
        (via, Ask { via: Some("sns"), ..ASK }, false),
        (via, ASK, false),
        (r#""StringEquals":{"kms:CallerAccount":"111122223333"}"#, ASK, true),
        (
            r#""StringEquals":{"kms:CallerAccount":"111122223333"}"#,
            Ask { caller: BOB, identity: &[&yes], ..ASK },
            false,
        ),
        (r#""StringEquals":{"aws:ResourceTag/team":"a"}"#, ASK, true),
        (r#""StringEquals":{"aws:ResourceTag/team":"b"}"#, ASK, false),
        (r#""StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}"#, ASK, true),
        (
            r#""ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["aws:sqs:arn"]}"#,
            Ask { context: queue, ..ASK },
            true,
        ),
        (
            r#""ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["other"]}"#,
            Ask { context: queue, ..ASK },
            false,
        ),
    ] {
        let (world, key) = world_with(&allow(everyone, "kms:*", condition));
        assert_eq!(ask(&world, &key, &request).is_ok(), is_allowed, "{condition}");
    }
    let (mut world, key) = world_with(&allow(
        everyone,
        "kms:*",
        r#""ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/a"}"#,
    ));
    assert!(ask(&world, &key, &ASK).is_err());
    world.change(Change::CreateAlias { alias: "alias/a".into(), key: key.clone() }).unwrap();
    assert!(ask(&world, &key, &ASK).is_ok());
}

#[test]
fn a_managed_key_is_used_by_way_of_its_service_only() {
    let mut world = World::new();
    world.change(Change::CreateManagedKey(ManagedBy::Sqs)).unwrap();
    let key = world.key("alias/aws/sqs").arn().to_owned();
    let yes = identity("Allow", "kms:*");
    for (request, is_allowed) in [
        (Ask { via: Some("sqs"), ..ASK }, true),
        (Ask { via: Some("sqs"), action: "kms:GenerateDataKey", ..ASK }, true),
        (Ask { via: Some("sns"), ..ASK }, false),
        (ASK, false),
        (Ask { caller: BOB, via: Some("sqs"), identity: &[&yes], ..ASK }, false),
        (Ask { caller: SNS, via: Some("sqs"), ..ASK }, false),
        (Ask { caller: ROOT, action: "kms:DisableKey", ..ASK }, false),
        (Ask { caller: ROOT, action: "kms:DescribeKey", ..ASK }, true),
        (Ask { identity: &[&yes], action: "kms:GetKeyPolicy", ..ASK }, true),
        (Ask { identity: &[&yes], action: "kms:ScheduleKeyDeletion", ..ASK }, false),
    ] {
        let came = ask(&world, &key, &request);
        assert_eq!(
            came.is_ok(),
            is_allowed,
            "{} by {:?}: {came:?}",
            request.action,
            request.caller
        );
    }
}

#[test]
fn a_service_is_allowed_by_the_keys_policy() {
    let statement = allow(r#"{"Service":"sns.amazonaws.com"}"#, "kms:GenerateDataKey*", "");
    let (world, key) = world_with(&statement);
    let request = Ask { caller: SNS, action: "kms:GenerateDataKey", via: Some("sqs"), ..ASK };
    assert_eq!(ask(&world, &key, &request), Ok(()));
    assert!(ask(&world, &key, &Ask { action: "kms:Decrypt", ..request }).is_err());
}

fn grant(grantee: &str, operations: &[&str], constraints: Constraints) -> NewGrant {
    NewGrant {
        name: None,
        grantee: grantee.into(),
        retiring_principal: None,
        operations: operations.iter().map(|name| (*name).to_owned()).collect(),
        constraints,
    }
}

#[test]
fn grants_permit_what_they_say() {
    let pairs = |name: &str| Some(BTreeMap::from([(name.to_owned(), "v".to_owned())]));
    let equals = Constraints { equals: pairs("a"), subset: None };
    let subset = Constraints { equals: None, subset: pairs("a") };
    let ann = "arn:aws:iam::111122223333:user/ann";
    let role = "arn:aws:iam::000000000042:role/worker";
    let session = "arn:aws:sts::000000000042:assumed-role/worker/s1";
    let (a, b) = (Some(("a", "v")), Some(("b", "v")));
    let by_session = || Ask { caller: SESSION, ..ASK };
    let no = identity("Deny", "kms:Decrypt");
    for (grantee, constraints, request, is_allowed) in [
        (ann, Constraints::default(), ASK, true),
        (ann, Constraints::default(), Ask { context: b, ..ASK }, true),
        (ann, Constraints::default(), Ask { action: "kms:Encrypt", ..ASK }, false),
        (ann, Constraints::default(), Ask { caller: BOB, ..ASK }, false),
        (ann, Constraints::default(), Ask { identity: &[&no], ..ASK }, false),
        (ann, equals.clone(), Ask { context: a, ..ASK }, true),
        (ann, equals.clone(), Ask { context: b, ..ASK }, false),
        (ann, subset.clone(), Ask { context: a, ..ASK }, true),
        (ann, subset, Ask { context: b, ..ASK }, false),
        // Operations without a context are not constrained by one.
        (ann, equals, Ask { action: "kms:DescribeKey", ..ASK }, true),
        (role, Constraints::default(), by_session(), true),
        (session, Constraints::default(), by_session(), true),
        ("arn:aws:iam::000000000042:root", Constraints::default(), by_session(), false),
    ] {
        let mut world = World::new();
        let key = world.new_key();
        let asked = format!("{grantee}, {constraints:?}: {} {:?}", request.action, request.context);
        let grant = grant(grantee, &["Decrypt", "DescribeKey"], constraints);
        world.change(Change::CreateGrant { key: key.clone(), grant }).unwrap();
        assert_eq!(ask(&world, &key, &request).is_ok(), is_allowed, "{asked}");
    }
}

#[test]
fn a_grant_is_bounded_by_what_bounds_its_grantee() {
    let mut world = World::new();
    let key = world.new_key();
    let ann = "arn:aws:iam::111122223333:user/ann";
    let grant = grant(ann, &["Decrypt"], Constraints::default());
    world.change(Change::CreateGrant { key: key.clone(), grant }).unwrap();
    let facts = Facts::new(ANN, Origin::Service, 0);
    let request = KeyRequest::new("kms:Decrypt", world.key(&key));
    let text =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}"#;
    let endpoint = PolicyDocument::parse(text, Kind::Endpoint).unwrap();
    let policies = Policies { endpoint: Some(&endpoint), ..Policies::default() };
    assert!(authorise(&world.store, &request, &facts, &policies).is_err());
    assert!(authorise(&world.store, &request, &facts, &Policies::default()).is_ok());
}

/// IAM user guide, "Policy evaluation logic": what is given to a role is within the bounds of its
/// sessions; what is given to a session or a user itself is not.
#[test]
fn a_grant_to_a_role_is_within_the_bounds_of_its_sessions() {
    let role = "arn:aws:iam::000000000042:role/worker";
    let session = "arn:aws:sts::000000000042:assumed-role/worker/s1";
    let bob = "arn:aws:iam::000000000042:user/bob";
    let (yes, other) = (identity("Allow", "kms:Decrypt"), identity("Allow", "sqs:*"));
    let no = identity("Deny", "kms:Decrypt");
    let (all, others, denies) = ([&yes], [&other], [&yes, &no]);
    let none = Policies::default();
    let within = |policy| Policies { boundary: Some(policy), ..none };
    let of_session = |policies| Policies { session: Some(policies), ..none };
    let cases = [
        (role, SESSION, none, true),
        (role, SESSION, of_session(&all[..]), true),
        (role, SESSION, of_session(&others[..]), false),
        (role, SESSION, of_session(&[][..]), false),
        (role, SESSION, of_session(&denies[..]), false),
        (role, SESSION, within(&yes), true),
        (role, SESSION, within(&other), false),
        (role, SESSION, Policies { boundary: Some(&other), ..of_session(&all[..]) }, false),
        (session, SESSION, of_session(&others[..]), true),
        (session, SESSION, within(&other), true),
        (session, SESSION, of_session(&denies[..]), false),
        // The identity policy allows, and what is silent comes after it.
        (session, SESSION, Policies { identity: &all[..], ..of_session(&others[..]) }, true),
        (role, SESSION, Policies { identity: &all[..], ..of_session(&others[..]) }, false),
        (bob, BOB, within(&other), true),
        (bob, BOB, within(&no), false),
    ];
    for (number, (grantee, caller, policies, is_allowed)) in cases.into_iter().enumerate() {
        let mut world = World::new();
        let key = world.new_key();
        let grant = grant(grantee, &["Decrypt"], Constraints::default());
        world.change(Change::CreateGrant { key: key.clone(), grant }).unwrap();
        let facts = Facts::new(caller, Origin::Service, 0);
        let request = KeyRequest::new("kms:Decrypt", world.key(&key));
        let came = authorise(&world.store, &request, &facts, &policies);
        assert_eq!(came.is_ok(), is_allowed, "{number}: {grantee}");
    }
}

#[test]
fn a_policy_must_let_its_author_set_another() {
    let yes = identity("Allow", "kms:*");
    let ann = r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#;
    let root = r#"{"AWS":"arn:aws:iam::111122223333:root"}"#;
    for (statement, caller, identity, keeps) in [
        (allow(ann, "kms:*", ""), ANN, &[][..], true),
        (allow(ann, "kms:Put*", ""), ANN, &[], true),
        (allow(ann, "kms:Decrypt", ""), ANN, &[&yes], false),
        (allow(ann, "kms:*", ""), ROOT, &[], false),
        (allow(root, "kms:*", ""), ROOT, &[], true),
        (allow(root, "kms:*", ""), ANN, &[&yes], true),
        (allow(root, "kms:*", ""), ANN, &[], false),
    ] {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        let policy = KeyPolicy::parse(&text).unwrap();
        let session = Some(SessionFacts { issued_at_ms: 0, mfa_age_s: None });
        let facts = Facts { session, ..Facts::new(caller, Origin::Service, 0) };
        let policies = Policies { identity, ..Policies::default() };
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let came = keeps_author(&scope(), arn, &policy, &facts, &policies);
        assert_eq!(came, keeps, "{statement} by {caller:?}");
    }
}
