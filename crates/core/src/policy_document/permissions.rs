//! AddPermission and RemovePermission.

use serde_json::{Map, Value, json};

use super::{check, invalid};
use crate::limits;
use crate::names::{AccountId, QueueArn};
use crate::rejection::Rejection;

/// Actions that other accounts can be granted.
const GRANTABLE: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// Actions that no other account ever has. Developer guide, "Limitations of Amazon SQS custom
/// policies".
const OWNERS_ONLY: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// AddPermission: the queue's policy with a statement more, which grants `actions` to `accounts`
/// and is known by `label`. What the policy says already stays as it is and where it is.
///
/// `label` is 1 to 80 letters, digits, hyphens and underscores; `accounts` are twelve digits each;
/// `actions` are 1 to 7 names without `SQS:`, or `*`.
///
/// # Errors
/// MissingParameter if one of the three is empty. InvalidParameterValue if one of them has another
/// form, an action is unknown or the owner's alone, or the label is taken. OverLimit if there are
/// too many actions, or the policy would have too much of something.
pub fn add_permission(
    policy: Option<&str>,
    arn: &QueueArn,
    label: &str,
    accounts: &[String],
    actions: &[String],
) -> Result<String, Rejection> {
    check_label(label)?;
    check_accounts(accounts)?;
    check_actions(actions)?;
    let mut document = match policy {
        Some(text) => read(text)?,
        None => new_document(arn),
    };
    let mut statements = take_statements(&mut document);
    if statements.iter().any(|statement| is_labelled(statement, label)) {
        return Err(Rejection::parameter("Label", label, "Already exists."));
    }
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_list(accounts, |id| format!("arn:aws:iam::{id}:root")) },
        "Action": one_or_list(actions, |action| format!("SQS:{action}")),
        "Resource": arn.to_string(),
    }));
    if statements.len() > limits::POLICY_STATEMENTS_MAX {
        return Err(Rejection::OverLimit(format!(
            "{} Statements were found, maximum allowed is {}.",
            statements.len(),
            limits::POLICY_STATEMENTS_MAX
        )));
    }
    let text = with_statements(document, statements);
    check(&text)?;
    Ok(text)
}

/// RemovePermission: the queue's policy without the statement of this label; `None` if that was
/// the last one.
///
/// # Errors
/// MissingParameter if the label is empty. InvalidParameterValue if there is no such statement.
pub fn remove_permission(policy: Option<&str>, label: &str) -> Result<Option<String>, Rejection> {
    if label.is_empty() {
        return Err(Rejection::MissingParameter("Label".into()));
    }
    let mut document = policy.map_or(Ok(Map::new()), read)?;
    let mut statements = take_statements(&mut document);
    let before = statements.len();
    statements.retain(|statement| !is_labelled(statement, label));
    if statements.len() == before {
        return Err(Rejection::parameter("Label", label, "can't find label."));
    }
    Ok((!statements.is_empty()).then(|| with_statements(document, statements)))
}

fn check_label(label: &str) -> Result<(), Rejection> {
    if label.is_empty() {
        return Err(Rejection::MissingParameter("Label".into()));
    }
    let fits = label.len() <= limits::PERMISSION_LABEL_CHARS_MAX
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !fits {
        let reason = format!(
            "Label can only include alphanumeric characters, hyphens, or underscores. 1 to {} in \
             length.",
            limits::PERMISSION_LABEL_CHARS_MAX
        );
        return Err(Rejection::parameter("Label", label, reason));
    }
    Ok(())
}

/// An account that does not exist is not told from one that does.
fn check_accounts(accounts: &[String]) -> Result<(), Rejection> {
    if accounts.is_empty() {
        return Err(Rejection::MissingParameter("PrincipalId".into()));
    }
    if !accounts.iter().all(|account| AccountId::parse(account).is_some()) {
        let given = format!("[{}]", accounts.join(", "));
        return Err(Rejection::parameter("PrincipalId", given, "Unable to verify."));
    }
    Ok(())
}

fn check_actions(actions: &[String]) -> Result<(), Rejection> {
    if actions.is_empty() {
        return Err(Rejection::MissingParameter("ActionName".into()));
    }
    if actions.len() > limits::POLICY_ACTIONS_MAX {
        return Err(Rejection::OverLimit(format!(
            "{} Actions were found, maximum allowed is {}.",
            actions.len(),
            limits::POLICY_ACTIONS_MAX
        )));
    }
    let Some(refused) = actions.iter().find(|action| !GRANTABLE.contains(&action.as_str())) else {
        return Ok(());
    };
    let reason = if OWNERS_ONLY.contains(&refused.as_str()) {
        "Only the queue owner is allowed to invoke this action."
    } else {
        "Please refer to the appropriate WSDL for a list of valid actions."
    };
    Err(Rejection::parameter("ActionName", format_args!("SQS:{refused}"), reason))
}

fn new_document(arn: &QueueArn) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("Version".into(), "2008-10-17".into());
    document.insert("Id".into(), format!("{arn}/SQSDefaultPolicy").into());
    document
}

/// A saved policy was checked when it was set; that it reads is not taken for granted all the same.
fn read(policy: &str) -> Result<Map<String, Value>, Rejection> {
    serde_json::from_str(policy).map_err(|_| invalid())
}

/// The document's statements, out of their place: one alone need not be in a list.
pub(crate) fn take_statements(document: &mut Map<String, Value>) -> Vec<Value> {
    match document.get_mut("Statement").map(Value::take) {
        Some(Value::Array(statements)) => statements,
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

/// Puts the statements back where they were, or at the end.
pub(crate) fn with_statements(mut document: Map<String, Value>, statements: Vec<Value>) -> String {
    document.insert("Statement".into(), statements.into());
    Value::Object(document).to_string()
}

/// Whether it is the statement that AddPermission wrote under the label.
pub(crate) fn is_labelled(statement: &Value, label: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(label)
}

/// One value alone, several in a list.
pub(crate) fn one_or_list(values: &[String], written: impl Fn(&str) -> String) -> Value {
    match values {
        [value] => written(value).into(),
        values => values.iter().map(|value| written(value)).collect(),
    }
}
