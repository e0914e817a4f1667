use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use serde_json::json;

use crate::actions::Answer;
use crate::answer::Stop;
use crate::input::Input;
use crate::output::{list, members};

pub async fn publish(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .publish()
        .set_topic_arn(input.text("TopicArn"))
        .set_target_arn(input.text("TargetArn"))
        .set_phone_number(input.text("PhoneNumber"))
        .set_message(input.text("Message"))
        .set_subject(input.text("Subject"))
        .set_message_structure(input.text("MessageStructure"))
        .set_message_attributes(message_attributes(input)?)
        .set_message_deduplication_id(input.text("MessageDeduplicationId"))
        .set_message_group_id(input.text("MessageGroupId"))
        .send()
        .await?;
    Ok(members([
        ("MessageId", json!(output.message_id())),
        ("SequenceNumber", json!(output.sequence_number())),
    ]))
}

pub async fn publish_batch(sns: &Client, input: Input<'_>) -> Answer {
    let entries = input.entries("PublishBatchRequestEntries", |entry| {
        Ok(PublishBatchRequestEntry::builder()
            .set_id(entry.text("Id"))
            .set_message(entry.text("Message"))
            .set_subject(entry.text("Subject"))
            .set_message_structure(entry.text("MessageStructure"))
            .set_message_attributes(message_attributes(entry)?)
            .set_message_deduplication_id(entry.text("MessageDeduplicationId"))
            .set_message_group_id(entry.text("MessageGroupId"))
            .build()?)
    })?;
    let output = sns
        .publish_batch()
        .set_topic_arn(input.text("TopicArn"))
        .set_publish_batch_request_entries(entries)
        .send()
        .await?;
    let published = list(output.successful(), |entry| {
        members([
            ("Id", json!(entry.id())),
            ("MessageId", json!(entry.message_id())),
            ("SequenceNumber", json!(entry.sequence_number())),
        ])
    });
    let failed = list(output.failed(), |entry| {
        members([
            ("Id", json!(entry.id())),
            ("Code", json!(entry.code())),
            ("Message", json!(entry.message())),
            ("SenderFault", json!(entry.sender_fault())),
        ])
    });
    Ok(members([("Successful", published), ("Failed", failed)]))
}

fn message_attributes(
    input: Input<'_>,
) -> Result<Option<HashMap<String, MessageAttributeValue>>, Stop> {
    input.structures("MessageAttributes", |value| {
        Ok(MessageAttributeValue::builder()
            .set_data_type(value.text("DataType"))
            .set_string_value(value.text("StringValue"))
            .set_binary_value(value.blob("BinaryValue"))
            .build()?)
    })
}
