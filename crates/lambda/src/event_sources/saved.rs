//! What is kept of mappings: `event-sources/ACCOUNT/REGION/UUID`, each entry written whole. Values
//! are JSON, so that a later release can add members; what they mean must stay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidings_core::names::{AccountId, QueueArn, Region, Uuid};

use super::mapping::{Filter, Mapping, Phase};
use crate::names::{FunctionId, Scope};
use crate::saved::Write;

/// What the names of all entries begin with.
pub const PREFIX: &str = "event-sources/";

#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct SavedMapping {
    queue: String,
    /// With its qualifier.
    function: String,
    batch_size: u32,
    window_seconds: u32,
    #[serde(default)]
    filters: Vec<String>,
    #[serde(default)]
    reports_item_failures: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concurrency_max: Option<u32>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    is_enabled: bool,
    phase: Phase,
    modified_at_ms: u64,
    revision: u64,
}

impl SavedMapping {
    /// `None` if a name in it is none.
    pub(super) fn open(self, uuid: Uuid) -> Option<Mapping> {
        let (function, qualifier) = FunctionId::parse_arn(&self.function)?;
        Some(Mapping {
            uuid,
            queue: QueueArn::parse(&self.queue)?,
            function,
            qualifier,
            batch_size: self.batch_size,
            window_seconds: self.window_seconds,
            filters: self.filters.iter().map(|it| Filter::parse(it)).collect::<Option<_>>()?,
            reports_item_failures: self.reports_item_failures,
            concurrency_max: self.concurrency_max,
            tags: self.tags,
            is_enabled: self.is_enabled,
            phase: self.phase,
            modified_at_ms: self.modified_at_ms,
            revision: self.revision,
        })
    }
}

impl From<&Mapping> for SavedMapping {
    fn from(mapping: &Mapping) -> Self {
        Self {
            queue: mapping.queue.to_string(),
            function: mapping.function_arn(),
            batch_size: mapping.batch_size,
            window_seconds: mapping.window_seconds,
            filters: mapping.filters.iter().map(|filter| filter.text.clone()).collect(),
            reports_item_failures: mapping.reports_item_failures,
            concurrency_max: mapping.concurrency_max,
            tags: mapping.tags.clone(),
            is_enabled: mapping.is_enabled,
            phase: mapping.phase,
            modified_at_ms: mapping.modified_at_ms,
            revision: mapping.revision,
        }
    }
}

/// The mapping's entry as it is to be.
pub(super) fn set(mapping: &Mapping) -> Write {
    let value = serde_json::to_vec(&SavedMapping::from(mapping));
    let value = value.expect("texts and numbers can be written as JSON");
    (entry(&mapping.function.scope, mapping.uuid), Some(value))
}

/// The mapping's entry, which is to go.
pub(super) fn remove(mapping: &Mapping) -> Write {
    (entry(&mapping.function.scope, mapping.uuid), None)
}

fn entry(scope: &Scope, uuid: Uuid) -> String {
    format!("{PREFIX}{}/{}/{uuid}", scope.account, scope.region.as_str())
}

/// Whose mapping an entry is of, and which.
pub(super) fn parse(entry: &str) -> Option<(Scope, Uuid)> {
    let mut parts = entry.strip_prefix(PREFIX)?.splitn(3, '/');
    let account = AccountId::parse(parts.next()?)?;
    let scope = Scope { account, region: Region::parse(parts.next()?)? };
    Some((scope, Uuid::parse(parts.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scope;

    #[test]
    fn entries_have_readable_names() {
        let uuid = Uuid::from_random(7);
        let text = format!("event-sources/111122223333/us-east-1/{uuid}");
        assert_eq!(entry(&scope(), uuid), text);
        assert_eq!(parse(&text), Some((scope(), uuid)));
        for text in [
            "",
            "event-sources/",
            "event-sources/111122223333/us-east-1",
            "event-sources/111122223333/us-east-1/x",
            "event-sources/1/us-east-1/00000000-0000-4000-8000-000000000000",
            "lambda/111122223333/us-east-1/00000000-0000-4000-8000-000000000000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
