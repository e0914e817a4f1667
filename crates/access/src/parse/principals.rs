//! The `Principal` element. IAM user guide, "AWS JSON policy elements: Principal".

use serde_json::Value;

use super::{Rules, texts};
use crate::fault::Fault;
use crate::principal::Principal;

pub(super) fn principals(value: &Value, at: &str, rules: Rules) -> Result<Box<[Principal]>, Fault> {
    let kinds = match value {
        Value::String(everyone) if everyone == "*" => return Ok([Principal::Everyone].into()),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        _ => return Err(Fault::new(at, "neither \"*\" nor an object of principals")),
    };
    let mut list = Vec::new();
    for (kind, value) in kinds {
        let at = format!("{at}.{kind}");
        let read: fn(String) -> Option<Principal> = match kind.as_str() {
            "AWS" if rules.writing.strict => |text| Some(aws(&text)).filter(|_| is_aws(&text)),
            "AWS" => |text| Some(aws(&text)),
            "Service" => |text| Some(Principal::Service(unless_all(text))),
            "Federated" => |text| Some(Principal::Federated(unless_all(text))),
            "CanonicalUser" => |_| Some(Principal::Canonical),
            _ => return Err(Fault::new(at, "no such kind of principal")),
        };
        for text in texts(value, &at)? {
            let principal = read(text).ok_or_else(|| {
                Fault::new(at.as_str(), "not an account, the ARN or the id of an identity")
            })?;
            list.push(principal);
        }
    }
    Ok(list.into())
}

fn unless_all(text: String) -> Option<Box<str>> {
    (text != "*").then(|| text.into())
}

fn aws(text: &str) -> Principal {
    if text == "*" {
        Principal::Everyone
    } else if is_account(text) {
        Principal::Account(text.into())
    } else if let Some(account) = account_of_root(text) {
        Principal::Account(account.into())
    } else if text.starts_with("arn:") {
        Principal::Arn(text.into())
    } else {
        Principal::UniqueId(text.into())
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The account of `arn:aws:iam::ACCOUNT:root`, in any partition.
fn account_of_root(text: &str) -> Option<&str> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    let ("arn", partition, "iam", "") = (next()?, next()?, next()?, next()?) else {
        return None;
    };
    let (account, root) = (next()?, next()?);
    (partition.starts_with("aws") && root == "root" && is_account(account)).then_some(account)
}

/// Whether there can be such a principal. `*` within one is no wildcard, so none has it.
fn is_aws(text: &str) -> bool {
    let is_id = || text.starts_with('A') && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_arn = || {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam" | "sts", "", account, identity] = parts[..] else {
            return false;
        };
        let fits = account == "aws" || is_account(account);
        partition.starts_with("aws")
            && fits
            && !identity.is_empty()
            && !identity.contains(['*', '?'])
    };
    text == "*" || is_account(text) || is_arn() || is_id()
}
