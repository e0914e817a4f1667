use aws_sdk_sns::Client;
use aws_sdk_sns::types::Subscription;
use serde_json::{Value, json};

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn subscribe(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .subscribe()
        .set_topic_arn(input.text("TopicArn"))
        .set_protocol(input.text("Protocol"))
        .set_endpoint(input.text("Endpoint"))
        .set_attributes(input.map("Attributes"))
        .set_return_subscription_arn(input.flag("ReturnSubscriptionArn"))
        .send()
        .await?;
    let arn = json!(output.subscription_arn());
    Ok(members([("SubscriptionArn", arn)]))
}

pub async fn confirm_subscription(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .confirm_subscription()
        .set_topic_arn(input.text("TopicArn"))
        .set_token(input.text("Token"))
        .set_authenticate_on_unsubscribe(input.text("AuthenticateOnUnsubscribe"))
        .send()
        .await?;
    let arn = json!(output.subscription_arn());
    Ok(members([("SubscriptionArn", arn)]))
}

pub async fn unsubscribe(sns: &Client, input: Input<'_>) -> Answer {
    sns.unsubscribe().set_subscription_arn(input.text("SubscriptionArn")).send().await?;
    Ok(members([]))
}

pub async fn list_subscriptions(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns.list_subscriptions().set_next_token(input.text("NextToken")).send().await?;
    Ok(members([
        ("Subscriptions", list(output.subscriptions(), subscription)),
        ("NextToken", json!(output.next_token())),
    ]))
}

pub async fn list_by_topic(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .list_subscriptions_by_topic()
        .set_topic_arn(input.text("TopicArn"))
        .set_next_token(input.text("NextToken"))
        .send()
        .await?;
    Ok(members([
        ("Subscriptions", list(output.subscriptions(), subscription)),
        ("NextToken", json!(output.next_token())),
    ]))
}

pub async fn get_attributes(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .get_subscription_attributes()
        .set_subscription_arn(input.text("SubscriptionArn"))
        .send()
        .await?;
    Ok(members([("Attributes", map(output.attributes()))]))
}

pub async fn set_attributes(sns: &Client, input: Input<'_>) -> Answer {
    sns.set_subscription_attributes()
        .set_subscription_arn(input.text("SubscriptionArn"))
        .set_attribute_name(input.text("AttributeName"))
        .set_attribute_value(input.text("AttributeValue"))
        .send()
        .await?;
    Ok(members([]))
}

fn subscription(subscription: &Subscription) -> Value {
    members([
        ("SubscriptionArn", json!(subscription.subscription_arn())),
        ("Owner", json!(subscription.owner())),
        ("Protocol", json!(subscription.protocol())),
        ("Endpoint", json!(subscription.endpoint())),
        ("TopicArn", json!(subscription.topic_arn())),
    ])
}
