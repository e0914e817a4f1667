//! CreateQueue: names, kinds, and creating what is there already. Attributes by themselves are in
//! `queue_attributes.rs`.

use serde_json::{Value, json};

use crate::harness::{REGION, in_both_protocols};

const BAD_NAME: &str =
    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
const BAD_FIFO_NAME: &str = "The name of a FIFO queue can only include alphanumeric characters, \
     hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.";

fn fifo() -> Value {
    json!({ "FifoQueue": "true" })
}

#[tokio::test]
async fn names_of_1_to_80_characters_are_taken() {
    in_both_protocols(async |sqs| {
        let longest = "n".repeat(80);
        for name in ["a", "-", "_", "0", "AZaz09_-", "orders", "Orders", &longest] {
            sqs.queue(name, json!({})).await;
        }
        let longest = format!("{}.fifo", "n".repeat(75));
        for name in ["a.fifo", "AZaz09_-.fifo", &longest] {
            sqs.queue(name, fifo()).await;
        }
        let listed = sqs.ok("ListQueues", json!({})).await;
        assert_eq!(listed["QueueUrls"].as_array().unwrap().len(), 11);
    })
    .await;
}

#[tokio::test]
async fn other_names_are_refused() {
    in_both_protocols(async |sqs| {
        let too_long = "n".repeat(81);
        for name in [&too_long, "a.b", "a b", "a/b", "ä", "a\n", "a.fifo", "a.FIFO", ".fifo"] {
            let refusal = sqs.refused("CreateQueue", json!({ "QueueName": name })).await;
            refusal.assert_is("InvalidParameterValue", BAD_NAME, name);
        }
        let too_long = format!("{}.fifo", "n".repeat(76));
        for name in ["a", &too_long, "a.b.fifo", "a b.fifo", ".fifo", "a.fifo.fifo", "a.FIFO"] {
            let input = json!({ "QueueName": name, "Attributes": fifo() });
            let refusal = sqs.refused("CreateQueue", input).await;
            refusal.assert_is("InvalidParameterValue", BAD_FIFO_NAME, name);
        }
        // Recorded with a text of its own, which is not documented.
        let refusal = sqs.refused("CreateQueue", json!({ "QueueName": "" })).await;
        refusal.assert_is("InvalidParameterValue", "*", "empty");
        let refusal = sqs.refused("CreateQueue", json!({})).await;
        let text = "Value for parameter QueueName is invalid. Reason: Must specify a queue name.";
        refusal.assert_is("InvalidParameterValue", text, "no name");
        assert_eq!(sqs.ok("ListQueues", json!({})).await, json!({}));
    })
    .await;
}

#[tokio::test]
async fn names_are_case_sensitive_and_fifo_is_part_of_the_name() {
    in_both_protocols(async |sqs| {
        let standard = sqs.queue("orders", json!({})).await;
        let upper = sqs.queue("ORDERS", json!({})).await;
        let fifo = sqs.queue("orders.fifo", fifo()).await;
        let id = sqs.send(&standard, "hello").await;
        assert_eq!(sqs.counts(&upper).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&fifo).await, [0, 0, 0]);
        assert_eq!(sqs.receive(&standard).await[0]["MessageId"], id);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_there_is_compared_by_the_attributes_given() {
    in_both_protocols(async |sqs| {
        let attributes = json!({ "VisibilityTimeout": "40", "DelaySeconds": "3" });
        let url = sqs.queue("orders", attributes).await;
        let before = sqs.attributes(&url).await;
        for same in [
            json!({}),
            json!({ "VisibilityTimeout": "40" }),
            json!({ "DelaySeconds": "3", "VisibilityTimeout": "40" }),
            // Not given when it was created, but so it is.
            json!({ "MessageRetentionPeriod": "345600" }),
            json!({ "VisibilityTimeout": "40", "SqsManagedSseEnabled": "true" }),
        ] {
            assert_eq!(sqs.queue("orders", same).await, url);
        }
        for (attributes, differs) in [
            (json!({ "VisibilityTimeout": "30" }), "VisibilityTimeout"),
            (json!({ "VisibilityTimeout": "40", "DelaySeconds": "0" }), "DelaySeconds"),
            (json!({ "MaximumMessageSize": "1024" }), "MaximumMessageSize"),
            (json!({ "SqsManagedSseEnabled": "false" }), "SqsManagedSseEnabled"),
            (json!({ "KmsMasterKeyId": "alias/aws/sqs" }), "KmsMasterKeyId"),
        ] {
            let input = json!({ "QueueName": "orders", "Attributes": attributes });
            let refusal = sqs.refused("CreateQueue", input).await;
            let text = format!(
                "A queue already exists with the same name and a different value for attribute \
                 {differs}"
            );
            refusal.assert_is("QueueAlreadyExists", &text, differs);
        }
        assert_eq!(sqs.attributes(&url).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_there_is_compared_by_its_current_values() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "VisibilityTimeout": "40" })).await;
        let set = json!({ "QueueUrl": url, "Attributes": { "VisibilityTimeout": "50" } });
        sqs.ok("SetQueueAttributes", set).await;
        sqs.queue("orders", json!({ "VisibilityTimeout": "50" })).await;
        let then = json!({ "QueueName": "orders", "Attributes": { "VisibilityTimeout": "40" } });
        let refusal = sqs.refused("CreateQueue", then).await;
        refusal.assert_is("QueueAlreadyExists", "A queue already exists with the same name*", "");
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_there_keeps_its_messages_and_tags() {
    in_both_protocols(async |sqs| {
        let input = json!({ "QueueName": "orders", "tags": { "team": "red" } });
        sqs.ok("CreateQueue", input).await;
        let url = sqs.url("orders");
        sqs.send(&url, "hello").await;
        // Tags are not compared.
        let input = json!({ "QueueName": "orders", "tags": { "team": "blue" } });
        assert_eq!(sqs.ok("CreateQueue", input).await, json!({ "QueueUrl": url }));
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        let tags = sqs.ok("ListQueueTags", json!({ "QueueUrl": url })).await;
        assert_eq!(tags, json!({ "Tags": { "team": "red" } }));
    })
    .await;
}

#[tokio::test]
async fn accounts_and_regions_have_queues_of_their_own() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "VisibilityTimeout": "40" })).await;
        sqs.send(&url, "hello").await;
        for (account, region) in [
            ("111122223333", "us-east-1"),
            ("111122223333", "eu-west-1"),
            // Not an account number: the default account, in another region.
            ("AKIDEXAMPLE", "ap-south-1"),
        ] {
            let mut caller = sqs.caller(account, region).await;
            assert_eq!(caller.ok("ListQueues", json!({})).await, json!({}));
            // The same name with another attribute is no conflict.
            let input = json!({ "QueueName": "orders", "Attributes": { "DelaySeconds": "7" } });
            let url = caller.ok("CreateQueue", input).await["QueueUrl"].take();
            let url = url.as_str().unwrap();
            let attributes = caller.attributes(url).await;
            let account = if account.starts_with("AKID") { "000000000000" } else { account };
            assert_eq!(attributes["QueueArn"], format!("arn:aws:sqs:{region}:{account}:orders"));
            assert_eq!(url, format!("http://sqs.test:4566/{account}/orders"));
            assert_eq!(caller.counts(url).await, [0, 0, 0]);
        }
        let arn = format!("arn:aws:sqs:{REGION}:000000000000:orders");
        assert_eq!(sqs.attributes(&url).await["QueueArn"], arn);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}
