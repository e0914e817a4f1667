//! `tidings policy explain`, as a person or a script asks it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:orders";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:stock";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c-aaaa-bbbb-cccc-1234567890ab";
const ROLE: &str = "arn:aws:iam::111122223333:role/jobs/worker";
const ANN: &str = "arn:aws:iam::111122223333:user/team/ann";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const EVE: &str = "arn:aws:iam::444455556666:user/eve";
const RUN: &str = "arn:aws:sts::111122223333:assumed-role/worker/run-1";

/// The files of every case. The first two are the examples of docs/policies.md.
const FILES: [(&str, &str); 11] = [
    (
        "stock.json",
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"publishers","Effect":"Allow","Principal":{"AWS":[
                "arn:aws:iam::111122223333:user/team/ann","arn:aws:iam::111122223333:role/jobs/worker"]},
             "Action":"sns:Publish","Resource":"arn:aws:sns:us-east-1:111122223333:stock"},
            {"Sid":"no-others","Effect":"Deny","Principal":"*","Action":"sns:Publish",
             "Resource":"arn:aws:sns:us-east-1:111122223333:stock","Condition":{"ArnNotEquals":
             {"aws:PrincipalArn":["arn:aws:iam::111122223333:user/team/ann",
                "arn:aws:iam::111122223333:role/jobs/worker"]}}}]}"#,
    ),
    (
        "orders.json",
        r#"{"Version":"2012-10-17","Statement":{"Sid":"one-topic","Effect":"Allow",
            "Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage",
            "Resource":"arn:aws:sqs:us-east-1:111122223333:orders","Condition":{"ArnEquals":
            {"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:stock"}}}}"#,
    ),
    (
        "all.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    ),
    (
        "own.json",
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"topics","Effect":"Allow","Action":"sns:*","Resource":"*"},
            {"Sid":"named","Effect":"Allow","Action":"sqs:*",
             "Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/team}"},
            {"Sid":"inside","Effect":"Allow","Action":"sqs:*","Resource":"*",
             "Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}"#,
    ),
    (
        "by-day.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*",
            "Condition":{"DateLessThan":{"aws:CurrentTime":"2026-12-01"}}}}"#,
    ),
    (
        "tagging.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:TagQueue",
            "Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}}"#,
    ),
    (
        "account.json",
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}"#,
    ),
    (
        "endpoint.json",
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}}"#,
    ),
    (
        "trust.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
            "Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":"42"}}}}"#,
    ),
    (
        "broken.json",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*"}]}"#,
    ),
    ("none.json", "not JSON"),
];

fn files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn explain(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder.path()).args(["policy", "explain"]).args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Who asks for what, the flags, and the line that the answer begins with.
type Case<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], &'a str);

#[test]
fn every_way_to_decide_is_told() {
    let folder = files();
    let publishers = &["--resource-policy", "stock.json"][..];
    let one_topic = "aws:SourceArn=arn:aws:sns:us-east-1:111122223333:stock";
    let other_topic = "aws:SourceArn=arn:aws:sns:us-east-1:111122223333:stocks";
    let own = &["--identity", "own.json"][..];
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        (ANN, "sns:Publish", TOPIC, publishers, "ALLOWED: by statement 0 (publishers) of the resource-based policy stock.json"),
        (ROLE, "SNS:publish", TOPIC, publishers, "ALLOWED: by statement 0 (publishers) of the resource-based policy stock.json"),
        (RUN, "sns:Publish", TOPIC, &["--resource-policy", "stock.json", "--role", ROLE], "ALLOWED: by statement 0 (publishers) of the resource-based policy stock.json"),
        (RUN, "sns:Publish", TOPIC, publishers, "DENIED: by statement 1 (no-others) of the resource-based policy stock.json"),
        (BOB, "sns:Publish", TOPIC, &["--resource-policy", "stock.json", "--identity", "all.json"], "DENIED: by statement 1 (no-others) of the resource-based policy stock.json"),
        ("111122223333", "sns:Publish", TOPIC, publishers, "DENIED: by statement 1 (no-others) of the resource-based policy stock.json"),
        ("111122223333", "sns:Subscribe", TOPIC, publishers, "ALLOWED: the root user may do everything in its account"),
        ("anonymous", "sns:Subscribe", TOPIC, publishers, "DENIED: no resource-based policy allows it"),
        ("sns.amazonaws.com", "sqs:SendMessage", QUEUE, &["--resource-policy", "orders.json", "--context", one_topic], "ALLOWED: by statement 0 (one-topic) of the resource-based policy orders.json"),
        ("sns.amazonaws.com", "sqs:SendMessage", QUEUE, &["--resource-policy", "orders.json", "--context", other_topic], "DENIED: no resource-based policy allows it"),
        ("sns.amazonaws.com", "sqs:SendMessage", QUEUE, &[], "DENIED: no resource-based policy allows it; none was given"),
        (BOB, "sqs:SendMessage", QUEUE, &[], "DENIED: no identity-based policy allows it; none was given"),
        (BOB, "sqs:SendMessage", QUEUE, own, "DENIED: no identity-based policy allows it"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "own.json", "--context", "AWS:sourceIP=192.0.2.9"], "ALLOWED: by statement 2 (inside) of the identity-based policy own.json"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "own.json", "--context", "aws:PrincipalTag/team=orders"], "ALLOWED: by statement 1 (named) of the identity-based policy own.json"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "own.json", "--identity", "all.json"], "ALLOWED: by statement 0 of the identity-based policy all.json"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "all.json", "--boundary", "own.json"], "DENIED: no permissions boundary allows it"),
        (ROLE, "sqs:SendMessage", QUEUE, &["--identity", "all.json", "--session", "own.json"], "DENIED: no session policy allows it"),
        ("arn:aws:sts::111122223333:federated-user/fay", "sqs:SendMessage", QUEUE, &["--identity", "all.json"], "DENIED: no session policy allows it; none was given"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "all.json", "--endpoint-policy", "endpoint.json"], "DENIED: no VPC endpoint policy allows it"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "by-day.json", "--now", "2026-11-23T14:00:00Z"], "ALLOWED: by statement 0 of the identity-based policy by-day.json"),
        (BOB, "sqs:SendMessage", QUEUE, &["--identity", "by-day.json", "--now", "2026-12-01"], "DENIED: no identity-based policy allows it"),
        (BOB, "sqs:TagQueue", QUEUE, &["--identity", "tagging.json", "--context", "aws:TagKeys=a", "--context", "aws:TagKeys=b"], "ALLOWED: by statement 0 of the identity-based policy tagging.json"),
        (BOB, "sqs:TagQueue", QUEUE, &["--identity", "tagging.json", "--context", "aws:TagKeys=a", "--context", "aws:TagKeys=c"], "DENIED: no identity-based policy allows it"),
        (EVE, "sqs:DeleteQueue", QUEUE, &["--identity", "all.json", "--resource-policy", "account.json"], "DENIED: other accounts cannot be allowed this action"),
        ("444455556666", "sts:AssumeRole", ROLE, &["--resource-policy", "trust.json", "--context", "sts:ExternalId=42"], "ALLOWED: by statement 0 of the resource-based policy trust.json, and the root user may use that"),
        (BOB, "kms:Decrypt", KEY, &["--identity", "all.json", "--resource-policy", "account.json"], "ALLOWED: by statement 0 of the identity-based policy all.json, and by statement 0 of the resource-based policy account.json; it takes both"),
        (BOB, "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111122223333:function:f", &["--identity", "all.json"], "ALLOWED: by statement 0 of the identity-based policy all.json"),
        (BOB, "sns:Publish", "+358401234567", &["--identity", "own.json"], "ALLOWED: by statement 0 (topics) of the identity-based policy own.json"),
    ];
    for (caller, action, resource, flags, expected) in cases {
        let request = ["--caller", caller, "--action", action, "--resource", resource];
        let output = explain(&folder, &[&request[..], flags].concat());
        let (answer, problem) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(answer.lines().next(), Some(*expected), "{caller} {action} {flags:?} {problem}");
        let status = if expected.starts_with("ALLOWED") { 0 } else { 3 };
        assert_eq!((output.status.code(), problem), (Some(status), ""), "{caller} {action}");
    }
}

#[test]
fn a_denial_is_told_in_full() {
    let folder = files();
    let output = explain(
        &folder,
        &[
            ["--action", "sqs:SendMessage"],
            ["--resource", QUEUE],
            ["--caller", BOB],
            ["--resource-policy", "orders.json"],
            ["--identity", "own.json"],
            ["--context", "aws:SourceIp=198.51.100.7"],
        ]
        .concat(),
    );
    assert_eq!(
        text(&output.stdout),
        "\
DENIED: no identity-based policy allows it

  action    sqs:SendMessage
  resource  arn:aws:sqs:us-east-1:111122223333:orders
  caller    arn:aws:iam::111122223333:user/bob

The caller is told:

  User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sqs:sendmessage on resource: \
arn:aws:sqs:us-east-1:111122223333:orders because no identity-based policy allows the sqs:sendmessage \
action

What came of each statement, in the order of evaluation:

  resource-based policy orders.json
    statement 0 (one-topic), Allow: is about other principals

  identity-based policy own.json
    statement 0 (topics), Allow: is about other actions
    statement 1 (named), Allow: needs one value of aws:principaltag/team, which the request lacks
    statement 2 (inside), Allow: has a condition that is not met: IpAddress on aws:SourceIp, which is \
198.51.100.7
"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_permission_is_told_in_full() {
    let folder = files();
    let output = explain(
        &folder,
        &[
            ["--action", "kms:Decrypt"],
            ["--resource", KEY],
            ["--caller", RUN],
            ["--endpoint-policy", "account.json"],
            ["--resource-policy", "account.json"],
            ["--identity", "by-day.json"],
            ["--identity", "all.json"],
            ["--session", "all.json"],
        ]
        .concat(),
    );
    assert_eq!(
        text(&output.stdout),
        "\
ALLOWED: by statement 0 of the identity-based policy all.json, and by statement 0 of the \
resource-based policy account.json; it takes both

  action    kms:Decrypt
  resource  arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c-aaaa-bbbb-cccc-1234567890ab
  caller    arn:aws:sts::111122223333:assumed-role/worker/run-1

What came of each statement, in the order of evaluation:

  VPC endpoint policy account.json
    statement 0, Allow: allows it

  resource-based policy account.json
    statement 0, Allow: allows it, by the caller's account: policies of the caller have to, too

  identity-based policy by-day.json
    statement 0, Allow: is about other actions

  identity-based policy all.json
    statement 0, Allow: allows it

  session policy all.json
    statement 0, Allow: allows it
"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_policy_that_was_emptied_is_shown() {
    let folder = files();
    fs::write(folder.path().join("empty.json"), r#"{"Statement":[]}"#).unwrap();
    let request = ["--caller", EVE, "--action", "sns:Publish", "--resource", TOPIC];
    let flags = ["--identity", "all.json", "--resource-policy", "empty.json"];
    let output = explain(&folder, &[&request[..], &flags].concat());
    let (answer, problem) = (text(&output.stdout), text(&output.stderr));
    let lines = "\n  resource-based policy empty.json\n    it has no statement\n";
    assert!(answer.contains(lines), "{answer}{problem}");
}

#[test]
fn programs_are_told_in_json() {
    let folder = files();
    let flags = ["--resource-policy", "orders.json", "--context", "aws:SourceArn=arn:aws:sns:::x"];
    let request = ["--caller", "sns.amazonaws.com", "--action", "sqs:SendMessage", "--json"];
    let output = explain(&folder, &[&request[..], &["--resource", QUEUE], &flags].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({
        "decision": "denied",
        "action": "sqs:SendMessage",
        "resource": QUEUE,
        "caller": "sns.amazonaws.com",
        "reason": "no resource-based policy allows it",
        "because": "silence",
        "silent": "resource",
        "decidedBy": [],
        "told": format!(
            "User: sns.amazonaws.com is not authorized to perform: sqs:sendmessage on resource: \
             {QUEUE} because no resource-based policy allows the sqs:sendmessage action"
        ),
        "statements": [{
            "policyType": "resource",
            "file": "orders.json",
            "statement": 0,
            "sid": "one-topic",
            "effect": "Allow",
            "fits": false,
            "mismatch": "condition",
            "operator": "ArnEquals",
            "key": "aws:SourceArn",
            "values": ["arn:aws:sns:::x"],
        }],
    });
    assert_eq!(answer, expected);
    assert_eq!(output.status.code(), Some(3));

    let request = ["--caller", ANN, "--action", "sns:Publish", "--json", "--resource", TOPIC];
    let output = explain(&folder, &[&request[..], &["--resource-policy", "stock.json"]].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["decision"], "allowed");
    assert_eq!(answer["decidedBy"][0]["sid"], "publishers");
    assert_eq!(answer["statements"][0]["names"], "itself");
    assert!(answer.get("told").is_none() && answer.get("silent").is_none());
}

#[test]
fn what_cannot_be_said_is_told_with_what_is_wrong() {
    let folder = files();
    let queue = ["--resource", QUEUE];
    #[rustfmt::skip]
    let cases: &[(&str, &str, &[&str], &str)] = &[
        (BOB, "sqs:SendMessage", &["--identity", "missing.json"], "--identity missing.json: No such file or directory"),
        (BOB, "sqs:SendMessage", &["--identity", "none.json"], "--identity none.json: document: "),
        (BOB, "sqs:SendMessage", &["--identity", "all.json", "--identity", "broken.json"], "--identity broken.json: Statement[0]"),
        (BOB, "sqs:SendMessage", &["--identity", "orders.json"], "--identity orders.json: Statement"),
        (BOB, "sqs:SendMessage", &["--resource-policy", "all.json"], "--resource-policy all.json: Statement"),
        (BOB, "sqs:SendMessage", &["--identity", "."], "--identity .: "),
        (BOB, "sqs:SendMessageBatch", &[], "--action: policies know no sqs:SendMessageBatch: SendMessageBatch needs sqs:SendMessage"),
        (BOB, "sts:GetCallerIdentity", &[], "--action: GetCallerIdentity needs no permission"),
        (BOB, "sqs:SendMesage", &[], "--action: no operation of sqs asks for sqs:SendMesage"),
        (BOB, "SendMessage", &[], "--action: \"SendMessage\" is no action"),
        ("bob", "sqs:SendMessage", &[], "--caller: \"bob\" is nobody"),
        (BOB, "sqs:SendMessage", &["--role", ROLE], "--role: only a session has a role"),
        ("anonymous", "sqs:SendMessage", &["--identity", "all.json"], "anonymous has no policies of its own"),
        ("sns.amazonaws.com", "sqs:SendMessage", &["--session", "all.json"], "sns.amazonaws.com has no session"),
        (BOB, "sqs:SendMessage", &["--context", "aws:SourceIp"], "--context aws:SourceIp: a condition key and its value"),
        (BOB, "sqs:SendMessage", &["--context", "aws:username=ann"], "the key follows from --caller"),
        (BOB, "sqs:SendMessage", &["--context", "aws:EpochTime=1"], "the key follows from --now"),
        (BOB, "sqs:SendMessage", &["--now", "soon"], "--now: \"soon\" is no time"),
    ];
    for (caller, action, flags, problem) in cases {
        let request = ["--caller", caller, "--action", action];
        let output = explain(&folder, &[&request[..], &queue, flags].concat());
        let told = text(&output.stderr);
        assert!(told.starts_with("tidings: ") && told.contains(problem), "{flags:?}: {told}");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{flags:?}");
    }
    let elsewhere = ["--resource", "arn:aws:s3:::photos", "--resource-policy", "account.json"];
    let request = ["--caller", BOB, "--action", "s3:GetObject"];
    let output = explain(&folder, &[&request[..], &elsewhere].concat());
    assert!(text(&output.stderr).contains("only a queue, topic, key or role has one"));
}
