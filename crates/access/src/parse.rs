//! JSON to a compiled document. IAM user guide, "Grammar of the IAM JSON policy language".

mod conditions;
mod principals;
mod statement;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::condition::Writing;
use crate::document::{Kind, PolicyDocument, Statement};
use crate::fault::Fault;

/// Where a problem of the document as a whole is said to be.
const DOCUMENT: &str = "document";

/// The most bytes that are read at all, white space included. The API's own bound.
const BYTES_MAX: usize = 131_072;

/// Of a kind, how large a document may be, and whether white space counts.
fn size_max(kind: Kind) -> (usize, bool) {
    match kind {
        Kind::Identity => (10_240, false),
        Kind::Queue => (8_192, true),
        Kind::Topic => (30_720, true),
        Kind::Key => (32_768, true),
        Kind::Function => (20_480, true),
        Kind::Trust => (4_096, false),
        Kind::Endpoint => (20_480, false),
    }
}

/// What a kind asks of its documents.
#[derive(Clone, Copy)]
struct Rules {
    writing: Writing,
    has_principal: bool,
    has_resource: bool,
    /// The statements may be none: what is left of a queue's or topic's policy after
    /// RemovePermission.
    may_be_empty: bool,
    /// Each Sid comes once. Key and endpoint policies are not known to ask for it.
    unique_sids: bool,
    /// Sids are letters and digits.
    plain_sids: bool,
}

fn rules(kind: Kind, variables: bool) -> Rules {
    let of_service = matches!(kind, Kind::Queue | Kind::Topic);
    let of_iam = matches!(kind, Kind::Identity | Kind::Trust);
    Rules {
        writing: Writing { variables, strict: !of_service },
        has_principal: kind != Kind::Identity,
        has_resource: kind != Kind::Trust,
        may_be_empty: of_service,
        unique_sids: of_service || of_iam || kind == Kind::Function,
        plain_sids: of_iam,
    }
}

pub(crate) fn document(json: &str, kind: Kind) -> Result<PolicyDocument, Fault> {
    check_size(json, kind)?;
    let value: Value =
        serde_json::from_str(json).map_err(|error| Fault::new(DOCUMENT, error.to_string()))?;
    let Value::Object(document) = value else {
        return Err(Fault::new(DOCUMENT, "not a JSON object"));
    };
    check_members(&document, &["Version", "Id", "Statement"], "")?;
    let variables = match document.get("Version").map(Value::as_str) {
        None | Some(Some("2008-10-17")) => false,
        Some(Some("2012-10-17")) => true,
        Some(_) => return Err(Fault::new("Version", "neither 2012-10-17 nor 2008-10-17")),
    };
    let id = text(&document, "Id", "Id")?;
    let statements = statements(&document, rules(kind, variables))?;
    Ok(PolicyDocument { kind, id, statements })
}

fn check_size(json: &str, kind: Kind) -> Result<(), Fault> {
    let (max, all_counts) = size_max(kind);
    let too_large = match all_counts {
        true => json.len() > max,
        false => {
            json.len() > BYTES_MAX || json.chars().filter(|c| !c.is_whitespace()).count() > max
        }
    };
    if too_large {
        let unit = if all_counts { "bytes" } else { "characters besides white space" };
        return Err(Fault::new(DOCUMENT, format!("larger than {max} {unit}")));
    }
    Ok(())
}

fn statements(document: &Map<String, Value>, rules: Rules) -> Result<Box<[Statement]>, Fault> {
    let list = match document.get("Statement") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        Some(_) => return Err(Fault::new("Statement", "neither an object nor a list of them")),
        None => return Err(Fault::new("Statement", "missing")),
    };
    if list.is_empty() && !rules.may_be_empty {
        return Err(Fault::new("Statement", "empty"));
    }
    let mut statements = Vec::with_capacity(list.len());
    let mut sids = std::collections::BTreeSet::new();
    for (index, value) in list.iter().enumerate() {
        let at = format!("Statement[{index}]");
        let statement = statement::statement(value, &at, rules)?;
        if let Some(sid) = statement.sid.as_deref().filter(|_| rules.unique_sids)
            && !sids.insert(sid.to_owned())
        {
            return Err(Fault::new(format!("{at}.Sid"), "another statement has it"));
        }
        statements.push(statement);
    }
    Ok(statements.into())
}

/// A member that is a text, if it is there.
fn text(object: &Map<String, Value>, name: &str, at: &str) -> Result<Option<Box<str>>, Fault> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str().into())),
        Some(_) => Err(Fault::new(at, "not a text")),
    }
}

/// A text, or the texts of a list that is not empty.
fn texts(value: &Value, at: &str) -> Result<Vec<String>, Fault> {
    let list = match value {
        Value::Array(list) if list.is_empty() => return Err(Fault::new(at, "an empty list")),
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts: Option<Vec<String>> = list.iter().map(text).collect();
    texts.ok_or_else(|| Fault::new(at, "neither a text nor a list of them"))
}

fn check_members(object: &Map<String, Value>, names: &[&str], at: &str) -> Result<(), Fault> {
    match object.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) if at.is_empty() => Err(Fault::new(name.as_str(), "no such element")),
        Some(name) => Err(Fault::new(format!("{at}.{name}"), "no such element")),
        None => Ok(()),
    }
}
