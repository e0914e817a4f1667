//! The access policy of a topic: what makes a document one, and the statements that AddPermission
//! and RemovePermission write in it.
//!
//! As with queues, a document is checked and changed here, not evaluated. Unlike a queue, a topic
//! always has a policy: its default lets every caller of its own account do everything.

mod permissions;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use tidings_access::{Kind, PolicyDocument};

use crate::attribute_fault::AttributeFault;
use crate::limits;
use crate::names::{AccountId, TopicArn};
use crate::policy_document;

pub(crate) use permissions::{add_permission, remove_permission};

/// The actions that a topic's policy can speak of. Developer guide of SNS, "Using identity-based
/// policies"; `Receive` is of its first days.
const ACTIONS: [&str; 12] = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
    "GetDataProtectionPolicy",
    "PutDataProtectionPolicy",
    "ListTagsForResource",
    "Receive",
];

/// How many of them, from the first on, the default policy grants.
const DEFAULT_ACTIONS: usize = 8;

/// The policy of a topic for which none was set.
pub(crate) fn default_policy(arn: &TopicArn) -> String {
    let actions: Vec<String> =
        ACTIONS[..DEFAULT_ACTIONS].iter().map(|action| format!("SNS:{action}")).collect();
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": arn.to_string(),
            "Condition": { "StringEquals": { "AWS:SourceOwner": arn.account.to_string() } },
        }],
    })
    .to_string()
}

/// Checks that a text is a policy document for a topic: 1 to 100 statements with an effect, whom it
/// is for, actions that a topic has, without wildcards, and one resource; no member or condition
/// operator that is unknown; at most 30,720 bytes and 200 principals. Which resource a statement
/// names is not looked at: one that names another grants nothing.
pub(crate) fn check(text: &str) -> Result<(), AttributeFault> {
    if text.len() > limits::TOPIC_POLICY_BYTES_MAX {
        return Err(too_large("bytes", limits::TOPIC_POLICY_BYTES_MAX));
    }
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err(malformed());
    };
    let statements = policy_document::statements(&document).ok_or_else(malformed)?;
    if statements.len() > limits::TOPIC_POLICY_STATEMENTS_MAX {
        return Err(too_large("statements", limits::TOPIC_POLICY_STATEMENTS_MAX));
    }
    let mut principals = 0;
    let mut sids = Vec::new();
    for statement in statements {
        let statement = statement.as_object().ok_or_else(malformed)?;
        principals += policy_document::counts(statement).ok_or_else(malformed)?.principals;
        check_statement(statement)?;
        if let Some(sid) = statement.get("Sid") {
            if sids.contains(&sid) {
                return Err(malformed());
            }
            sids.push(sid);
        }
    }
    if principals > limits::TOPIC_POLICY_PRINCIPALS_MAX {
        return Err(too_large("principals", limits::TOPIC_POLICY_PRINCIPALS_MAX));
    }
    // The one who will read it has the last word.
    PolicyDocument::parse(text, Kind::Topic).map(drop).map_err(|_| malformed())
}

/// What a topic asks of a statement beside its form.
fn check_statement(statement: &Map<String, Value>) -> Result<(), AttributeFault> {
    let of = |one, other| statement.get(one).or_else(|| statement.get(other));
    if texts(of("Resource", "NotResource")).count() > 1 {
        return Err(malformed());
    }
    if !texts(of("Action", "NotAction")).all(is_action) {
        return Err(out_of_scope());
    }
    let principals = of("Principal", "NotPrincipal").and_then(|kinds| kinds.get("AWS"));
    if !texts(principals).all(is_principal) {
        return Err(AttributeFault::value("Policy Error: PrincipalNotFound"));
    }
    Ok(())
}

/// A text, or those of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

/// In any case, but without wildcards: the service refuses `SNS:*`, too.
fn is_action(text: &str) -> bool {
    let Some((service, name)) = text.split_once(':') else {
        return false;
    };
    service.eq_ignore_ascii_case("sns")
        && ACTIONS.iter().any(|action| action.eq_ignore_ascii_case(name))
}

/// Whether there can be such a principal: everyone, an account, the ARN of an identity, or the
/// unique id that is left of one. Whether there is one is not known here.
fn is_principal(text: &str) -> bool {
    let is_id = || text.starts_with('A') && text.bytes().all(|b| b.is_ascii_alphanumeric());
    text == "*" || AccountId::parse(text).is_some() || is_identity_arn(text) || is_id()
}

fn is_identity_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam" | "sts", "", account, identity] = parts[..] else {
        return false;
    };
    let account_fits = account == "aws" || AccountId::parse(account).is_some();
    partition.starts_with("aws") && account_fits && !identity.is_empty()
}

/// What the service says of a document with a wrong structure.
fn malformed() -> AttributeFault {
    AttributeFault::value("Policy Error: null")
}

fn out_of_scope() -> AttributeFault {
    AttributeFault::value("Policy statement action out of service scope!")
}

/// The service's words for these are not known.
fn too_large(what: &str, max: usize) -> AttributeFault {
    AttributeFault::value(format_args!("Policy: must have at most {max} {what}"))
}
