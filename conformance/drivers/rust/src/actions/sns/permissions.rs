use aws_sdk_sns::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::members;

pub async fn add_permission(sns: &Client, input: Input<'_>) -> Answer {
    sns.add_permission()
        .set_topic_arn(input.text("TopicArn"))
        .set_label(input.text("Label"))
        .set_aws_account_id(input.list("AWSAccountId"))
        .set_action_name(input.list("ActionName"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn remove_permission(sns: &Client, input: Input<'_>) -> Answer {
    sns.remove_permission()
        .set_topic_arn(input.text("TopicArn"))
        .set_label(input.text("Label"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn get_data_protection_policy(sns: &Client, input: Input<'_>) -> Answer {
    let output =
        sns.get_data_protection_policy().set_resource_arn(input.text("ResourceArn")).send().await?;
    let policy = output.data_protection_policy();
    Ok(members([("DataProtectionPolicy", json!(policy))]))
}

pub async fn put_data_protection_policy(sns: &Client, input: Input<'_>) -> Answer {
    sns.put_data_protection_policy()
        .set_resource_arn(input.text("ResourceArn"))
        .set_data_protection_policy(input.text("DataProtectionPolicy"))
        .send()
        .await?;
    Ok(members([]))
}
