mod properties;

use super::*;
use crate::codec::{Damaged, Reader, Writer};
use crate::command::Pairs;
use crate::delivery_policy::{EffectiveDeliveryPolicy, TopicDeliveryPolicy};
use crate::rejection::TopicRejection;
use crate::time::Timestamp;

const FILTER: &str = r#"{"store": ["a", "b"]}"#;
const NESTED: &str = r#"{"store":{"name":["a"]}}"#;
const DELIVERY: &str =
    r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":3}}"#;
const DEAD: &str = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#;
const DEAD_FIFO: &str = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo"}"#;
const REPLAY: &str = r#"{"PointType":"Timestamp","StartingPoint":"2023-10-01T00:00:00.000Z"}"#;
const ROLE: &str = "arn:aws:iam::123456789012:role/stream";

fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn topic(name: &str) -> TopicArn {
    TopicArn::parse(&format!("arn:aws:sns:us-east-1:000000000000:{name}")).unwrap()
}

fn context(protocol: SubscriptionProtocol, topic: &TopicArn) -> Context<'_> {
    Context { protocol, topic, owner: topic.account, endpoint_is_fifo_queue: false }
}

fn create(
    protocol: SubscriptionProtocol,
    given: &[(&str, &str)],
) -> Result<SubscriptionAttributes, TopicRejection> {
    SubscriptionAttributes::create(&context(protocol, &topic("t")), &pairs(given))
}

fn created(protocol: SubscriptionProtocol, given: &[(&str, &str)]) -> SubscriptionAttributes {
    create(protocol, given).unwrap()
}

/// Setting an attribute of a subscription to the standard topic.
fn set(
    from: &SubscriptionAttributes,
    protocol: SubscriptionProtocol,
    name: &str,
    value: &str,
) -> Result<SubscriptionAttributes, TopicRejection> {
    from.set(&context(protocol, &topic("t")), name, value)
}

fn invalid(text: &str) -> TopicRejection {
    TopicRejection::InvalidParameter(format!("Invalid parameter: {text}"))
}

/// What Subscribe and SetSubscriptionAttributes alike refuse, each with its own beginning.
fn assert_refused(context: &Context<'_>, name: &str, value: &str, text: &str) {
    let on_creation = SubscriptionAttributes::create(context, &pairs(&[(name, value)]));
    let expected = invalid(&format!("Attributes Reason: {text}"));
    assert_eq!(on_creation, Err(expected), "created: {name} {value}");
    let on_change = SubscriptionAttributes::default().set(context, name, value);
    assert_eq!(on_change, Err(invalid(text)), "set: {name} {value}");
}

/// One attribute as reading shows it.
fn shown(attributes: &SubscriptionAttributes, name: &str) -> Option<String> {
    let pairs = attributes.to_pairs(SubscriptionProtocol::Sqs, None);
    pairs.into_iter().find(|(shown, _)| *shown == name).map(|(_, value)| value)
}

#[test]
fn a_new_subscription_shows_that_it_is_not_raw() {
    let attributes = created(SubscriptionProtocol::Sqs, &[]);
    let raw = ("RawMessageDelivery", "false".to_owned());
    assert_eq!(attributes.to_pairs(SubscriptionProtocol::Sqs, None), vec![raw.clone()]);
    assert_eq!(attributes, SubscriptionAttributes::default());
    let effective = |topic: Option<&TopicDeliveryPolicy>| {
        let policy = EffectiveDeliveryPolicy::new(topic, None);
        ("EffectiveDeliveryPolicy", policy.to_json())
    };
    for protocol in [SubscriptionProtocol::Http, SubscriptionProtocol::Https] {
        assert_eq!(attributes.to_pairs(protocol, None), [raw.clone(), effective(None)]);
        let json = r#"{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":3}}}"#;
        let policy = TopicDeliveryPolicy::parse(json).unwrap();
        let shown = attributes.to_pairs(protocol, Some(&policy));
        assert_eq!(shown, [raw.clone(), effective(Some(&policy))]);
        assert!(shown[1].1.contains(r#""maxReceivesPerSecond":3"#));
    }
}

#[test]
fn raw_delivery_goes_with_some_protocols() {
    use SubscriptionProtocol as Protocol;
    for protocol in [Protocol::Sqs, Protocol::Http, Protocol::Https] {
        let raw = created(protocol, &[("RawMessageDelivery", "true")]);
        assert!(raw.raw_message_delivery());
        assert_eq!(shown(&raw, "RawMessageDelivery").as_deref(), Some("true"));
        assert_eq!(set(&raw, protocol, "RawMessageDelivery", "false"), create(protocol, &[]));
        for bad in ["True", "1", ""] {
            let text = format!("RawMessageDelivery: Invalid value [{bad}]. Must be true or false.");
            let topic = topic("t");
            assert_refused(&context(protocol, &topic), "RawMessageDelivery", bad, &text);
        }
    }
    created(Protocol::Firehose, &[("RawMessageDelivery", "true"), ("SubscriptionRoleArn", ROLE)]);
    for protocol in [
        Protocol::Lambda,
        Protocol::Application,
        Protocol::Sms,
        Protocol::Email,
        Protocol::EmailJson,
    ] {
        let text = format!(
            "Delivery protocol [{}] does not support raw message delivery.",
            protocol.as_str()
        );
        for value in ["true", "false"] {
            let topic = topic("t");
            assert_refused(&context(protocol, &topic), "RawMessageDelivery", value, &text);
        }
    }
}

#[test]
fn filter_policies_show_as_given_beside_their_scope() {
    let sqs = SubscriptionProtocol::Sqs;
    let filtered = created(sqs, &[("FilterPolicy", FILTER)]);
    assert_eq!(shown(&filtered, "FilterPolicy").as_deref(), Some(FILTER));
    assert_eq!(shown(&filtered, "FilterPolicyScope").as_deref(), Some("MessageAttributes"));
    let policy = filtered.filter_policy().unwrap();
    assert!(!policy.accepts(&[], ""));
    for nothing in ["", "{}", " { } "] {
        assert_eq!(set(&filtered, sqs, "FilterPolicy", nothing), create(sqs, &[]));
        assert_eq!(create(sqs, &[("FilterPolicy", nothing)]), create(sqs, &[]));
    }
    let nested = "Filter policy scope MessageAttributes does not support nested filter policy";
    let keys = "FilterPolicy: Filter policy can not have more than 5 keys";
    let six = r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#;
    let topic = topic("t");
    for (name, value, text) in [
        ("FilterPolicy", NESTED, nested),
        ("FilterPolicy", six, keys),
        (
            "FilterPolicyScope",
            "Body",
            "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or \
             MessageAttributes",
        ),
    ] {
        assert_refused(&context(sqs, &topic), name, value, text);
    }
}

#[test]
fn a_scope_waits_for_its_policy() {
    let sqs = SubscriptionProtocol::Sqs;
    let body = created(sqs, &[("FilterPolicyScope", "MessageBody")]);
    assert_eq!(shown(&body, "FilterPolicyScope"), None);
    let filtered = set(&body, sqs, "FilterPolicy", NESTED).unwrap();
    assert_eq!(shown(&filtered, "FilterPolicyScope").as_deref(), Some("MessageBody"));
    assert!(filtered.filter_policy().unwrap().accepts(&[], r#"{"store":{"name":"a"}}"#));
    let scope = ("FilterPolicyScope", "MessageBody");
    for given in [[scope, ("FilterPolicy", NESTED)], [("FilterPolicy", NESTED), scope]] {
        assert_eq!(created(sqs, &given), filtered);
    }
    // It stays when the policy goes.
    assert_eq!(set(&filtered, sqs, "FilterPolicy", "{}"), Ok(body));
}

#[test]
fn a_policy_is_checked_again_in_another_scope() {
    let sqs = SubscriptionProtocol::Sqs;
    let flat = created(sqs, &[("FilterPolicy", FILTER)]);
    let body = set(&flat, sqs, "FilterPolicyScope", "MessageBody").unwrap();
    assert!(body.filter_policy().unwrap().accepts(&[], r#"{"store":"a"}"#));
    assert_eq!(set(&body, sqs, "FilterPolicyScope", "MessageAttributes"), Ok(flat));
    let nested = set(&body, sqs, "FilterPolicy", NESTED).unwrap();
    let text = "Filter policy scope MessageAttributes does not support nested filter policy";
    let refused = set(&nested, sqs, "FilterPolicyScope", "MessageAttributes");
    assert_eq!(refused, Err(invalid(text)));
}

#[test]
fn dead_letters_go_to_a_queue_of_the_same_place_and_kind() {
    let (standard, fifo) = (topic("t"), topic("t.fifo"));
    let to_standard = context(SubscriptionProtocol::Sqs, &standard);
    let from_fifo = context(SubscriptionProtocol::Sqs, &fifo);
    let to_fifo = Context { endpoint_is_fifo_queue: true, ..from_fifo };
    let spaced = format!(" {DEAD}");
    for (context, policy) in [
        (&to_standard, DEAD),
        (&to_standard, &spaced),
        (&from_fifo, DEAD),
        (&from_fifo, DEAD_FIFO),
        (&to_fifo, DEAD_FIFO),
    ] {
        let given = pairs(&[("RedrivePolicy", policy)]);
        let attributes = SubscriptionAttributes::create(context, &given).unwrap();
        assert_eq!(shown(&attributes, "RedrivePolicy").as_deref(), Some(policy));
        let target = attributes.redrive_policy().unwrap().dead_letter_target();
        assert!(policy.contains(&target.to_string()));
        for nothing in ["", "{}"] {
            let cleared = attributes.set(context, "RedrivePolicy", nothing);
            assert_eq!(cleared, Ok(SubscriptionAttributes::default()));
        }
    }
    let invalid_arn = "deadLetterTargetArn is an invalid arn";
    let other_place = "deadLetterTargetArn must be in the account and region of the subscription";
    for (context, policy, text) in [
        (&to_fifo, DEAD, "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."),
        (
            &to_standard,
            DEAD_FIFO,
            "must use a standard queue as DLQ for a Subscription to a standard Topic.",
        ),
        (&to_standard, &*DEAD.replace("us-east-1", "us-west-1"), other_place),
        (&to_standard, &*DEAD.replace("0:dead", "1:dead"), other_place),
        (&to_standard, &*DEAD.replace("sqs", "sns"), invalid_arn),
        (&to_standard, r#"{"deadLetterTargetArn":""}"#, invalid_arn),
        (&to_standard, r#"{"deadLetterTargetArn":7}"#, invalid_arn),
        (
            &to_standard,
            &*DEAD.replace('}', r#","maxReceiveCount":5}"#),
            "invalid JSON. Attribute maxReceiveCount is unknown.",
        ),
    ] {
        let text = format!("RedrivePolicy: {text}");
        assert_refused(context, "RedrivePolicy", policy, &text);
    }
    for bad in ["{invalidjson}", "[]", "7"] {
        let Err(TopicRejection::InvalidParameter(text)) =
            SubscriptionAttributes::default().set(&to_standard, "RedrivePolicy", bad)
        else {
            panic!("{bad} is taken");
        };
        let start = "Invalid parameter: RedrivePolicy: failed to parse JSON. ";
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn dead_letters_stay_with_the_subscriptions_owner() {
    let topic = topic("t");
    let owner = AccountId::parse("000000000001").unwrap();
    let context = Context { owner, ..context(SubscriptionProtocol::Sqs, &topic) };
    let text = "RedrivePolicy: deadLetterTargetArn must be in the account and region of the \
                subscription";
    assert_refused(&context, "RedrivePolicy", DEAD, text);
    let own = pairs(&[("RedrivePolicy", &DEAD.replace("0:dead", "1:dead"))]);
    assert!(SubscriptionAttributes::create(&context, &own).is_ok());
}

#[test]
fn delivery_policies_are_for_web_addresses() {
    use SubscriptionProtocol as Protocol;
    for protocol in [Protocol::Http, Protocol::Https] {
        let attributes = created(protocol, &[("DeliveryPolicy", DELIVERY)]);
        let pairs = attributes.to_pairs(protocol, None);
        let names: Vec<_> = pairs.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["RawMessageDelivery", "DeliveryPolicy", "EffectiveDeliveryPolicy"]);
        assert!(pairs[1].1.contains(r#""sicklyRetryPolicy":null"#));
        for nothing in ["", "{}"] {
            let cleared = set(&attributes, protocol, "DeliveryPolicy", nothing);
            assert_eq!(cleared, create(protocol, &[]));
        }
    }
    let topic = topic("t");
    for value in [DELIVERY, ""] {
        let text = "Delivery protocol [sqs] does not support delivery policies.";
        assert_refused(&context(Protocol::Sqs, &topic), "DeliveryPolicy", value, text);
    }
    let text = "DeliveryPolicy: Unexpected JSON member: http";
    assert_refused(&context(Protocol::Http, &topic), "DeliveryPolicy", r#"{"http":{}}"#, text);
}

#[test]
fn content_types_go_with_raw_delivery() {
    let http = SubscriptionProtocol::Http;
    let csv = ("DeliveryPolicy", r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#);
    for given in [[("RawMessageDelivery", "true"), csv], [csv, ("RawMessageDelivery", "true")]] {
        assert!(create(http, &given).is_ok());
    }
    assert!(create(http, &[csv]).is_err());
}

#[test]
fn a_delivery_stream_needs_a_role() {
    let firehose = SubscriptionProtocol::Firehose;
    let attributes = created(firehose, &[("SubscriptionRoleArn", ROLE)]);
    assert_eq!(attributes.subscription_role_arn(), Some(ROLE));
    assert_eq!(shown(&attributes, "SubscriptionRoleArn").as_deref(), Some(ROLE));
    let text = "Attributes Reason: SubscriptionRoleArn must be specified";
    assert_eq!(create(firehose, &[]), Err(invalid(text)));
    let topic = topic("t");
    for bad in ["", "role"] {
        let text =
            format!("SubscriptionRoleArn: Invalid value [{bad}]. Must be the ARN of an IAM role.");
        assert_refused(&context(firehose, &topic), "SubscriptionRoleArn", bad, &text);
    }
    let text = "Delivery protocol [sqs] does not support SubscriptionRoleArn.";
    let sqs = context(SubscriptionProtocol::Sqs, &topic);
    assert_refused(&sqs, "SubscriptionRoleArn", ROLE, text);
    // Subscribing again need not repeat it.
    assert_eq!(attributes.conflicts(&context(firehose, &topic), &[]), Ok(false));
}

#[test]
fn replays_are_of_fifo_topics() {
    let fifo = topic("t.fifo");
    let context = context(SubscriptionProtocol::Sqs, &fifo);
    let set = |value: &str| SubscriptionAttributes::default().set(&context, "ReplayPolicy", value);
    let open = set(REPLAY).unwrap();
    assert_eq!(shown(&open, "ReplayPolicy").as_deref(), Some(REPLAY));
    let policy = open.replay_policy().unwrap();
    assert_eq!(policy.starting_point(), Timestamp::from_ms(1_696_118_400_000));
    assert_eq!(policy.ending_point(), None);
    let closed = REPLAY.replace('}', r#","EndingPoint":"2023-10-01T00:00:00.001Z"}"#);
    let closed = set(&closed).unwrap();
    let ending_point = closed.replay_policy().unwrap().ending_point();
    assert_eq!(ending_point, Some(Timestamp::from_ms(1_696_118_400_001)));
    let ended = closed.set(&context, "ReplayPolicy", "{}");
    assert_eq!(ended, Ok(SubscriptionAttributes::default()));

    let point = "must be a timestamp such as 2023-10-01T00:00:00.000Z";
    for (policy, text) in [
        ("", "Unable to parse JSON".to_owned()),
        ("[]", "Unable to parse JSON".into()),
        (r#"{"Point":1}"#, "Unexpected JSON member: Point".into()),
        (&REPLAY.replace("\"Timestamp", "\"Offset"), "PointType must be Timestamp".into()),
        (r#"{"PointType":"Timestamp"}"#, "StartingPoint must be specified".into()),
        (&REPLAY.replace("-10-", "-13-"), format!("StartingPoint {point}")),
        (&REPLAY.replace('}', r#","EndingPoint":7}"#), format!("EndingPoint {point}")),
        (
            &REPLAY.replace('}', r#","EndingPoint":"2023-10-01T00:00:00Z"}"#),
            "EndingPoint must be later than StartingPoint".into(),
        ),
    ] {
        assert_refused(&context, "ReplayPolicy", policy, &format!("ReplayPolicy: {text}"));
    }
    let standard = topic("t");
    let text = "ReplayPolicy: can only be set on a subscription to a FIFO topic";
    let context = Context { topic: &standard, ..context };
    assert_refused(&context, "ReplayPolicy", REPLAY, text);
}

#[test]
fn names_that_cannot_be_set_are_refused() {
    let sqs = SubscriptionProtocol::Sqs;
    for name in ["Owner", "Protocol", "EffectiveDeliveryPolicy", "ReplayStatus", "", "X"] {
        let text = format!("Attributes Reason: Unknown attribute {name}");
        let given = [("RawMessageDelivery", "bad"), (name, "")];
        assert_eq!(create(sqs, &given), Err(invalid(&text)));
        let refused = set(&SubscriptionAttributes::default(), sqs, name, "");
        assert_eq!(refused, Err(invalid("AttributeName")));
    }
}

#[test]
fn subscribing_again_compares_what_is_given_with_what_is_now() {
    let http = SubscriptionProtocol::Http;
    let now = created(
        http,
        &[
            ("RawMessageDelivery", "true"),
            ("FilterPolicy", FILTER),
            ("RedrivePolicy", DEAD),
            ("DeliveryPolicy", DELIVERY),
        ],
    );
    let topic = topic("t");
    let conflicts = |given: &[(&str, &str)]| now.conflicts(&context(http, &topic), &pairs(given));
    let respaced = DEAD.replace("\":", "\" : ");
    for same in [
        &[][..],
        &[("RawMessageDelivery", "true")],
        &[("FilterPolicy", FILTER), ("FilterPolicyScope", "MessageAttributes")],
        &[("FilterPolicy", r#"{"store":["a","b"]}"#)],
        &[("RedrivePolicy", &respaced)],
        &[("DeliveryPolicy", DELIVERY)],
    ] {
        assert_eq!(conflicts(same), Ok(false), "{same:?}");
    }
    for other in [
        ("RawMessageDelivery", "false"),
        ("FilterPolicy", r#"{"store":["a"]}"#),
        ("FilterPolicy", ""),
        ("FilterPolicyScope", "MessageBody"),
        ("RedrivePolicy", "{}"),
        ("RedrivePolicy", &DEAD.replace(":dead", ":dead-2")),
        ("DeliveryPolicy", ""),
    ] {
        assert_eq!(conflicts(&[other]), Ok(true), "{other:?}");
    }
    let text = "Attributes Reason: Unknown attribute X";
    assert_eq!(conflicts(&[("X", "")]), Err(invalid(text)));
}

#[test]
fn subscribing_again_need_not_say_what_values_depend_on() {
    let http = SubscriptionProtocol::Http;
    let csv = r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#;
    let given = [
        ("RawMessageDelivery", "true"),
        ("DeliveryPolicy", csv),
        ("FilterPolicyScope", "MessageBody"),
        ("FilterPolicy", NESTED),
    ];
    let now = created(http, &given);
    let topic = topic("t");
    for same in given {
        assert_eq!(now.conflicts(&context(http, &topic), &pairs(&[same])), Ok(false), "{same:?}");
    }
    for other in [("RawMessageDelivery", "false"), ("FilterPolicyScope", "MessageAttributes")] {
        assert_eq!(now.conflicts(&context(http, &topic), &pairs(&[other])), Ok(true), "{other:?}");
    }
}

#[test]
fn documents_that_could_not_be_set_are_damage() {
    let sqs = SubscriptionProtocol::Sqs;
    for (name, value, from, to) in [
        ("FilterPolicy", FILTER, "[", "("),
        ("RedrivePolicy", DEAD, "sqs", "sns"),
        ("RedrivePolicy", DEAD, ":\"", "=\""),
    ] {
        let mut bytes = Vec::new();
        created(sqs, &[(name, value)]).encode(&mut Writer::new(&mut bytes));
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        let decoded = SubscriptionAttributes::decode(&mut Reader::new(&bytes));
        assert_eq!(decoded, Err(Damaged), "{name}");
    }
    let mut bytes = Vec::new();
    SubscriptionAttributes::default().encode(&mut Writer::new(&mut bytes));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] = 2;
        let decoded = SubscriptionAttributes::decode(&mut Reader::new(&damaged));
        assert_eq!(decoded, Err(Damaged), "byte {at}");
    }
}
