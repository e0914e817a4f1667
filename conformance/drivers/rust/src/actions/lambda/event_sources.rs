use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{Filter, FilterCriteria, FunctionResponseType, ScalingConfig};
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list as listed, members};

/// The members of a mapping. The SDK has a type of its own for each action that shows one.
macro_rules! mapping {
    ($it:expr) => {{
        let it = $it;
        let filters = it.filter_criteria().map(|criteria| {
            let filter = |filter: &Filter| members([("Pattern", json!(filter.pattern()))]);
            members([("Filters", listed(criteria.filters(), filter))])
        });
        let scaling = it
            .scaling_config()
            .map(|config| members([("MaximumConcurrency", json!(config.maximum_concurrency()))]));
        members([
            ("UUID", json!(it.uuid())),
            ("EventSourceMappingArn", json!(it.event_source_mapping_arn())),
            ("EventSourceArn", json!(it.event_source_arn())),
            ("FunctionArn", json!(it.function_arn())),
            ("BatchSize", json!(it.batch_size())),
            ("MaximumBatchingWindowInSeconds", json!(it.maximum_batching_window_in_seconds())),
            ("FilterCriteria", json!(filters)),
            (
                "FunctionResponseTypes",
                listed(it.function_response_types(), |kind| json!(kind.as_str())),
            ),
            ("ScalingConfig", json!(scaling)),
            ("LastModified", json!(it.last_modified().map(ToString::to_string))),
            ("LastProcessingResult", json!(it.last_processing_result())),
            ("State", json!(it.state())),
            ("StateTransitionReason", json!(it.state_transition_reason())),
        ])
    }};
}

fn filters(input: Input<'_>) -> Option<FilterCriteria> {
    let filter = |it: Input<'_>| Ok(Filter::builder().set_pattern(it.text("Pattern")).build());
    let filters = input.part("FilterCriteria")?.entries("Filters", filter).ok()?;
    Some(FilterCriteria::builder().set_filters(filters).build())
}

fn scaling(input: Input<'_>) -> Option<ScalingConfig> {
    let most = input.part("ScalingConfig")?.number("MaximumConcurrency");
    Some(ScalingConfig::builder().set_maximum_concurrency(most).build())
}

pub async fn create(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .create_event_source_mapping()
        .set_event_source_arn(input.text("EventSourceArn"))
        .set_function_name(input.text("FunctionName"))
        .set_enabled(input.flag("Enabled"))
        .set_batch_size(input.number("BatchSize"))
        .set_maximum_batching_window_in_seconds(input.number("MaximumBatchingWindowInSeconds"))
        .set_filter_criteria(filters(input))
        .set_function_response_types(input.list::<FunctionResponseType>("FunctionResponseTypes"))
        .set_scaling_config(scaling(input))
        .set_tags(input.map("Tags"))
        .send()
        .await?;
    Ok(mapping!(&output))
}

pub async fn update(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .update_event_source_mapping()
        .set_uuid(input.text("UUID"))
        .set_function_name(input.text("FunctionName"))
        .set_enabled(input.flag("Enabled"))
        .set_batch_size(input.number("BatchSize"))
        .set_maximum_batching_window_in_seconds(input.number("MaximumBatchingWindowInSeconds"))
        .set_filter_criteria(filters(input))
        .set_function_response_types(input.list::<FunctionResponseType>("FunctionResponseTypes"))
        .set_scaling_config(scaling(input))
        .send()
        .await?;
    Ok(mapping!(&output))
}

pub async fn get(lambda: &Client, input: Input<'_>) -> Answer {
    let get = lambda.get_event_source_mapping();
    Ok(mapping!(&get.set_uuid(input.text("UUID")).send().await?))
}

pub async fn delete(lambda: &Client, input: Input<'_>) -> Answer {
    let delete = lambda.delete_event_source_mapping();
    Ok(mapping!(&delete.set_uuid(input.text("UUID")).send().await?))
}

pub async fn list(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .list_event_source_mappings()
        .set_event_source_arn(input.text("EventSourceArn"))
        .set_function_name(input.text("FunctionName"))
        .set_marker(input.text("Marker"))
        .set_max_items(input.number("MaxItems"))
        .send()
        .await?;
    let mappings = listed(output.event_source_mappings(), |it| mapping!(it));
    let marker = json!(output.next_marker());
    Ok(members([("EventSourceMappings", mappings), ("NextMarker", marker)]))
}
