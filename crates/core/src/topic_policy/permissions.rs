//! AddPermission and RemovePermission.

use serde_json::{Map, Value, json};

use super::{ACTIONS, check, malformed, out_of_scope};
use crate::names::{AccountId, TopicArn};
use crate::policy_document::{is_labelled, one_or_list, take_statements, with_statements};
use crate::rejection::TopicRejection;

/// The policy with a statement more, which grants `actions` to `accounts` and is known by `label`.
/// What it says already stays as it is and where it is.
///
/// `accounts` are twelve digits each, `actions` names without `SNS:`, in their exact case.
///
/// # Errors
/// InvalidParameter if one of the three is empty, an account has another form, an action is none of
/// a topic's policy, the label is taken, or the policy would become too large.
pub(crate) fn add_permission(
    policy: &str,
    arn: &TopicArn,
    label: &str,
    accounts: &[String],
    actions: &[String],
) -> Result<String, TopicRejection> {
    for (name, missing) in [
        ("Label", label.is_empty()),
        ("AWSAccountId", accounts.is_empty()),
        ("ActionName", actions.is_empty()),
    ] {
        if missing {
            let text = format_args!("{name} Reason: no value for required parameter");
            return Err(TopicRejection::parameter(text));
        }
    }
    if !actions.iter().all(|action| ACTIONS.contains(&action.as_str())) {
        return Err(out_of_scope().on_change());
    }
    if !accounts.iter().all(|account| AccountId::parse(account).is_some()) {
        return Err(TopicRejection::parameter("Policy Error: PrincipalNotFound"));
    }
    let mut document = read(policy)?;
    let mut statements = take_statements(&mut document);
    if statements.iter().any(|statement| is_labelled(statement, label)) {
        return Err(TopicRejection::parameter("Statement already exists"));
    }
    let root = |id: &str| format!("arn:{}:iam::{id}:root", arn.region.partition());
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_list(accounts, root) },
        "Action": one_or_list(actions, |action| format!("SNS:{action}")),
        "Resource": arn.to_string(),
    }));
    let text = with_statements(document, statements);
    check(&text).map_err(|fault| fault.on_change())?;
    Ok(text)
}

/// The policy without the statement of this label; `None` if it has none, which is no error.
///
/// # Errors
/// InvalidParameter if the label is empty.
pub(crate) fn remove_permission(
    policy: &str,
    label: &str,
) -> Result<Option<String>, TopicRejection> {
    if label.is_empty() {
        let text = "Label Reason: no value for required parameter";
        return Err(TopicRejection::parameter(text));
    }
    let mut document = read(policy)?;
    let mut statements = take_statements(&mut document);
    let before = statements.len();
    statements.retain(|statement| !is_labelled(statement, label));
    let removed = statements.len() < before;
    Ok(removed.then(|| with_statements(document, statements)))
}

/// A saved policy was checked when it was set; that it reads is not taken for granted all the same.
fn read(policy: &str) -> Result<Map<String, Value>, TopicRejection> {
    serde_json::from_str(policy).map_err(|_| malformed().on_change())
}
