//! Who may ask for an operation.

use std::sync::Arc;

use super::*;
use crate::directory::testing::Judge;

/// A user called `a` with this policy, and its credentials.
fn user_with(world: &mut World, policy: &str) -> Arc<Principal> {
    let put = Operation::PutInlinePolicy {
        holder: holder(HolderKind::User),
        name: text("own"),
        document: text(policy),
    };
    done(world, put);
    let created = done(world, Operation::CreateAccessKey { user: Some(text("a")) });
    let Output::NewAccessKey(key) = created else { panic!("no key") };
    world.directory.credentials(&key.id, None, NOW_MS).unwrap().principal
}

fn authorised(world: &World, principal: &Principal, operation: &Operation) -> String {
    let authorised = world.directory.authorise(principal, &Judge(principal), operation);
    authorised
        .map_or_else(|fault| format!("{}: {}", fault.code.name(), fault.text), |()| text("allowed"))
}

fn may(action: &str, rest: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}",{rest}}}}}"#
    )
}

#[test]
fn policies_decide_on_the_entity_that_is_named() {
    let rest = |resource: &str| format!(r#""Resource":"arn:aws:iam::123456789012:{resource}""#);
    let get = |name: &str| Operation::GetUser { name: Some(text(name)) };
    let with_path = Operation::CreateRole(CreateRole {
        name: text("r"),
        path: Some(text("/apps/")),
        ..CreateRole::default()
    });
    let tagged = |value: &str| Operation::CreateUser {
        name: text("b"),
        path: None,
        boundary: None,
        tags: vec![(text("team"), text(value))],
    };
    let denied = |action: &str, resource: &str| {
        format!(
            "AccessDenied: User: arn:aws:iam::123456789012:user/a is not authorized to perform: \
             {action} on resource: {resource} because no identity-based policy allows the {action} \
             action"
        )
    };
    let attach_condition =
        format!(r#""Resource":"*","Condition":{{"ArnEquals":{{"iam:PolicyARN":"{POLICY}"}}}}"#);
    let boundary_condition = format!(
        r#""Resource":"*","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{POLICY}"}}}}"#
    );
    let tag_condition =
        r#""Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}"#;
    let rename = |new_name: &str| Operation::UpdateUser {
        name: text("a"),
        new_name: Some(text(new_name)),
        new_path: None,
    };
    let bounded = |arn: Option<&str>| Operation::CreateUser {
        name: text("b"),
        path: None,
        boundary: arn.map(text),
        tags: Pairs::new(),
    };
    for (policy, operation, expected) in [
        (may("iam:GetUser", &rest("user/a")), get("a"), text("allowed")),
        (may("iam:GetUser", &rest("user/a")), Operation::GetUser { name: None }, text("allowed")),
        (may("iam:GetUser", &rest("user/a")), get("b"), denied("iam:GetUser", "user b")),
        (may("iam:GetUser", &rest("user/b")), get("b"), text("allowed")),
        (may("iam:CreateRole", &rest("role/apps/*")), with_path.clone(), text("allowed")),
        (
            may("iam:CreateRole", &rest("role/r")),
            with_path,
            denied("iam:CreateRole", "arn:aws:iam::123456789012:role/apps/r"),
        ),
        (
            may("iam:CreateUser", r#""Resource":"*""#),
            tagged("red"),
            denied("iam:TagUser", "arn:aws:iam::123456789012:user/b"),
        ),
        (may("iam:*User", tag_condition), tagged("red"), text("allowed")),
        (
            may("iam:*User", tag_condition),
            tagged("blue"),
            denied("iam:CreateUser", "arn:aws:iam::123456789012:user/b"),
        ),
        (
            may("iam:AttachRolePolicy", &attach_condition),
            attach(HolderKind::Role, POLICY),
            text("allowed"),
        ),
        (
            may("iam:AttachRolePolicy", &attach_condition),
            attach(HolderKind::Role, BUILTIN),
            denied("iam:AttachRolePolicy", "role a"),
        ),
        (may("iam:CreateUser", &boundary_condition), bounded(Some(POLICY)), text("allowed")),
        (
            may("iam:CreateUser", &boundary_condition),
            bounded(None),
            denied("iam:CreateUser", "arn:aws:iam::123456789012:user/b"),
        ),
        (may("iam:UpdateUser", &rest("user/a*")), rename("ab"), text("allowed")),
        (
            may("iam:UpdateUser", &rest("user/a*")),
            rename("b"),
            denied("iam:UpdateUser", "arn:aws:iam::123456789012:user/b"),
        ),
        (may("iam:UpdateUser", &rest("user/b")), rename("b"), denied("iam:UpdateUser", "user a")),
        (
            may("iam:GetPolicy", &rest("policy/q")),
            Operation::GetPolicy { arn: text(POLICY) },
            denied("iam:GetPolicy", &format!("policy {POLICY}")),
        ),
        (
            may("sqs:*", r#""Resource":"*""#),
            Operation::ListUsers { path_prefix: None, page: page() },
            denied("iam:ListUsers", "arn:aws:iam::123456789012:user/"),
        ),
    ] {
        let mut world = world();
        let user = user_with(&mut world, &policy);
        assert_eq!(authorised(&world, &user, &operation), expected, "{policy}");
        assert_eq!(authorised(&world, &Principal::root(account()), &operation), "allowed");
    }
}

#[test]
fn session_tokens_do_not_open_iam() {
    let mut world = world();
    let user = user_with(&mut world, &may("iam:*", r#""Resource":"*""#));
    let random = world.random();
    let credentials = world.directory.session_token(&user, None, false, NOW_MS, &random).unwrap();
    let token = Some(credentials.session_token.as_str());
    let session = world.directory.credentials(&credentials.access_key_id, token, NOW_MS).unwrap();
    let operation = Operation::GetUser { name: None };
    assert_eq!(authorised(&world, &user, &operation), "allowed");
    assert_eq!(
        authorised(&world, &session.principal, &operation),
        "InvalidClientTokenId: The security token included in the request is invalid"
    );
}
