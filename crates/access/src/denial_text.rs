//! What a denied caller is told. IAM user guide, "Troubleshoot access denied error messages".

use crate::decision::{Denial, PolicyType};
use crate::evaluate::Request;

/// The text of the error, in the words of the service whose action it is: SQS writes the action in
/// lower case, SNS its prefix in upper case, and STS gives no reason for a role that may not be
/// assumed.
///
/// ```text
/// User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:sendmessage on
/// resource: arn:aws:sqs:us-east-1:123456789012:orders because no identity-based policy allows the
/// sqs:sendmessage action
/// ```
pub fn denial_text(request: &Request<'_>, denial: &Denial<'_>) -> String {
    let action = written(request.action);
    let name = request.caller.name();
    let what = format!(
        "User: {name} is not authorized to perform: {action} on resource: {}",
        request.resource
    );
    if has_no_reason(request.action) {
        return what;
    }
    match denial {
        Denial::Explicit(by) => {
            format!("{what} with an explicit deny in {}", by.policy_type.with_article())
        }
        Denial::Silent(policy_type) => because_of(&what, *policy_type, &action),
        Denial::NotCrossAccount => because_of(&what, PolicyType::Resource, &action),
    }
}

/// What SQS says without detail. `queue_url` is the queue's.
pub fn access_denied_text(queue_url: &str) -> String {
    format!("Access to the resource {queue_url} is denied.")
}

fn because_of(what: &str, policy_type: PolicyType, action: &str) -> String {
    format!("{what} because no {} allows the {action} action", policy_type.name())
}

fn written(action: &str) -> String {
    match action.split_once(':') {
        Some((service, _)) if service.eq_ignore_ascii_case("sqs") => action.to_ascii_lowercase(),
        Some((service, name)) if service.eq_ignore_ascii_case("sns") => format!("SNS:{name}"),
        _ => action.to_owned(),
    }
}

fn has_no_reason(action: &str) -> bool {
    const START: &str = "sts:AssumeRole";
    action.get(..START.len()).is_some_and(|start| start.eq_ignore_ascii_case(START))
}
