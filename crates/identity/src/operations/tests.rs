//! Each operation, what it answers and what it refuses; and histories of them.

mod authorised;
mod history;

use tidings_sigv4::SecretKey;

use super::*;
use crate::directory::testing::{NOW_MS, World, account};

pub(crate) const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
pub(crate) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"sns.amazonaws.com"}}}"#;
pub(crate) const POLICY: &str = "arn:aws:iam::123456789012:policy/p";
const BUILTIN: &str = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";

/// What is asked, done and applied. `Err` is the code and the text.
pub(crate) fn ask_as(
    world: &mut World,
    principal: &Principal,
    operation: &Operation,
) -> Result<Output, String> {
    let random = world.random();
    let decided = world.directory.decide(principal, operation, NOW_MS, &random);
    match decided {
        Ok((writes, output)) => {
            if !writes.is_empty() {
                world.apply(&writes);
            }
            Ok(output)
        }
        Err(fault) => Err(format!("{}: {}", fault.code.name(), fault.text)),
    }
}

fn ask(world: &mut World, operation: Operation) -> Result<Output, String> {
    ask_as(world, &Principal::root(account()), &operation)
}

#[track_caller]
fn done(world: &mut World, operation: Operation) -> Output {
    ask(world, operation).unwrap()
}

#[track_caller]
fn refused(world: &mut World, operation: Operation, expected: &str) {
    let before = world.register.clone();
    assert_eq!(ask(world, operation).map(|_| ()), Err(expected.to_owned()));
    assert_eq!(world.register, before, "a refusal changes nothing");
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn page() -> PageRequest {
    PageRequest::default()
}

fn create_user(name: &str) -> Operation {
    Operation::CreateUser { name: text(name), path: None, boundary: None, tags: Pairs::new() }
}

fn create_group(name: &str) -> Operation {
    Operation::CreateGroup { name: text(name), path: None }
}

fn create_role(name: &str) -> Operation {
    Operation::CreateRole(CreateRole {
        name: text(name),
        trust_policy: text(TRUST),
        ..CreateRole::default()
    })
}

fn create_policy(name: &str) -> Operation {
    Operation::CreatePolicy(CreatePolicy {
        name: text(name),
        document: text(DOCUMENT),
        ..CreatePolicy::default()
    })
}

fn holder(kind: HolderKind) -> Holder {
    Holder { kind, name: text("a") }
}

/// With a user, a group and a role called `a`, and a policy called `p`.
fn world() -> World {
    let mut world = World::new();
    for operation in [create_user("a"), create_group("a"), create_role("a"), create_policy("p")] {
        done(&mut world, operation);
    }
    world
}

fn attach(kind: HolderKind, arn: &str) -> Operation {
    Operation::AttachPolicy { holder: holder(kind), arn: text(arn) }
}

const KINDS: [HolderKind; 3] = [HolderKind::User, HolderKind::Group, HolderKind::Role];

#[test]
fn users_live() {
    let mut world = World::new();
    let create = Operation::CreateUser {
        name: text("Ann"),
        path: Some(text("/staff/")),
        boundary: Some(text(BUILTIN)),
        tags: vec![(text("team"), text("red"))],
    };
    let Output::User(user) = done(&mut world, create) else { panic!("not a user") };
    assert_eq!(user.arn, "arn:aws:iam::123456789012:user/staff/Ann");
    assert!(user.id.starts_with("AIDA") && user.id.len() == 21, "{}", user.id);
    let (boundary, tags) = (user.boundary.as_deref(), user.tags.len());
    assert_eq!((boundary, tags, user.created_at_ms), (Some(BUILTIN), 1, NOW_MS));
    let get = |name: &str| Operation::GetUser { name: Some(text(name)) };
    assert!(matches!(done(&mut world, get("Ann")), Output::User(same) if same == user));
    refused(
        &mut world,
        create_user("aNN"),
        "EntityAlreadyExists: User with name aNN already exists.",
    );
    let update = Operation::UpdateUser {
        name: text("Ann"),
        new_name: Some(text("Bob")),
        new_path: Some(text("/")),
    };
    done(&mut world, update);
    refused(&mut world, get("Ann"), "NoSuchEntity: The user with name Ann cannot be found.");
    let Output::User(renamed) = done(&mut world, get("Bob")) else { panic!("not a user") };
    assert_eq!((&*renamed.arn, renamed.id), ("arn:aws:iam::123456789012:user/Bob", user.id));
    done(&mut world, create_user("carl"));
    for (prefix, count) in [(None, 2), (Some("/"), 2), (Some("/staff"), 0)] {
        let list = Operation::ListUsers { path_prefix: prefix.map(text), page: page() };
        let Output::Users(users) = done(&mut world, list) else { panic!("not users") };
        assert_eq!((users.items.len(), users.marker), (count, None));
        assert!(users.items.iter().all(|user| user.tags.is_empty() && user.boundary.is_none()));
    }
    let taken =
        Operation::UpdateUser { name: text("carl"), new_name: Some(text("BOB")), new_path: None };
    refused(&mut world, taken, "EntityAlreadyExists: User with name BOB already exists.");
    let same_in_another_case =
        Operation::UpdateUser { name: text("carl"), new_name: Some(text("Carl")), new_path: None };
    done(&mut world, same_in_another_case);
    done(&mut world, Operation::DeleteUser { name: text("Bob") });
    refused(&mut world, get("Bob"), "NoSuchEntity: The user with name Bob cannot be found.");
}

#[test]
fn what_is_not_of_its_form_is_refused() {
    let mut world = world();
    let at = |parameter: &str, constraint: &str| {
        format!(
            "ValidationError: 1 validation error detected: Value at '{parameter}' failed to \
             satisfy constraint: {constraint}"
        )
    };
    let name = r"Member must satisfy regular expression pattern: [\w+=,.@-]+";
    refused(&mut world, create_user("a b"), &at("userName", name));
    refused(&mut world, create_group("ä"), &at("groupName", name));
    refused(&mut world, create_role("a/b"), &at("roleName", name));
    refused(&mut world, create_policy("a*"), &at("policyName", name));
    let long = "Member must have length less than or equal to 64";
    refused(&mut world, create_user(&"x".repeat(65)), &at("userName", long));
    let role = |seconds| {
        Operation::CreateRole(CreateRole {
            name: text("b"),
            trust_policy: text(TRUST),
            session_seconds_max: Some(seconds),
            ..CreateRole::default()
        })
    };
    let least = "Member must have value greater than or equal to 3600";
    refused(&mut world, role(3_599), &at("maxSessionDuration", least));
    let most = "Member must have value less than or equal to 43200";
    refused(&mut world, role(43_201), &at("maxSessionDuration", most));
    let boundary = Operation::CreateUser {
        name: text("b"),
        path: None,
        boundary: Some(text("arn:aws:iam::123456789012:policy/none")),
        tags: Pairs::new(),
    };
    refused(
        &mut world,
        boundary,
        "NoSuchEntity: Scope ARN: arn:aws:iam::123456789012:policy/none does not exist or is not \
         attachable.",
    );
    refused(
        &mut world,
        attach(HolderKind::Role, "longpolicynamebutnoarn"),
        "ValidationError: ARN longpolicynamebutnoarn is not valid.",
    );
    let malformed = Operation::UpdateAssumeRolePolicy { name: text("a"), document: text("{") };
    refused(&mut world, malformed, "MalformedPolicyDocument: This policy contains invalid Json");
}

#[test]
fn access_keys_live() {
    let mut world = world();
    let create = || Operation::CreateAccessKey { user: Some(text("a")) };
    let Output::NewAccessKey(key) = done(&mut world, create()) else { panic!("no key") };
    assert_eq!(key.user_name.as_deref(), Some("a"));
    let credentials = world.directory.credentials(&key.id, None, NOW_MS).unwrap();
    assert_eq!(credentials.secret, SecretKey::new(key.secret.as_str().to_owned()));
    let user = credentials.principal;
    // Without a name it is the caller's own, here of the user.
    let own = Operation::CreateAccessKey { user: None };
    assert!(ask_as(&mut world, &user, &own).is_ok());
    refused(&mut world, create(), "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
    let list = Operation::ListAccessKeys { user: None, page: page() };
    let Ok(Output::AccessKeys(keys)) = ask_as(&mut world, &user, &list) else { panic!("no keys") };
    assert_eq!(keys.items.len(), 2);

    let update = |status: &str| Operation::UpdateAccessKey {
        user: Some(text("a")),
        id: key.id.clone(),
        status: text(status),
    };
    done(&mut world, update("Inactive"));
    assert!(world.directory.credentials(&key.id, None, NOW_MS).is_err());
    done(&mut world, update("Active"));
    assert!(world.directory.credentials(&key.id, None, NOW_MS).is_ok());
    refused(
        &mut world,
        update("Gone"),
        "ValidationError: 1 validation error detected: Value at 'status' failed to satisfy \
         constraint: Member must satisfy enum value set: [Active, Inactive]",
    );
    refused(
        &mut world,
        Operation::DeleteUser { name: text("a") },
        "DeleteConflict: Cannot delete entity, must delete access keys first.",
    );
    let delete = |id: &str| Operation::DeleteAccessKey { user: Some(text("a")), id: text(id) };
    refused(
        &mut world,
        delete("AKIAIOSFODNN7EXAMPLE"),
        "NoSuchEntity: The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.",
    );
    done(&mut world, delete(&key.id));
    assert!(world.directory.credentials(&key.id, None, NOW_MS).is_err());
}

#[test]
fn the_root_user_has_keys_too() {
    let mut world = World::new();
    let created = done(&mut world, Operation::CreateAccessKey { user: None });
    let Output::NewAccessKey(key) = created else { panic!("no key") };
    assert_eq!(key.user_name, None);
    let Output::User(root) = done(&mut world, Operation::GetUser { name: None }) else {
        panic!("no user")
    };
    assert_eq!((root.name, &*root.id), (None, "123456789012"));
    done(&mut world, Operation::DeleteAccessKey { user: None, id: key.id });
}

#[test]
fn the_last_use_of_a_key_is_told_to_its_account() {
    let mut world = world();
    let created = done(&mut world, Operation::CreateAccessKey { user: Some(text("a")) });
    let Output::NewAccessKey(key) = created else { panic!("no key") };
    let last = |world: &mut World| {
        let last = done(world, Operation::GetAccessKeyLastUsed { id: key.id.clone() });
        let Output::LastUse(last) = last else { panic!("no last use") };
        (last.user_name.unwrap(), last.at_ms, last.service, last.region)
    };
    assert_eq!(last(&mut world), (text("a"), None, text("N/A"), text("N/A")));
    world.directory.note_use(&key.id, "sqs", "eu-west-1", NOW_MS);
    assert_eq!(last(&mut world), (text("a"), Some(NOW_MS), text("sqs"), text("eu-west-1")));
    let other = Principal::root(AccountId::parse("000000000001").unwrap());
    let operation = Operation::GetAccessKeyLastUsed { id: key.id.clone() };
    let expected = format!(
        "AccessDenied: User: arn:aws:iam::000000000001:root is not authorized to perform \
         iam:GetAccessKeyLastUsed on resource: access key {}",
        key.id
    );
    assert_eq!(ask_as(&mut world, &other, &operation).unwrap_err(), expected);
}

#[test]
fn groups_live() {
    let mut world = world();
    let add = |user: &str, group: &str| Operation::AddUserToGroup {
        group: text(group),
        user: text(user),
    };
    let remove = |user: &str, group: &str| Operation::RemoveUserFromGroup {
        group: text(group),
        user: text(user),
    };
    for operation in [add("a", "a"), add("a", "a")] {
        done(&mut world, operation);
    }
    let get = |name: &str| Operation::GetGroup { name: text(name), page: page() };
    let Output::Members(group, users) = done(&mut world, get("a")) else { panic!("no group") };
    assert_eq!(group.arn, "arn:aws:iam::123456789012:group/a");
    assert_eq!(users.items.len(), 1);
    let of_user = Operation::ListGroupsForUser { user: text("a"), page: page() };
    let Output::Groups(groups) = done(&mut world, of_user) else { panic!("no groups") };
    assert_eq!(groups.items, [group]);
    let no_user = "NoSuchEntity: The user with name b cannot be found.";
    let no_group = "NoSuchEntity: The group with name b cannot be found.";
    // The user is looked for first.
    refused(&mut world, add("b", "b"), no_user);
    refused(&mut world, remove("b", "b"), no_user);
    refused(&mut world, add("a", "b"), no_group);
    refused(&mut world, remove("a", "b"), no_group);
    refused(&mut world, get("b"), no_group);
    refused(
        &mut world,
        create_group("A"),
        "EntityAlreadyExists: Group with name A already exists.",
    );
    let delete = || Operation::DeleteGroup { name: text("a") };
    refused(
        &mut world,
        delete(),
        "DeleteConflict: Cannot delete entity, must remove users from group first.",
    );
    let rename = Operation::UpdateGroup {
        name: text("a"),
        new_name: Some(text("z")),
        new_path: Some(text("/y/")),
    };
    done(&mut world, rename);
    let Output::Members(group, users) = done(&mut world, get("z")) else { panic!("no group") };
    assert_eq!((&*group.arn, users.items.len()), ("arn:aws:iam::123456789012:group/y/z", 1));
    let list = Operation::ListGroups { path_prefix: Some(text("/y")), page: page() };
    assert!(matches!(done(&mut world, list), Output::Groups(groups) if groups.items.len() == 1));
    for operation in
        [remove("a", "z"), remove("a", "z"), Operation::DeleteGroup { name: text("z") }]
    {
        done(&mut world, operation);
    }
    for number in 0..10 {
        done(&mut world, create_group(&format!("g{number}")));
        done(&mut world, add("a", &format!("g{number}")));
    }
    done(&mut world, create_group("g10"));
    refused(
        &mut world,
        add("a", "g10"),
        "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10",
    );
}

#[test]
fn roles_live() {
    let mut world = World::new();
    let create = Operation::CreateRole(CreateRole {
        name: text("reader"),
        path: Some(text("/apps/")),
        trust_policy: text(TRUST),
        description: Some(text("Reads")),
        session_seconds_max: None,
        boundary: Some(text(BUILTIN)),
        tags: vec![(text("k"), text("v"))],
    });
    let Output::Role(created) = done(&mut world, create.clone()) else { panic!("no role") };
    assert_eq!(created.arn, "arn:aws:iam::123456789012:role/apps/reader");
    assert_eq!((created.description, created.session_seconds_max), (None, None));
    let get = || Operation::GetRole { name: text("reader") };
    let role = |world: &mut World| match done(world, get()) {
        Output::Role(role) => role,
        _ => panic!("no role"),
    };
    let got = role(&mut world);
    assert_eq!(got.description.as_deref(), Some("Reads"));
    assert_eq!((got.session_seconds_max, got.shows_last_use), (Some(3_600), true));
    assert_eq!(
        (got.boundary.as_deref(), got.tags.len(), &*got.trust_policy),
        (Some(BUILTIN), 1, TRUST)
    );
    refused(&mut world, create, "EntityAlreadyExists: Role with name reader already exists.");
    let update = |description: Option<&str>, session_seconds_max| Operation::UpdateRole {
        name: text("reader"),
        description: description.map(text),
        session_seconds_max,
    };
    done(&mut world, update(Some("Writes"), Some(7_200)));
    done(&mut world, update(None, None));
    let got = role(&mut world);
    assert_eq!(
        (got.description.as_deref(), got.session_seconds_max),
        (Some("Writes"), Some(7_200))
    );
    let describe =
        Operation::UpdateRoleDescription { name: text("reader"), description: text("Both") };
    let Output::Role(described) = done(&mut world, describe) else { panic!("no role") };
    assert_eq!(
        (described.description.as_deref(), described.session_seconds_max),
        (Some("Both"), None)
    );
    let document = TRUST.replace("sns", "sqs");
    let trust =
        Operation::UpdateAssumeRolePolicy { name: text("reader"), document: document.clone() };
    done(&mut world, trust);
    assert_eq!(role(&mut world).trust_policy, document);
    let list = Operation::ListRoles { path_prefix: Some(text("/apps/")), page: page() };
    let Output::Roles(roles) = done(&mut world, list) else { panic!("no roles") };
    let listed = &roles.items[0];
    assert_eq!(
        (listed.session_seconds_max, listed.tags.len(), &listed.boundary),
        (Some(7_200), 0, &None)
    );
    done(&mut world, Operation::ListInstanceProfilesForRole { role: text("reader") });
    done(&mut world, Operation::DeleteRole { name: text("reader") });
    refused(&mut world, get(), "NoSuchEntity: The role with name reader cannot be found.");
}

#[test]
fn inline_policies_live() {
    for (kind, max) in KINDS.into_iter().zip([2_048, 5_120, 10_240]) {
        let mut world = world();
        let holder = || holder(kind);
        let put = |name: &str, document: &str| Operation::PutInlinePolicy {
            holder: holder(),
            name: text(name),
            document: text(document),
        };
        let get = || Operation::GetInlinePolicy { holder: holder(), name: text("one") };
        done(&mut world, put("one", DOCUMENT));
        done(&mut world, put("two", DOCUMENT));
        let Output::Inline { holder: name, document, .. } = done(&mut world, get()) else {
            panic!("no policy")
        };
        assert_eq!((&*name, &*document), ("a", DOCUMENT));
        let list = Operation::ListInlinePolicies { holder: holder(), page: page() };
        let Output::PolicyNames(names) = done(&mut world, list) else { panic!("no names") };
        assert_eq!(names.items, ["one", "two"]);
        let entity = kind.entity().name();
        // White space does not count; what else there is does, in all of them together.
        let white = DOCUMENT.replace('{', &format!("{{{}", " ".repeat(3_000)));
        done(&mut world, put("two", &white));
        let rest = max - DOCUMENT.len() - DOCUMENT.replace("sqs:*", "").len();
        let fits = DOCUMENT.replace("sqs:*", &format!("sqs:{}", "x".repeat(rest - 4)));
        done(&mut world, put("two", &fits));
        refused(
            &mut world,
            put("two", &fits.replace("sqs:", "sqs:x")),
            &format!("LimitExceeded: Maximum policy size of {max} bytes exceeded for {entity} a"),
        );
        refused(
            &mut world,
            put("three", "{}"),
            "MalformedPolicyDocument: Syntax errors in policy.",
        );
        refused(
            &mut world,
            match kind {
                HolderKind::User => Operation::DeleteUser { name: text("a") },
                HolderKind::Group => Operation::DeleteGroup { name: text("a") },
                HolderKind::Role => Operation::DeleteRole { name: text("a") },
            },
            "DeleteConflict: Cannot delete entity, must delete policies first.",
        );
        let delete = || Operation::DeleteInlinePolicy { holder: holder(), name: text("one") };
        done(&mut world, delete());
        let none = format!("NoSuchEntity: The {entity} policy with name one cannot be found.");
        refused(&mut world, delete(), &none);
        refused(&mut world, get(), &none);
    }
}

#[test]
fn managed_policies_live() {
    let mut world = World::new();
    let create = Operation::CreatePolicy(CreatePolicy {
        name: text("p"),
        path: None,
        document: text(DOCUMENT),
        description: Some(text("All of SQS")),
        tags: Pairs::new(),
    });
    let Output::Policy(created) = done(&mut world, create.clone()) else { panic!("no policy") };
    assert_eq!((&*created.arn, created.default_version), (POLICY, 1));
    assert_eq!((created.description, created.tags), (None, None));
    refused(
        &mut world,
        create,
        "EntityAlreadyExists: A policy called p already exists. Duplicate names are not allowed.",
    );
    let get = |arn: &str| Operation::GetPolicy { arn: text(arn) };
    let Output::Policy(got) = done(&mut world, get(POLICY)) else { panic!("no policy") };
    assert_eq!(got.description.as_deref(), Some("All of SQS"));
    assert_eq!(got.tags, Some(Pairs::new()));
    let Output::Policy(builtin) = done(&mut world, get(BUILTIN)) else { panic!("no policy") };
    assert_eq!(builtin.name, "AmazonSQSFullAccess");
    for other in ["arn:aws:iam::123456789012:policy/q", "arn:aws:iam::000000000001:policy/p"] {
        refused(&mut world, get(other), &format!("NoSuchEntity: Policy {other} was not found."));
    }
    let list = |scope, only_attached| Operation::ListPolicies {
        scope,
        only_attached,
        path_prefix: None,
        page: page(),
    };
    for (scope, count) in [(Scope::All, 7), (Scope::Aws, 6), (Scope::Local, 1)] {
        let Output::Policies(all) = done(&mut world, list(scope, false)) else { panic!("none") };
        assert_eq!(all.items.len(), count, "{scope:?}");
        let Output::Policies(none) = done(&mut world, list(scope, true)) else { panic!("none") };
        assert!(none.items.is_empty());
    }
    for operation in [
        Operation::DeletePolicy { arn: text(BUILTIN) },
        Operation::CreatePolicyVersion {
            arn: text(BUILTIN),
            document: text(DOCUMENT),
            is_default: true,
        },
        Operation::SetDefaultPolicyVersion { arn: text(BUILTIN), version: text("v1") },
        Operation::Tag { tagged: Tagged::Policy(text(BUILTIN)), tags: Pairs::new() },
    ] {
        refused(
            &mut world,
            operation,
            "UnmodifiableEntity: AWS managed policies cannot be changed.",
        );
    }
    done(&mut world, Operation::DeletePolicy { arn: text(POLICY) });
}

#[test]
fn versions_live() {
    let mut world = world();
    let create = |is_default| Operation::CreatePolicyVersion {
        arn: text(POLICY),
        document: text(DOCUMENT),
        is_default,
    };
    let list = |world: &mut World| {
        let list = Operation::ListPolicyVersions { arn: text(POLICY), page: page() };
        let Output::Versions(versions) = done(world, list) else { panic!("no versions") };
        let shown = versions.items.iter().map(|version| {
            assert!(version.document.is_none());
            format!("{}{}", version.number, if version.is_default { "*" } else { "" })
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    let version = |version: &str| (text(POLICY), text(version));
    let get = |named: &str| {
        let (arn, version) = version(named);
        Operation::GetPolicyVersion { arn, version }
    };
    let delete = |named: &str| {
        let (arn, version) = version(named);
        Operation::DeletePolicyVersion { arn, version }
    };
    let set = |named: &str| {
        let (arn, version) = version(named);
        Operation::SetDefaultPolicyVersion { arn, version }
    };
    for is_default in [true, false, false, false] {
        done(&mut world, create(is_default));
    }
    assert_eq!(list(&mut world), "5 4 3 2* 1");
    refused(
        &mut world,
        create(true),
        "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new \
         version, you must delete an existing version.",
    );
    refused(
        &mut world,
        delete("v2"),
        "DeleteConflict: Cannot delete the default version of a policy.",
    );
    done(&mut world, delete("v5"));
    let Output::Version(newest) = done(&mut world, create(false)) else { panic!("no version") };
    assert_eq!((newest.number, newest.document), (6, None));
    done(&mut world, set("v6"));
    assert_eq!(list(&mut world), "6* 4 3 2 1");
    let Output::Version(got) = done(&mut world, get("v1")) else { panic!("no version") };
    assert_eq!((got.document.as_deref(), got.is_default), (Some(DOCUMENT), false));
    let none =
        format!("NoSuchEntity: Policy {POLICY} version v9 does not exist or is not attachable.");
    for operation in [get("v9"), delete("v9"), set("v9")] {
        refused(&mut world, operation, &none);
    }
    let form = r"ValidationError: 1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?";
    for operation in [get("1"), delete("1"), set("1")] {
        refused(&mut world, operation, form);
    }
    refused(
        &mut world,
        Operation::DeletePolicy { arn: text(POLICY) },
        "DeleteConflict: This policy has more than one version. Before you delete a policy, you \
         must delete the policy's versions. The default version is deleted with the policy.",
    );
}

#[test]
fn policies_are_attached() {
    let mut world = world();
    for kind in KINDS {
        let detach = || Operation::DetachPolicy { holder: holder(kind), arn: text(POLICY) };
        let list = || Operation::ListAttachedPolicies {
            holder: holder(kind),
            path_prefix: None,
            page: page(),
        };
        refused(&mut world, detach(), &format!("NoSuchEntity: Policy {POLICY} was not found."));
        for arn in [POLICY, BUILTIN, POLICY] {
            done(&mut world, attach(kind, arn));
        }
        let Output::Attached(attached) = done(&mut world, list()) else { panic!("none") };
        let arns: Vec<_> = attached.items.iter().map(|policy| &*policy.arn).collect();
        assert_eq!(arns, [BUILTIN, POLICY]);
        let none = "arn:aws:iam::123456789012:policy/none";
        refused(
            &mut world,
            attach(kind, none),
            &format!("NoSuchEntity: Policy {none} does not exist or is not attachable."),
        );
    }
    let Output::Policy(policy) = done(&mut world, Operation::GetPolicy { arn: text(POLICY) })
    else {
        panic!("no policy")
    };
    assert_eq!((policy.attachment_count, policy.boundary_count), (3, 0));
    refused(
        &mut world,
        Operation::DeletePolicy { arn: text(POLICY) },
        "DeleteConflict: Cannot delete a policy attached to entities.",
    );
    for delete in [
        Operation::DeleteUser { name: text("a") },
        Operation::DeleteGroup { name: text("a") },
        Operation::DeleteRole { name: text("a") },
    ] {
        let text = "DeleteConflict: Cannot delete entity, must detach all policies first.";
        refused(&mut world, delete, text);
    }
    let entities = |kind: Option<&str>, usage: Option<&str>| Operation::ListEntitiesForPolicy {
        arn: text(POLICY),
        kind: kind.map(text),
        path_prefix: None,
        usage: usage.map(text),
        page: page(),
    };
    for (kind, usage, count) in [
        (None, None, 3),
        (Some("User"), None, 1),
        (None, Some("PermissionsPolicy"), 3),
        (None, Some("PermissionsBoundary"), 0),
    ] {
        let Output::Entities(found) = done(&mut world, entities(kind, usage)) else {
            panic!("none")
        };
        assert_eq!(found.items.len(), count, "{kind:?} {usage:?}");
    }
    for number in 0..9 {
        done(&mut world, create_policy(&format!("p{number}")));
        let arn = format!("{POLICY}{number}");
        let attached = ask(&mut world, attach(HolderKind::Role, &arn));
        let expected = "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10";
        assert_eq!(attached.err().as_deref(), (number == 8).then_some(expected));
    }
}

#[test]
fn boundaries_live() {
    for kind in [HolderKind::User, HolderKind::Role] {
        let mut world = world();
        let delete = || Operation::DeleteBoundary { holder: holder(kind) };
        let name = kind.entity().name();
        let none =
            format!("NoSuchEntity: The {name} with name a does not have a permissions boundary.");
        refused(&mut world, delete(), &none);
        done(&mut world, Operation::PutBoundary { holder: holder(kind), arn: text(POLICY) });
        let delete_policy = Operation::DeletePolicy { arn: text(POLICY) };
        let conflict = "DeleteConflict: Cannot delete a policy attached to entities.";
        refused(&mut world, delete_policy.clone(), conflict);
        done(&mut world, delete());
        done(&mut world, delete_policy);
    }
}

#[test]
fn tags_live() {
    for (tagged, folds) in [
        (Tagged::User(text("a")), true),
        (Tagged::Role(text("a")), true),
        (Tagged::Policy(text(POLICY)), false),
    ] {
        let mut world = world();
        let tag = |tags: &[(&str, &str)]| Operation::Tag {
            tagged: tagged.clone(),
            tags: tags.iter().map(|(key, value)| (text(key), text(value))).collect(),
        };
        let untag = |key: &str| Operation::Untag { tagged: tagged.clone(), keys: vec![text(key)] };
        let list = |world: &mut World| {
            let list = Operation::ListTags { tagged: tagged.clone(), page: page() };
            let Output::Tags(tags) = done(world, list) else { panic!("no tags") };
            let shown = tags.items.iter().map(|(key, value)| format!("{key}={value}"));
            shown.collect::<Vec<_>>().join(" ")
        };
        done(&mut world, tag(&[("b", "1"), ("a", "")]));
        assert_eq!(list(&mut world), "a= b=1");
        done(&mut world, tag(&[("B", "2")]));
        assert_eq!(list(&mut world), if folds { "B=2 a=" } else { "B=2 a= b=1" });
        done(&mut world, untag("b"));
        done(&mut world, untag("none"));
        assert_eq!(list(&mut world), if folds { "a=" } else { "B=2 a=" });
        let twice = match folds {
            true => "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            false => "Duplicate tag keys found.",
        };
        let twice = format!("InvalidInput: {twice}");
        refused(&mut world, tag(&[("k", ""), ("k", "")]), &twice);
        if folds {
            refused(&mut world, tag(&[("k", ""), ("K", "")]), &twice);
        } else {
            done(&mut world, tag(&[("k", ""), ("K", "")]));
        }
        let many: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
        let many: Vec<_> = many.iter().map(|key| (&**key, "")).collect();
        refused(
            &mut world,
            tag(&many),
            "ValidationError: 1 validation error detected: Value at 'tags' failed to satisfy \
             constraint: Member must have length less than or equal to 50",
        );
        let result = ask(&mut world, tag(&many[..50]));
        assert!(result.unwrap_err().starts_with("LimitExceeded: Cannot exceed quota for TagsPer"));
    }
}

#[test]
fn what_there_is_none_of() {
    let mut world = world();
    let user = || Some(text("a"));
    for (operation, list) in [
        (Operation::ListMfaDevices { user: user() }, "MFADevices"),
        (Operation::ListVirtualMfaDevices, "VirtualMFADevices"),
        (Operation::ListSshPublicKeys { user: user() }, "SSHPublicKeys"),
        (Operation::ListServiceSpecificCredentials { user: user() }, "ServiceSpecificCredentials"),
        (Operation::ListSigningCertificates { user: user() }, "Certificates"),
        (Operation::ListInstanceProfilesForRole { role: text("a") }, "InstanceProfiles"),
        (Operation::ListAccountAliases, "AccountAliases"),
    ] {
        assert!(matches!(done(&mut world, operation), Output::NoneOf(name) if name == list));
    }
    for operation in [
        Operation::GetLoginProfile { user: user() },
        Operation::DeleteLoginProfile { user: text("a") },
    ] {
        let none = "NoSuchEntity: Login Profile for User a cannot be found.";
        refused(&mut world, operation, none);
    }
    let no_user = Operation::ListMfaDevices { user: Some(text("b")) };
    refused(&mut world, no_user, "NoSuchEntity: The user with name b cannot be found.");
    let Output::Summary(numbers) = done(&mut world, Operation::GetAccountSummary) else {
        panic!("no summary")
    };
    assert!(numbers.contains(&("Users", 1)) && numbers.contains(&("Policies", 1)));
}

#[test]
fn an_entity_is_bounded_as_a_whole() {
    let mut world = world();
    let white = DOCUMENT.replace('{', &format!("{{{}", " ".repeat(20_000)));
    let put = |name: &str| Operation::PutInlinePolicy {
        holder: holder(HolderKind::Role),
        name: text(name),
        document: white.clone(),
    };
    let puts: Vec<_> = ["1", "2", "3", "4", "5", "6", "7", "8"].map(put).into();
    let refusal = puts.into_iter().find_map(|put| ask(&mut world, put).err()).unwrap();
    assert!(refusal.starts_with("LimitExceeded: The entity and its policies"), "{refusal}");
}

#[test]
fn whoever_is_no_user_has_to_name_one() {
    let mut world = world();
    let role = Principal::new(
        account(),
        crate::principal::Who::Role {
            role_arn: text("arn:aws:iam::123456789012:role/a"),
            arn: text("arn:aws:sts::123456789012:assumed-role/a/s"),
            role_id: text("AROA"),
        },
        Default::default(),
    );
    for operation in [
        Operation::GetUser { name: None },
        Operation::CreateAccessKey { user: None },
        Operation::ListAccessKeys { user: None, page: page() },
    ] {
        let refusal = ask_as(&mut world, &role, &operation).map(|_| ()).unwrap_err();
        let expected =
            "ValidationError: Must specify userName when calling with non-User credentials";
        assert_eq!(refusal, expected);
    }
}
