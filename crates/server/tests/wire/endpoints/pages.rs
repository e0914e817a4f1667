//! The pages that links in mails lead to, here with the token of an HTTP endpoint: it is the same.

use super::hook::Hook;
use super::support::{Hub, with_hub};

#[tokio::test]
async fn a_look_changes_nothing_and_a_button_does() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let token = hook.next().await.text("Token");
        let path =
            format!("/confirmation.html?TopicArn={topic}&Token={token}&Endpoint=a@b.example");
        for method in ["GET", "HEAD"] {
            let http = hub.browse(method, &path, "").await;
            assert_eq!((http.status, http.headers["cache-control"].as_str()), (200, "no-store"));
            let policy = &http.headers["content-security-policy"];
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        }
        assert!(sns.subscriptions(&topic).await == ["PendingConfirmation"]);
        let http = hub.browse("POST", &path, "sec-fetch-site: cross-site\r\n").await;
        assert_eq!(http.status, 403);
        let http = hub.browse("POST", &path.replace(&token, "0"), "").await;
        assert!(http.status == 400 && http.body.contains("it has expired"), "{http:?}");
        assert!(sns.subscriptions(&topic).await == ["PendingConfirmation"]);
        let http = hub.browse("POST", &path, "sec-fetch-site: same-origin\r\n").await;
        assert!(http.status == 200 && http.body.contains("Subscription confirmed"), "{http:?}");

        let arn = sns.subscriptions(&topic).await.remove(0);
        let path = format!("/unsubscribe.html?SubscriptionArn={arn}&Endpoint=%3Cb%3E");
        let http = hub.browse("GET", &path, "").await;
        assert!(http.body.contains("<dd>&lt;b&gt;</dd>"), "{http:?}");
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        let http = hub.browse("POST", &path, "").await;
        assert!(http.status == 200 && http.body.contains("Unsubscribed"), "{http:?}");
        assert!(sns.subscriptions(&topic).await.is_empty());
        assert_eq!(hook.next().await.message_type(), "UnsubscribeConfirmation");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_unsubscribe_is_told_so() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[]).await;
        let token = hook.next().await.text("Token");
        let owned =
            [("TopicArn", &*topic), ("Token", &*token), ("AuthenticateOnUnsubscribe", "true")];
        let arn = sns.ok("ConfirmSubscription", &owned).await.text_of("SubscriptionArn").to_owned();
        let path = format!("/unsubscribe.html?SubscriptionArn={arn}");
        let http = hub.browse("POST", &path, "").await;
        assert!(http.status == 403 && http.body.contains("Only the owner"), "{http:?}");
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
    })
    .await;
}
