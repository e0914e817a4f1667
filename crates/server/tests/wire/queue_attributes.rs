//! GetQueueAttributes and SetQueueAttributes, and the attributes given to CreateQueue: each is set
//! both ways, to the ends of its range and one beyond.

use serde_json::{Value, json};

use crate::harness::{REGION, START_MS, Sqs, in_both_protocols, with};

/// All that a queue tells of itself when nothing was said about it.
fn defaults(name: &str) -> Value {
    let now = (START_MS / 1000).to_string();
    json!({
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": now,
        "DelaySeconds": "0",
        "LastModifiedTimestamp": now,
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": format!("arn:aws:sqs:{REGION}:000000000000:{name}"),
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    })
}

fn fifo_defaults(name: &str) -> Value {
    with(
        defaults(name),
        json!({
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "queue",
            "FifoQueue": "true",
            "FifoThroughputLimit": "perQueue",
        }),
    )
}

async fn set(sqs: &mut Sqs, url: &str, attributes: Value) {
    sqs.ok("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": attributes })).await;
}

/// Asserts that both SetQueueAttributes on `url` and CreateQueue of a queue of the same kind
/// refuse each set of attributes.
async fn refuses_both_ways(sqs: &mut Sqs, url: &str, cases: &[(Value, &str, &str)]) {
    let is_fifo = url.ends_with(".fifo");
    let (mut sets, mut creates) = (Vec::new(), Vec::new());
    for (attributes, code, text) in cases {
        sets.push((json!({ "QueueUrl": url, "Attributes": attributes }), *code, *text));
        let (name, kind) =
            if is_fifo { ("new.fifo", json!({ "FifoQueue": "true" })) } else { ("new", json!({})) };
        let attributes = with(attributes.clone(), kind);
        creates.push((json!({ "QueueName": name, "Attributes": attributes }), *code, *text));
    }
    sqs.refuses("SetQueueAttributes", url, &sets).await;
    sqs.refuses("CreateQueue", url, &creates).await;
    assert_eq!(sqs.ok("ListQueues", json!({ "QueueNamePrefix": "new" })).await, json!({}));
}

#[tokio::test]
async fn a_queue_tells_all_about_itself() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        assert_eq!(sqs.attributes(&url).await, defaults("orders"));
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        assert_eq!(sqs.attributes(&url).await, fifo_defaults("orders.fifo"));
    })
    .await;
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let all = sqs.attributes(&url).await;
        let get = async |sqs: &mut Sqs, names: Value| {
            let input = json!({ "QueueUrl": url, "AttributeNames": names });
            sqs.ok("GetQueueAttributes", input).await
        };
        for (name, value) in all.as_object().unwrap() {
            assert_eq!(get(sqs, json!([name])).await, json!({ "Attributes": { name: value } }));
        }
        assert_eq!(get(sqs, json!([])).await, json!({}));
        assert_eq!(get(sqs, Value::Null).await, json!({}));
        let two = json!({ "Attributes": { "DelaySeconds": "0", "VisibilityTimeout": "30" } });
        assert_eq!(get(sqs, json!(["VisibilityTimeout", "DelaySeconds"])).await, two);
        assert_eq!(
            get(sqs, json!(["DelaySeconds", "VisibilityTimeout", "DelaySeconds"])).await,
            two
        );
        assert_eq!(get(sqs, json!(["DelaySeconds", "All"])).await["Attributes"], all);
        // Known, but not set.
        for name in ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"] {
            assert_eq!(get(sqs, json!([name])).await, json!({}), "{name}");
        }
        let ask = |names: Value| json!({ "QueueUrl": url, "AttributeNames": names });
        sqs.refuses(
            "GetQueueAttributes",
            &url,
            &[
                (ask(json!(["Colour"])), "InvalidAttributeName", "Unknown Attribute Colour."),
                (ask(json!(["all"])), "InvalidAttributeName", "Unknown Attribute all."),
                (ask(json!([""])), "InvalidAttributeName", "Unknown Attribute ."),
                (
                    ask(json!(["DelaySeconds", "delaySeconds"])),
                    "InvalidAttributeName",
                    "Unknown Attribute delaySeconds.",
                ),
                (
                    ask(json!(["All", "Colour"])),
                    "InvalidAttributeName",
                    "Unknown Attribute Colour.",
                ),
            ],
        )
        .await;
    })
    .await;
}

/// The numbers among the attributes, with both ends of their range.
const NUMBERS: [(&str, i64, i64); 5] = [
    ("DelaySeconds", 0, 900),
    ("MaximumMessageSize", 1024, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20),
    ("VisibilityTimeout", 0, 43_200),
];

#[tokio::test]
async fn numbers_are_taken_within_their_range() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let mut created = 0;
        for (name, lowest, highest) in NUMBERS {
            for value in [lowest, lowest + 1, highest - 1, highest] {
                let attributes = json!({ name: value.to_string() });
                for url in [&url, &fifo] {
                    set(sqs, url, attributes.clone()).await;
                    assert_eq!(sqs.attributes(url).await[name], value.to_string());
                }
                created += 1;
                let url = sqs.queue(&format!("new{created}"), attributes.clone()).await;
                let name = format!("new{created}");
                assert_eq!(sqs.attributes(&url).await, with(defaults(&name), attributes));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_beyond_their_range_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for (name, lowest, highest) in
            NUMBERS.into_iter().chain([("KmsDataKeyReusePeriodSeconds", 60, 86_400)])
        {
            let text = format!("Invalid value for the parameter {name}.");
            let beyond = [(lowest - 1).to_string(), (highest + 1).to_string()];
            let odd = ["-1", "x", "1.5", "1e2", " 60", "0x40", "99999999999999999999", "None"];
            let cases: Vec<_> = beyond
                .iter()
                .map(String::as_str)
                .chain(odd)
                .map(|value| (json!({ name: value }), "InvalidAttributeValue", text.as_str()))
                .collect();
            refuses_both_ways(sqs, &url, &cases).await;
            refuses_both_ways(sqs, &fifo, &cases).await;
        }
    })
    .await;
}

#[tokio::test]
async fn names_that_cannot_be_set_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for name in [
            "Colour",
            "All",
            "visibilityTimeout",
            "DefaultVisibilityTimeout",
            "QueueArn",
            "CreatedTimestamp",
            "LastModifiedTimestamp",
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ] {
            let text = format!("Unknown Attribute {name}.");
            let cases = [(json!({ name: "1" }), "InvalidAttributeName", text.as_str())];
            refuses_both_ways(sqs, &url, &cases).await;
            refuses_both_ways(sqs, &fifo, &cases).await;
        }
    })
    .await;
}

#[tokio::test]
async fn one_bad_attribute_keeps_the_good_ones_from_being_set() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let text = "Invalid value for the parameter VisibilityTimeout.";
        let attributes = json!({
            "DelaySeconds": "5", "VisibilityTimeout": "43201", "MaximumMessageSize": "2048",
        });
        refuses_both_ways(sqs, &url, &[(attributes, "InvalidAttributeValue", text)]).await;
        let attributes = json!({ "Colour": "red", "DelaySeconds": "5" });
        let text = "Unknown Attribute Colour.";
        refuses_both_ways(sqs, &url, &[(attributes, "InvalidAttributeName", text)]).await;
        let missing = json!({ "QueueUrl": url });
        sqs.refuses("SetQueueAttributes", &url, &[(missing, "MissingParameter", "*")]).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_has_its_time() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.pass_ms(5_999);
        set(sqs, &url, json!({ "DelaySeconds": "1" })).await;
        let attributes = sqs.attributes(&url).await;
        assert_eq!(attributes["CreatedTimestamp"], (START_MS / 1000).to_string());
        assert_eq!(attributes["LastModifiedTimestamp"], (START_MS / 1000 + 5).to_string());
    })
    .await;
}

#[tokio::test]
async fn fifo_attributes_belong_to_fifo_queues() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let no_fifo = "Unknown Attribute FifoQueue.";
        let no_deduplication = "Unknown Attribute ContentBasedDeduplication.";
        let no_scope = "You can specify the DeduplicationScope only when FifoQueue is set to true.";
        let no_limit =
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.";
        let name = "InvalidAttributeName";
        refuses_both_ways(
            sqs,
            &url,
            &[
                (json!({ "FifoQueue": "false" }), name, no_fifo),
                (json!({ "ContentBasedDeduplication": "true" }), name, no_deduplication),
                (json!({ "ContentBasedDeduplication": "false" }), name, no_deduplication),
                (json!({ "DeduplicationScope": "queue" }), name, no_scope),
                (json!({ "FifoThroughputLimit": "perQueue" }), name, no_limit),
            ],
        )
        .await;
        let set = json!({ "QueueUrl": url, "Attributes": { "FifoQueue": "true" } });
        sqs.refuses("SetQueueAttributes", &url, &[(set, name, no_fifo)]).await;

        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let set = |value: &str| json!({ "QueueUrl": fifo, "Attributes": { "FifoQueue": value } });
        let modified = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is \
                        not supported.";
        sqs.refuses(
            "SetQueueAttributes",
            &fifo,
            &[(set("true"), name, no_fifo), (set("false"), "InvalidAttributeValue", modified)],
        )
        .await;
        let value = "InvalidAttributeValue";
        refuses_both_ways(
            sqs,
            &fifo,
            &[
                (json!({ "ContentBasedDeduplication": "yes" }), value, "*"),
                (json!({ "DeduplicationScope": "message" }), value, "*"),
                (json!({ "FifoThroughputLimit": "perMessage" }), value, "*"),
            ],
        )
        .await;
        let create = json!({ "QueueName": "new.fifo", "Attributes": { "FifoQueue": "yes" } });
        sqs.refuses("CreateQueue", &fifo, &[(create, value, "*")]).await;
    })
    .await;
}

#[tokio::test]
async fn high_throughput_needs_the_scope_of_a_group() {
    in_both_protocols(async |sqs| {
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let limit = json!({ "FifoThroughputLimit": "perMessageGroupId" });
        let both = with(limit.clone(), json!({ "DeduplicationScope": "messageGroup" }));
        let half = with(limit.clone(), json!({ "DeduplicationScope": "queue" }));
        for attributes in [&limit, &half] {
            let input = json!({ "QueueUrl": fifo, "Attributes": attributes });
            let refusal = sqs.refused("SetQueueAttributes", input).await;
            assert!(refusal.code.starts_with("Invalid"), "{refusal:?}");
        }
        assert_eq!(sqs.attributes(&fifo).await, fifo_defaults("orders.fifo"));
        set(sqs, &fifo, both.clone()).await;
        assert_eq!(sqs.attributes(&fifo).await, with(fifo_defaults("orders.fifo"), both.clone()));
        // Set already, it may be said again alone.
        set(sqs, &fifo, limit).await;
        let scope = json!({ "DeduplicationScope": "messageGroup" });
        let url =
            sqs.queue("scope.fifo", with(scope.clone(), json!({ "FifoQueue": "true" }))).await;
        assert_eq!(sqs.attributes(&url).await, with(fifo_defaults("scope.fifo"), scope));
    })
    .await;
}

#[tokio::test]
async fn one_kind_of_encryption_at_a_time() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let both = json!({ "KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true" });
        let text = "You can use one type of server-side encryption (SSE) at one time. You can \
                    either enable KMS SSE or SQS SSE.";
        refuses_both_ways(sqs, &url, &[(both, "InvalidAttributeName", text)]).await;
        refuses_both_ways(
            sqs,
            &url,
            &[(json!({ "SqsManagedSseEnabled": "maybe" }), "InvalidAttributeValue", "*")],
        )
        .await;

        for key in [
            "alias/aws/sqs",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:alias/mine",
        ] {
            // The key need not be there, and turns the other kind off.
            set(sqs, &url, json!({ "KmsMasterKeyId": key })).await;
            let attributes = sqs.attributes(&url).await;
            assert_eq!(attributes["KmsMasterKeyId"], key);
            assert_eq!(attributes["SqsManagedSseEnabled"], "false");
            // The default may be told beside it, or left out.
            let period = attributes.get("KmsDataKeyReusePeriodSeconds");
            assert!(period.is_none_or(|period| period == "300"), "{attributes}");
        }
        for period in ["60", "86400"] {
            set(sqs, &url, json!({ "KmsDataKeyReusePeriodSeconds": period })).await;
            assert_eq!(sqs.attributes(&url).await["KmsDataKeyReusePeriodSeconds"], period);
        }
        set(sqs, &url, json!({ "KmsMasterKeyId": "" })).await;
        let attributes = sqs.attributes(&url).await;
        assert_eq!(attributes.get("KmsMasterKeyId"), None);
        assert_eq!(attributes["SqsManagedSseEnabled"], "true");

        set(sqs, &url, json!({ "SqsManagedSseEnabled": "false" })).await;
        assert_eq!(sqs.attributes(&url).await["SqsManagedSseEnabled"], "false");
        set(sqs, &url, json!({ "SqsManagedSseEnabled": "true" })).await;
        assert_eq!(sqs.attributes(&url).await["SqsManagedSseEnabled"], "true");

        let key = json!({ "KmsMasterKeyId": "alias/aws/sqs" });
        let sealed = sqs.queue("sealed", key).await;
        assert_eq!(sqs.attributes(&sealed).await["SqsManagedSseEnabled"], "false");
    })
    .await;
}

#[tokio::test]
async fn a_data_key_reuse_period_is_told_beside_a_key() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "KmsDataKeyReusePeriodSeconds": "600" })).await;
        assert_eq!(sqs.attributes(&url).await.get("KmsDataKeyReusePeriodSeconds"), None);
        set(sqs, &url, json!({ "KmsMasterKeyId": "alias/aws/sqs" })).await;
        assert_eq!(sqs.attributes(&url).await["KmsDataKeyReusePeriodSeconds"], "600");
    })
    .await;
}

/// A policy of one statement, made longer by the name of an account that means nothing.
fn policy_of(bytes: usize) -> String {
    let policy = json!({
        "Version": "2012-10-17",
        "Id": "",
        "Statement": [{
            "Sid": "all",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "SQS:SendMessage",
            "Resource": format!("arn:aws:sqs:{REGION}:000000000000:orders"),
        }],
    });
    let policy = policy.to_string();
    let id = "x".repeat(bytes - policy.len());
    policy.replace("\"Id\":\"\"", &format!("\"Id\":\"{id}\""))
}

#[tokio::test]
async fn a_policy_is_kept_as_given_and_can_be_cleared() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for policy in [policy_of(300), policy_of(8192)] {
            set(sqs, &url, json!({ "Policy": policy })).await;
            let kept = sqs.attributes(&url).await["Policy"].take();
            let kept: Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
            assert_eq!(kept, serde_json::from_str::<Value>(&policy).unwrap());
        }
        set(sqs, &url, json!({ "Policy": "" })).await;
        assert_eq!(sqs.attributes(&url).await, defaults("orders"));
        refuses_both_ways(sqs, &url, &[(json!({ "Policy": policy_of(8193) }), "OverLimit", "*")])
            .await;
        for bad in ["{", "[]", "x", "\"x\"", "1"] {
            let text = "Invalid value for the parameter Policy.";
            let cases = [(json!({ "Policy": bad }), "InvalidAttributeValue", text)];
            refuses_both_ways(sqs, &url, &cases).await;
        }
    })
    .await;
}

/// A policy with so many statements, and in each so many principals, conditions and actions.
fn policy(statements: usize, principals: usize, conditions: usize, actions: usize) -> String {
    let names = ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl"];
    let others = ["GetQueueAttributes", "ChangeMessageVisibility", "PurgeQueue", "ListQueueTags"];
    let actions: Vec<_> =
        names.iter().chain(&others).take(actions).map(|name| format!("SQS:{name}")).collect();
    let principals: Vec<_> = (0..principals).map(|i| format!("{:012}", i + 1)).collect();
    let condition: serde_json::Map<_, _> =
        (0..conditions).map(|i| (format!("aws:RequestTag/k{i}"), json!("v"))).collect();
    let statements: Vec<_> = (0..statements)
        .map(|i| {
            let mut statement = json!({
                "Sid": format!("s{i}"),
                "Effect": "Allow",
                "Principal": { "AWS": principals },
                "Action": actions,
                "Resource": format!("arn:aws:sqs:{REGION}:000000000000:orders"),
            });
            if conditions > 0 {
                statement["Condition"] = json!({ "StringEquals": condition });
            }
            statement
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

#[tokio::test]
async fn a_policy_has_its_limits() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for policy in
            [policy(20, 1, 0, 1), policy(1, 50, 0, 1), policy(1, 1, 10, 1), policy(1, 1, 0, 7)]
        {
            set(sqs, &url, json!({ "Policy": policy })).await;
            let kept = sqs.attributes(&url).await["Policy"].take();
            let kept: Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
            assert_eq!(kept, serde_json::from_str::<Value>(&policy).unwrap());
        }
        let before = sqs.attributes(&url).await;
        for policy in
            [policy(21, 1, 0, 1), policy(1, 51, 0, 1), policy(1, 1, 11, 1), policy(1, 1, 0, 8)]
        {
            let input = json!({ "QueueUrl": url, "Attributes": { "Policy": policy } });
            // OverLimit or InvalidAttributeValue: which one is not documented.
            let refusal = sqs.refused("SetQueueAttributes", input).await;
            assert!(
                ["OverLimit", "InvalidAttributeValue"].contains(&refusal.code.as_str()),
                "{refusal:?}"
            );
        }
        assert_eq!(sqs.attributes(&url).await, before);
    })
    .await;
}
