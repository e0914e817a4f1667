use aws_sdk_sqs::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, members, message};

pub async fn send_message(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .send_message()
        .set_queue_url(input.text("QueueUrl"))
        .set_message_body(input.text("MessageBody"))
        .set_delay_seconds(input.number("DelaySeconds"))
        .set_message_attributes(input.message_attributes()?)
        .set_message_system_attributes(input.message_system_attributes()?)
        .set_message_deduplication_id(input.text("MessageDeduplicationId"))
        .set_message_group_id(input.text("MessageGroupId"))
        .send()
        .await?;
    Ok(members([
        ("MessageId", json!(output.message_id())),
        ("MD5OfMessageBody", json!(output.md5_of_message_body())),
        ("MD5OfMessageAttributes", json!(output.md5_of_message_attributes())),
        ("MD5OfMessageSystemAttributes", json!(output.md5_of_message_system_attributes())),
        ("SequenceNumber", json!(output.sequence_number())),
    ]))
}

#[allow(deprecated)] // AttributeNames is how older programs ask for system attributes
pub async fn receive_message(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .receive_message()
        .set_queue_url(input.text("QueueUrl"))
        .set_attribute_names(input.list("AttributeNames"))
        .set_message_system_attribute_names(input.list("MessageSystemAttributeNames"))
        .set_message_attribute_names(input.list("MessageAttributeNames"))
        .set_max_number_of_messages(input.number("MaxNumberOfMessages"))
        .set_visibility_timeout(input.number("VisibilityTimeout"))
        .set_wait_time_seconds(input.number("WaitTimeSeconds"))
        .set_receive_request_attempt_id(input.text("ReceiveRequestAttemptId"))
        .send()
        .await?;
    Ok(members([("Messages", list(output.messages(), message))]))
}

pub async fn delete_message(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.delete_message()
        .set_queue_url(input.text("QueueUrl"))
        .set_receipt_handle(input.text("ReceiptHandle"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn change_message_visibility(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.change_message_visibility()
        .set_queue_url(input.text("QueueUrl"))
        .set_receipt_handle(input.text("ReceiptHandle"))
        .set_visibility_timeout(input.number("VisibilityTimeout"))
        .send()
        .await?;
    Ok(members([]))
}
