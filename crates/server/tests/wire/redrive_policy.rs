//! RedrivePolicy and RedriveAllowPolicy: what they may say, and how they are told again. What they
//! do is in `dead_letters.rs`.

use serde_json::{Value, json};

use crate::harness::{REGION, Sqs, in_both_protocols};

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:000000000000:{name}")
}

fn redrive(target: &str, max: impl Into<Value>) -> String {
    json!({ "deadLetterTargetArn": arn(target), "maxReceiveCount": max.into() }).to_string()
}

async fn set(sqs: &mut Sqs, url: &str, attributes: Value) {
    sqs.ok("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": attributes })).await;
}

#[tokio::test]
async fn a_redrive_policy_is_told_in_its_canonical_form() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.queue("dead", json!({})).await;
        let dead = arn("dead");
        for (given, max) in [
            (redrive("dead", 1), 1),
            (redrive("dead", "1000"), 1000),
            (redrive("dead", 5), 5),
            (
                format!(
                    "{{ \"maxReceiveCount\" : \"7\" ,\n \"deadLetterTargetArn\" : \"{dead}\" }}"
                ),
                7,
            ),
        ] {
            set(sqs, &url, json!({ "RedrivePolicy": given })).await;
            let told = format!("{{\"deadLetterTargetArn\":\"{dead}\",\"maxReceiveCount\":{max}}}");
            assert_eq!(sqs.attributes(&url).await["RedrivePolicy"], told);
        }
        // Created so; and compared in the same form.
        let other = sqs.queue("other", json!({ "RedrivePolicy": redrive("dead", "3") })).await;
        sqs.queue("other", json!({ "RedrivePolicy": redrive("dead", 3) })).await;
        let told = format!("{{\"deadLetterTargetArn\":\"{dead}\",\"maxReceiveCount\":3}}");
        assert_eq!(sqs.attributes(&other).await["RedrivePolicy"], told);
        // A queue may name itself.
        set(sqs, &other, json!({ "RedrivePolicy": redrive("other", 2) })).await;
        set(sqs, &other, json!({ "RedrivePolicy": "" })).await;
        assert_eq!(sqs.attributes(&other).await.get("RedrivePolicy"), None);
    })
    .await;
}

#[tokio::test]
async fn a_redrive_policy_that_cannot_work_is_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.queue("dead", json!({})).await;
        sqs.queue("dead.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.caller("000000000000", "eu-west-1")
            .await
            .ok("CreateQueue", json!({ "QueueName": "far" }))
            .await;
        sqs.caller("111122223333", REGION)
            .await
            .ok("CreateQueue", json!({ "QueueName": "far" }))
            .await;
        let to =
            |arn: &str| json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1 }).to_string();
        for (url, policy) in [
            (&url, json!({ "deadLetterTargetArn": arn("dead") }).to_string()),
            (&url, json!({ "maxReceiveCount": 3 }).to_string()),
            (&url, redrive("dead", 0)),
            (&url, redrive("dead", 1001)),
            (&url, redrive("dead", -1)),
            (&url, redrive("dead", "0")),
            (&url, redrive("dead", "1001")),
            (&url, redrive("dead", "many")),
            (&url, redrive("dead", "")),
            (&url, redrive("dead", 1.5)),
            (&url, redrive("dead", Value::Null)),
            (&url, redrive("missing", 1)),
            (&url, redrive("dead.fifo", 1)),
            (&fifo, redrive("dead", 1)),
            (&url, to("dead")),
            (&url, to("")),
            (&url, to("arn:aws:sqs:eu-west-1:000000000000:far")),
            (&url, to("arn:aws:sqs:us-east-1:111122223333:far")),
            (&url, to("arn:aws:sns:us-east-1:000000000000:dead")),
            (&url, "{}".into()),
        ] {
            let text = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: *");
            let input = json!({ "QueueUrl": url, "Attributes": { "RedrivePolicy": policy } });
            sqs.refuses("SetQueueAttributes", url, &[(input, "InvalidParameterValue", &text)])
                .await;
            let (name, mut attributes) = match url.ends_with(".fifo") {
                true => ("new.fifo", json!({ "FifoQueue": "true" })),
                false => ("new", json!({})),
            };
            attributes["RedrivePolicy"] = json!(policy);
            let input = json!({ "QueueName": name, "Attributes": attributes });
            sqs.refuses("CreateQueue", url, &[(input, "InvalidParameterValue", &text)]).await;
        }
        // What is no policy at all is another matter.
        for policy in ["[]", "{", "none", "5", " "] {
            let text = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is \
                        not a valid JSON map.";
            let input = json!({ "QueueUrl": url, "Attributes": { "RedrivePolicy": policy } });
            sqs.refuses("SetQueueAttributes", &url, &[(input, "InvalidAttributeValue", text)])
                .await;
        }
        let listed = sqs.ok("ListQueues", json!({ "QueueNamePrefix": "new" })).await;
        assert_eq!(listed, json!({}));
    })
    .await;
}

#[tokio::test]
async fn a_redrive_allow_policy_says_which_queues_may_name_this_one() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let friend = sqs.queue("friend", json!({})).await;
        let other = sqs.queue("other", json!({})).await;
        let by_queue =
            json!({ "redrivePermission": "byQueue", "sourceQueueArns": [arn("friend")] });
        for (policy, friend_may, other_may) in [
            (json!({ "redrivePermission": "allowAll" }), true, true),
            (json!({ "redrivePermission": "denyAll" }), false, false),
            (by_queue, true, false),
        ] {
            let policy = policy.to_string();
            set(sqs, &dead, json!({ "RedriveAllowPolicy": policy })).await;
            let told = sqs.attributes(&dead).await["RedriveAllowPolicy"].take();
            let told: Value = serde_json::from_str(told.as_str().unwrap()).unwrap();
            assert_eq!(told, serde_json::from_str::<Value>(&policy).unwrap());
            for (url, may) in [(&friend, friend_may), (&other, other_may)] {
                let attributes = json!({ "RedrivePolicy": redrive("dead", 1) });
                let input = json!({ "QueueUrl": url, "Attributes": attributes });
                match sqs.call("SetQueueAttributes", &input).await {
                    Ok(_) => assert!(may, "{policy}"),
                    Err(refusal) => {
                        assert!(!may, "{policy}");
                        refusal.assert_is("InvalidParameterValue", "Value *", &policy);
                    }
                }
                set(sqs, url, json!({ "RedrivePolicy": "" })).await;
            }
        }
        set(sqs, &dead, json!({ "RedriveAllowPolicy": "" })).await;
        assert_eq!(sqs.attributes(&dead).await.get("RedriveAllowPolicy"), None);
        set(sqs, &other, json!({ "RedrivePolicy": redrive("dead", 1) })).await;
        // Looked at when a source names its target, not later.
        let deny = json!({ "redrivePermission": "denyAll" }).to_string();
        set(sqs, &dead, json!({ "RedriveAllowPolicy": deny })).await;
        assert_eq!(sqs.attributes(&other).await["RedrivePolicy"], redrive("dead", 1));
        set(sqs, &other, json!({ "DelaySeconds": "1" })).await;
    })
    .await;
}

#[tokio::test]
async fn a_redrive_allow_policy_has_its_limits() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("dead", json!({})).await;
        let arns = |count: usize| -> Vec<_> { (0..count).map(|i| arn(&format!("q{i}"))).collect() };
        let by_queue =
            |count| json!({ "redrivePermission": "byQueue", "sourceQueueArns": arns(count) });
        for count in [1, 10] {
            set(sqs, &url, json!({ "RedriveAllowPolicy": by_queue(count).to_string() })).await;
        }
        let before = sqs.attributes(&url).await;
        for (policy, code) in [
            (by_queue(0), "InvalidParameterValue"),
            (by_queue(11), "InvalidParameterValue"),
            (json!({ "redrivePermission": "byQueue" }), "InvalidParameterValue"),
            (
                json!({ "redrivePermission": "allowAll", "sourceQueueArns": arns(1) }),
                "InvalidParameterValue",
            ),
            (
                json!({ "redrivePermission": "denyAll", "sourceQueueArns": arns(1) }),
                "InvalidParameterValue",
            ),
            // Of these, only that they are refused is documented.
            (json!({ "redrivePermission": "sometimes" }), "Invalid"),
            (json!({ "redrivePermission": "byQueue", "sourceQueueArns": "x" }), "Invalid"),
            (json!({}), "Invalid"),
            (json!([]), "Invalid"),
            (json!("x"), "Invalid"),
        ] {
            let attributes = json!({ "RedriveAllowPolicy": policy.to_string() });
            let input = json!({ "QueueUrl": url, "Attributes": attributes });
            let refusal = sqs.refused("SetQueueAttributes", input).await;
            assert!(refusal.code.starts_with(code), "{policy}: {refusal:?}");
        }
        assert_eq!(sqs.attributes(&url).await, before);
    })
    .await;
}
