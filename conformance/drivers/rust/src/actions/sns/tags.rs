use aws_sdk_sns::Client;
use aws_sdk_sns::types::Tag;
use serde_json::json;

use crate::actions::Answer;
use crate::answer::Stop;
use crate::input::Input;
use crate::output::{list, members};

pub async fn tag_resource(sns: &Client, input: Input<'_>) -> Answer {
    sns.tag_resource()
        .set_resource_arn(input.text("ResourceArn"))
        .set_tags(tags(input)?)
        .send()
        .await?;
    Ok(members([]))
}

pub async fn untag_resource(sns: &Client, input: Input<'_>) -> Answer {
    sns.untag_resource()
        .set_resource_arn(input.text("ResourceArn"))
        .set_tag_keys(input.list("TagKeys"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn list_tags_for_resource(sns: &Client, input: Input<'_>) -> Answer {
    let output =
        sns.list_tags_for_resource().set_resource_arn(input.text("ResourceArn")).send().await?;
    let tags = list(output.tags(), |tag| {
        members([("Key", json!(tag.key())), ("Value", json!(tag.value()))])
    });
    Ok(members([("Tags", tags)]))
}

/// SNS has a list of keys and values where SQS has a map.
pub fn tags(input: Input<'_>) -> Result<Option<Vec<Tag>>, Stop> {
    input.entries("Tags", |tag| {
        Ok(Tag::builder().set_key(tag.text("Key")).set_value(tag.text("Value")).build()?)
    })
}
