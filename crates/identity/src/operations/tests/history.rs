//! Any history of operations: what is read again from the register is what is in memory, and
//! nothing dangles.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::directory::testing::seals;

fn name() -> impl Strategy<Value = String> {
    select(&["a", "b", "A", "c"][..]).prop_map(str::to_owned)
}

fn arn() -> impl Strategy<Value = String> {
    select(&["a", "b", "A", "AmazonSQSFullAccess"][..]).prop_map(|name| match name.len() {
        1 => format!("arn:aws:iam::123456789012:policy/{name}"),
        _ => format!("arn:aws:iam::aws:policy/{name}"),
    })
}

fn any_holder() -> impl Strategy<Value = Holder> {
    (select(&KINDS[..]), name()).prop_map(|(kind, name)| Holder { kind, name })
}

fn tagged() -> impl Strategy<Value = Tagged> {
    prop_oneof![
        name().prop_map(Tagged::User),
        name().prop_map(Tagged::Role),
        arn().prop_map(Tagged::Policy)
    ]
}

fn about_entities() -> impl Strategy<Value = Operation> {
    prop_oneof![
        name().prop_map(|name| create_user(&name)),
        name().prop_map(|name| create_group(&name)),
        name().prop_map(|name| create_role(&name)),
        (name(), name()).prop_map(|(name, user)| Operation::UpdateAssumeRolePolicy {
            name,
            document: TRUST.replace(
                r#""Service":"sns.amazonaws.com""#,
                &format!(r#""AWS":"arn:aws:iam::123456789012:user/{user}""#),
            ),
        }),
        name().prop_map(|name| create_policy(&name)),
        name().prop_map(|name| Operation::DeleteUser { name }),
        name().prop_map(|name| Operation::DeleteGroup { name }),
        name().prop_map(|name| Operation::DeleteRole { name }),
        arn().prop_map(|arn| Operation::DeletePolicy { arn }),
        (name(), name()).prop_map(|(name, new)| Operation::UpdateUser {
            name,
            new_name: Some(new),
            new_path: None
        }),
        (name(), name()).prop_map(|(name, new)| Operation::UpdateGroup {
            name,
            new_name: Some(new),
            new_path: None
        }),
        (name(), name()).prop_map(|(group, user)| Operation::AddUserToGroup { group, user }),
        (name(), name()).prop_map(|(group, user)| Operation::RemoveUserFromGroup { group, user }),
    ]
}

fn about_the_rest() -> impl Strategy<Value = Operation> {
    let document = || select(&[DOCUMENT, "{}"][..]).prop_map(str::to_owned);
    prop_oneof![
        name().prop_map(|user| Operation::CreateAccessKey { user: Some(user) }),
        Just(Operation::CreateAccessKey { user: None }),
        (any_holder(), name(), document()).prop_map(|(holder, name, document)| {
            Operation::PutInlinePolicy { holder, name, document }
        }),
        (any_holder(), name())
            .prop_map(|(holder, name)| Operation::DeleteInlinePolicy { holder, name }),
        (any_holder(), arn()).prop_map(|(holder, arn)| Operation::AttachPolicy { holder, arn }),
        (any_holder(), arn()).prop_map(|(holder, arn)| Operation::DetachPolicy { holder, arn }),
        (name(), arn()).prop_map(|(name, arn)| Operation::PutBoundary {
            holder: Holder { kind: HolderKind::User, name },
            arn
        }),
        name().prop_map(|name| Operation::DeleteBoundary {
            holder: Holder { kind: HolderKind::User, name }
        }),
        (arn(), any::<bool>()).prop_map(|(arn, is_default)| Operation::CreatePolicyVersion {
            arn,
            document: DOCUMENT.replace("sqs", "sns"),
            is_default
        }),
        (arn(), select(&["v1", "v2"][..])).prop_map(|(arn, version)| {
            Operation::SetDefaultPolicyVersion { arn, version: version.to_owned() }
        }),
        (arn(), select(&["v1", "v2"][..])).prop_map(|(arn, version)| {
            Operation::DeletePolicyVersion { arn, version: version.to_owned() }
        }),
        (tagged(), name())
            .prop_map(|(tagged, key)| Operation::Tag { tagged, tags: vec![(key, "v".to_owned())] }),
        (tagged(), name()).prop_map(|(tagged, key)| Operation::Untag { tagged, keys: vec![key] }),
    ]
}

/// All there is, in words.
fn state(directory: &Directory) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, account) in &directory.accounts {
        let root = account.root.as_ref().map(|root| &root.saved);
        lines.push(format!("{id} {root:?}"));
        for (id, user) in account.users.iter() {
            lines.push(format!("{id} {:?} {:?}", user.saved, user.principal));
        }
        for (id, group) in account.groups.iter() {
            lines.push(format!("{id} {:?} {:?}", group.saved, group.inline));
        }
        for (id, role) in account.roles.iter() {
            lines.push(format!("{id} {:?} {:?} {:?}", role.saved, role.trust, role.rights));
            lines.push(role.trust_policy.clone());
        }
        for (id, policy) in account.policies.iter() {
            lines.push(format!("{id} {:?} {:?}", policy.saved, policy.document));
        }
    }
    let mut keys: Vec<String> = directory
        .access_keys
        .iter()
        .map(|(id, held)| format!("{id} {} {:?} {:?}", held.is_active, held.holder, held.principal))
        .collect();
    keys.sort();
    lines.extend(keys);
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_again_is_what_was(
        operations in prop::collection::vec(prop_oneof![about_entities(), about_the_rest()], 0..60),
    ) {
        let mut world = World::new();
        for operation in operations {
            // Whatever is refused changes nothing.
            let _ = ask(&mut world, operation);
        }
        prop_assert_eq!(state(&world.reloaded()), state(&world.directory));
    }

    #[test]
    fn any_entry_is_taken_or_named(
        key in prop_oneof![
            Just("identity/123456789012/root".to_owned()),
            Just("identity/123456789012/user/A".to_owned()),
            Just("identity/123456789012/group/A".to_owned()),
            Just("identity/123456789012/role/A".to_owned()),
            Just("identity/123456789012/policy/A".to_owned()),
            any::<String>(),
        ],
        value in prop_oneof![
            any::<Vec<u8>>(),
            "[\\[\\]{}\",:a-z0-9]{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        if let Err(damage) = Directory::load([(key.clone(), value)], seals()) {
            prop_assert_eq!(damage.key, key);
        }
    }

    /// Entries of ours with one byte changed.
    #[test]
    fn a_damaged_entry_is_taken_or_named(at: prop::sample::Index, byte: u8) {
        let mut world = world();
        ask(&mut world, attach(HolderKind::User, POLICY)).unwrap();
        ask(&mut world, Operation::CreateAccessKey { user: Some("a".into()) }).unwrap();
        let mut entries: Vec<(String, Vec<u8>)> = world.register.clone().into_iter().collect();
        let total = entries.iter().map(|(_, value)| value.len()).sum();
        let mut at = at.index(total);
        for (_, value) in &mut entries {
            if at < value.len() {
                value[at] = byte;
                break;
            }
            at -= value.len();
        }
        let _ = Directory::load(entries, seals());
    }
}
