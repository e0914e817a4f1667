//! ConfirmSubscription: by the link, by the token, and not otherwise.

use super::hook::Hook;
use super::support::{Hub, Sns, result, with_hub};
use crate::harness::Refusal;

const DAY_MS: u64 = 86_400_000;

/// Subscribes an endpoint, which is asked; the topic, and the token that it was given.
async fn asked(sns: &mut Sns, hook: &mut Hook) -> (String, String) {
    let topic = sns.topic("stock", &[]).await;
    sns.subscribe(&topic, &hook.url("/"), &[]).await;
    let token = hook.next().await.text("Token");
    (topic, token)
}

fn with<'a>(topic: &'a str, token: &'a str) -> [(&'a str, &'a str); 2] {
    [("TopicArn", topic), ("Token", token)]
}

#[tokio::test]
async fn the_link_confirms_without_a_signature() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let link = hook.next().await.text("SubscribeURL");

        let answer = result("ConfirmSubscription", &hub.follow(&link).await);
        assert_eq!(answer.names(), ["SubscriptionArn"]);
        let arn = answer.text_of("SubscriptionArn").to_owned();
        assert_eq!(sns.subscriptions(&topic).await, std::slice::from_ref(&arn));
        let attributes = sns.attributes(&arn).await;
        assert_eq!(attributes["PendingConfirmation"], "false");
        assert_eq!(attributes["ConfirmationWasAuthenticated"], "false");
        let again = result("ConfirmSubscription", &hub.follow(&link).await);
        assert_eq!(again.text_of("SubscriptionArn"), arn, "followed twice, as previews do");

        let counts = sns.topic_attributes(&topic).await;
        let counts = ["SubscriptionsConfirmed", "SubscriptionsPending"].map(|it| &counts[it]);
        assert_eq!(counts, ["1", "0"]);
        sns.publish(&topic, "hello").await;
        assert_eq!(hook.notification().await.header("x-amz-sns-subscription-arn"), arn);
    })
    .await;
}

#[tokio::test]
async fn a_token_confirms_whoever_brings_it() {
    for account in [None, Some("000000000000"), Some("111122223333")] {
        with_hub(async |hub: &Hub| {
            let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
            let (topic, token) = asked(&mut sns, &mut hook).await;
            let arn = hub.sns_of(account).await.confirm(&topic, &token).await;
            assert_eq!(sns.subscriptions(&topic).await, std::slice::from_ref(&arn), "{account:?}");
            let attributes = sns.attributes(&arn).await;
            assert_eq!(attributes["ConfirmationWasAuthenticated"], "false", "{account:?}");
            assert_eq!(attributes["Owner"], "000000000000", "{account:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_confirmation_says_whether_unsubscribing_needs_a_signature() {
    for (said, is_authenticated) in [("true", "true"), ("false", "false")] {
        with_hub(async |hub: &Hub| {
            let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
            let (topic, token) = asked(&mut sns, &mut hook).await;
            let parameters = [
                ("TopicArn", topic.as_str()),
                ("Token", token.as_str()),
                ("AuthenticateOnUnsubscribe", said),
            ];
            let result = sns.ok("ConfirmSubscription", &parameters).await;
            let attributes = sns.attributes(result.text_of("SubscriptionArn")).await;
            assert_eq!(attributes["ConfirmationWasAuthenticated"], is_authenticated);
            assert_eq!(attributes["PendingConfirmation"], "false");
        })
        .await;
    }
}

#[tokio::test]
async fn nothing_is_authenticated_without_a_signature() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let link = hook.next().await.text("SubscribeURL") + "&AuthenticateOnUnsubscribe=true";
        assert_eq!(Refusal::from_sns(&hub.follow(&link).await).code, "AuthorizationError");
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_token_confirms_nothing() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let (topic, token) = asked(&mut sns, &mut hook).await;
        let other = sns.topic("other", &[]).await;
        let nowhere = topic.replace("stock", "nowhere");
        let abroad = topic.replace("us-east-1", "eu-west-1");
        let mut changed = token.clone().into_bytes();
        changed[0] = if changed[0] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).unwrap();
        let longer = format!("{token}0");

        let (invalid, token_text) = ("InvalidParameter", "Invalid parameter: Token");
        let topic_text = "Invalid parameter: Topic";
        let missing = |name: &str| {
            format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy \
                 constraint: Member must not be null"
            )
        };
        let (no_topic, no_token) = (missing("topicArn"), missing("token"));
        let cases = [
            (with(&topic, "abc"), invalid, token_text),
            (with(&topic, ""), invalid, token_text),
            (with(&topic, &changed), invalid, token_text),
            (with(&topic, &longer), invalid, token_text),
            (with(&topic, &token[1..]), invalid, token_text),
            (with(&topic, "ünïcode"), invalid, token_text),
            (with(&other, &token), invalid, token_text),
            (with("stock", &token), invalid, topic_text),
            (with("", &token), invalid, topic_text),
            (with(&abroad, &token), invalid, topic_text),
            (with(&nowhere, &token), "NotFound", "Topic does not exist"),
        ];
        for (parameters, code, text) in cases {
            sns.refuses("ConfirmSubscription", &[(&parameters, code, text)]).await;
        }
        let only = |name, value| [(name, value)];
        let without_token = only("TopicArn", topic.as_str());
        let without_topic = only("Token", token.as_str());
        sns.refuses(
            "ConfirmSubscription",
            &[
                (&without_token, "ValidationError", &no_token),
                (&without_topic, "ValidationError", &no_topic),
            ],
        )
        .await;
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
        sns.confirm(&topic, &token).await;
    })
    .await;
}

#[tokio::test]
async fn a_broken_link_is_refused_in_xml() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let link = hook.next().await.text("SubscribeURL");
        let cut = &link[..link.len() - 1];
        let invalid = Refusal::new("InvalidParameter", "Invalid parameter: Token");
        assert_eq!(Refusal::from_sns(&hub.follow(cut).await), invalid);
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_good_for_two_days() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let (topic, token) = asked(&mut sns, &mut hook).await;
        hub.pass_ms(2 * DAY_MS - 1).await;
        let arn = sns.confirm(&topic, &token).await;
        hub.pass_ms(1).await;
        let parameters = with(&topic, &token);
        let expired = (&parameters[..], "InvalidParameter", "Invalid parameter: Token");
        sns.refuses("ConfirmSubscription", &[expired]).await;
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
    })
    .await;
}

#[tokio::test]
async fn a_token_of_a_subscription_that_is_gone_confirms_nothing() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let (topic, token) = asked(&mut sns, &mut hook).await;
        let arn = sns.confirm(&topic, &token).await;
        sns.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        let parameters = with(&topic, &token);
        let gone = (&parameters[..], "InvalidParameter", "Invalid parameter: Token");
        sns.refuses("ConfirmSubscription", &[gone]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let hub = Hub::start().await;
    let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
    let (topic, token) = asked(&mut sns, &mut hook).await;
    drop(sns);
    let hub = hub.restart().await;
    let mut sns = hub.sns().await;
    let arn = sns.confirm(&topic, &token).await;
    assert_eq!(sns.subscriptions(&topic).await, [arn]);
    sns.publish(&topic, "hello").await;
    assert_eq!(hook.notification().await.text("Message"), "hello");
    drop(sns);
    hub.stop().await;
}
