//! ListSubscriptions and ListSubscriptionsByTopic.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Sns, queue_arn, with_topics};

#[tokio::test]
async fn lists_tell_of_each_subscription() {
    with_topics(async |sns| {
        let none = json!({ "Subscriptions": [] });
        assert_eq!(sns.ok("ListSubscriptions", json!({})).await, none);
        let (orders, other) = (sns.topic("orders").await, sns.topic("other").await);
        let of = |topic: &str| json!({ "TopicArn": topic });
        assert_eq!(sns.ok("ListSubscriptionsByTopic", of(&orders)).await, none);
        let mut expected = Vec::new();
        for (topic, queue) in [(&orders, "a"), (&other, "a"), (&orders, "b")] {
            let arn = sns.subscribe(topic, queue, json!({})).await;
            expected.push(json!({
                "SubscriptionArn": arn,
                "Owner": ACCOUNT,
                "Protocol": "sqs",
                "Endpoint": queue_arn(queue),
                "TopicArn": topic,
            }));
        }
        let all = sns.ok("ListSubscriptions", json!({})).await;
        let listed = all["Subscriptions"].as_array().unwrap();
        assert_eq!(listed.len(), 3);
        assert!(expected.iter().all(|one| listed.contains(one)), "{all}");
        let of_orders = sns.ok("ListSubscriptionsByTopic", of(&orders)).await;
        let listed = of_orders["Subscriptions"].as_array().unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.contains(&expected[0]) && listed.contains(&expected[2]), "{of_orders}");
    })
    .await;
}

/// The subscriptions on each page, until there is no more.
async fn pages(sns: &mut Sns, action: &str, input: Value) -> Vec<Vec<String>> {
    let (mut pages, mut input) = (Vec::new(), input);
    loop {
        let mut page = sns.ok(action, input.clone()).await;
        let listed = page["Subscriptions"].as_array().unwrap().iter();
        pages.push(listed.map(|one| one["SubscriptionArn"].as_str().unwrap().to_owned()).collect());
        match page["NextToken"].take() {
            Value::Null => return pages,
            token => input["NextToken"] = token,
        }
    }
}

#[tokio::test]
async fn subscriptions_are_listed_a_hundred_at_a_time() {
    with_topics(async |sns| {
        let (orders, other) = (sns.topic("orders").await, sns.topic("other").await);
        let mut of_orders = BTreeSet::new();
        for i in 0..200 {
            of_orders.insert(sns.subscribe(&orders, &format!("q{i}"), json!({})).await);
        }
        let mut all = of_orders.clone();
        all.insert(sns.subscribe(&other, "q0", json!({})).await);
        let pages_of_all = pages(sns, "ListSubscriptions", json!({})).await;
        let sizes: Vec<_> = pages_of_all.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 1]);
        assert_eq!(pages_of_all.concat().into_iter().collect::<BTreeSet<_>>(), all);
        let input = json!({ "TopicArn": orders });
        let pages_of_orders = pages(sns, "ListSubscriptionsByTopic", input).await;
        let sizes: Vec<_> = pages_of_orders.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100], "the last page has no token");
        assert_eq!(pages_of_orders.concat().into_iter().collect::<BTreeSet<_>>(), of_orders);
    })
    .await;
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_though_the_list_has_changed() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let mut arns = Vec::new();
        for i in 0..150 {
            arns.push(sns.subscribe(&topic, &format!("q{i}"), json!({})).await);
        }
        let mut first = sns.ok("ListSubscriptions", json!({})).await;
        let on_first: Vec<_> = first["Subscriptions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["SubscriptionArn"].clone())
            .collect();
        // Those of the first page go, and with them the one that the token may stand for.
        for arn in &on_first {
            sns.ok("Unsubscribe", json!({ "SubscriptionArn": arn })).await;
        }
        let input = json!({ "NextToken": first["NextToken"].take() });
        let second = sns.ok("ListSubscriptions", input).await;
        assert_eq!(second["Subscriptions"].as_array().unwrap().len(), 50);
        assert_eq!(second.get("NextToken"), None);
    })
    .await;
}

#[tokio::test]
async fn a_list_by_topic_wants_a_token_of_its_own() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let cases = [(
            json!({ "TopicArn": topic, "NextToken": "x" }),
            "InvalidParameter",
            "Invalid parameter: *",
        )];
        sns.refuses("ListSubscriptionsByTopic", &cases).await;
    })
    .await;
}
