use aws_sdk_sqs::Client;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::members;

pub async fn add_permission(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.add_permission()
        .set_queue_url(input.text("QueueUrl"))
        .set_label(input.text("Label"))
        .set_aws_account_ids(input.list("AWSAccountIds"))
        .set_actions(input.list("Actions"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn remove_permission(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.remove_permission()
        .set_queue_url(input.text("QueueUrl"))
        .set_label(input.text("Label"))
        .send()
        .await?;
    Ok(members([]))
}
