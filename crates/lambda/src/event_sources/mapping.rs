//! A mapping.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidings_core::filter_policy::{EventPattern, PatternedEvent};
use tidings_core::names::{QueueArn, Uuid};

use crate::limits;
use crate::names::{FunctionId, Qualifier, Reference};

/// A queue whose messages a function gets. Values are within their bounds.
#[derive(Clone, PartialEq, Debug)]
pub struct Mapping {
    /// What it is known by.
    pub uuid: Uuid,
    /// The queue. It may be another account's, but is in the function's region.
    pub queue: QueueArn,
    /// The function, whose account and region the mapping is in.
    pub function: FunctionId,
    /// Which version, if that was said.
    pub qualifier: Option<Qualifier>,
    /// Messages in a batch, at most.
    pub batch_size: u32,
    /// How long to wait for a batch to fill, in seconds.
    pub window_seconds: u32,
    /// Which messages are wanted: those that one of these matches, or all if there is none.
    pub filters: Vec<Filter>,
    /// Whether the function says which messages it failed on: `ReportBatchItemFailures`.
    pub reports_item_failures: bool,
    /// Batches that the function has at once, at most, if that was said.
    pub concurrency_max: Option<u32>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the function is to get messages.
    pub is_enabled: bool,
    /// What has been asked and is not done yet.
    pub phase: Phase,
    /// When somebody changed it last, in milliseconds since 1970.
    pub modified_at_ms: u64,
    /// How often somebody has changed it.
    pub revision: u64,
}

/// What has been asked of a mapping and is not done yet.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the documented state of its name")]
pub enum Phase {
    Creating,
    Updating,
    Enabling,
    Disabling,
    Deleting,
    /// Nothing: it is `Enabled` or `Disabled`.
    Settled,
}

/// A pattern, ready to use.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    /// As it was given.
    pub text: String,
    /// What it says.
    pub pattern: EventPattern,
}

impl Filter {
    /// Reads a pattern; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = EventPattern::parse(text).ok()?;
        Some(Self { text: text.to_owned(), pattern })
    }
}

impl Mapping {
    /// `State`, as it is shown.
    pub fn state(&self) -> &'static str {
        match (self.phase, self.is_enabled) {
            (Phase::Creating, _) => "Creating",
            (Phase::Updating, _) => "Updating",
            (Phase::Enabling, _) => "Enabling",
            (Phase::Disabling, _) => "Disabling",
            (Phase::Deleting, _) => "Deleting",
            (Phase::Settled, true) => "Enabled",
            (Phase::Settled, false) => "Disabled",
        }
    }

    /// The mapping's own ARN.
    pub fn arn(&self) -> String {
        let scope = &self.function.scope;
        let (partition, region) = (scope.region.partition(), scope.region.as_str());
        format!(
            "arn:{partition}:lambda:{region}:{}:event-source-mapping:{}",
            scope.account, self.uuid
        )
    }

    /// The function's ARN, with the qualifier if there is one.
    pub fn function_arn(&self) -> String {
        self.function.arn(self.qualifier.as_ref())
    }

    /// What is invoked.
    pub fn reference(&self) -> Reference {
        Reference { id: self.function.clone(), qualifier: self.qualifier.clone() }
    }

    /// Whether the function gets messages now: it does while something is changed, too.
    pub fn is_running(&self) -> bool {
        self.is_enabled && self.phase != Phase::Deleting
    }

    /// Whether the function wants a message.
    pub fn wants(&self, event: &PatternedEvent) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|it| it.pattern.matches(event))
    }

    /// How long messages stay invisible once they are received, in seconds, if not as long as their
    /// queue says. Developer guide, "Creating and configuring an Amazon SQS event source mapping":
    /// where the window and the function together take longer than the queue's timeout, both and
    /// half a minute. A queue whose messages never become invisible would have them come again before
    /// the function has seen them: the same holds there.
    pub fn visibility_seconds(&self, of_queue: u32, function_timeout: u32) -> Option<u32> {
        let needed = self.window_seconds + function_timeout;
        let is_short = of_queue == 0 || (self.window_seconds > 0 && needed > of_queue);
        is_short.then_some(needed + limits::EVENT_SOURCE_VISIBILITY_SPARE_SECONDS)
    }

    /// Batches that the function has at once: at first, and at most.
    pub fn concurrency(&self) -> (u32, u32) {
        let max = self.concurrency_max.unwrap_or(limits::EVENT_SOURCE_CONCURRENCY_DEFAULT_MAX);
        (limits::EVENT_SOURCE_CONCURRENCY_START.min(max), max)
    }
}
