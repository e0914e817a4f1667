//! Unsubscribe, for HTTP: by anybody who has the link, unless the confirmation said otherwise.

use serde_json::json;

use super::hook::Hook;
use super::support::{Hub, result, with_hub};
use crate::harness::Refusal;

const MEMBERS: [&str; 10] = [
    "Type",
    "MessageId",
    "Token",
    "TopicArn",
    "Message",
    "SubscribeURL",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
];

#[tokio::test]
async fn the_link_ends_the_subscription_and_the_endpoint_is_told() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[("RawMessageDelivery", "false")]).await;
        sns.publish(&topic, "1").await;
        let link = hook.notification().await.text("UnsubscribeURL");
        assert_eq!(link, format!("{}/?Action=Unsubscribe&SubscriptionArn={arn}", hub.url()));
        hub.pass_seconds(5).await;
        result("Unsubscribe", &hub.follow(&link).await);

        let post = hook.next().await;
        assert_eq!(post.message_type(), "UnsubscribeConfirmation");
        assert_eq!(post.members(), MEMBERS);
        let message = format!(
            "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and \
             restore the subscription, visit the SubscribeURL included in this message."
        );
        assert_eq!(post.text("Message"), message);
        assert_eq!(post.text("Type"), "UnsubscribeConfirmation");
        assert_eq!(post.text("TopicArn"), topic);
        assert_eq!(post.text("Timestamp"), "2027-01-15T08:00:05.000Z");
        let token = post.text("Token");
        let undo =
            format!("{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}", hub.url());
        assert_eq!(post.text("SubscribeURL"), undo);
        for (name, value) in [
            ("x-amz-sns-message-id", post.text("MessageId").as_str()),
            ("x-amz-sns-topic-arn", topic.as_str()),
            ("x-amz-sns-subscription-arn", arn.as_str()),
            ("x-amz-sns-rawdelivery", "-"),
            ("content-type", "text/plain; charset=UTF-8"),
        ] {
            assert_eq!(post.header(name), value, "{name}");
        }
        assert!(sns.subscriptions(&topic).await.is_empty());
        assert_eq!(sns.topic_attributes(&topic).await["SubscriptionsConfirmed"], "0");
        sns.publish(&topic, "2").await;
        hook.has_no_more(hub).await;
        // Once more says the same, and tells nobody.
        result("Unsubscribe", &hub.follow(&link).await);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn the_last_message_has_a_link_that_restores_the_subscription() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let raw = [("RawMessageDelivery", "true")];
        let arn = sns.confirmed(&topic, &mut hook, &raw).await;
        hub.sns_of(None).await.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        let post = hook.next().await;
        assert_eq!(post.header("x-amz-sns-rawdelivery"), "-", "what asks is never raw");
        assert_eq!(post.members(), MEMBERS);
        sns.publish(&topic, "meanwhile").await;

        let restored = result("ConfirmSubscription", &hub.follow(&post.text("SubscribeURL")).await);
        assert_eq!(restored.text_of("SubscriptionArn"), arn);
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        sns.publish(&topic, "again").await;
        assert_eq!(hook.notification().await.body, "again", "raw as before");
    })
    .await;
}

#[tokio::test]
async fn another_account_ends_it_and_the_endpoint_is_told() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let mut stranger = hub.sns_of(Some("111122223333")).await;
        stranger.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        assert_eq!(hook.next().await.message_type(), "UnsubscribeConfirmation");
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_owner_ends_it_for_good_and_nobody_is_told() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        sns.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
        sns.publish(&topic, "1").await;
        hook.has_no_more(hub).await;
        let gone = [("SubscriptionArn", arn.as_str())];
        let case = (&gone[..], "NotFound", "Subscription does not exist");
        sns.refuses("GetSubscriptionAttributes", &[case]).await;
        sns.ok("Unsubscribe", &gone).await;
    })
    .await;
}

#[tokio::test]
async fn an_authenticated_subscription_is_ended_by_its_owner_only() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let token = hook.next().await.text("Token");
        let confirm = [
            ("TopicArn", topic.as_str()),
            ("Token", token.as_str()),
            ("AuthenticateOnUnsubscribe", "true"),
        ];
        let result = sns.ok("ConfirmSubscription", &confirm).await;
        let arn = result.text_of("SubscriptionArn");
        sns.publish(&topic, "1").await;
        let link = hook.notification().await.text("UnsubscribeURL");

        assert_eq!(Refusal::from_sns(&hub.follow(&link).await).code, "AuthorizationError");
        for account in [None, Some("111122223333")] {
            let case = (&[("SubscriptionArn", arn)][..], "AuthorizationError", "*");
            hub.sns_of(account).await.refuses("Unsubscribe", &[case]).await;
        }
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        hook.has_no_more(hub).await;
        sns.ok("Unsubscribe", &[("SubscriptionArn", arn)]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_link_does_not_end_the_subscription_of_a_queue() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let topic = sns.topic("stock", &[]).await;
        let url = sqs.queue("orders", json!({})).await;
        let queue = "arn:aws:sqs:us-east-1:000000000000:orders";
        let subscribe = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
        let result = sns.ok("Subscribe", &subscribe).await;
        let arn = result.text_of("SubscriptionArn");
        let attributes = sns.attributes(arn).await;
        assert_eq!(attributes["PendingConfirmation"], "false");
        assert_eq!(attributes["ConfirmationWasAuthenticated"], "true");
        let link = format!("{}/?Action=Unsubscribe&SubscriptionArn={arn}", hub.url());
        assert_eq!(Refusal::from_sns(&hub.follow(&link).await).code, "AuthorizationError");
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        sns.publish(&topic, "1").await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_confirmed_subscription_cannot_be_ended() {
    with_hub(async |hub: &Hub| {
        let (mut sns, hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let mut parameters = super::support::subscribe(&topic, "http://127.0.0.1:1/", &[]);
        let url = hook.url("/");
        parameters[2].1 = &url;
        parameters.push(("ReturnSubscriptionArn", "true"));
        let result = sns.ok("Subscribe", &parameters).await;
        let pending = result.text_of("SubscriptionArn");
        let short_tail = format!("{topic}:1");
        let cases = [
            (pending, "InvalidParameter", "Invalid parameter: SubscriptionArn*"),
            (
                "",
                "InvalidParameter",
                "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
            ),
            (
                "PendingConfirmation",
                "InvalidParameter",
                "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, \
                 not 1",
            ),
            (&short_tail, "InvalidParameter", "Invalid parameter: SubscriptionId"),
        ];
        for (arn, code, text) in cases {
            let case = (&[("SubscriptionArn", arn)][..], code, text);
            sns.refuses("Unsubscribe", &[case]).await;
        }
        let text = "1 validation error detected: Value null at 'subscriptionArn' failed to \
                    satisfy constraint: Member must not be null";
        sns.refuses("Unsubscribe", &[(&[], "ValidationError", text)]).await;
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
        // One that there never was is as good as one that is gone.
        let unknown = format!("{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286");
        sns.ok("Unsubscribe", &[("SubscriptionArn", &unknown)]).await;
    })
    .await;
}
