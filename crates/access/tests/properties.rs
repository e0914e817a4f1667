//! What holds of every document and every request.
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tidings_access::{
    Caller, ContextValue, Decision, Effect, Facts, Kind, Mismatch, Origin, Policies,
    PolicyDocument, Request, Source, denial_text, evaluate, explain,
};

const KINDS: [Kind; 7] = [
    Kind::Identity,
    Kind::Queue,
    Kind::Topic,
    Kind::Key,
    Kind::Function,
    Kind::Trust,
    Kind::Endpoint,
];

const OPERATORS: [&str; 20] = [
    "StringEquals",
    "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericLessThan",
    "NumericNotEquals",
    "DateGreaterThanEquals",
    "DateNotEqualsIfExists",
    "Bool",
    "BoolIfExists",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnLike",
    "ArnNotEquals",
    "Null",
    "ForAllValues:StringLike",
    "ForAnyValue:StringNotEquals",
    "ForAnyValue:ArnLikeIfExists",
];

const KEYS: [&str; 12] = [
    "aws:SourceArn",
    "AWS:SourceOwner",
    "aws:SourceIp",
    "aws:SourceVpce",
    "aws:SecureTransport",
    "aws:CurrentTime",
    "aws:username",
    "aws:PrincipalTag/team",
    "aws:TagKeys",
    "aws:PrincipalArn",
    "sns:Endpoint",
    "",
];

const TEXTS: [&str; 16] = [
    "*",
    "",
    "red",
    "r?d*",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'red'}",
    "${",
    "true",
    "12.5",
    "2026-11-23T14:00:00Z",
    "192.0.2.0/24",
    "2001:db8::/32",
    "arn:aws:sns:us-east-1:111122223333:stock",
    "arn:aws:sqs:*:*:${aws:username}*",
    "AAAA",
    "é*?",
];

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(texts).prop_map(|text| json!(text)),
        vec(prop::sample::select(texts), 1..4).prop_map(|texts| json!(texts)),
    ]
}

fn conditions() -> impl Strategy<Value = Value> {
    let condition =
        (prop::sample::select(&OPERATORS[..]), prop::sample::select(&KEYS[..]), one_of(&TEXTS));
    vec(condition, 0..4).prop_map(|list| {
        let mut operators = json!({});
        for (operator, key, value) in list {
            operators[operator][key] = value;
        }
        operators
    })
}

fn principals() -> impl Strategy<Value = Value> {
    const AWS: [&str; 6] = [
        "*",
        "111122223333",
        "arn:aws:iam::111122223333:user/ann",
        "arn:aws:iam::111122223333:role/worker",
        "arn:aws:sts::111122223333:assumed-role/worker/run-1",
        "AIDAANN",
    ];
    prop_oneof![
        Just(json!("*")),
        one_of(&AWS).prop_map(|value| json!({ "AWS": value })),
        Just(json!({ "Service": "sns.amazonaws.com", "AWS": "111122223333" })),
        Just(json!({ "Federated": "idp" })),
    ]
}

/// A statement of a queue's policy.
fn statement() -> impl Strategy<Value = Value> {
    const ACTIONS: [&str; 4] = ["sqs:SendMessage", "sqs:*", "*", "sns:Publish"];
    let effect = prop::sample::select(vec!["Allow", "Deny"]);
    let parts = (effect, principals(), one_of(&ACTIONS), one_of(&TEXTS), conditions());
    (parts, any::<[bool; 3]>()).prop_map(
        |((effect, principals, actions, resources, conditions), not)| {
            let name = |name: &str, not: bool| format!("{}{name}", if not { "Not" } else { "" });
            let mut statement = json!({ "Effect": effect, "Condition": conditions });
            statement[name("Principal", not[0])] = principals;
            statement[name("Action", not[1])] = actions;
            statement[name("Resource", not[2])] = resources;
            statement
        },
    )
}

fn document(statements: &[Value], kind: Kind) -> PolicyDocument {
    let strip = |statement: &Value| {
        let mut statement = statement.clone();
        if kind == Kind::Identity {
            let members = statement.as_object_mut().unwrap();
            members.remove("Principal");
            members.remove("NotPrincipal");
        }
        statement
    };
    let statements: Vec<Value> = statements.iter().map(strip).collect();
    let json = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    // The identity's conditions hold whatever a queue's may, so faults are a matter of chance.
    PolicyDocument::parse(&json, kind).unwrap_or_else(|_| {
        let allow = json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" });
        PolicyDocument::parse(&json!({ "Statement": allow }).to_string(), kind).unwrap()
    })
}

fn caller() -> impl Strategy<Value = Caller<'static>> {
    prop::sample::select(vec![
        Caller::Anonymous,
        Caller::Root { account: "111122223333", arn: "arn:aws:iam::111122223333:root" },
        Caller::User {
            account: "111122223333",
            arn: "arn:aws:iam::111122223333:user/ann",
            id: "AIDAANN",
        },
        Caller::User {
            account: "444455556666",
            arn: "arn:aws:iam::444455556666:user/eve",
            id: "AIDAEVE",
        },
        Caller::Session {
            account: "111122223333",
            role_arn: "arn:aws:iam::111122223333:role/worker",
            arn: "arn:aws:sts::111122223333:assumed-role/worker/run-1",
            role_id: "AROAWORKER",
        },
        Caller::FederatedUser { account: "111122223333", arn: "" },
        Caller::Service { name: "sns.amazonaws.com" },
        Caller::Federated { provider: "idp" },
    ])
}

/// What differs from request to request besides.
type Rest = (bool, Option<&'static str>, Option<&'static str>, [u8; 4], bool);

fn rest() -> impl Strategy<Value = Rest> {
    let text = || prop::option::of(prop::sample::select(&TEXTS[..]));
    (any::<bool>(), text(), text(), any::<[u8; 4]>(), any::<bool>())
}

fn with_request<T>(caller: Caller<'_>, rest: Rest, run: impl FnOnce(&Request<'_>) -> T) -> T {
    let (is_secure, tag, endpoint, address, is_private) = rest;
    let address = IpAddr::from(address);
    let origin = match is_private {
        true => Origin::Private {
            endpoint: "vpce-1",
            network: None,
            address: Some(address),
            account: None,
        },
        false => Origin::Public(address),
    };
    let tags: Vec<(&str, &str)> = tag.iter().map(|value| ("team", *value)).collect();
    let keys: Vec<(&str, ContextValue<'_>)> =
        endpoint.iter().map(|value| ("sns:Endpoint", ContextValue::text(*value))).collect();
    let facts = Facts {
        is_secure,
        principal_tags: &tags,
        service_keys: &keys,
        source: endpoint.map(|arn| Source { arn, account: "111122223333", organisation: None }),
        ..Facts::new(caller, origin, 1_795_442_400_000)
    };
    run(&Request {
        caller,
        action: "sqs:SendMessage",
        resource: "arn:aws:sqs:us-east-1:111122223333:orders",
        resource_account: "111122223333",
        context: &facts,
    })
}

/// Whatever the prefix and the suffix: an operator that a queue's policy may be set with.
#[test]
fn operators_that_can_be_set_can_be_read() {
    let mut taken = 0;
    for prefix in ["", "ForAllValues:", "ForAnyValue:", "ForSomeValues:"] {
        for base in OPERATORS.map(|name| name.rsplit(':').next().unwrap()) {
            for suffix in ["", "IfExists"] {
                let name = format!("{prefix}{}{suffix}", base.trim_end_matches("IfExists"));
                let json = json!({ "Statement": {
                    "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
                    "Condition": { name.as_str(): { "aws:SourceVpce": "vpce-1" } },
                } })
                .to_string();
                let can_be_set = tidings_core::policy_document::check(&json).is_ok();
                let can_be_read = PolicyDocument::parse(&json, Kind::Queue).is_ok();
                assert_eq!(can_be_set, can_be_read, "{name}");
                taken += usize::from(can_be_set);
            }
        }
    }
    assert!(taken > 90, "{taken}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Wherever a Deny is put, nothing is allowed that was not before; and one that is about the
    /// request denies it.
    #[test]
    fn a_deny_more_never_allows_more(
        queue in vec(statement(), 0..4),
        own in vec(statement(), 1..4),
        denial in statement(),
        place in 0..3_usize,
        caller in caller(),
        rest in rest(),
    ) {
        let mut denial = denial;
        denial["Effect"] = json!("Deny");
        let queue_before = document(&queue, Kind::Queue);
        let own_before = document(&own, Kind::Identity);
        let more: Vec<Value> = queue.iter().cloned().chain([denial.clone()]).collect();
        let queue_after = document(&more, Kind::Queue);
        let single = document(&[denial.clone()], Kind::Queue);
        let before = Policies {
            identity: &[&own_before],
            resource: Some(&queue_before),
            ..Policies::default()
        };
        let levels: [&[&PolicyDocument]; 1] = [&[&queue_before, &single]];
        let levels_before: [&[&PolicyDocument]; 1] = [&[&queue_before]];
        let (before, after) = match place {
            0 => (before, Policies { resource: Some(&queue_after), ..before }),
            1 => (
                Policies { endpoint: Some(&queue_before), ..before },
                Policies { endpoint: Some(&queue_after), ..before },
            ),
            _ => (
                Policies { resource_control: &levels_before, ..before },
                Policies { resource_control: &levels, ..before },
            ),
        };
        with_request(caller, rest, |request| {
            let was = evaluate(request, &before);
            let is = evaluate(request, &after);
            prop_assert!(was.is_allowed() || !is.is_allowed(), "{was} {is}");
            let fits = |traces: Vec<tidings_access::Trace<'_>>| {
                traces.iter().any(|t| t.effect == Effect::Deny && t.outcome.is_ok())
            };
            // An identity's Deny has no say over those who have no identity.
            let relevant = Policies { identity: &[], ..after };
            if fits(explain(request, &relevant)) {
                prop_assert!(!is.is_allowed());
            }
            Ok(())
        })?;
    }

    /// A decision rests on a statement that is about the request, and says what it does.
    #[test]
    fn the_reason_is_a_statement_that_fits(
        queue in vec(statement(), 0..5),
        own in vec(statement(), 1..5),
        caller in caller(),
        rest in rest(),
    ) {
        let queue = document(&queue, Kind::Queue);
        let own = document(&own, Kind::Identity);
        let policies =
            Policies { identity: &[&own], resource: Some(&queue), ..Policies::default() };
        with_request(caller, rest, |request| {
            let traces = explain(request, &policies);
            let effect_of = |by: &tidings_access::StatementRef<'_>| {
                let trace = traces.iter().find(|trace| trace.statement == *by)?;
                trace.outcome.is_ok().then_some(trace.effect)
            };
            use tidings_access::{Allowance, Denial};
            match evaluate(request, &policies) {
                Decision::Allowed(Allowance::Root) => {
                    let is_root = matches!(request.caller, Caller::Root { .. });
                    prop_assert!(is_root);
                }
                Decision::Allowed(Allowance::Identity(by) | Allowance::Resource(by)) => {
                    prop_assert_eq!(effect_of(&by), Some(Effect::Allow));
                }
                Decision::Allowed(Allowance::Both { identity, resource }) => {
                    prop_assert_eq!(effect_of(&resource), Some(Effect::Allow));
                    prop_assert!(identity.is_none_or(|by| effect_of(&by) == Some(Effect::Allow)));
                }
                Decision::Denied(denial) => {
                    if let Denial::Explicit(by) = denial {
                        prop_assert_eq!(effect_of(&by), Some(Effect::Deny));
                    }
                    prop_assert!(denial_text(request, &denial).starts_with("User: "));
                }
            }
            Ok(())
        })?;
    }

    /// What a queue's policy is taken for when it is set, evaluation can read.
    #[test]
    fn what_can_be_set_can_be_read(statements in vec(statement(), 0..6), id in ".{0,9}") {
        let json = json!({ "Id": id, "Statement": statements }).to_string();
        if tidings_core::policy_document::check(&json).is_ok() {
            prop_assert!(PolicyDocument::parse(&json, Kind::Queue).is_ok());
        }
    }

    #[test]
    fn no_bytes_are_too_much(bytes in vec(any::<u8>(), 0..99), kind in 0..6_usize) {
        let _ = PolicyDocument::parse(&String::from_utf8_lossy(&bytes), KINDS[kind]);
    }

    /// Documents that are nearly right, and whatever keys hold.
    #[test]
    fn no_document_and_no_context_are_too_much(
        statements in vec(statement(), 1..4),
        cut in any::<prop::sample::Index>(),
        put in ".{0,3}",
        kind in 0..6_usize,
        value in prop_oneof![
            ".{0,20}".prop_map(ContextValue::text),
            any::<f64>().prop_map(ContextValue::Number),
            any::<i64>().prop_map(ContextValue::Instant),
            any::<u128>().prop_map(|bits| ContextValue::Address(IpAddr::from(bits.to_be_bytes()))),
            vec(".{0,9}", 0..3).prop_map(ContextValue::many::<String>),
        ],
        action in "(sqs:)?.{0,9}",
        resource in ".{0,20}",
    ) {
        let context = |_: &str| Some(value.clone());
        let request = Request {
            caller: Caller::Session { account: "1", role_arn: "", arn: "", role_id: "" },
            action: &action,
            resource: &resource,
            resource_account: "1",
            context: &context,
        };
        let mut json = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let mut documents = vec![document(&statements, Kind::Queue)];
        let places: Vec<usize> = json.char_indices().map(|(at, _)| at).collect();
        json.insert_str(places[cut.index(places.len())], &put);
        documents.extend(PolicyDocument::parse(&json, KINDS[kind]));
        for document in &documents {
            let policies = Policies { resource: Some(document), ..Policies::default() };
            let _ = evaluate(&request, &policies).to_string();
            for trace in explain(&request, &policies) {
                if let Err(Mismatch::Condition { operator, .. }) = trace.outcome {
                    prop_assert!(!operator.is_empty());
                }
            }
        }
    }
}
