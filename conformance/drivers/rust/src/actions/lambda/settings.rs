//! Concurrency, code signing, and what becomes of asynchronous invocations.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{DestinationConfig, OnFailure, OnSuccess};
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, members};

pub async fn put_concurrency(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .put_function_concurrency()
        .set_function_name(input.text("FunctionName"))
        .set_reserved_concurrent_executions(input.number("ReservedConcurrentExecutions"))
        .send()
        .await?;
    let reserved = output.reserved_concurrent_executions();
    Ok(members([("ReservedConcurrentExecutions", json!(reserved))]))
}

pub async fn get_concurrency(lambda: &Client, input: Input<'_>) -> Answer {
    let get = lambda.get_function_concurrency();
    let output = get.set_function_name(input.text("FunctionName")).send().await?;
    let reserved = output.reserved_concurrent_executions();
    Ok(members([("ReservedConcurrentExecutions", json!(reserved))]))
}

pub async fn delete_concurrency(lambda: &Client, input: Input<'_>) -> Answer {
    let delete = lambda.delete_function_concurrency();
    delete.set_function_name(input.text("FunctionName")).send().await?;
    Ok(members([]))
}

pub async fn get_code_signing_config(lambda: &Client, input: Input<'_>) -> Answer {
    let get = lambda.get_function_code_signing_config();
    let output = get.set_function_name(input.text("FunctionName")).send().await?;
    Ok(members([
        ("CodeSigningConfigArn", json!(output.code_signing_config_arn())),
        ("FunctionName", json!(output.function_name())),
    ]))
}

/// The members of settings. The SDK has a type of its own for each action that shows them.
macro_rules! invoke_config {
    ($it:expr) => {{
        let it = $it;
        let destinations = it.destination_config().map(|config| {
            let on_success = config.on_success().and_then(|it| it.destination());
            let on_failure = config.on_failure().and_then(|it| it.destination());
            members([
                ("OnSuccess", members([("Destination", json!(on_success))])),
                ("OnFailure", members([("Destination", json!(on_failure))])),
            ])
        });
        members([
            ("LastModified", json!(it.last_modified().map(ToString::to_string))),
            ("FunctionArn", json!(it.function_arn())),
            ("MaximumRetryAttempts", json!(it.maximum_retry_attempts())),
            ("MaximumEventAgeInSeconds", json!(it.maximum_event_age_in_seconds())),
            ("DestinationConfig", json!(destinations)),
        ])
    }};
}

fn destinations(input: Input<'_>) -> Option<DestinationConfig> {
    let config = input.part("DestinationConfig")?;
    let success = config
        .part("OnSuccess")
        .map(|it| OnSuccess::builder().set_destination(it.text("Destination")).build());
    let failure = config
        .part("OnFailure")
        .map(|it| OnFailure::builder().set_destination(it.text("Destination")).build());
    Some(DestinationConfig::builder().set_on_success(success).set_on_failure(failure).build())
}

pub async fn put_invoke_config(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .put_function_event_invoke_config()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .set_maximum_retry_attempts(input.number("MaximumRetryAttempts"))
        .set_maximum_event_age_in_seconds(input.number("MaximumEventAgeInSeconds"))
        .set_destination_config(destinations(input))
        .send()
        .await?;
    Ok(invoke_config!(&output))
}

pub async fn update_invoke_config(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .update_function_event_invoke_config()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .set_maximum_retry_attempts(input.number("MaximumRetryAttempts"))
        .set_maximum_event_age_in_seconds(input.number("MaximumEventAgeInSeconds"))
        .set_destination_config(destinations(input))
        .send()
        .await?;
    Ok(invoke_config!(&output))
}

pub async fn get_invoke_config(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .get_function_event_invoke_config()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    Ok(invoke_config!(&output))
}

pub async fn list_invoke_configs(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .list_function_event_invoke_configs()
        .set_function_name(input.text("FunctionName"))
        .set_marker(input.text("Marker"))
        .set_max_items(input.number("MaxItems"))
        .send()
        .await?;
    let configs = list(output.function_event_invoke_configs(), |it| invoke_config!(it));
    let marker = json!(output.next_marker());
    Ok(members([("FunctionEventInvokeConfigs", configs), ("NextMarker", marker)]))
}

pub async fn delete_invoke_config(lambda: &Client, input: Input<'_>) -> Answer {
    lambda
        .delete_function_event_invoke_config()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    Ok(members([]))
}
