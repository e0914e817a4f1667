use aws_sdk_sns::Client;
use serde_json::json;

use super::tags::tags;
use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn create_topic(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .create_topic()
        .set_name(input.text("Name"))
        .set_attributes(input.map("Attributes"))
        .set_tags(tags(input)?)
        .set_data_protection_policy(input.text("DataProtectionPolicy"))
        .send()
        .await?;
    Ok(members([("TopicArn", json!(output.topic_arn()))]))
}

pub async fn delete_topic(sns: &Client, input: Input<'_>) -> Answer {
    sns.delete_topic().set_topic_arn(input.text("TopicArn")).send().await?;
    Ok(members([]))
}

pub async fn list_topics(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns.list_topics().set_next_token(input.text("NextToken")).send().await?;
    let topics = list(output.topics(), |topic| members([("TopicArn", json!(topic.topic_arn()))]));
    Ok(members([("Topics", topics), ("NextToken", json!(output.next_token()))]))
}

pub async fn get_topic_attributes(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns.get_topic_attributes().set_topic_arn(input.text("TopicArn")).send().await?;
    Ok(members([("Attributes", map(output.attributes()))]))
}

pub async fn set_topic_attributes(sns: &Client, input: Input<'_>) -> Answer {
    sns.set_topic_attributes()
        .set_topic_arn(input.text("TopicArn"))
        .set_attribute_name(input.text("AttributeName"))
        .set_attribute_value(input.text("AttributeValue"))
        .send()
        .await?;
    Ok(members([]))
}
