//! The condition keys of the request: what follows from it, and what is given beside.

use std::collections::BTreeMap;

use tidings_access::{Context, ContextValue, Facts, written_instant};

use super::BadInput;

/// Keys that say who asks, where one would contradict the other.
const OF_CALLER: [&str; 7] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:principaltype",
    "aws:username",
];

/// Keys that are lists, even of one value: a policy cannot use them as a variable.
const LISTS: [&str; 9] = [
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "aws:vpceorgpaths",
    "kms:encryptioncontextkeys",
    "kms:resourcealiases",
    "sts:transitivetagkeys",
];

/// What `--context` gives: values by key, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Given(BTreeMap<String, Vec<String>>);

impl Given {
    /// Reads `KEY=VALUE`s.
    pub(super) fn read(pairs: &[String]) -> Result<Self, BadInput> {
        let mut given = Self::default();
        for pair in pairs {
            let bad = |problem: &str| BadInput::new(format!("--context {pair}"), problem);
            let (key, value) = pair
                .split_once('=')
                .filter(|(key, _)| {
                    key.split_once(':').is_some_and(|(prefix, _)| !prefix.is_empty())
                })
                .ok_or_else(|| {
                    bad("a condition key and its value look like aws:SourceIp=192.0.2.1")
                })?;
            let key = key.to_lowercase();
            if OF_CALLER.contains(&key.as_str()) {
                return Err(bad("the key follows from --caller"));
            }
            if matches!(key.as_str(), "aws:currenttime" | "aws:epochtime") {
                return Err(bad("the key follows from --now"));
            }
            if key == "aws:resourceaccount" {
                return Err(bad("the key follows from --resource"));
            }
            given.0.entry(key).or_default().push(value.to_owned());
        }
        Ok(given)
    }

    /// The unique id of the user or role, from `aws:userid`, which of a session has its name too.
    pub(super) fn caller_id(&self) -> &str {
        let id = self.0.get("aws:userid").and_then(|values| values.first());
        id.map_or("", |id| id.split_once(':').map_or(id, |(role, _)| role))
    }

    fn value(&self, key: &str) -> Option<ContextValue<'_>> {
        let values = self.0.get(key)?;
        Some(match &values[..] {
            [value] if !LISTS.contains(&key) => ContextValue::text(value.as_str()),
            values => ContextValue::many(values.iter().map(String::as_str)),
        })
    }
}

/// Where the policies look keys up: what is given goes before what follows.
pub(super) struct Keys<'a> {
    pub(super) given: &'a Given,
    pub(super) facts: Facts<'a>,
}

impl Context for Keys<'_> {
    fn value(&self, key: &str) -> Option<ContextValue<'_>> {
        if let Some(value) = self.given.value(key) {
            return Some(value);
        }
        let follows = self.facts.value(key);
        // Users and roles have an id, but nobody said which.
        let is_unknown = |value: &ContextValue<'_>| {
            key == "aws:userid"
                && matches!(value, ContextValue::Text(id) if id.is_empty() || id.starts_with(':'))
        };
        follows.filter(|value| !is_unknown(value))
    }
}

/// The texts of a value, for people and programs.
pub(super) fn texts(value: &ContextValue<'_>) -> Vec<String> {
    match value {
        ContextValue::Text(text) => vec![text.clone().into_owned()],
        ContextValue::Bool(truth) => vec![truth.to_string()],
        ContextValue::Number(number) => vec![number.to_string()],
        ContextValue::Instant(instant) => vec![written_instant(*instant)],
        ContextValue::Address(address) => vec![address.to_string()],
        ContextValue::Many(texts) => texts.iter().map(|text| text.clone().into_owned()).collect(),
    }
}
