//! Policy documents, and what IAM says to those that are none. The texts are those of the live
//! service for the same faults, as far as it was seen to say them; what nobody saw is a "Syntax
//! error".

use serde_json::Value;
use tidings_access::{Fault, Kind, PolicyDocument};

use crate::fault::{Code, IdentityFault};
use crate::limits;

/// Characters, white space apart: what quotas count.
pub(super) fn counted_chars(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// A document for an identity, inline or managed.
pub(super) fn check_identity(document: &str) -> Result<(), IdentityFault> {
    let parsed = PolicyDocument::parse(document, Kind::Identity);
    parsed.map(|_| ()).map_err(|fault| malformed(identity_text(document, &fault)))
}

/// A managed policy must be of the newer version, unlike an inline one.
pub(super) fn check_managed(document: &str) -> Result<(), IdentityFault> {
    if counted_chars(document) > limits::MANAGED_CHARS_MAX {
        return Err(IdentityFault::quota("PolicySize", limits::MANAGED_CHARS_MAX));
    }
    let value: Option<Value> = serde_json::from_str(document).ok();
    let version = value.as_ref().and_then(Value::as_object).map(|object| object.get("Version"));
    if let Some(None) = version {
        return Err(malformed(OLD_VERSION));
    }
    if version.flatten().and_then(Value::as_str) == Some("2008-10-17") {
        return Err(malformed(OLD_VERSION));
    }
    check_identity(document)
}

/// A session's own policy.
pub(crate) fn session_document(document: &str) -> Result<(), IdentityFault> {
    check_identity(document)
}

/// A role's trust policy.
pub(super) fn check_trust(document: &str) -> Result<(), IdentityFault> {
    if counted_chars(document) > limits::TRUST_CHARS_MAX {
        return Err(IdentityFault::quota("ACLSizePerRole", limits::TRUST_CHARS_MAX));
    }
    let Ok(value) = serde_json::from_str::<Value>(document) else {
        return Err(malformed("This policy contains invalid Json"));
    };
    for statement in statements(&value) {
        for prohibited in ["Resource", "NotResource"] {
            if statement.get(prohibited).is_some() {
                return Err(malformed(format!("Has prohibited field {prohibited}")));
            }
        }
        if statement.get("Principal").or(statement.get("NotPrincipal")).is_none() {
            return Err(malformed("Missing required field Principal"));
        }
        let has_others = statement.get("NotAction").is_some()
            || texts(statement.get("Action")).any(|action| !is_trust_action(action));
        if has_others {
            return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
        }
    }
    let parsed = PolicyDocument::parse(document, Kind::Trust);
    parsed.map(|_| ()).map_err(|fault| malformed(trust_text(&value, &fault)))
}

const OLD_VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
const SYNTAX: &str = "Syntax errors in policy.";

fn malformed(text: impl Into<std::borrow::Cow<'static, str>>) -> IdentityFault {
    IdentityFault::new(Code::MalformedPolicyDocument, text)
}

/// The actions of STS that a role can be asked for.
fn is_trust_action(action: &str) -> bool {
    const ACTIONS: [&str; 6] = [
        "assumerole",
        "assumerolewithsaml",
        "assumerolewithwebidentity",
        "setcontext",
        "setsourceidentity",
        "tagsession",
    ];
    let action = action.to_ascii_lowercase();
    let Some(name) = action.strip_prefix("sts:") else { return false };
    ACTIONS.contains(&name) || name.contains(['*', '?'])
}

fn identity_text(document: &str, fault: &Fault) -> String {
    let value: Value = serde_json::from_str(document).unwrap_or_default();
    let statement = statement_of(&value, fault);
    let element = fault.at.rsplit('.').next().unwrap_or_default();
    match element {
        "Action" | "NotAction" => match statement.map(|it| it.get(element)) {
            Some(None) => "Policy statement must contain actions.".to_owned(),
            Some(Some(_)) if is_empty_list(statement, element) => {
                "Policy statement must contain actions.".to_owned()
            }
            Some(given) => texts(given).find_map(action_text).unwrap_or_else(|| SYNTAX.to_owned()),
            None => SYNTAX.to_owned(),
        },
        "Resource" | "NotResource" => match statement.map(|it| it.get(element)) {
            Some(None) => "Policy statement must contain resources.".to_owned(),
            Some(Some(_)) if is_empty_list(statement, element) => {
                "Policy statement must contain resources.".to_owned()
            }
            Some(given) => {
                texts(given).find_map(resource_text).unwrap_or_else(|| SYNTAX.to_owned())
            }
            None => SYNTAX.to_owned(),
        },
        "Principal" | "NotPrincipal" => {
            "Policy document should not specify a principal.".to_owned()
        }
        "Sid" if fault.problem == "another statement has it" => {
            "Statement IDs (SID) in a single policy must be unique.".to_owned()
        }
        _ => SYNTAX.to_owned(),
    }
}

/// What is wrong with an action, if anything is.
fn action_text(action: &str) -> Option<String> {
    if action == "*" {
        return None;
    }
    match action.split(':').collect::<Vec<_>>()[..] {
        [_] | ["", _] => Some(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned(),
        ),
        [vendor, _] => {
            let fits = vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (!fits).then(|| format!("Vendor {vendor} is not valid"))
        }
        _ => Some("Actions/Condition can contain only one colon.".to_owned()),
    }
}

/// What is wrong with a resource, if anything is.
fn resource_text(resource: &str) -> Option<String> {
    let fits = resource == "*" || resource.starts_with("arn:") || resource.starts_with("${");
    (!fits).then(|| format!("Resource {resource} must be in ARN format or \"*\"."))
}

fn trust_text(value: &Value, fault: &Fault) -> String {
    let is_principal = fault.at.contains(".Principal.") || fault.at.contains(".NotPrincipal.");
    let kind = fault.at.rsplit('.').next().unwrap_or_default();
    let principal = statement_of(value, fault)
        .and_then(|it| it.get("Principal").or(it.get("NotPrincipal")))
        .and_then(|principal| texts(principal.get(kind)).next());
    match principal.filter(|_| is_principal) {
        Some(principal) => format!("Invalid principal in policy: \"{kind}\":\"{principal}\""),
        None => SYNTAX.to_owned(),
    }
}

/// All statements of a document, whether in a list or not.
pub(super) fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    let list = match document.get("Statement") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter()
}

/// The statement that a fault is in.
fn statement_of<'v>(document: &'v Value, fault: &Fault) -> Option<&'v Value> {
    let (index, _) = fault.at.strip_prefix("Statement[")?.split_once(']')?;
    statements(document).nth(index.parse().ok()?)
}

fn is_empty_list(statement: Option<&Value>, element: &str) -> bool {
    let list = statement.and_then(|it| it.get(element)).and_then(Value::as_array);
    list.is_some_and(Vec::is_empty)
}

/// A text, or the texts in a list.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(checked: Result<(), IdentityFault>) -> String {
        checked.map_or_else(
            |fault| match fault.code {
                Code::MalformedPolicyDocument => fault.text.into_owned(),
                other => format!("{other:?}: {}", fault.text),
            },
            |()| "fine".to_owned(),
        )
    }

    fn statement(members: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{members}}}}}"#)
    }

    #[test]
    fn what_is_wrong_with_a_managed_policy() {
        let queue = r#""Resource":"arn:aws:sqs:*:*:a""#;
        for (document, text) in [
            (statement(&format!(r#""Action":"sqs:*",{queue}"#)), "fine"),
            (statement(r#""Action":"*","Resource":["*","arn:aws:s3:::a"]"#), "fine"),
            ("This is not a json document".into(), SYNTAX),
            ("[]".into(), SYNTAX),
            (r#"{"Statement":[]}"#.into(), OLD_VERSION),
            (r#"{"Version":"2008-10-17","Statement":[]}"#.into(), OLD_VERSION),
            (r#"{"Version":"2013-10-17","Statement":[]}"#.into(), SYNTAX),
            (r#"{"Version":"2012-10-17","Statement":[]}"#.into(), SYNTAX),
            (r#"{"Version":"2012-10-17","Id":["a"]}"#.into(), SYNTAX),
            (statement(queue), "Policy statement must contain actions."),
            (
                statement(&format!(r#""Action":[],{queue}"#)),
                "Policy statement must contain actions.",
            ),
            (
                statement(&format!(r#""Action":"invalid",{queue}"#)),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (statement(&format!(r#""Action":"a a:Send",{queue}"#)), "Vendor a a is not valid"),
            (
                statement(&format!(r#""Action":["sqs:*","s3:s3:Get"],{queue}"#)),
                "Actions/Condition can contain only one colon.",
            ),
            (statement(r#""Action":"sqs:*""#), "Policy statement must contain resources."),
            (
                statement(r#""Action":"sqs:*","Resource":["*","adf"]"#),
                "Resource adf must be in ARN format or \"*\".",
            ),
            (
                statement(r#""Action":"sqs:*","Resource":"""#),
                "Resource  must be in ARN format or \"*\".",
            ),
            (
                statement(&format!(r#""Action":"sqs:*",{queue},"Principal":"*""#)),
                "Policy document should not specify a principal.",
            ),
            (
                format!(
                    r#"{{"Version":"2012-10-17","Statement":[{0},{0}]}}"#,
                    r#"{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}"#
                ),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
            (statement(&format!(r#""Action":"sqs:*",{queue},"Extra":1"#)), SYNTAX),
            ("x".repeat(6_145), "LimitExceeded: Cannot exceed quota for PolicySize: 6144"),
        ] {
            assert_eq!(told(check_managed(&document)), text, "{document:.200}");
        }
    }

    #[test]
    fn an_inline_policy_may_be_of_the_older_version() {
        for version in ["", r#""Version":"2008-10-17","#] {
            let document = format!(
                r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}"#
            );
            assert_eq!(told(check_identity(&document)), "fine");
        }
    }

    #[test]
    fn what_is_wrong_with_a_trust_policy() {
        let root = r#""Principal":{"AWS":"123456789012"}"#;
        for (document, text) in [
            (statement(&format!(r#""Action":"sts:AssumeRole",{root}"#)), "fine"),
            (statement(&format!(r#""Action":["STS:assumerole","sts:TagSession"],{root}"#)), "fine"),
            (statement(&format!(r#""Action":"sts:*",{root}"#)), "fine"),
            ("{".into(), "This policy contains invalid Json"),
            (
                statement(&format!(r#""Action":"sts:AssumeRole",{root},"Resource":"*""#)),
                "Has prohibited field Resource",
            ),
            (
                statement(&format!(r#""Action":"sqs:SendMessage",{root}"#)),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (
                statement(&format!(r#""NotAction":"sts:AssumeRole",{root}"#)),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (statement(r#""Action":"sts:AssumeRole""#), "Missing required field Principal"),
            (
                statement(r#""Action":"sts:AssumeRole","Principal":{"AWS":"me"}"#),
                "Invalid principal in policy: \"AWS\":\"me\"",
            ),
            ("[]".into(), SYNTAX),
            ("x".repeat(2_049), "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"),
        ] {
            assert_eq!(told(check_trust(&document)), text, "{document:.200}");
        }
    }
}
