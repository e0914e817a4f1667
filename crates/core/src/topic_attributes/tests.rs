mod properties;

use super::*;
use crate::codec::{Damaged, Reader, Writer};
use crate::command::Pairs;
use crate::rejection::TopicRejection;
use crate::time::Timestamp;

const POLICY: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"SNS:Publish","Resource":"*"}}"#;
const DELIVERY: &str = r#"{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":3}}}"#;
const ROLE: &str = "arn:aws:iam::123456789012:role/feedback";

fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A standard topic, or a FIFO topic and what its creation always says.
fn kind(fifo: bool) -> (TopicArn, Pairs) {
    let (name, given) =
        if fifo { ("t.fifo", pairs(&[("FifoTopic", "true")])) } else { ("t", vec![]) };
    (arn(name), given)
}

fn arn(name: &str) -> TopicArn {
    TopicArn::parse(&format!("arn:aws:sns:us-east-1:000000000000:{name}")).unwrap()
}

fn create(fifo: bool, given: &[(&str, &str)]) -> Result<TopicAttributes, TopicRejection> {
    let (arn, mut all) = kind(fifo);
    all.extend(pairs(given));
    TopicAttributes::create(&arn, &all)
}

fn created(fifo: bool, given: &[(&str, &str)]) -> TopicAttributes {
    create(fifo, given).unwrap()
}

fn set(from: &TopicAttributes, name: &str, value: &str) -> TopicAttributes {
    from.set(name, value).unwrap()
}

fn invalid(text: &str) -> TopicRejection {
    TopicRejection::InvalidParameter(format!("Invalid parameter: {text}"))
}

/// What a creation and a change alike refuse, each with its own beginning.
fn assert_refused(fifo: bool, name: &str, value: &str, text: &str) {
    let on_creation = Err(invalid(&format!("Attributes Reason: {text}")));
    assert_eq!(create(fifo, &[(name, value)]), on_creation, "created: {name} {value}");
    let on_change = Err(invalid(text));
    assert_eq!(created(fifo, &[]).set(name, value), on_change, "set: {name} {value}");
}

fn read(attributes: &TopicAttributes) -> Vec<(&'static str, String)> {
    let (arn, _) = kind(attributes.is_fifo());
    attributes.to_pairs(&Facts {
        arn: &arn,
        confirmed: 7,
        pending: 8,
        deleted: 9,
        archive_begins_at: attributes.archive_days().map(|_| Timestamp::from_ms(1)),
    })
}

/// One attribute as reading shows it.
fn shown(attributes: &TopicAttributes, name: &str) -> Option<String> {
    read(attributes).into_iter().find(|(shown, _)| *shown == name).map(|(_, value)| value)
}

#[test]
fn the_kind_is_that_of_the_name() {
    let create = |name: &str, said: Option<&str>| {
        let given = said.map_or(vec![], |value| pairs(&[("FifoTopic", value)]));
        TopicAttributes::create(&arn(name), &given).map(|attributes| attributes.is_fifo())
    };
    let name = Err(invalid("Topic Name"));
    for (given, expected) in [
        (("t", None), Ok(false)),
        (("t", Some("false")), Ok(false)),
        (("t.fifo", Some("true")), Ok(true)),
        (("t", Some("true")), name.clone()),
        (("t.fifo", None), name.clone()),
        (("t.fifo", Some("false")), name),
        (
            ("t.fifo", Some("True")),
            Err(invalid(
                "Attributes Reason: FifoTopic: Invalid value [True]. Must be true or false.",
            )),
        ),
    ] {
        assert_eq!(create(given.0, given.1), expected, "{given:?}");
    }
    for fifo in [true, false] {
        let refused = created(fifo, &[]).set("FifoTopic", &fifo.to_string());
        assert_eq!(refused, Err(invalid("AttributeName")));
    }
}

#[test]
fn a_new_topic_shows_what_is_always_shown() {
    let names = |attributes: &TopicAttributes| -> Vec<_> {
        read(attributes).into_iter().map(|(name, _)| name).collect()
    };
    let always = [
        "Policy",
        "Owner",
        "SubscriptionsPending",
        "TopicArn",
        "EffectiveDeliveryPolicy",
        "SubscriptionsConfirmed",
        "DisplayName",
        "SubscriptionsDeleted",
    ];
    let standard = created(false, &[]);
    assert_eq!(names(&standard), always);
    let value = |name| shown(&standard, name).unwrap();
    assert_eq!(value("Policy"), topic_policy::default_policy(&arn("t")));
    assert_eq!(value("Owner"), "000000000000");
    assert_eq!(value("TopicArn"), "arn:aws:sns:us-east-1:000000000000:t");
    assert_eq!(value("EffectiveDeliveryPolicy"), TopicDeliveryPolicy::effective_json(None));
    assert_eq!(value("DisplayName"), "");
    let counts = ["SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted"];
    assert_eq!(counts.map(value), ["7", "8", "9"]);
    let fifo = created(true, &[]);
    let mut expected = always.to_vec();
    expected.splice(7..7, ["FifoTopic", "ContentBasedDeduplication"]);
    assert_eq!(names(&fifo), expected);
    assert_eq!(shown(&fifo, "ContentBasedDeduplication").as_deref(), Some("false"));
}

#[test]
fn without_a_word_the_documented_defaults_hold() {
    let attributes = created(true, &[]);
    assert_eq!(attributes.display_name(), "");
    assert_eq!(attributes.delivery_policy(), None);
    assert_eq!(attributes.kms_master_key_id(), None);
    assert_eq!(attributes.signature_version(), SignatureVersion::V1);
    assert_eq!(attributes.tracing_config(), TracingConfig::PassThrough);
    assert_eq!(attributes.maximum_message_size(), 262_144);
    assert!(!attributes.content_based_deduplication());
    assert_eq!(attributes.throughput_scope(), ThroughputScope::Topic);
    assert_eq!(attributes.archive_days(), None);
}

#[test]
fn what_is_set_holds_and_shows() {
    let name = "ä".repeat(100);
    let attributes = created(
        true,
        &[
            ("DisplayName", &*name),
            ("Policy", POLICY),
            ("DeliveryPolicy", DELIVERY),
            ("KmsMasterKeyId", "alias/aws/sns"),
            ("SignatureVersion", "2"),
            ("TracingConfig", "Active"),
            ("MaximumMessageSize", "1048576"),
            ("ContentBasedDeduplication", "true"),
            ("FifoThroughputScope", "MessageGroup"),
            ("ArchivePolicy", r#"{ "MessageRetentionPeriod": 365 }"#),
            ("SQSSuccessFeedbackRoleArn", ROLE),
            ("SQSSuccessFeedbackSampleRate", "100"),
        ],
    );
    assert_eq!(attributes.display_name(), name);
    assert_eq!(&*attributes.policy(&arn("t.fifo")), POLICY);
    assert_eq!(attributes.kms_master_key_id(), Some("alias/aws/sns"));
    assert_eq!(attributes.signature_version(), SignatureVersion::V2);
    assert_eq!(attributes.tracing_config(), TracingConfig::Active);
    assert_eq!(attributes.maximum_message_size(), 1_048_576);
    assert!(attributes.content_based_deduplication());
    assert_eq!(attributes.throughput_scope(), ThroughputScope::MessageGroup);
    assert_eq!(attributes.archive_days(), Some(365));
    let effective = TopicDeliveryPolicy::effective_json(attributes.delivery_policy());
    let expected = [
        ("Policy", POLICY),
        ("SignatureVersion", "2"),
        ("Owner", "000000000000"),
        ("SubscriptionsPending", "8"),
        ("KmsMasterKeyId", "alias/aws/sns"),
        ("TopicArn", "arn:aws:sns:us-east-1:000000000000:t.fifo"),
        ("TracingConfig", "Active"),
        ("EffectiveDeliveryPolicy", &*effective),
        ("SubscriptionsConfirmed", "7"),
        ("DisplayName", &*name),
        ("DeliveryPolicy", DELIVERY),
        ("MaximumMessageSize", "1048576"),
        ("FifoTopic", "true"),
        ("ContentBasedDeduplication", "true"),
        ("FifoThroughputScope", "MessageGroup"),
        ("ArchivePolicy", r#"{"MessageRetentionPeriod":"365"}"#),
        ("BeginningArchiveTime", "1970-01-01T00:00:00.001Z"),
        ("SubscriptionsDeleted", "9"),
        ("SQSSuccessFeedbackRoleArn", ROLE),
        ("SQSSuccessFeedbackSampleRate", "100"),
    ];
    let read = read(&attributes);
    let read: Vec<_> = read.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(read, expected);
}

#[test]
fn what_can_be_cleared_is_cleared() {
    for (name, value, clear) in [
        ("DisplayName", "name", ""),
        ("DeliveryPolicy", DELIVERY, ""),
        ("DeliveryPolicy", DELIVERY, "{}"),
        ("KmsMasterKeyId", "alias/one", ""),
        ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#, "{}"),
        ("HTTPFailureFeedbackRoleArn", ROLE, ""),
        ("ContentBasedDeduplication", "true", "false"),
    ] {
        let attributes = created(true, &[(name, value)]);
        assert_eq!(shown(&attributes, name).as_deref(), Some(value));
        assert_eq!(set(&created(true, &[]), name, value), attributes);
        assert_eq!(set(&attributes, name, clear), created(true, &[]), "{name}");
    }
}

#[test]
fn values_outside_their_range_are_refused() {
    let not_integer = |name: &str, value: &str, range: &str| {
        format!("{name}: {value} value provided is not an integer between {range}")
    };
    for value in ["1023", "1048577", "", "+2000", "2e3", "-1", "99999999999"] {
        let text = not_integer("MaximumMessageSize", value, "1024-1048576");
        assert_refused(false, "MaximumMessageSize", value, &text);
    }
    for name in ["SQSSuccessFeedbackSampleRate", "ApplicationSuccessFeedbackSampleRate"] {
        for value in ["101", "500", "", "1.5", "-1"] {
            assert_refused(false, name, value, &not_integer(name, value, "0-100"));
        }
    }
    for days in ["0", "366", "-1", "x", ""] {
        let policy = format!(r#"{{"MessageRetentionPeriod":"{days}"}}"#);
        let name = "ArchivePolicy: MessageRetentionPeriod";
        assert_refused(true, "ArchivePolicy", &policy, &not_integer(name, days, "1-365"));
    }
    let (long_name, long_key) = ("n".repeat(101), "k".repeat(2049));
    let role = "Must be the ARN of an IAM role.";
    for (name, value, text) in [
        ("DisplayName", &*long_name, "DisplayName: must be at most 100 characters long".to_owned()),
        ("DisplayName", "a\nb", "DisplayName: must not have control characters".into()),
        (
            "KmsMasterKeyId",
            &*long_key,
            "KmsMasterKeyId: must be at most 2048 characters long".into(),
        ),
        ("SignatureVersion", "3", "SignatureVersion: Invalid value [3]. Must be 1 or 2.".into()),
        ("SignatureVersion", "", "SignatureVersion: Invalid value []. Must be 1 or 2.".into()),
        (
            "TracingConfig",
            "active",
            "TracingConfig: Invalid value [active]. Must be PassThrough or Active.".into(),
        ),
        (
            "LambdaSuccessFeedbackRoleArn",
            "role",
            format!("LambdaSuccessFeedbackRoleArn: Invalid value [role]. {role}"),
        ),
        ("Policy", "", "Policy Error: null".into()),
        ("Policy", "{}", "Policy Error: null".into()),
        (
            "DeliveryPolicy",
            r#"{"healthyRetryPolicy":{}}"#,
            "DeliveryPolicy: Unexpected JSON member: healthyRetryPolicy".into(),
        ),
        (
            "ContentBasedDeduplication",
            "",
            "ContentBasedDeduplication: Invalid value []. Must be true or false.".into(),
        ),
        (
            "FifoThroughputScope",
            "topic",
            "FifoThroughputScope: Invalid value [topic]. Must be Topic or MessageGroup.".into(),
        ),
        ("ArchivePolicy", "", "ArchivePolicy: Unable to parse JSON".into()),
        ("ArchivePolicy", "[]", "ArchivePolicy: Unable to parse JSON".into()),
        (
            "ArchivePolicy",
            r#"{"MessageRetention":"1"}"#,
            "ArchivePolicy: Unexpected JSON member: MessageRetention".into(),
        ),
    ] {
        assert_refused(true, name, value, &text);
    }
}

#[test]
fn names_that_cannot_be_set_are_refused() {
    for name in ["Owner", "TopicArn", "EffectiveDeliveryPolicy", "displayName", "", "X"] {
        let on_creation = invalid(&format!("Attributes Reason: Unknown attribute {name}"));
        assert_eq!(create(false, &[("DisplayName", "a"), (name, "a")]), Err(on_creation));
        assert_eq!(created(false, &[]).set(name, "a"), Err(invalid("AttributeName")));
    }
}

#[test]
fn roles_are_arns_of_roles() {
    let longest = format!("arn:aws:iam::123456789012:role/{}", "r".repeat(2048 - 31));
    for role in [ROLE, "arn:aws-cn:iam::123456789012:role/path/name", &longest] {
        assert!(is_role_arn(role), "{role}");
    }
    let too_long = format!("{longest}r");
    for bad in [
        "",
        "role/feedback",
        "arn:aws:iam::123456789012:user/feedback",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::12345678901:role/a",
        "arn:aws:iam:us-east-1:123456789012:role/a",
        "arn:aws:sts::123456789012:role/a",
        "arn:aws:iam::123456789012:role/a:b",
        "arn:aws:iam::123456789012:role/a b",
        &too_long,
    ] {
        assert!(!is_role_arn(bad), "{bad}");
    }
}

#[test]
fn a_standard_topic_has_no_fifo_attributes() {
    for (name, value) in [
        ("ContentBasedDeduplication", "true"),
        ("FifoThroughputScope", "Topic"),
        ("ArchivePolicy", "{}"),
    ] {
        assert_refused(false, name, value, &format!("{name}: can only be set on a FIFO topic"));
    }
    let no = [("FifoTopic", "false"), ("ContentBasedDeduplication", "false")];
    assert_eq!(created(false, &no), created(false, &[]));
}

#[test]
fn there_is_no_way_back_from_message_groups() {
    let by_topic = created(true, &[("FifoThroughputScope", "Topic")]);
    assert_eq!(shown(&by_topic, "FifoThroughputScope").as_deref(), Some("Topic"));
    let by_group = set(&by_topic, "FifoThroughputScope", "MessageGroup");
    assert_eq!(set(&by_group, "FifoThroughputScope", "MessageGroup"), by_group);
    let text = "FifoThroughputScope: cannot be changed from MessageGroup to Topic";
    assert_eq!(by_group.set("FifoThroughputScope", "Topic"), Err(invalid(text)));
}

#[test]
fn creating_again_compares_what_is_given_with_what_is_now() {
    let now = created(
        true,
        &[
            ("DisplayName", "name"),
            ("Policy", POLICY),
            ("DeliveryPolicy", DELIVERY),
            ("SignatureVersion", "2"),
            ("ContentBasedDeduplication", "true"),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"30"}"#),
        ],
    );
    let conflicts = |given: &[(&str, &str)]| now.conflicts(&arn("t.fifo"), &pairs(given));
    let turned =
        r#"{"Statement":{"Resource":"*","Action":"SNS:Publish","Principal":"*","Effect":"Allow"}}"#;
    let respaced = DELIVERY.replace(':', " : ");
    for same in [
        &[][..],
        &[("FifoTopic", "true")],
        &[("FifoTopic", "true"), ("DisplayName", "name")],
        &[("Policy", POLICY)],
        &[("Policy", turned)],
        &[("DeliveryPolicy", &respaced)],
        &[("ArchivePolicy", r#"{"MessageRetentionPeriod":30}"#)],
        &[("KmsMasterKeyId", "")],
    ] {
        assert_eq!(conflicts(same), Ok(false), "{same:?}");
    }
    for other in [
        ("DisplayName", ""),
        ("Policy", &POLICY.replace("Allow", "Deny")),
        ("DeliveryPolicy", ""),
        ("SignatureVersion", "1"),
        ("ContentBasedDeduplication", "false"),
        ("ArchivePolicy", "{}"),
        // Not set so far, not even if it is the default.
        ("TracingConfig", "PassThrough"),
        ("MaximumMessageSize", "262144"),
        ("FifoThroughputScope", "Topic"),
        ("HTTPSuccessFeedbackSampleRate", "0"),
    ] {
        assert_eq!(conflicts(&[other]), Ok(true), "{other:?}");
        assert_eq!(conflicts(&[("FifoTopic", "true"), other]), Ok(true), "{other:?}");
    }
    assert_eq!(conflicts(&[("FifoTopic", "false")]), Err(invalid("Topic Name")));
    let text = "Attributes Reason: Unknown attribute X";
    assert_eq!(conflicts(&[("X", "")]), Err(invalid(text)));
    let standard = created(false, &[]);
    let default_policy = topic_policy::default_policy(&arn("t"));
    for same in [("FifoTopic", "false"), ("Policy", &default_policy)] {
        assert_eq!(standard.conflicts(&arn("t"), &pairs(&[same])), Ok(false));
    }
}

#[test]
fn permissions_change_the_policy() {
    let topic = arn("t");
    let accounts = ["000000000001".to_owned()];
    let publish = ["Publish".to_owned()];
    let before = created(false, &[]);
    let granted = before.with_permission(&topic, "grant", &accounts, &publish).unwrap();
    assert!(shown(&granted, "Policy").unwrap().contains(r#""Sid":"grant""#));
    assert_eq!(
        granted.with_permission(&topic, "grant", &accounts, &publish),
        Err(invalid("Statement already exists"))
    );
    let taken_back = granted.without_permission(&topic, "grant").unwrap();
    assert_eq!(read(&taken_back), read(&before));
    assert_eq!(before.without_permission(&topic, "absent"), Ok(before));
}

#[test]
fn other_bytes_are_damage() {
    let given = [("FifoThroughputScope", "Topic"), ("SignatureVersion", "1")];
    let attributes =
        created(true, &[&given[..], &[("HTTPSuccessFeedbackSampleRate", "1")]].concat());
    let mut bytes = Vec::new();
    attributes.encode(&mut Writer::new(&mut bytes));
    // Every flag, what the first flags stand before, and the number of the feedback attribute.
    let flags = (4..=15).map(|at| (at, 2));
    for (at, value) in flags.chain([(20, 15)]) {
        let mut damaged = bytes.clone();
        damaged[at] = value;
        let decoded = TopicAttributes::decode(&mut Reader::new(&damaged));
        assert_eq!(decoded, Err(Damaged), "byte {at}");
    }
}
