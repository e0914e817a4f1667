use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    SendMessageBatchRequestEntry,
};
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{failed, list, members};

pub async fn send_message_batch(sqs: &Client, input: Input<'_>) -> Answer {
    let entries = input.entries("Entries", |entry| {
        Ok(SendMessageBatchRequestEntry::builder()
            .set_id(entry.text("Id"))
            .set_message_body(entry.text("MessageBody"))
            .set_delay_seconds(entry.number("DelaySeconds"))
            .set_message_attributes(entry.message_attributes()?)
            .set_message_system_attributes(entry.message_system_attributes()?)
            .set_message_deduplication_id(entry.text("MessageDeduplicationId"))
            .set_message_group_id(entry.text("MessageGroupId"))
            .build()?)
    })?;
    let output = sqs
        .send_message_batch()
        .set_queue_url(input.text("QueueUrl"))
        .set_entries(entries)
        .send()
        .await?;
    let sent = list(output.successful(), |entry| {
        members([
            ("Id", json!(entry.id())),
            ("MessageId", json!(entry.message_id())),
            ("MD5OfMessageBody", json!(entry.md5_of_message_body())),
            ("MD5OfMessageAttributes", json!(entry.md5_of_message_attributes())),
            ("MD5OfMessageSystemAttributes", json!(entry.md5_of_message_system_attributes())),
            ("SequenceNumber", json!(entry.sequence_number())),
        ])
    });
    Ok(members([("Successful", sent), ("Failed", list(output.failed(), failed))]))
}

pub async fn delete_message_batch(sqs: &Client, input: Input<'_>) -> Answer {
    let entries = input.entries("Entries", |entry| {
        Ok(DeleteMessageBatchRequestEntry::builder()
            .set_id(entry.text("Id"))
            .set_receipt_handle(entry.text("ReceiptHandle"))
            .build()?)
    })?;
    let output = sqs
        .delete_message_batch()
        .set_queue_url(input.text("QueueUrl"))
        .set_entries(entries)
        .send()
        .await?;
    let deleted = list(output.successful(), |entry| members([("Id", json!(entry.id()))]));
    Ok(members([("Successful", deleted), ("Failed", list(output.failed(), failed))]))
}

pub async fn change_message_visibility_batch(sqs: &Client, input: Input<'_>) -> Answer {
    let entries = input.entries("Entries", |entry| {
        Ok(ChangeMessageVisibilityBatchRequestEntry::builder()
            .set_id(entry.text("Id"))
            .set_receipt_handle(entry.text("ReceiptHandle"))
            .set_visibility_timeout(entry.number("VisibilityTimeout"))
            .build()?)
    })?;
    let output = sqs
        .change_message_visibility_batch()
        .set_queue_url(input.text("QueueUrl"))
        .set_entries(entries)
        .send()
        .await?;
    let changed = list(output.successful(), |entry| members([("Id", json!(entry.id()))]));
    Ok(members([("Successful", changed), ("Failed", list(output.failed(), failed))]))
}
