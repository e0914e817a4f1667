//! Mailboxes: who can be subscribed, and a mail server that holds up nobody else. What mails look like,
//! and what becomes of them, the conformance suite shows with a mail server.

use std::time::Duration;

use tidings_couriers::{CourierConfig, EmailConfig, SmtpSecurity};
use tokio::net::TcpListener;

use super::hook::Hook;
use super::support::{Hub, local, with_hub};

fn mailbox<'a>(topic: &'a str, address: &'a str) -> [(&'a str, &'a str); 3] {
    [("TopicArn", topic), ("Protocol", "email"), ("Endpoint", address)]
}

#[tokio::test]
async fn without_a_mail_server_nobody_is_subscribed() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let refusal = sns.refused("Subscribe", &mailbox(&topic, "guest@example.org")).await;
        assert_eq!(refusal.code, "InvalidParameter");
        assert!(
            refusal.message.ends_with("set server in [email] of its configuration"),
            "{refusal:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_mail_server_that_hangs_holds_up_no_web_endpoint() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let email = EmailConfig {
        host: "127.0.0.1".into(),
        port: silent.local_addr().unwrap().port(),
        security: SmtpSecurity::Off,
        credentials: None,
        from: "no-reply@example.com".into(),
        dkim: None,
        extra_roots: None,
        attempt_timeout: Duration::from_secs(50),
        answer_timeout: Duration::from_secs(50),
        connections_max: 2,
    };
    let hub = Hub::delivering_by(CourierConfig { email: Some(email), ..local() }).await;
    let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
    let topic = sns.topic("stock", &[]).await;
    for number in 0..100 {
        let address = format!("guest-{number}@example.org");
        sns.ok("Subscribe", &mailbox(&topic, &address)).await;
    }
    for address in ["guest", "a b@example.org", "a@example.org, b@example.org"] {
        let refusal = sns.refused("Subscribe", &mailbox(&topic, address)).await;
        assert_eq!(refusal.message, "Invalid parameter: Email address", "{address}");
    }
    for address in ["gäste@example.org", "guest@bücher.example"] {
        let refusal = sns.refused("Subscribe", &mailbox(&topic, address)).await;
        assert_eq!(refusal.code, "InvalidParameter");
        let begin = "Invalid parameter: Email address Reason: mail is sent to addresses in ASCII";
        assert!(refusal.message.starts_with(begin), "{refusal:?}");
    }
    sns.ok("Subscribe", &mailbox(&topic, "guest@xn--bcher-kva.example")).await;
    sns.confirmed(&topic, &mut hook, &[]).await;
    for number in 0..100 {
        sns.publish(&topic, &number.to_string()).await;
    }
    for _ in 0..100 {
        hook.notification().await;
    }
    assert_eq!(sns.topic_attributes(&topic).await["SubscriptionsPending"], "101");
    hub.stop().await;
}
