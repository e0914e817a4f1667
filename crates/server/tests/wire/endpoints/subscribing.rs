//! Subscribe, for HTTP: an endpoint is asked before it gets anything.

use super::hook::{Answer, Hook};
use super::support::{Hub, entries, subscribe, with_hub};
use crate::harness::is_uuid;

const DAYS: u64 = 86_400;

#[tokio::test]
async fn an_endpoint_is_asked_to_confirm_as_documented() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let answered = sns.subscribe(&topic, &hook.url("/messages?a=b"), &[]).await;
        assert_eq!(answered, "pending confirmation");

        let post = hook.next().await;
        assert_eq!(post.request_line, "POST /messages?a=b HTTP/1.1");
        let (host, length) = (hook.addr.to_string(), post.body.len().to_string());
        for (name, value) in [
            ("x-amz-sns-message-type", "SubscriptionConfirmation"),
            ("x-amz-sns-message-id", post.text("MessageId").as_str()),
            ("x-amz-sns-topic-arn", topic.as_str()),
            ("x-amz-sns-subscription-arn", "-"),
            ("x-amz-sns-rawdelivery", "-"),
            ("content-type", "text/plain; charset=UTF-8"),
            ("content-length", length.as_str()),
            ("user-agent", "Amazon Simple Notification Service Agent"),
            ("accept-encoding", "gzip,deflate"),
            ("connection", "Keep-Alive"),
            ("host", host.as_str()),
            ("authorization", "-"),
        ] {
            assert_eq!(post.header(name), value, "{name}");
        }
        let members = [
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
        assert_eq!(post.members(), members);
        let token = post.text("Token");
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(is_uuid(post.text("MessageId").as_bytes()));
        for (member, value) in [
            ("Type", "SubscriptionConfirmation".to_owned()),
            ("TopicArn", topic.clone()),
            (
                "Message",
                format!(
                    "You have chosen to subscribe to the topic {topic}.\nTo confirm the \
                     subscription, visit the SubscribeURL included in this message."
                ),
            ),
            (
                "SubscribeURL",
                format!("{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}", hub.url()),
            ),
            ("Timestamp", "2027-01-15T08:00:00.000Z".to_owned()),
            ("SignatureVersion", "1".to_owned()),
        ] {
            assert_eq!(post.text(member), value);
        }
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_gets_nothing_that_was_published_before_it_confirmed() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        sns.publish(&topic, "too early").await;
        let token = hook.next().await.text("Token");
        hook.has_no_more(hub).await;
        sns.confirm(&topic, &token).await;
        hook.has_no_more(hub).await;
        sns.publish(&topic, "in time").await;
        assert_eq!(hook.notification().await.text("Message"), "in time");
    })
    .await;
}

#[tokio::test]
async fn the_arn_of_a_pending_subscription_is_told_if_it_is_wanted() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let url = hook.url("/");
        let plain = subscribe(&topic, &url, &[]);
        for (wanted, is_told) in [("false", false), ("true", true)] {
            let mut parameters = plain.clone();
            parameters.push(("ReturnSubscriptionArn", wanted));
            let result = sns.ok("Subscribe", &parameters).await;
            let told = result.text_of("SubscriptionArn");
            assert_eq!(told != "pending confirmation", is_told, "{told}");
        }
        let mut parameters = plain.clone();
        parameters.push(("ReturnSubscriptionArn", "true"));
        let arn = sns.ok("Subscribe", &parameters).await.text_of("SubscriptionArn").to_owned();
        let id = arn.strip_prefix(&format!("{topic}:")).unwrap();
        assert!(is_uuid(id.as_bytes()), "{arn}");

        let attributes = sns.attributes(&arn).await;
        for (name, value) in [
            ("SubscriptionArn", arn.as_str()),
            ("TopicArn", topic.as_str()),
            ("Protocol", "http"),
            ("Endpoint", url.as_str()),
            ("Owner", "000000000000"),
            ("PendingConfirmation", "true"),
            ("ConfirmationWasAuthenticated", "false"),
        ] {
            assert_eq!(attributes[name], value, "{name}");
        }
        let token = hook.next().await.text("Token");
        assert_eq!(sns.confirm(&topic, &token).await, arn);
        assert_eq!(sns.attributes(&arn).await["PendingConfirmation"], "false");
    })
    .await;
}

#[tokio::test]
async fn lists_show_that_a_subscription_is_pending() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let url = hook.url("/pending");
        sns.subscribe(&topic, &url, &[]).await;

        let of_topic = ("ListSubscriptionsByTopic", vec![("TopicArn", topic.as_str())]);
        for (action, parameters) in [of_topic, ("ListSubscriptions", Vec::new())] {
            let result = sns.ok(action, &parameters).await;
            assert_eq!(result.names(), ["Subscriptions"], "{action}");
            let shown: Vec<_> = result.children[0].children.iter().collect();
            for member in &shown {
                assert_eq!(member.name, "member");
                let names = ["Owner", "Protocol", "Endpoint", "SubscriptionArn", "TopicArn"];
                assert_eq!(member.names(), names, "{action}");
                assert_eq!(member.text_of("Owner"), "000000000000");
                assert_eq!(member.text_of("Protocol"), "http");
                assert_eq!(member.text_of("TopicArn"), topic);
            }
            let mut pairs: Vec<_> = shown
                .iter()
                .map(|it| (it.text_of("Endpoint"), it.text_of("SubscriptionArn")))
                .collect();
            pairs.sort_unstable();
            let confirmed = hook.url("/messages");
            let mut expected = [(confirmed.as_str(), arn.as_str()), (&url, "PendingConfirmation")];
            expected.sort_unstable();
            assert_eq!(pairs, expected, "{action}");
        }
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["SubscriptionsPending"], "1");
        assert_eq!(attributes["SubscriptionsConfirmed"], "1");
    })
    .await;
}

#[tokio::test]
async fn a_pending_endpoint_that_is_subscribed_again_is_asked_again() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let url = hook.url("/");
        sns.subscribe(&topic, &url, &[("RawMessageDelivery", "true")]).await;
        let first = hook.next().await;
        hub.pass_seconds(DAYS).await;
        assert_eq!(sns.subscribe(&topic, &url, &[]).await, "pending confirmation");
        let second = hook.next().await;
        assert_ne!(first.message_id(), second.message_id());
        assert_ne!(first.text("Token"), second.text("Token"));
        assert_eq!(second.text("Timestamp"), "2027-01-16T08:00:00.000Z");
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
        let arn = sns.confirm(&topic, &second.text("Token")).await;
        assert_eq!(sns.confirm(&topic, &first.text("Token")).await, arn);
        assert_eq!(sns.attributes(&arn).await["RawMessageDelivery"], "true");
    })
    .await;
}

#[tokio::test]
async fn a_confirmed_endpoint_that_is_subscribed_again_is_not_asked() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let raw = [("RawMessageDelivery", "true")];
        let arn = sns.confirmed(&topic, &mut hook, &raw).await;
        let url = hook.url("/messages");
        assert_eq!(sns.subscribe(&topic, &url, &raw).await, arn);
        assert_eq!(sns.subscribe(&topic, &url, &[]).await, arn);
        let other = entries(&[("RawMessageDelivery", "false")]);
        let text = "Invalid parameter: Attributes Reason: Subscription already exists with \
                    different attributes";
        let case = subscribe(&topic, &url, &other);
        sns.refuses("Subscribe", &[(&case, "InvalidParameter", text)]).await;
        hook.has_no_more(hub).await;
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
    })
    .await;
}

#[tokio::test]
async fn a_subscription_that_nobody_confirms_goes_after_two_days() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let url = hook.url("/");
        let mut parameters = subscribe(&topic, &url, &[]);
        parameters.push(("ReturnSubscriptionArn", "true"));
        let arn = sns.ok("Subscribe", &parameters).await.text_of("SubscriptionArn").to_owned();
        let token = hook.next().await.text("Token");

        hub.pass_ms(2 * DAYS * 1000 - 1).await;
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
        hub.pass_ms(1).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
        assert_eq!(sns.topic_attributes(&topic).await["SubscriptionsPending"], "0");
        let named = [("SubscriptionArn", arn.as_str())];
        let gone = (&named[..], "NotFound", "Subscription does not exist");
        sns.refuses("GetSubscriptionAttributes", &[gone]).await;
        let confirm = [("TopicArn", topic.as_str()), ("Token", token.as_str())];
        let expired = (&confirm[..], "InvalidParameter", "Invalid parameter: Token");
        sns.refuses("ConfirmSubscription", &[expired]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_again_until_it_hears() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::start(|_| Answer::Status(503)).await;
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let first = hook.next().await;
        hub.pass_seconds(22).await;
        assert_eq!(hook.next().await, first, "the same message once more");
        sns.confirm(&topic, &first.text("Token")).await;
    })
    .await;
}

#[tokio::test]
async fn a_password_in_an_endpoint_is_not_shown() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let mut parameters = subscribe(&topic, "http://user:secret@127.0.0.1:9/a", &[]);
        parameters.push(("ReturnSubscriptionArn", "true"));
        let arn = sns.ok("Subscribe", &parameters).await.text_of("SubscriptionArn").to_owned();
        let shown = "http://user:****@127.0.0.1:9/a";
        assert_eq!(sns.attributes(&arn).await["Endpoint"], shown);
        let result = sns.ok("ListSubscriptionsByTopic", &[("TopicArn", &*topic)]).await;
        assert_eq!(result.children[0].children[0].text_of("Endpoint"), shown);
        let again = sns.ok("Subscribe", &parameters).await;
        assert_eq!(again.text_of("SubscriptionArn"), arn, "still the same endpoint");
    })
    .await;
}
