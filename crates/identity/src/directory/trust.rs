//! Whom a trust policy names, in its text.

use std::collections::BTreeMap;

use serde_json::Value;

/// The principals of kind `AWS` that a trust policy names, none twice.
pub(super) fn named(trust_policy: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut document: Value = serde_json::from_str(trust_policy).unwrap_or_default();
    for_each(&mut document, |name| {
        if !names.contains(name) {
            names.push(name.clone());
        }
    });
    names
}

/// The trust policy with other names for some principals; as it is written if there are none.
pub(super) fn renamed(trust_policy: &str, names: &BTreeMap<&str, &str>) -> String {
    if names.is_empty() {
        return trust_policy.to_owned();
    }
    let mut document: Value = serde_json::from_str(trust_policy).unwrap_or_default();
    for_each(&mut document, |name| {
        if let Some(new) = names.get(name.as_str()) {
            *name = (*new).to_owned();
        }
    });
    document.to_string()
}

fn for_each(document: &mut Value, mut act: impl FnMut(&mut String)) {
    let statements = match document.get_mut("Statement") {
        Some(Value::Array(list)) => list.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => return,
    };
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            let names = match statement.get_mut(element).and_then(|kinds| kinds.get_mut("AWS")) {
                Some(Value::Array(list)) => list.as_mut_slice(),
                Some(one) => std::slice::from_mut(one),
                None => continue,
            };
            for name in names {
                if let Value::String(name) = name {
                    act(name);
                }
            }
        }
    }
}
