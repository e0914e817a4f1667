use aws_sdk_sqs::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, members};

pub async fn start_message_move_task(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .start_message_move_task()
        .set_source_arn(input.text("SourceArn"))
        .set_destination_arn(input.text("DestinationArn"))
        .set_max_number_of_messages_per_second(input.number("MaxNumberOfMessagesPerSecond"))
        .send()
        .await?;
    Ok(members([("TaskHandle", json!(output.task_handle()))]))
}

pub async fn cancel_message_move_task(sqs: &Client, input: Input<'_>) -> Answer {
    let output =
        sqs.cancel_message_move_task().set_task_handle(input.text("TaskHandle")).send().await?;
    let moved = output.approximate_number_of_messages_moved();
    Ok(members([("ApproximateNumberOfMessagesMoved", json!(moved))]))
}

pub async fn list_message_move_tasks(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .list_message_move_tasks()
        .set_source_arn(input.text("SourceArn"))
        .set_max_results(input.number("MaxResults"))
        .send()
        .await?;
    let results = list(output.results(), |task| {
        members([
            ("TaskHandle", json!(task.task_handle())),
            ("Status", json!(task.status())),
            ("SourceArn", json!(task.source_arn())),
            ("DestinationArn", json!(task.destination_arn())),
            ("MaxNumberOfMessagesPerSecond", json!(task.max_number_of_messages_per_second())),
            (
                "ApproximateNumberOfMessagesMoved",
                json!(task.approximate_number_of_messages_moved()),
            ),
            (
                "ApproximateNumberOfMessagesToMove",
                json!(task.approximate_number_of_messages_to_move()),
            ),
            ("FailureReason", json!(task.failure_reason())),
            ("StartedTimestamp", json!(task.started_timestamp())),
        ])
    });
    Ok(members([("Results", results)]))
}
