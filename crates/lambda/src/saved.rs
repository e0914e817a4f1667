//! What is kept of functions: entries of the register, each written whole.
//!
//! ```text
//!   lambda/ACCOUNT/REGION/NAME                     SavedFunction: the function, and its $LATEST
//!   lambda/ACCOUNT/REGION/NAME/version/NUMBER      Configuration: a published version
//!   lambda/ACCOUNT/REGION/NAME/alias/ALIAS         Alias
//!   lambda/ACCOUNT/REGION/NAME/policy/QUALIFIER    SavedPolicy; of the function itself: $LATEST
//!   lambda/ACCOUNT/REGION/NAME/invoke/QUALIFIER    InvokeConfig; of the function itself: $LATEST
//! ```
//!
//! A function's entry comes before what belongs to it, and goes after it. Values are JSON, so that a
//! later release can add members; what they mean must stay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidings_core::names::{AccountId, Region};

use crate::configuration::Configuration;
use crate::names::{FunctionId, FunctionName, Qualifier, Scope};

/// One entry of the register as it is to be: `None` removes it.
pub type Write = (String, Option<Vec<u8>>);

/// What the names of all entries begin with.
pub const PREFIX: &str = "lambda/";

/// What an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct EntryKey {
    pub(crate) function: FunctionId,
    pub(crate) part: Part,
}

/// What of a function an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Function,
    Version(u64),
    Alias(Box<str>),
    Policy(Qualifier),
    Invoke(Qualifier),
}

impl EntryKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.splitn(5, '/');
        let account = AccountId::parse(parts.next()?)?;
        let scope = Scope { account, region: Region::parse(parts.next()?)? };
        let function = FunctionId { scope, name: FunctionName::parse(parts.next()?)? };
        let part = match (parts.next(), parts.next()) {
            (None, _) => Part::Function,
            (Some(kind), Some(rest)) => match (kind, Qualifier::parse(rest)?) {
                ("version", Qualifier::Version(number)) => Part::Version(number),
                ("alias", Qualifier::Alias(name)) => Part::Alias(name),
                ("policy", qualifier) => Part::Policy(qualifier),
                ("invoke", qualifier) => Part::Invoke(qualifier),
                _ => return None,
            },
            (Some(_), None) => return None,
        };
        Some(Self { function, part })
    }

    pub(crate) fn to_text(&self) -> String {
        let Self { function: FunctionId { scope, name }, part } = self;
        let base = format!("{PREFIX}{}/{}/{name}", scope.account, scope.region.as_str());
        match part {
            Part::Function => base,
            Part::Version(number) => format!("{base}/version/{number}"),
            Part::Alias(alias) => format!("{base}/alias/{alias}"),
            Part::Policy(qualifier) => format!("{base}/policy/{qualifier}"),
            Part::Invoke(qualifier) => format!("{base}/invoke/{qualifier}"),
        }
    }

    /// An entry as it is to be.
    pub(crate) fn set(&self, saved: &impl Serialize) -> Write {
        let value = serde_json::to_vec(saved).expect("texts and numbers can be written as JSON");
        (self.to_text(), Some(value))
    }

    /// An entry that is to go.
    pub(crate) fn remove(&self) -> Write {
        (self.to_text(), None)
    }
}

/// What is kept of a function beside its versions.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedFunction {
    pub(crate) created_at_ms: u64,
    /// The number of the newest version that ever was: none comes twice.
    #[serde(default)]
    pub(crate) last_version: u64,
    /// `$LATEST`.
    pub(crate) latest: Configuration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reserved_concurrency: Option<u32>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

/// What is kept of a policy: its statements, each as it was made.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SavedPolicy {
    pub(crate) revision_id: String,
    /// By their ids, in the order in which they were added.
    pub(crate) statements: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_readable_names() {
        let base = "lambda/111122223333/us-east-1/resize";
        for (text, part) in [
            (base.to_owned(), Part::Function),
            (format!("{base}/version/12"), Part::Version(12)),
            (format!("{base}/alias/live"), Part::Alias("live".into())),
            (format!("{base}/policy/$LATEST"), Part::Policy(Qualifier::Latest)),
            (format!("{base}/invoke/live"), Part::Invoke(Qualifier::Alias("live".into()))),
        ] {
            let entry = EntryKey::parse(&text).unwrap();
            assert_eq!(entry.part, part);
            assert_eq!(entry.to_text(), text);
        }
        for text in [
            "",
            "lambda/",
            "lambda/1/us-east-1/resize",
            "lambda/111122223333/US/resize",
            "lambda/111122223333/us-east-1",
            "lambda/111122223333/us-east-1/",
            "lambda/111122223333/us-east-1/a/version",
            "lambda/111122223333/us-east-1/a/version/live",
            "lambda/111122223333/us-east-1/a/version/01",
            "lambda/111122223333/us-east-1/a/alias/1",
            "lambda/111122223333/us-east-1/a/thing/b",
            "lambda/111122223333/us-east-1/a/alias/b/c",
            "keys/111122223333/us-east-1/a",
        ] {
            assert_eq!(EntryKey::parse(text), None, "{text}");
        }
    }
}
