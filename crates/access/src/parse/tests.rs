use serde_json::json;

use super::*;

const KINDS: [Kind; 7] = [
    Kind::Identity,
    Kind::Queue,
    Kind::Topic,
    Kind::Key,
    Kind::Function,
    Kind::Trust,
    Kind::Endpoint,
];

/// A statement that is right for the kind, with one member replaced, added, or (by null) removed.
fn with(kind: Kind, member: &str, value: Value) -> String {
    let mut statement = json!({ "Sid": "one", "Effect": "Allow", "Action": "sqs:SendMessage" });
    if kind != Kind::Identity {
        statement["Principal"] = json!("*");
    }
    if kind != Kind::Trust {
        statement["Resource"] = json!("*");
    }
    let members = statement.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.into(), value);
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn fault(json: &str, kind: Kind) -> String {
    document(json, kind).map_or_else(|fault| fault.to_string(), |_| "none".into())
}

#[test]
fn each_kind_has_its_own_elements() {
    for kind in KINDS {
        assert_eq!(fault(&with(kind, "Sid", Value::Null), kind), "none");
        assert_eq!(fault(&with(kind, "Condition", json!({})), kind), "none");
        assert_eq!(fault(&with(kind, "Action", Value::Null), kind), "Statement[0].Action: missing");
        let none = with(kind, "Principal", Value::Null);
        let no_resource = with(kind, "Resource", Value::Null);
        let (principal, resource) = match kind {
            Kind::Identity => ("none", "Statement[0].Resource: missing"),
            Kind::Trust => ("Statement[0].Principal: missing", "none"),
            _ => ("Statement[0].Principal: missing", "Statement[0].Resource: missing"),
        };
        assert_eq!(fault(&none, kind), principal, "{kind:?}");
        assert_eq!(fault(&no_resource, kind), resource, "{kind:?}");
    }
    let there = "not allowed in this kind of policy";
    assert_eq!(
        fault(&with(Kind::Identity, "Principal", json!("*")), Kind::Identity),
        format!("Statement[0].Principal: {there}")
    );
    assert_eq!(
        fault(&with(Kind::Trust, "NotResource", json!("*")), Kind::Trust),
        format!("Statement[0].NotResource: {there}")
    );
}

#[test]
fn faults_say_what_and_where() {
    for (member, value, expected) in [
        ("Effect", json!("allow"), "Effect: neither Allow nor Deny"),
        ("Effect", Value::Null, "Effect: missing"),
        ("Sid", json!(1), "Sid: not a text"),
        ("Extra", json!(1), "Extra: no such element"),
        ("Action", json!([]), "Action: an empty list"),
        ("Action", json!(["sqs:*", 1]), "Action: neither a text nor a list of them"),
        ("Action", json!("SendMessage"), "Action: neither * nor service:Action"),
        ("Action", json!("sqs:"), "Action: neither * nor service:Action"),
        ("NotAction", json!("sqs:*"), "NotAction: stands beside Action"),
        ("Resource", json!("orders"), "Resource: neither * nor an ARN"),
        ("Resource", json!("arn:${"), "Resource: a variable has no end"),
        ("Principal", json!("ann"), "Principal: neither \"*\" nor an object of principals"),
        ("Principal", json!({}), "Principal: neither \"*\" nor an object of principals"),
        ("Principal", json!({ "Aws": "*" }), "Principal.Aws: no such kind of principal"),
        (
            "Principal",
            json!({ "AWS": ["*", "arn:aws:iam::111122223333:user/*"] }),
            "Principal.AWS: not an account, the ARN or the id of an identity",
        ),
        ("Condition", json!([]), "Condition: not an object"),
        ("Condition", json!({ "Bool": 1 }), "Condition.Bool: not an object"),
        (
            "Condition",
            json!({ "stringequals": { "a": "b" } }),
            "Condition.stringequals: no such condition operator",
        ),
        (
            "Condition",
            json!({ "NullIfExists": { "a": "true" } }),
            "Condition.NullIfExists: no such condition operator",
        ),
        (
            "Condition",
            json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/33" } }),
            "Condition.IpAddress.aws:SourceIp: not an IP address or range",
        ),
        (
            "Condition",
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns" } }),
            "Condition.ArnLike.aws:SourceArn: not an ARN",
        ),
        (
            "Condition",
            json!({ "DateLessThan": { "aws:CurrentTime": ["2026-01-01", "soon"] } }),
            "Condition.DateLessThan.aws:CurrentTime: not a date",
        ),
        (
            "Condition",
            json!({ "StringEquals": { "a": { "b": 1 } } }),
            "Condition.StringEquals.a: neither a text nor a list of them",
        ),
    ] {
        assert_eq!(
            fault(&with(Kind::Key, member, value), Kind::Key),
            format!("Statement[0].{expected}")
        );
    }
    for (json, expected) in [
        ("[]", "document: not a JSON object"),
        ("{}", "Statement: missing"),
        (r#"{"Statement":[]}"#, "Statement: empty"),
        (r#"{"Statement":"x"}"#, "Statement: neither an object nor a list of them"),
        (r#"{"Statement":[1]}"#, "Statement[0]: not an object"),
        (r#"{"Version":"2020-01-01"}"#, "Version: neither 2012-10-17 nor 2008-10-17"),
        (r#"{"Id":1,"Statement":[]}"#, "Id: not a text"),
        (r#"{"Statements":[]}"#, "Statements: no such element"),
    ] {
        assert_eq!(fault(json, Kind::Key), expected);
    }
    assert!(fault("{", Kind::Key).starts_with("document: EOF while parsing"));
    let deep = format!(r#"{{"Statement":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    assert!(fault(&deep, Kind::Key).starts_with("document: recursion limit exceeded"));
}

#[test]
fn sids_are_one_statements_each() {
    for (kind, sids, expected) in [
        (Kind::Identity, ["a", "a"], "Statement[1].Sid: another statement has it"),
        (Kind::Queue, ["a", "a"], "Statement[1].Sid: another statement has it"),
        (Kind::Queue, ["a b", "b a"], "none"),
        (Kind::Key, ["a b", "a b"], "none"),
        (
            Kind::Identity,
            ["a", "a b"],
            "Statement[1].Sid: has other characters than letters and digits",
        ),
    ] {
        let of = |sid: &str| {
            let document: Value = serde_json::from_str(&with(kind, "Sid", json!(sid))).unwrap();
            document["Statement"][0].clone()
        };
        let document = json!({ "Statement": sids.map(of) }).to_string();
        assert_eq!(fault(&document, kind), expected, "{sids:?}");
    }
}

#[test]
fn documents_do_not_grow_too_large() {
    for kind in KINDS {
        let (max, _) = size_max(kind);
        let rest = with(kind, "Sid", json!("")).len();
        let of = |length: usize| with(kind, "Sid", json!("s".repeat(length - rest)));
        assert_eq!(fault(&of(max), kind), "none");
        assert!(fault(&of(max + 1), kind).starts_with("document: larger than"), "{kind:?}");
    }
    let spaced = |count| with(Kind::Identity, "Sid", Value::Null) + &" ".repeat(count);
    assert_eq!(fault(&spaced(100_000), Kind::Identity), "none");
    assert!(fault(&spaced(BYTES_MAX), Kind::Identity).starts_with("document: larger"));
}

/// What services take when a policy is set, evaluation must take as well.
#[test]
fn queues_and_topics_take_what_means_nothing() {
    for (member, value) in [
        ("Action", json!("SendMessage")),
        ("Resource", json!("orders")),
        ("Resource", json!("${")),
        ("Principal", json!({ "AWS": "arn:aws:iam::1:user/*", "CanonicalUser": "x" })),
        ("Condition", json!({ "IpAddress": { "": "everywhere" } })),
        ("Condition", json!({ "NumericEquals": { "a": ["ten", 10] } })),
        ("Condition", json!({ "ArnLike": { "a": "*" }, "Null": { "b": "perhaps" } })),
        ("Condition", json!({ "StringEquals": { "a": [] }, "BinaryEquals": { "a": "?" } })),
    ] {
        assert_eq!(fault(&with(Kind::Queue, member, value.clone()), Kind::Queue), "none");
        assert_ne!(fault(&with(Kind::Key, member, value), Kind::Key), "none");
    }
    assert_eq!(fault(r#"{"Statement":[]}"#, Kind::Topic), "none");
}
