mod properties;

use std::ops::RangeInclusive;

use super::*;
use crate::codec::{Damaged, Reader, Writer};
use crate::command::Pairs;
use crate::names::{QueueArn, QueueName};
use crate::rejection::Rejection;
use crate::time::Timestamp;

const DEAD: &str =
    r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}"#;
const POLICY: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}"#;

/// Every attribute that is a number, and its range.
const NUMBERS: [(&str, RangeInclusive<u32>); 6] = [
    ("DelaySeconds", 0..=900),
    ("MaximumMessageSize", 1024..=1_048_576),
    ("MessageRetentionPeriod", 60..=1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0..=20),
    ("VisibilityTimeout", 0..=43_200),
    ("KmsDataKeyReusePeriodSeconds", 60..=86_400),
];

fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A name for a standard queue, or for a FIFO queue and what its creation always says.
fn kind(fifo: bool) -> (QueueName, Pairs) {
    let (name, given) =
        if fifo { ("q.fifo", pairs(&[("FifoQueue", "true")])) } else { ("q", vec![]) };
    (QueueName::parse(name).unwrap(), given)
}

fn create(fifo: bool, given: &[(&str, &str)]) -> Result<QueueAttributes, Rejection> {
    let (name, mut all) = kind(fifo);
    all.extend(pairs(given));
    QueueAttributes::create(&name, &all)
}

fn created(fifo: bool, given: &[(&str, &str)]) -> QueueAttributes {
    create(fifo, given).unwrap()
}

fn changed(from: &QueueAttributes, given: &[(&str, &str)]) -> QueueAttributes {
    from.with_changes(&pairs(given)).unwrap()
}

/// What a creation and a change alike refuse.
fn assert_refused(fifo: bool, given: &[(&str, &str)], expected: &Rejection) {
    assert_eq!(create(fifo, given).as_ref(), Err(expected), "created: {given:?}");
    let before = created(fifo, &[]);
    assert_eq!(before.with_changes(&pairs(given)).as_ref(), Err(expected), "set: {given:?}");
}

fn read_all(attributes: &QueueAttributes) -> Vec<(&'static str, String)> {
    read(attributes, &["All"]).unwrap()
}

fn read(
    attributes: &QueueAttributes,
    names: &[&str],
) -> Result<Vec<(&'static str, String)>, Rejection> {
    let arn = QueueArn::parse("arn:aws:sqs:us-east-1:000000000000:orders").unwrap();
    let facts = Facts {
        arn: &arn,
        created_at: Timestamp::from_ms(1_700_000_000_999),
        modified_at: Timestamp::from_ms(1_700_000_001_000),
        visible: 7,
        not_visible: 8,
        delayed: 9,
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    attributes.read(&names, &facts)
}

/// One attribute as reading all of them shows it.
fn shown(attributes: &QueueAttributes, name: &str) -> Option<String> {
    read_all(attributes).into_iter().find(|(shown, _)| *shown == name).map(|(_, value)| value)
}

fn invalid_value(name: &str) -> Rejection {
    Rejection::InvalidAttributeValue(format!("Invalid value for the parameter {name}."))
}

fn unknown(name: &str) -> Rejection {
    Rejection::InvalidAttributeName(format!("Unknown Attribute {name}."))
}

#[test]
fn numbers_are_digits_within_their_ranges() {
    for (name, range) in NUMBERS {
        let key = ("KmsMasterKeyId", "alias/aws/sqs");
        for value in [*range.start(), *range.end()] {
            let attributes = created(false, &[(name, &value.to_string()), key]);
            assert_eq!(shown(&attributes, name), Some(value.to_string()));
            let attributes = changed(&created(false, &[key]), &[(name, &format!("00{value}"))]);
            assert_eq!(shown(&attributes, name), Some(value.to_string()));
        }
        let fits = range.end().to_string();
        let mut refused = vec![
            (range.end() + 1).to_string(),
            format!("+{fits}"),
            format!("-{fits}"),
            format!(" {fits}"),
            format!("{fits} "),
            format!("{fits}.0"),
            format!("{fits}\n"),
            "-1".into(),
            "1e2".into(),
            "0x64".into(),
            "٦٠".into(),
            "true".into(),
            "null".into(),
            String::new(),
            "4294967396".into(),
            "99999999999999999999".into(),
        ];
        if let Some(below) = range.start().checked_sub(1) {
            refused.push(below.to_string());
        }
        for value in refused {
            assert_refused(false, &[(name, &value)], &invalid_value(name));
        }
    }
}

#[test]
fn truth_values_and_choices_are_spelled_as_documented() {
    for (name, values) in [
        ("SqsManagedSseEnabled", ["true", "false"]),
        ("ContentBasedDeduplication", ["true", "false"]),
        ("DeduplicationScope", ["queue", "messageGroup"]),
        ("FifoThroughputLimit", ["perQueue", "perMessageGroupId"]),
    ] {
        for value in values {
            let scope = ("DeduplicationScope", "messageGroup");
            let attributes = created(true, &[scope, (name, value)]);
            assert_eq!(shown(&attributes, name).as_deref(), Some(value));
            let attributes = changed(&created(true, &[scope]), &[(name, value)]);
            assert_eq!(shown(&attributes, name).as_deref(), Some(value));
        }
        for value in ["", " true", "True", "1", "yes", "Queue", "perMessageGroup"] {
            assert_refused(true, &[(name, value)], &invalid_value(name));
        }
    }
}

#[test]
fn nothing_given_is_the_documented_defaults() {
    let standard = [
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:orders"),
        ("ApproximateNumberOfMessages", "7"),
        ("ApproximateNumberOfMessagesNotVisible", "8"),
        ("ApproximateNumberOfMessagesDelayed", "9"),
        ("CreatedTimestamp", "1700000000"),
        ("LastModifiedTimestamp", "1700000001"),
        ("VisibilityTimeout", "30"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("DelaySeconds", "0"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
    ];
    let fifo = [
        ("FifoQueue", "true"),
        ("ContentBasedDeduplication", "false"),
        ("DeduplicationScope", "queue"),
        ("FifoThroughputLimit", "perQueue"),
    ];
    let managed = [("SqsManagedSseEnabled", "true")];
    let texts = |fifo| {
        let attributes = created(fifo, &[]);
        read_all(&attributes).into_iter().map(|(name, value)| (name.to_owned(), value))
    };
    assert!(texts(false).eq(pairs(&[&standard[..], &managed].concat())));
    assert!(texts(true).eq(pairs(&[&standard[..], &fifo, &managed].concat())));
}

#[test]
fn what_was_asked_for_is_read_once() {
    let attributes = created(false, &[("Policy", POLICY)]);
    assert_eq!(read(&attributes, &[]), Ok(vec![]));
    assert_eq!(
        read(&attributes, &["DelaySeconds", "QueueArn", "Policy", "DelaySeconds"]).unwrap(),
        [
            ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:orders".to_owned()),
            ("DelaySeconds", "0".to_owned()),
            ("Policy", POLICY.to_owned()),
        ]
    );
    assert_eq!(read(&attributes, &["Policy", "All", "All"]).unwrap(), read_all(&attributes));
    // Known, but not set.
    assert_eq!(read(&attributes, &["RedrivePolicy", "KmsDataKeyReusePeriodSeconds"]), Ok(vec![]));
    for bad in ["delaySeconds", "", "all", "Nonsense"] {
        assert_eq!(read(&attributes, &["All", bad]), Err(unknown(bad)));
    }
    for name in
        ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"]
    {
        assert_eq!(read(&attributes, &[name]), Err(unknown(name)));
        assert_eq!(read(&created(true, &[]), &[name]).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn unknown_names_and_names_that_are_only_read_cannot_be_set() {
    for name in [
        "Nonsense",
        "",
        "All",
        "delaySeconds",
        "QueueArn",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ] {
        assert_refused(false, &[("DelaySeconds", "1"), (name, "1")], &unknown(name));
        assert_refused(true, &[(name, "1"), ("DelaySeconds", "1")], &unknown(name));
    }
}

#[test]
fn setting_nothing_is_refused_and_creating_with_nothing_is_not() {
    let missing = Rejection::MissingParameter("Attribute.Name".into());
    assert_eq!(created(false, &[]).with_changes(&[]), Err(missing));
}

#[test]
fn a_name_and_fifo_queue_agree() {
    let name = |fifo| if fifo { "q.fifo" } else { "q" };
    let create = |fifo, value: Option<&str>| {
        let given: Vec<_> = value.map(|value| ("FifoQueue", value)).into_iter().collect();
        QueueAttributes::create(&QueueName::parse(name(fifo)).unwrap(), &pairs(&given))
            .map(|attributes| attributes.fifo.is_some())
    };
    let invalid_name = |text: &str| Err(Rejection::InvalidParameterValue(text.into()));
    let not_fifo = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in \
                    length";
    let no_suffix = "The name of a FIFO queue can only include alphanumeric characters, hyphens, \
                     or underscores, must end with .fifo suffix and be 1 to 80 in length.";
    assert_eq!(create(false, None), Ok(false));
    assert_eq!(create(true, Some("true")), Ok(true));
    assert_eq!(create(true, None), invalid_name(not_fifo));
    assert_eq!(create(true, Some("false")), invalid_name(not_fifo));
    assert_eq!(create(true, Some("maybe")), Err(invalid_value("FifoQueue")));
    assert_eq!(create(false, Some("true")), invalid_name(no_suffix));
    assert_eq!(create(false, Some("false")), Err(unknown("FifoQueue")));
    assert_eq!(create(false, Some("maybe")), Err(unknown("FifoQueue")));
}

#[test]
fn a_queue_stays_of_its_kind() {
    let set = |fifo, value| created(fifo, &[]).with_changes(&pairs(&[("FifoQueue", value)]));
    let modifying = Rejection::InvalidAttributeValue(
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
            .into(),
    );
    assert_eq!(set(true, "false"), Err(modifying));
    for (fifo, value) in [(true, "true"), (true, ""), (false, "true"), (false, "false")] {
        assert_eq!(set(fifo, value), Err(unknown("FifoQueue")));
    }
}

#[test]
fn a_standard_queue_has_no_fifo_attributes() {
    let content = [("ContentBasedDeduplication", "false")];
    assert_refused(false, &content, &unknown("ContentBasedDeduplication"));
    for (name, value) in [("DeduplicationScope", "queue"), ("FifoThroughputLimit", "perQueue")] {
        let text = format!("You can specify the {name} only when FifoQueue is set to true.");
        assert_refused(false, &[(name, value)], &Rejection::InvalidAttributeName(text));
    }
}

#[test]
fn high_throughput_needs_deduplication_by_group() {
    let high = ("FifoThroughputLimit", "perMessageGroupId");
    let by_group = ("DeduplicationScope", "messageGroup");
    let whole_queue = ("DeduplicationScope", "queue");
    let refused = Rejection::InvalidAttributeValue(
        "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit \
         to perMessageGroupId, the DeduplicationScope must be messageGroup."
            .into(),
    );
    assert_refused(true, &[high], &refused);
    assert_refused(true, &[high, whole_queue], &refused);
    let attributes = created(true, &[high, by_group]);
    assert_eq!(attributes, created(true, &[by_group, high]));
    assert_eq!(attributes, changed(&created(true, &[by_group]), &[high]));
    assert_eq!(attributes.with_changes(&pairs(&[whole_queue])), Err(refused));
    let back = changed(&attributes, &[whole_queue, ("FifoThroughputLimit", "perQueue")]);
    assert_eq!(back, created(true, &[]));
}

#[test]
fn one_kind_of_encryption_at_a_time() {
    let key = ("KmsMasterKeyId", "alias/orders");
    let managed = ("SqsManagedSseEnabled", "true");
    let unmanaged = ("SqsManagedSseEnabled", "false");
    let no_key = ("KmsMasterKeyId", "");
    let both = Rejection::InvalidAttributeName(
        "You can use one type of server-side encryption (SSE) at one time. You can either enable \
         KMS SSE or SQS SSE."
            .into(),
    );
    assert_refused(false, &[key, managed], &both);
    assert_refused(true, &[managed, key], &both);

    let state = |attributes: &QueueAttributes| {
        (attributes.kms_master_key_id.as_deref() == Some(key.1), attributes.sqs_managed_sse_enabled)
    };
    let plain = created(false, &[]);
    let with_key = created(false, &[key]);
    let with_none = created(false, &[unmanaged]);
    for (from, given, expected) in [
        (&plain, vec![key], (true, false)),
        (&plain, vec![unmanaged, key], (true, false)),
        (&plain, vec![no_key], (false, true)),
        (&plain, vec![unmanaged], (false, false)),
        (&with_key, vec![key], (true, false)),
        (&with_key, vec![("DelaySeconds", "1")], (true, false)),
        (&with_key, vec![no_key], (false, true)),
        (&with_key, vec![no_key, managed], (false, true)),
        (&with_key, vec![unmanaged, no_key], (false, false)),
        (&with_key, vec![managed], (false, true)),
        (&with_key, vec![unmanaged], (true, false)),
        (&with_none, vec![no_key], (false, false)),
        (&with_none, vec![managed], (false, true)),
        (&with_none, vec![key], (true, false)),
    ] {
        assert_eq!(state(&changed(from, &given)), expected, "{given:?} on {:?}", state(from));
    }
    assert_eq!(shown(&with_key, "SqsManagedSseEnabled").as_deref(), Some("false"));
}

#[test]
fn the_reuse_period_shows_beside_a_key() {
    let name = "KmsDataKeyReusePeriodSeconds";
    let period = created(false, &[(name, "60")]);
    assert_eq!(shown(&period, name), None);
    let keyed = changed(&period, &[("KmsMasterKeyId", "alias/aws/sqs")]);
    assert_eq!(shown(&keyed, name).as_deref(), Some("60"));
    let default = created(false, &[("KmsMasterKeyId", "alias/aws/sqs")]);
    assert_eq!(shown(&default, name).as_deref(), Some("300"));
    let longest = "k".repeat(2048);
    assert!(create(false, &[("KmsMasterKeyId", &longest)]).is_ok());
    let too_long = format!("{longest}k");
    assert_refused(false, &[("KmsMasterKeyId", &too_long)], &invalid_value("KmsMasterKeyId"));
}

#[test]
fn documents_are_checked_kept_and_cleared() {
    let spaced = format!(" {POLICY}\n");
    let allow = r#"{"redrivePermission":"denyAll"}"#;
    for (name, given, kept) in [
        // A policy is shown exactly as it was set, the others in their canonical form.
        ("Policy", &*spaced, &*spaced),
        ("RedrivePolicy", &*DEAD.replace('3', "\"3\"").replace(',', " , "), DEAD),
        ("RedriveAllowPolicy", &*format!(" {allow} "), allow),
    ] {
        let attributes = created(false, &[(name, given)]);
        assert_eq!(shown(&attributes, name).as_deref(), Some(kept));
        assert_eq!(changed(&created(false, &[]), &[(name, given)]), attributes);
        assert_eq!(changed(&attributes, &[("DelaySeconds", "0")]), attributes);
        assert_eq!(changed(&attributes, &[(name, "")]), created(false, &[]));
        assert_eq!(created(false, &[(name, "")]), created(false, &[]));
    }
    assert_refused(false, &[("Policy", "{}")], &invalid_value("Policy"));
    assert_refused(
        false,
        &[("RedrivePolicy", "{}")],
        &Rejection::InvalidParameterValue(
            "Value {} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not \
             contain mandatory attribute: maxReceiveCount."
                .into(),
        ),
    );
    assert_refused(
        true,
        &[("RedriveAllowPolicy", r#"{"redrivePermission":"byQueue"}"#)],
        &Rejection::InvalidParameterValue(
            "Value {\"redrivePermission\":\"byQueue\"} for parameter RedriveAllowPolicy is \
             invalid. Reason: Amazon SQS can't create the redrive allow policy. When you specify \
             the byQueue permission type, you must also specify one or more sourceQueueArns values."
                .into(),
        ),
    );
}

#[test]
fn the_redrive_policy_that_a_request_gives_comes_with_its_text() {
    let text = format!(" {DEAD}");
    let given = pairs(&[("RedrivePolicy", "{}"), ("DelaySeconds", "1"), ("RedrivePolicy", &text)]);
    let attributes = created(false, &[]).with_changes(&given).unwrap();
    let (policy, json) = attributes.redrive_policy_given(&given).unwrap();
    assert_eq!((policy.to_json().as_str(), json), (DEAD, text.as_str()));
    assert_eq!(attributes.redrive_policy_given(&pairs(&[("DelaySeconds", "2")])), None);
    let cleared = pairs(&[("RedrivePolicy", "")]);
    assert_eq!(attributes.with_changes(&cleared).unwrap().redrive_policy_given(&cleared), None);
}

#[test]
fn creating_again_compares_what_is_given_with_what_is_now() {
    let all = [
        ("DelaySeconds", "1", "2"),
        ("MaximumMessageSize", "2000", "2001"),
        ("MessageRetentionPeriod", "60", "61"),
        ("Policy", POLICY, ""),
        ("ReceiveMessageWaitTimeSeconds", "1", "2"),
        ("VisibilityTimeout", "1", "2"),
        ("RedrivePolicy", DEAD, ""),
        ("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#, ""),
        ("KmsMasterKeyId", "alias/one", "alias/other"),
        ("KmsDataKeyReusePeriodSeconds", "60", "61"),
        ("SqsManagedSseEnabled", "false", "true"),
        ("ContentBasedDeduplication", "true", "false"),
        ("DeduplicationScope", "messageGroup", "queue"),
        ("FifoThroughputLimit", "perMessageGroupId", "perQueue"),
    ];
    let same = all.map(|(name, value, _)| (name, value));
    let now = changed(&created(true, &[]), &same);
    let difference = |given: &[(&str, &str)]| {
        let (name, mut request) = kind(true);
        request.extend(pairs(given));
        now.first_difference(&name, &request).map(|first| first.unwrap_or_default())
    };
    assert_eq!(difference(&[]).as_deref(), Ok(""));
    assert_eq!(difference(&same).as_deref(), Ok(""));
    let mut reversed = all.map(|(name, _, other)| (name, other)).to_vec();
    reversed.reverse();
    reversed.retain(|(name, _)| *name != "SqsManagedSseEnabled");
    for (at, (name, value, other)) in all.into_iter().enumerate() {
        if name != "FifoThroughputLimit" {
            assert_eq!(difference(&[(name, value)]).as_deref(), Ok(""), "{name}");
        }
        assert_eq!(difference(&[(name, other)]).as_deref(), Ok(name));
        if name != "SqsManagedSseEnabled" && at < 11 {
            assert_eq!(difference(&reversed).as_deref(), Ok(name));
            reversed.retain(|(given, _)| *given != name);
        }
    }
    // Documents are compared by what they say.
    let respaced = DEAD.replace(',', ", ").replace(":3", r#": "3""#);
    let turned =
        r#"{"Statement":{"Resource":"*","Action":"sqs:*","Principal":"*","Effect":"Allow"}}"#;
    assert_eq!(difference(&[("RedrivePolicy", &respaced)]).as_deref(), Ok(""));
    assert_eq!(difference(&[("Policy", turned)]).as_deref(), Ok(""));
    let denied = POLICY.replace("Allow", "Deny");
    assert_eq!(difference(&[("Policy", &denied)]).as_deref(), Ok("Policy"));
    assert_eq!(difference(&[("DelaySeconds", "901")]), Err(invalid_value("DelaySeconds")));
    let (standard, _) = kind(false);
    assert_eq!(created(false, &[]).first_difference(&standard, &[]), Ok(None));
}

#[test]
fn other_bytes_are_damage() {
    let mut bytes = Vec::new();
    created(true, &[]).encode(&mut Writer::new(&mut bytes));
    for at in [20, 21, 22, 23, 28, 29, 30, 31, 32] {
        let mut damaged = bytes.clone();
        damaged[at] = 2;
        let decoded = QueueAttributes::decode(&mut Reader::new(&damaged));
        assert_eq!(decoded, Err(Damaged), "byte {at}");
    }
}
