//! Creating, listing and deleting topics, their tags and permissions.

use super::super::calls::pairs;
use super::super::scene::in_every_way;
use super::calls::{account, invalid, topic};
use crate::command::{Reply, TopicCommand};
use crate::names::{Region, TopicName};
use crate::rejection::TopicRejection;

#[test]
fn a_topic_is_created_once() {
    in_every_way(|scene| {
        let plain = TopicCommand::CreateTopic {
            arn: topic("stock"),
            attributes: pairs(&[("DisplayName", "Stock")]),
            tags: pairs(&[("team", "inventory")]),
            data_protection_policy: None,
        };
        assert_eq!(scene.about_topics(plain.clone()), Ok(Reply::Done));
        assert_eq!(scene.about_topics(plain), Ok(Reply::Done));
        assert_eq!(scene.try_create_topic("stock", &[]), Ok(Reply::Done));
        let different =
            invalid("Attributes Reason: Topic already exists with different attributes");
        for other in [("DisplayName", "Other"), ("SignatureVersion", "2")] {
            assert_eq!(scene.try_create_topic("stock", &[other]), Err(different.clone()));
        }
        assert_eq!(scene.topic_attribute("stock", "DisplayName").as_deref(), Some("Stock"));
        let other_tags = TopicCommand::CreateTopic {
            arn: topic("stock"),
            attributes: Vec::new(),
            tags: pairs(&[("team", "shop")]),
            data_protection_policy: None,
        };
        let different = invalid("Tags Reason: Topic already exists with different tags");
        assert_eq!(scene.about_topics(other_tags), Err(different));
    });
}

#[test]
fn topics_are_listed_by_name_in_pages() {
    in_every_way(|scene| {
        for name in ["c", "a", "b.fifo"] {
            scene.create_topic(name);
        }
        let list = |after: Option<&str>, max| TopicCommand::ListTopics {
            account: account("000000000000"),
            region: Region::parse("us-east-1").unwrap(),
            after: after.map(|name| TopicName::parse(name).unwrap()),
            max,
        };
        let page = |names: &[&str], more| {
            Ok(Reply::Topics { topics: names.iter().map(|name| topic(name)).collect(), more })
        };
        assert_eq!(scene.about_topics(list(None, 2)), page(&["a", "b.fifo"], true));
        assert_eq!(scene.about_topics(list(Some("b.fifo"), 2)), page(&["c"], false));
        let elsewhere = TopicCommand::ListTopics {
            account: account("000000000001"),
            region: Region::parse("us-east-1").unwrap(),
            after: None,
            max: 100,
        };
        assert_eq!(scene.about_topics(elsewhere), page(&[], false));
    });
}

#[test]
fn a_deleted_topic_takes_its_subscriptions_with_it() {
    in_every_way(|scene| {
        scene.create("orders", &[]);
        scene.create_topic("stock");
        let subscription = scene.subscribe_queue("stock", "orders", &[]);
        scene.subscribe_endpoint("stock", "https://example.com/", &[]);
        let delete = TopicCommand::DeleteTopic { arn: topic("stock") };
        assert_eq!(scene.about_topics(delete.clone()), Ok(Reply::Done));
        assert_eq!(scene.about_topics(delete), Ok(Reply::Done));
        let gone = Err(TopicRejection::no_subscription().into());
        let caller = subscription.topic.account;
        let read = TopicCommand::SubscriptionAttributes { arn: subscription, caller };
        assert_eq!(scene.about_topics(read), gone);
        let gone = Err(TopicRejection::no_topic().into());
        let read = TopicCommand::TopicAttributes { arn: topic("stock") };
        assert_eq!(scene.about_topics(read), gone);
        scene.create_topic("stock");
        assert_eq!(scene.subscriptions_of("stock"), []);
        assert_eq!(scene.shard.queues.len(), 1, "the outbox is gone");
    });
}

#[test]
fn tags_and_permissions_are_changed() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let arn = topic("stock");
        let tags = pairs(&[("a", "1"), ("b", "2")]);
        scene.about_topics(TopicCommand::TagTopic { arn: arn.clone(), tags }).unwrap();
        let keys = vec!["a".to_owned()];
        scene.about_topics(TopicCommand::UntagTopic { arn: arn.clone(), keys }).unwrap();
        let tags = scene.about_topics(TopicCommand::TopicTags { arn: arn.clone() });
        assert_eq!(tags, Ok(Reply::Tags(pairs(&[("b", "2")]))));
        let unknown = TopicCommand::TopicTags { arn: topic("unknown") };
        assert_eq!(scene.about_topics(unknown), Err(TopicRejection::ResourceNotFound.into()));
        let before = scene.topic_attribute("stock", "Policy").unwrap();
        scene
            .about_topics(TopicCommand::AddPermission {
                arn: arn.clone(),
                label: "shop".into(),
                accounts: vec!["123456789012".into()],
                actions: vec!["Publish".into()],
            })
            .unwrap();
        assert!(scene.topic_attribute("stock", "Policy").unwrap().contains("\"shop\""));
        let label = "shop".to_owned();
        scene.about_topics(TopicCommand::RemovePermission { arn, label }).unwrap();
        assert_eq!(scene.topic_attribute("stock", "Policy"), Some(before));
    });
}

#[test]
fn a_data_protection_policy_is_kept_as_it_was_given() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let read = || TopicCommand::DataProtectionPolicy { arn: topic("stock") };
        assert_eq!(scene.about_topics(read()), Ok(Reply::Text(None)));
        let policy = r#"{ "Name": "none", "Version": "2021-06-01", "Statement": [{
            "DataDirection": "Inbound", "Principal": ["*"], "Operation": {"Deny": {}},
            "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]}]}"#;
        let set = |policy: &str| TopicCommand::SetDataProtectionPolicy {
            arn: topic("stock"),
            policy: policy.to_owned(),
        };
        assert_eq!(scene.about_topics(set(policy)), Ok(Reply::Done));
        assert!(scene.about_topics(set("no policy")).is_err());
        assert_eq!(scene.about_topics(read()), Ok(Reply::Text(Some(policy.to_owned()))));
    });
}
