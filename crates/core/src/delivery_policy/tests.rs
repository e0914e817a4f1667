mod properties;

use serde_json::{Value, json};

use super::*;
use crate::attribute_fault::AttributeFault;
use crate::codec::{Damaged, Reader, Writer};
use crate::names::SubscriptionProtocol;

/// A retry policy with all its members, in the service's order.
fn retry() -> Value {
    json!({
        "minDelayTarget": 10,
        "maxDelayTarget": 30,
        "numRetries": 10,
        "numMaxDelayRetries": 4,
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 2,
        "backoffFunction": "geometric",
    })
}

fn topic(policy: &Value) -> TopicDeliveryPolicy {
    TopicDeliveryPolicy::parse(&policy.to_string()).unwrap()
}

fn subscription(policy: &Value) -> SubscriptionDeliveryPolicy {
    SubscriptionDeliveryPolicy::parse(&policy.to_string(), true).unwrap()
}

/// A subscription's policy with nothing but a retry policy.
fn retrying(members: Value) -> SubscriptionDeliveryPolicy {
    subscription(&json!({ "healthyRetryPolicy": members }))
}

fn schedule(members: Value) -> RetrySchedule {
    EffectiveDeliveryPolicy::new(None, Some(&retrying(members))).schedule()
}

/// The delays of a schedule in seconds, when attempts take no time.
fn delays(schedule: &RetrySchedule, most: u32) -> Vec<f64> {
    let mut elapsed = 0;
    let mut delays = Vec::new();
    while let Some(delay) = schedule.delay_after(delays.len() as u32 + 1, elapsed) {
        elapsed += delay;
        delays.push(delay as f64 / 1000.0);
        if delays.len() as u32 == most {
            break;
        }
    }
    delays
}

fn refused(parsed: Result<impl std::fmt::Debug, AttributeFault>) -> String {
    match parsed {
        Err(AttributeFault::Value(text)) => text.strip_prefix("DeliveryPolicy: ").unwrap().into(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_topics_policy_is_shown_in_the_services_order() {
    let written = json!({ "http": {
        "defaultHealthyRetryPolicy": retry(),
        "disableSubscriptionOverrides": true,
        "defaultThrottlePolicy": { "maxReceivesPerSecond": 5 },
        "defaultRequestPolicy": { "headerContentType": "application/json" },
    } });
    let turned = json!({ "http": {
        "defaultRequestPolicy": { "headerContentType": "application/json" },
        "defaultThrottlePolicy": { "maxReceivesPerSecond": 5 },
        "disableSubscriptionOverrides": true,
        "defaultHealthyRetryPolicy": {
            "backoffFunction": "geometric",
            "numMinDelayRetries": 2,
            "numNoDelayRetries": 1,
            "numMaxDelayRetries": 4,
            "numRetries": 10,
            "maxDelayTarget": 30,
            "minDelayTarget": 10,
        },
    } });
    assert_eq!(topic(&turned).to_json(), written.to_string());
    assert_eq!(topic(&turned), topic(&written));
    let least = json!({ "minDelayTarget": 1, "maxDelayTarget": 2, "numRetries": 3 });
    let partial = json!({ "http": { "defaultHealthyRetryPolicy": least } });
    assert_eq!(topic(&partial).to_json(), partial.to_string());
    for nothing in
        [json!({}), json!({ "http": null }), json!({ "http": { "defaultThrottlePolicy": null } })]
    {
        assert_eq!(topic(&nothing), TopicDeliveryPolicy::default());
    }
}

#[test]
fn a_subscriptions_policy_is_shown_with_nulls() {
    let written = json!({
        "healthyRetryPolicy": retry(),
        "sicklyRetryPolicy": null,
        "throttlePolicy": null,
        "requestPolicy": { "headerContentType": "text/csv" },
        "guaranteed": false,
    });
    assert_eq!(subscription(&written).to_json(), written.to_string());
    let turned = json!({
        "requestPolicy": { "headerContentType": "text/csv" },
        "healthyRetryPolicy": retry(),
    });
    assert_eq!(subscription(&turned).to_json(), written.to_string());
    let other = json!({
        "healthyRetryPolicy": null,
        "sicklyRetryPolicy": retry(),
        "throttlePolicy": { "maxReceivesPerSecond": 1 },
        "requestPolicy": null,
        "guaranteed": true,
    });
    assert_eq!(subscription(&other).to_json(), other.to_string());
    assert_eq!(subscription(&json!({})), SubscriptionDeliveryPolicy::default());
}

/// That of the topic as recorded from the live service.
#[test]
fn without_policies_the_services_holds() {
    let retry = json!({
        "minDelayTarget": 20,
        "maxDelayTarget": 20,
        "numRetries": 3,
        "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0,
        "numMinDelayRetries": 0,
        "backoffFunction": "linear",
    });
    let of_topic = json!({ "http": {
        "defaultHealthyRetryPolicy": retry,
        "disableSubscriptionOverrides": false,
        "defaultRequestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
    } });
    assert_eq!(TopicDeliveryPolicy::effective_json(None), of_topic.to_string());
    let of_subscription = json!({
        "healthyRetryPolicy": retry,
        "sicklyRetryPolicy": null,
        "throttlePolicy": null,
        "requestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
        "guaranteed": false,
    });
    let effective = EffectiveDeliveryPolicy::new(None, None);
    assert_eq!(effective.to_json(), of_subscription.to_string());
    assert_eq!(effective.max_receives_per_second(), None);
    assert_eq!(effective.content_type(false), "text/plain; charset=UTF-8");
    assert_eq!(delays(&effective.schedule(), 9), [20.0, 20.0, 20.0]);
}

#[test]
fn sections_come_from_the_subscription_then_the_topic_then_the_service() {
    let of_topic = topic(&json!({ "http": {
        "defaultHealthyRetryPolicy": retry(),
        "defaultThrottlePolicy": { "maxReceivesPerSecond": 5 },
        "defaultRequestPolicy": { "headerContentType": "application/json" },
    } }));
    let own = subscription(&json!({
        "sicklyRetryPolicy": { "minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 1 },
        "throttlePolicy": { "maxReceivesPerSecond": 7 },
        "guaranteed": true,
    }));
    let shown = |topic: &TopicDeliveryPolicy, own: Option<&SubscriptionDeliveryPolicy>| -> Value {
        let effective = EffectiveDeliveryPolicy::new(Some(topic), own);
        serde_json::from_str(&effective.to_json()).unwrap()
    };
    let inherited = shown(&of_topic, None);
    assert_eq!(inherited["healthyRetryPolicy"], retry());
    assert_eq!(inherited["throttlePolicy"]["maxReceivesPerSecond"], 5);
    assert_eq!(inherited["requestPolicy"]["headerContentType"], "application/json");
    let mixed = shown(&of_topic, Some(&own));
    assert_eq!(mixed["healthyRetryPolicy"], retry());
    assert_eq!(mixed["sicklyRetryPolicy"]["numRetries"], 1);
    assert_eq!(mixed["throttlePolicy"]["maxReceivesPerSecond"], 7);
    assert_eq!(mixed["requestPolicy"]["headerContentType"], "application/json");
    assert_eq!(mixed["guaranteed"], true);

    let saying = |disable| TopicDeliveryPolicy {
        disable_subscription_overrides: Some(disable),
        ..of_topic.clone()
    };
    assert_eq!(shown(&saying(true), Some(&own)), inherited);
    assert_eq!(shown(&saying(false), Some(&own)), mixed);
}

#[test]
fn numbers_keep_to_their_ranges() {
    let good = json!({ "minDelayTarget": 1, "maxDelayTarget": 3600, "numRetries": 100 });
    retrying(good.clone());
    let big = 18_446_744_073_709_551_615_u64;
    for (name, value, text) in [
        ("minDelayTarget", json!(0), "must be greater than or equal to 1"),
        ("minDelayTarget", json!(null), "must be specified"),
        ("maxDelayTarget", json!(null), "must be specified"),
        ("maxDelayTarget", json!(3601), "must be less than or equal to 3600"),
        ("numRetries", json!(null), "must be specified"),
        ("numRetries", json!(101), "must be less than or equal to 100"),
        ("numRetries", json!(-1), "must be greater than or equal to 0"),
        ("numRetries", json!(i64::MIN), "must be greater than or equal to 0"),
        ("numRetries", json!(4_294_967_297_u64), "must be less than or equal to 100"),
        ("numRetries", json!(big), "must be less than or equal to 100"),
        ("numRetries", json!("3"), "must be an integer"),
        ("numRetries", json!(2.5), "must be an integer"),
        ("numRetries", json!(3.0), "must be an integer"),
        ("numNoDelayRetries", json!(-1), "must be greater than or equal to 0"),
        ("numMinDelayRetries", json!(101), "must be less than or equal to 100"),
        ("numMaxDelayRetries", json!([]), "must be an integer"),
        (
            "backoffFunction",
            json!("Linear"),
            "must be one of linear, arithmetic, geometric, exponential",
        ),
        ("backoffFunction", json!(1), "must be a string"),
    ] {
        let mut members = good.clone();
        members[name] = value;
        for key in ["healthyRetryPolicy", "sicklyRetryPolicy"] {
            let json = json!({ key: members }).to_string();
            let expected = format!("{key}.{name} {text}");
            assert_eq!(refused(SubscriptionDeliveryPolicy::parse(&json, false)), expected);
        }
        let json = json!({ "http": { "defaultHealthyRetryPolicy": members } }).to_string();
        let expected = format!("http.defaultHealthyRetryPolicy.{name} {text}");
        assert_eq!(refused(TopicDeliveryPolicy::parse(&json)), expected);
    }
    for (rate, text) in [
        (json!(0), "must be greater than or equal to 1"),
        (json!(4_294_967_296_u64), "must be less than or equal to 4294967295"),
        (json!("1"), "must be an integer"),
    ] {
        let json = json!({ "throttlePolicy": { "maxReceivesPerSecond": rate } }).to_string();
        let expected = format!("throttlePolicy.maxReceivesPerSecond {text}");
        assert_eq!(refused(SubscriptionDeliveryPolicy::parse(&json, false)), expected);
    }
}

#[test]
fn members_do_not_contradict_each_other() {
    let refused = |members: Value| {
        let json = json!({ "healthyRetryPolicy": members }).to_string();
        refused(SubscriptionDeliveryPolicy::parse(&json, false))
    };
    assert_eq!(
        refused(json!({ "minDelayTarget": 5, "maxDelayTarget": 3, "numRetries": 43 })),
        "healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget"
    );
    let phases = |retries| {
        json!({
            "minDelayTarget": 2,
            "maxDelayTarget": 2,
            "numRetries": retries,
            "numMaxDelayRetries": 7,
            "numMinDelayRetries": 7,
            "numNoDelayRetries": 7,
        })
    };
    retrying(phases(21));
    assert_eq!(
        refused(phases(20)),
        "healthyRetryPolicy.numRetries must be greater than or equal to total of \
         numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries"
    );
}

#[test]
fn unknown_members_and_other_forms_are_refused() {
    for (json, text) in [
        (r#"{"throttlePolicy":{}}"#, "Unexpected JSON member: throttlePolicy"),
        (r#"{"http":{"throttlePolicy":{}}}"#, "Unexpected JSON member: http.throttlePolicy"),
        (
            r#"{"http":{"defaultThrottlePolicy":{"rate":1}}}"#,
            "Unexpected JSON member: http.defaultThrottlePolicy.rate",
        ),
        (r#"{"http":[]}"#, "http must be a JSON object"),
        (
            r#"{"http":{"disableSubscriptionOverrides":"true"}}"#,
            "http.disableSubscriptionOverrides must be true or false",
        ),
        ("[]", "policy must be a JSON object"),
        ("null", "policy must be a JSON object"),
    ] {
        assert_eq!(refused(TopicDeliveryPolicy::parse(json)), text);
    }
    for (json, text) in [
        (r#"{"http":{}}"#, "Unexpected JSON member: http"),
        (r#"{"guaranteed":1}"#, "guaranteed must be true or false"),
        (r#"{"requestPolicy":7}"#, "requestPolicy must be a JSON object"),
        (
            r#"{"requestPolicy":{"headerContentType":7}}"#,
            "requestPolicy.headerContentType must be a string",
        ),
    ] {
        assert_eq!(refused(SubscriptionDeliveryPolicy::parse(json, false)), text);
    }
    for bad in ["", "{", "{}{}", "text"] {
        assert!(refused(TopicDeliveryPolicy::parse(bad)).starts_with("failed to parse JSON. "));
    }
}

#[test]
fn raw_messages_have_more_content_types() {
    let parse = |content_type: &str, raw| {
        let json = json!({ "requestPolicy": { "headerContentType": content_type } }).to_string();
        SubscriptionDeliveryPolicy::parse(&json, raw)
    };
    for content_type in
        ["text/plain", "application/json", "text/plain; charset=UTF-8", "text/plain;charset=utf-8"]
    {
        for raw in [true, false] {
            let policy = parse(content_type, raw).unwrap();
            let effective = EffectiveDeliveryPolicy::new(None, Some(&policy));
            assert_eq!(effective.content_type(raw), content_type);
        }
    }
    for content_type in RAW_CONTENT_TYPES {
        let policy = parse(content_type, true).unwrap();
        let effective = EffectiveDeliveryPolicy::new(None, Some(&policy));
        assert_eq!(effective.content_type(true), content_type);
        assert_eq!(effective.content_type(false), "text/plain; charset=UTF-8");
        let text = "is not a supported content type";
        assert_eq!(
            refused(parse(content_type, false)),
            format!("requestPolicy.headerContentType [{content_type}] {text}")
        );
        let of_topic =
            json!({ "http": { "defaultRequestPolicy": { "headerContentType": content_type } } });
        topic(&of_topic);
    }
    for bad in ["", "text/bogus", "text/plain; charset=ASCII", "text/plain\r\nX: y", "TEXT/PLAIN"] {
        assert!(parse(bad, true).is_err(), "{bad}");
    }
}

#[test]
fn the_phases_follow_each_other() {
    let schedule = schedule(json!({
        "minDelayTarget": 10,
        "maxDelayTarget": 50,
        "numRetries": 11,
        "numNoDelayRetries": 2,
        "numMinDelayRetries": 1,
        "numMaxDelayRetries": 3,
        "backoffFunction": "linear",
    }));
    assert_eq!(schedule.retries(), 11);
    let expected = [0.0, 0.0, 10.0, 10.0, 20.0, 30.0, 40.0, 50.0, 50.0, 50.0, 50.0];
    assert_eq!(delays(&schedule, 99), expected);
    assert_eq!(schedule.delay_after(0, 0), Some(0));
}

#[test]
fn delays_grow_as_the_function_says() {
    for (function, expected) in [
        ("linear", [1.0, 4.75, 8.5, 12.25, 16.0]),
        ("arithmetic", [1.0, 2.5, 5.5, 10.0, 16.0]),
        ("geometric", [1.0, 2.0, 4.0, 8.0, 16.0]),
        ("exponential", [1.0, 2.0, 4.0, 8.0, 16.0]),
    ] {
        let schedule = schedule(json!({
            "minDelayTarget": 1,
            "maxDelayTarget": 16,
            "numRetries": 5,
            "backoffFunction": function,
        }));
        assert_eq!(delays(&schedule, 99), expected, "{function}");
    }
    let geometric = schedule(json!({
        "minDelayTarget": 10,
        "maxDelayTarget": 1000,
        "numRetries": 3,
        "backoffFunction": "geometric",
    }));
    assert_eq!(delays(&geometric, 99), [10.0, 100.0, 1000.0]);
    let single = schedule(json!({ "minDelayTarget": 10, "maxDelayTarget": 1000, "numRetries": 1 }));
    assert_eq!(delays(&single, 99), [10.0]);
}

#[test]
fn retries_end_after_an_hour() {
    let schedule = schedule(json!({
        "minDelayTarget": 1800,
        "maxDelayTarget": 1800,
        "numRetries": 100,
    }));
    assert_eq!(delays(&schedule, 99), [1800.0, 1800.0]);
    assert_eq!(schedule.delay_after(1, 1_800_000), Some(1_800_000));
    assert_eq!(schedule.delay_after(1, 1_800_001), None);
    assert_eq!(schedule.delay_after(1, u64::MAX), None);
}

#[test]
fn other_protocols_have_fixed_schedules() {
    use SubscriptionProtocol as Protocol;
    for protocol in [Protocol::Sqs, Protocol::Lambda, Protocol::Firehose] {
        let schedule = RetrySchedule::of_protocol(protocol).unwrap();
        assert_eq!(schedule.retries(), 100_015);
        let first = delays(&schedule, 16);
        assert_eq!(first[..6], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(first[14..], [20.0, 20.0]);
        let last = schedule.delay_after(100_015, 23 * 86_400_000);
        assert_eq!((last, schedule.delay_after(100_016, 0)), (Some(20_000), None));
    }
    for protocol in [Protocol::Application, Protocol::Sms, Protocol::Email, Protocol::EmailJson] {
        let delays = delays(&RetrySchedule::of_protocol(protocol).unwrap(), 99);
        assert_eq!(delays.len(), 50);
        assert_eq!(delays[..3], [10.0, 10.0, 10.0]);
        assert_eq!(delays[11..], [600.0; 39]);
        let hours = delays.iter().sum::<f64>() / 3600.0;
        assert!((6.0..7.5).contains(&hours), "{hours}");
    }
    for protocol in [Protocol::Http, Protocol::Https] {
        assert_eq!(RetrySchedule::of_protocol(protocol), None);
    }
}

#[test]
fn bytes_of_a_policy_that_could_not_be_set_are_damage() {
    let policy = topic(&json!({ "http": { "defaultHealthyRetryPolicy": retry() } }));
    let mut bytes = Vec::new();
    policy.encode(&mut Writer::new(&mut bytes));
    // The least delay, the greatest one, the retries, the flags before counts, the function.
    for (at, value) in [(1, 0), (1, 31), (5, 9), (9, 6), (10, 1), (13, 2), (18, 2), (29, 4)] {
        let mut damaged = bytes.clone();
        damaged[at] = value;
        let decoded = TopicDeliveryPolicy::decode(&mut Reader::new(&damaged));
        assert_eq!(decoded, Err(Damaged), "byte {at}");
    }
}
