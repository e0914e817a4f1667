//! A function with all that belongs to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidings_access::{Kind, PolicyDocument};

use crate::configuration::Configuration;
use crate::limits;
use crate::names::{FunctionId, Qualifier};
use crate::saved::{SavedFunction, SavedPolicy};

/// A function: `$LATEST`, published versions, aliases, policies, settings.
#[derive(Clone, Debug)]
pub struct Function {
    pub(crate) id: FunctionId,
    pub(crate) saved: Arc<SavedFunction>,
    pub(crate) latest: Arc<Configuration>,
    pub(crate) versions: BTreeMap<u64, Arc<Configuration>>,
    pub(crate) aliases: BTreeMap<Box<str>, Arc<Alias>>,
    pub(crate) policies: BTreeMap<Qualifier, Arc<Policy>>,
    pub(crate) invoke_configs: BTreeMap<Qualifier, Arc<InvokeConfig>>,
}

/// An alias: a name that leads to one version, or to two.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Alias {
    /// The version.
    pub version: AliasTarget,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Another version, which gets this part of the invocations: 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<(u64, f64)>,
    /// Changes with every change.
    pub revision_id: String,
}

/// What an alias leads to: a published version, or `$LATEST`, which is 0.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct AliasTarget(pub(crate) u64);

impl AliasTarget {
    /// The version.
    pub fn qualifier(self) -> Qualifier {
        match self.0 {
            0 => Qualifier::Latest,
            number => Qualifier::Version(number),
        }
    }
}

/// What becomes of asynchronous invocations: the settings that somebody made.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub struct InvokeConfig {
    /// How often an event is tried again after an error of the function: 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_attempts: Option<u32>,
    /// How long an event may wait: 60 to 21600 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_age_seconds: Option<u32>,
    /// Where a record of a success goes: the ARN of a queue or topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    /// Where a record goes of an event that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// When it was set last.
    #[serde(default)]
    pub modified_at_ms: u64,
}

impl InvokeConfig {
    /// Retries after errors of the function, as set or by default.
    pub fn retries(&self) -> u32 {
        self.retry_attempts.unwrap_or(limits::RETRY_ATTEMPTS_MAX)
    }

    /// How long an event may wait, as set or by default.
    pub fn event_age_ms(&self) -> u64 {
        let seconds = self.event_age_seconds.unwrap_or(*limits::EVENT_AGE_SECONDS.end());
        u64::from(seconds) * 1000
    }
}

/// A policy of a function, a version or an alias.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) saved: SavedPolicy,
    pub(crate) document: PolicyDocument,
}

impl Policy {
    /// `None` if a statement is none.
    pub(crate) fn open(saved: SavedPolicy) -> Option<Self> {
        let document = PolicyDocument::parse(&text_of(&saved), Kind::Function).ok()?;
        Some(Self { saved, document })
    }

    /// The policy as GetPolicy shows it.
    pub fn text(&self) -> String {
        text_of(&self.saved)
    }

    /// Changes with every change.
    pub fn revision_id(&self) -> &str {
        &self.saved.revision_id
    }

    /// The policy as it is evaluated.
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }
}

pub(crate) fn text_of(policy: &SavedPolicy) -> String {
    let statements: Vec<&str> = policy.statements.iter().map(|(_, text)| text.as_str()).collect();
    let statements = statements.join(",");
    format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}"#)
}

impl Function {
    pub(crate) fn new(id: FunctionId, saved: SavedFunction) -> Self {
        let latest = Arc::new(saved.latest.clone());
        Self {
            id,
            saved: Arc::new(saved),
            latest,
            versions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            policies: BTreeMap::new(),
            invoke_configs: BTreeMap::new(),
        }
    }

    /// Whose it is, where, and what it is called.
    pub fn id(&self) -> &FunctionId {
        &self.id
    }

    /// How many invocations may be under way at once, if that was set.
    pub fn reserved_concurrency(&self) -> Option<u32> {
        self.saved.reserved_concurrency
    }

    /// Its tags.
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.saved.tags
    }

    /// Its aliases by name.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Arc<Alias>)> {
        self.aliases.iter().map(|(name, alias)| (&**name, alias))
    }

    /// The policy of the function itself (no qualifier, or `$LATEST`), a version, or an alias.
    pub fn policy(&self, qualifier: Option<&Qualifier>) -> Option<&Arc<Policy>> {
        self.policies.get(qualifier.unwrap_or(&Qualifier::Latest))
    }

    /// The settings of asynchronous invocations, of the function itself, a version, or an alias.
    pub fn invoke_config(&self, qualifier: Option<&Qualifier>) -> Option<&Arc<InvokeConfig>> {
        self.invoke_configs.get(qualifier.unwrap_or(&Qualifier::Latest))
    }

    /// All of them, by what they are of.
    pub fn invoke_configs(&self) -> impl Iterator<Item = (&Qualifier, &Arc<InvokeConfig>)> {
        self.invoke_configs.iter()
    }

    /// A version by its number; `$LATEST` is 0.
    pub(crate) fn version(&self, number: u64) -> Option<&Arc<Configuration>> {
        match number {
            0 => Some(&self.latest),
            number => self.versions.get(&number),
        }
    }

    /// Every version, `$LATEST` first.
    pub fn versions(&self) -> impl Iterator<Item = (Qualifier, &Arc<Configuration>)> {
        let published = self.versions.iter();
        std::iter::once((Qualifier::Latest, &self.latest))
            .chain(published.map(|(number, version)| (Qualifier::Version(*number), version)))
    }
}
