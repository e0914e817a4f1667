//! The callers and resources that the cases speak of.

use tidings_access::Caller;

/// What `<name>` stands for in a case.
const NAMES: [(&str, &str); 12] = [
    ("<queue>", "arn:aws:sqs:us-east-1:111122223333:orders"),
    ("<topic>", "arn:aws:sns:us-east-1:111122223333:stock"),
    ("<key>", "arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c-aaaa-bbbb-cccc-1234567890ab"),
    ("<role>", "arn:aws:iam::111122223333:role/jobs/worker"),
    ("<ann>", "arn:aws:iam::111122223333:user/team/ann"),
    ("<bob>", "arn:aws:iam::111122223333:user/bob"),
    ("<session>", "arn:aws:sts::111122223333:assumed-role/worker/run-1"),
    ("<fay>", "arn:aws:sts::111122223333:federated-user/fay"),
    ("<root>", "arn:aws:iam::111122223333:root"),
    ("<eve>", "arn:aws:iam::444455556666:user/eve"),
    ("<eve-role>", "arn:aws:iam::444455556666:role/reader"),
    ("<eve-root>", "arn:aws:iam::444455556666:root"),
];

/// Puts the ARNs in.
pub(crate) fn spelled_out(json: &str) -> String {
    NAMES.iter().fold(json.to_owned(), |json, (name, arn)| json.replace(name, arn))
}

fn arn(name: &str) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == name).unwrap().1
}

/// The account that owns queue, topic, key and role.
pub(crate) const ACCOUNT: &str = "111122223333";
const FOREIGN: &str = "444455556666";

/// Who a case is about. `x.amazonaws.com` is a service.
pub(crate) fn caller(name: &str) -> Caller<'_> {
    match name {
        "anonymous" => Caller::Anonymous,
        "root" => Caller::Root { account: ACCOUNT, arn: arn("<root>") },
        "ann" => Caller::User { account: ACCOUNT, arn: arn("<ann>"), id: "AIDAANN" },
        "bob" => Caller::User { account: ACCOUNT, arn: arn("<bob>"), id: "AIDABOB" },
        "worker" => Caller::Session {
            account: ACCOUNT,
            role_arn: arn("<role>"),
            arn: arn("<session>"),
            role_id: "AROAWORKER",
        },
        "fay" => Caller::FederatedUser { account: ACCOUNT, arn: arn("<fay>") },
        "eve" => Caller::User { account: FOREIGN, arn: arn("<eve>"), id: "AIDAEVE" },
        "eve-root" => Caller::Root { account: FOREIGN, arn: arn("<eve-root>") },
        "eve-role" => Caller::Session {
            account: FOREIGN,
            role_arn: arn("<eve-role>"),
            arn: "arn:aws:sts::444455556666:assumed-role/reader/s-1",
            role_id: "AROAREADER",
        },
        service if service.ends_with(".amazonaws.com") => Caller::Service { name: service },
        provider => Caller::Federated { provider },
    }
}
