//! Policy documents: read, evaluated and explained. The explanation and the decision agree.
//!
//! An input is a byte that says of which kind the document is and who asks, a line with the action
//! and the resource, and the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_access::{
    Caller, ContextValue, Decision, Denial, Effect, Facts, Kind, Origin, Policies, PolicyDocument,
    Request, SessionFacts, Source, denial_text, evaluate, explain,
};
use tidings_fuzz::{byte, part, text};

const ACCOUNT: &str = "111122223333";

const KINDS: [Kind; 6] =
    [Kind::Identity, Kind::Queue, Kind::Topic, Kind::Key, Kind::Trust, Kind::Endpoint];

fn caller(number: u8) -> Caller<'static> {
    match number % 6 {
        0 => Caller::User {
            account: ACCOUNT,
            arn: "arn:aws:iam::111122223333:user/ann",
            id: "AIDAANN",
        },
        1 => Caller::Root { account: ACCOUNT, arn: "arn:aws:iam::111122223333:root" },
        2 => Caller::Session {
            account: "444455556666",
            role_arn: "arn:aws:iam::444455556666:role/worker",
            arn: "arn:aws:sts::444455556666:assumed-role/worker/run",
            role_id: "AROAWORKER",
        },
        3 => Caller::Service { name: "sns.amazonaws.com" },
        4 => Caller::FederatedUser {
            account: ACCOUNT,
            arn: "arn:aws:sts::111122223333:federated-user/fay",
        },
        _ => Caller::Anonymous,
    }
}

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let choice = byte(&mut rest);
    let mut line = part(&mut rest, b'\n');
    let action = text(part(&mut line, b' ')).unwrap_or("sqs:SendMessage");
    let resource = text(line).unwrap_or("arn:aws:sqs:us-east-1:111122223333:orders");
    let Some(json) = text(rest) else { return };
    let kind = KINDS[usize::from(choice) % KINDS.len()];
    let Ok(document) = PolicyDocument::parse(json, kind) else { return };
    let caller = caller(choice / 6);
    let facts = Facts {
        session: Some(SessionFacts { issued_at_ms: 0, mfa_age_s: Some(1) }),
        principal_tags: &[("team", "red")],
        request_tags: &[("env", "prod")],
        tag_keys: &["env", "cost"],
        source: Some(Source {
            arn: "arn:aws:sns:us-east-1:111122223333:stock",
            account: ACCOUNT,
            organisation: None,
        }),
        resource_account: Some(ACCOUNT),
        service_keys: &[("kms:viaservice", ContextValue::Bool(true))],
        ..Facts::new(caller, Origin::Public([192, 0, 2, 1].into()), 1_795_442_400_000)
    };
    let request = Request { caller, action, resource, resource_account: ACCOUNT, context: &facts };
    let own = [&document];
    let policies = match kind {
        Kind::Identity => Policies { identity: &own, ..Policies::default() },
        Kind::Endpoint => Policies { endpoint: Some(&document), ..Policies::default() },
        _ => Policies { resource: Some(&document), ..Policies::default() },
    };
    let decision = evaluate(&request, &policies);
    let traces = explain(&request, &policies);
    assert_eq!(traces.len(), document.statements().len());
    let denies = |effect| effect == Effect::Deny;
    let is_seen = kind != Kind::Identity || caller.account().is_some();
    let is_denied = traces.iter().any(|trace| trace.outcome.is_ok() && denies(trace.effect));
    match decision {
        Decision::Denied(denial) => {
            assert!(!denial_text(&request, &denial).is_empty());
            if matches!(denial, Denial::Explicit(_)) {
                assert!(is_denied);
            }
        }
        Decision::Allowed(_) => assert!(!(is_denied && is_seen), "an explicit deny comes first"),
    }
    for trace in traces {
        assert!(!trace.to_string().is_empty());
    }
});
