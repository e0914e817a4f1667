use aws_sdk_sqs::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn create_queue(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .create_queue()
        .set_queue_name(input.text("QueueName"))
        .set_attributes(input.map("Attributes"))
        .set_tags(input.map("tags"))
        .send()
        .await?;
    Ok(members([("QueueUrl", json!(output.queue_url()))]))
}

pub async fn delete_queue(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.delete_queue().set_queue_url(input.text("QueueUrl")).send().await?;
    Ok(members([]))
}

pub async fn get_queue_url(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .get_queue_url()
        .set_queue_name(input.text("QueueName"))
        .set_queue_owner_aws_account_id(input.text("QueueOwnerAWSAccountId"))
        .send()
        .await?;
    Ok(members([("QueueUrl", json!(output.queue_url()))]))
}

pub async fn list_queues(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .list_queues()
        .set_queue_name_prefix(input.text("QueueNamePrefix"))
        .set_next_token(input.text("NextToken"))
        .set_max_results(input.number("MaxResults"))
        .send()
        .await?;
    Ok(members([
        ("QueueUrls", list(output.queue_urls(), |url| json!(url))),
        ("NextToken", json!(output.next_token())),
    ]))
}

pub async fn list_dead_letter_source_queues(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .list_dead_letter_source_queues()
        .set_queue_url(input.text("QueueUrl"))
        .set_next_token(input.text("NextToken"))
        .set_max_results(input.number("MaxResults"))
        .send()
        .await?;
    Ok(members([
        ("queueUrls", list(output.queue_urls(), |url| json!(url))),
        ("NextToken", json!(output.next_token())),
    ]))
}

pub async fn get_queue_attributes(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs
        .get_queue_attributes()
        .set_queue_url(input.text("QueueUrl"))
        .set_attribute_names(input.list("AttributeNames"))
        .send()
        .await?;
    Ok(members([("Attributes", map(output.attributes()))]))
}

pub async fn set_queue_attributes(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.set_queue_attributes()
        .set_queue_url(input.text("QueueUrl"))
        .set_attributes(input.map("Attributes"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn purge_queue(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.purge_queue().set_queue_url(input.text("QueueUrl")).send().await?;
    Ok(members([]))
}

pub async fn tag_queue(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.tag_queue()
        .set_queue_url(input.text("QueueUrl"))
        .set_tags(input.map("Tags"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn untag_queue(sqs: &Client, input: Input<'_>) -> Answer {
    sqs.untag_queue()
        .set_queue_url(input.text("QueueUrl"))
        .set_tag_keys(input.list("TagKeys"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn list_queue_tags(sqs: &Client, input: Input<'_>) -> Answer {
    let output = sqs.list_queue_tags().set_queue_url(input.text("QueueUrl")).send().await?;
    Ok(members([("Tags", map(output.tags()))]))
}
