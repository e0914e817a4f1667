//! What a request says of a mapping.

use std::ops::RangeInclusive;

use super::mapping::{Filter, Mapping};
use crate::fault::LambdaFault;
use crate::limits;

/// What is to be set: `None` leaves it as it is, or as it is by default.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct MappingSettings {
    /// `BatchSize`.
    pub batch_size: Option<i64>,
    /// `MaximumBatchingWindowInSeconds`.
    pub window_seconds: Option<i64>,
    /// The patterns of `FilterCriteria`. None at all takes those away that there are.
    pub filters: Option<Vec<String>>,
    /// `FunctionResponseTypes`.
    pub response_types: Option<Vec<String>>,
    /// `ScalingConfig`: its `MaximumConcurrency`, or nothing, which takes it away.
    pub concurrency_max: Option<Option<i64>>,
    /// `Enabled`.
    pub is_enabled: Option<bool>,
}

/// The only one of `FunctionResponseTypes`.
const ITEM_FAILURES: &str = "ReportBatchItemFailures";

impl MappingSettings {
    /// Changes what is given, and checks what comes of it.
    ///
    /// # Errors
    /// ValidationException for what is out of its own bounds; InvalidParameterValueException for what
    /// does not go together.
    pub(super) fn change(self, mapping: &mut Mapping) -> Result<(), LambdaFault> {
        let Self { batch_size, window_seconds, filters, response_types, .. } = self;
        if let Some(size) = batch_size {
            mapping.batch_size = within(size, "batchSize", &limits::EVENT_SOURCE_BATCH_SIZE)?;
        }
        if let Some(seconds) = window_seconds {
            let member = "maximumBatchingWindowInSeconds";
            mapping.window_seconds = within(seconds, member, &limits::EVENT_SOURCE_WINDOW_SECONDS)?;
        }
        if let Some(max) = self.concurrency_max {
            let check = |max| {
                let member = "scalingConfig.maximumConcurrency";
                within(max, member, &limits::EVENT_SOURCE_CONCURRENCY_MAX)
            };
            mapping.concurrency_max = max.map(check).transpose()?;
        }
        if let Some(types) = response_types {
            mapping.reports_item_failures = check_response_types(&types)?;
        }
        if let Some(filters) = filters {
            mapping.filters = check_filters(&filters)?;
        }
        mapping.is_enabled = self.is_enabled.unwrap_or(mapping.is_enabled);
        check_batches(mapping)
    }
}

fn within(value: i64, member: &str, range: &RangeInclusive<u32>) -> Result<u32, LambdaFault> {
    let within = u32::try_from(value).ok().filter(|value| range.contains(value));
    within.ok_or_else(|| {
        let constraint = match value > i64::from(*range.end()) {
            true => format!("have value less than or equal to {}", range.end()),
            false => format!("have value greater than or equal to {}", range.start()),
        };
        LambdaFault::constraint(&value.to_string(), member, constraint)
    })
}

fn check_response_types(types: &[String]) -> Result<bool, LambdaFault> {
    if types.iter().any(|it| it != ITEM_FAILURES) {
        let value = format!("[{}]", types.join(", "));
        let constraint =
            format!("satisfy constraint: [Member must satisfy enum value set: [{ITEM_FAILURES}]]");
        return Err(LambdaFault::constraint(&value, "functionResponseTypes", constraint));
    }
    if types.len() > 1 {
        let value = format!("[{}]", types.join(", "));
        let constraint = "have length less than or equal to 1";
        return Err(LambdaFault::constraint(&value, "functionResponseTypes", constraint));
    }
    Ok(!types.is_empty())
}

/// The text about patterns is the service's, as recorded; that about their number is ours.
fn check_filters(texts: &[String]) -> Result<Vec<Filter>, LambdaFault> {
    let max = limits::EVENT_SOURCE_FILTERS_MAX;
    if texts.len() > max {
        let text = format!("An event source mapping can have {max} filters at most.");
        return Err(LambdaFault::parameter(text));
    }
    let invalid = || LambdaFault::parameter("Invalid filter pattern definition.");
    texts.iter().map(|text| Filter::parse(text).ok_or_else(invalid)).collect()
}

/// What holds between batches, windows and kinds of queues. The first text is the service's, as
/// recorded, the second as people report it; the third is ours.
fn check_batches(mapping: &Mapping) -> Result<(), LambdaFault> {
    let is_fifo = mapping.queue.name.is_fifo();
    let is_large = mapping.batch_size > limits::EVENT_SOURCE_BATCH_SIZE_WITHOUT_WINDOW_MAX;
    if is_fifo && mapping.window_seconds > 0 {
        return Err(LambdaFault::parameter("Batching window is not supported for FIFO queues"));
    }
    if is_fifo && is_large {
        return Err(LambdaFault::parameter("Batch size cannot exceed 10 for FIFO queues"));
    }
    if is_large && mapping.window_seconds == 0 {
        let text = "Maximum batch window in seconds must be greater than 0 if maximum batch size is \
                    greater than 10";
        return Err(LambdaFault::parameter(text));
    }
    Ok(())
}
