use super::*;
use crate::names::QueueName;

const TARGET_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

fn arn(text: &str) -> QueueArn {
    QueueArn::parse(text).unwrap()
}

/// A policy's JSON: the target quoted, the count as it stands.
fn json(target: &str, count: &str) -> String {
    format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":{count}}}"#)
}

fn invalid(json: &str, reason: &str) -> Rejection {
    Rejection::InvalidParameterValue(format!(
        "Value {json} for parameter RedrivePolicy is invalid. Reason: {reason}"
    ))
}

fn attributes(name: &str, given: &[(&str, &str)]) -> QueueAttributes {
    let given: Vec<_> = given.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
    QueueAttributes::create(&QueueName::parse(name).unwrap(), &given).unwrap()
}

#[test]
fn counts_are_1_to_1000_as_a_number_or_its_digits() {
    for (count, expected) in [("1", 1), ("1000", 1000), (r#""1""#, 1), (r#""1000""#, 1000)] {
        let policy = RedrivePolicy::parse(&json(TARGET_ARN, count)).unwrap();
        assert_eq!(policy.max_receive_count, expected, "{count}");
        assert_eq!(policy.to_json(), json(TARGET_ARN, &expected.to_string()));
    }
    for (count, shown) in [
        ("0", "0"),
        ("1001", "1001"),
        ("-36", "-36"),
        ("2.5", "2.5"),
        ("3.0", "3.0"),
        ("4294967297", "4294967297"),
        ("18446744073709551617", "18446744073709551617"),
        ("null", "null"),
        ("true", "true"),
        ("[3]", "[3]"),
        (r#""""#, ""),
        (r#""0""#, "0"),
        (r#""1001""#, "1001"),
        (r#""+3""#, "+3"),
        (r#""-3""#, "-3"),
        (r#"" 3""#, " 3"),
        (r#""3 ""#, "3 "),
        (r#""three""#, "three"),
        (r#""99999999999""#, "99999999999"),
    ] {
        let json = json(TARGET_ARN, count);
        let Err(Rejection::InvalidParameterValue(text)) = RedrivePolicy::parse(&json) else {
            panic!("{count} is taken");
        };
        let start =
            format!("Value {json} for parameter RedrivePolicy is invalid. Reason: Invalid value");
        assert!(text.starts_with(&start), "{text}");
        if !count.starts_with("1844") {
            let end = format!(
                "for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive."
            );
            assert!(text.ends_with(&end), "{text}");
        }
    }
}

#[test]
fn a_policy_is_a_map_of_the_two_members() {
    for bad in ["badjson", " ", "[]", "4", "null", "\"\"", "{", "{}{}"] {
        assert_eq!(
            RedrivePolicy::parse(bad),
            Err(Rejection::InvalidAttributeValue(
                "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a \
                 valid JSON map."
                    .into()
            )),
            "{bad}"
        );
    }
    let extra =
        format!(r#"{{"deadLetterTargetArn":"{TARGET_ARN}","maxReceiveCount":5,"dummy":"x"}}"#);
    let count_only = r#"{"maxReceiveCount":5}"#;
    let target_only = format!(r#"{{"deadLetterTargetArn":"{TARGET_ARN}"}}"#);
    let other_case = format!(r#"{{"DeadLetterTargetArn":"{TARGET_ARN}","MaxReceiveCount":5}}"#);
    let missing = "Redrive policy does not contain mandatory attribute:";
    for (json, reason) in [
        ("{}", format!("{missing} maxReceiveCount.")),
        (&target_only, format!("{missing} maxReceiveCount.")),
        (&other_case, format!("{missing} maxReceiveCount.")),
        (count_only, format!("{missing} deadLetterTargetArn.")),
        (
            &extra,
            "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."
                .into(),
        ),
    ] {
        assert_eq!(RedrivePolicy::parse(json), Err(invalid(json, &reason)));
    }
}

#[test]
fn a_target_is_a_queue() {
    for bad in [
        "",
        "dead",
        "arn:aws:sqs:us-east-1:0:dead",
        "arn:aws-cn:sqs:us-east-1:000000000000:dead",
        "arn:aws:sqs:us-east-1:000000000000:d.ead",
        " arn:aws:sqs:us-east-1:000000000000:dead",
    ] {
        let json = json(bad, "5");
        let expected = invalid(&json, "Invalid value for deadLetterTargetArn.");
        assert_eq!(RedrivePolicy::parse(&json), Err(expected));
    }
    let number = r#"{"deadLetterTargetArn":7,"maxReceiveCount":5}"#;
    let expected = invalid(number, "Invalid value for deadLetterTargetArn.");
    assert_eq!(RedrivePolicy::parse(number), Err(expected));
    let topic = json("arn:aws:sns:us-east-1:000000000000:topic", "5");
    let expected = invalid(&topic, "Only SQS queues are valid resources for deadLetterTargetArn.");
    assert_eq!(RedrivePolicy::parse(&topic), Err(expected));
}

#[test]
fn allow_policies_read_back_in_their_canonical_form() {
    let by_queue =
        format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{TARGET_ARN}"]}}"#);
    for (given, canonical) in [
        (r#"{"redrivePermission":"allowAll"}"#, r#"{"redrivePermission":"allowAll"}"#),
        (r#" { "redrivePermission" : "denyAll" } "#, r#"{"redrivePermission":"denyAll"}"#),
        (
            r#"{"sourceQueueArns":[],"redrivePermission":"denyAll"}"#,
            r#"{"redrivePermission":"denyAll"}"#,
        ),
        (&by_queue, &by_queue),
    ] {
        assert_eq!(RedriveAllowPolicy::parse(given).unwrap().to_json(), canonical);
    }
}

#[test]
fn allow_policies_of_another_form_are_refused() {
    for bad in [
        "badjson",
        " ",
        "[]",
        "444",
        "{}",
        r#"{"redrivePermission":"dummy"}"#,
        r#"{"redrivePermission":null}"#,
        r#"{"redrivePermission":"allowAll","dummy":"value"}"#,
        r#"{"redrivePermission":"byQueue","sourceQueueArns":"arn:aws:sqs"}"#,
        r#"{"redrivePermission":"byQueue","sourceQueueArns":[{"dummy":"value"}]}"#,
        r#"{"redrivePermission":"byQueue","sourceQueueArns":["orders"]}"#,
    ] {
        assert_eq!(
            RedriveAllowPolicy::parse(bad),
            Err(Rejection::InvalidAttributeValue(
                "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't \
                 create the redrive allow policy, as it’s in an unsupported format."
                    .into()
            )),
            "{bad}"
        );
    }
}

#[test]
fn only_by_queue_names_queues_and_it_names_1_to_10() {
    let of = |permission: &str, sources: usize| {
        let sources = vec![format!("\"{TARGET_ARN}\""); sources].join(",");
        format!(r#"{{"redrivePermission":"{permission}","sourceQueueArns":[{sources}]}}"#)
    };
    let no_list = r#"{"redrivePermission":"byQueue"}"#.to_owned();
    let named = RedriveAllowPolicy::ByQueue(vec![arn(TARGET_ARN); 10]);
    assert_eq!(RedriveAllowPolicy::parse(&of("byQueue", 10)), Ok(named));
    let none = "When you specify the byQueue permission type, you must also specify one or more \
                sourceQueueArns values.";
    let others = "To specify one or more source queue ARNs, you must set redrivePermission to \
                  byQueue.";
    for (json, reason) in [
        (no_list, none),
        (of("byQueue", 0), none),
        (of("byQueue", 11), "The maximum number of source queue ARNs you can specify is 10."),
        (of("allowAll", 1), others),
        (of("denyAll", 1), others),
    ] {
        assert_eq!(
            RedriveAllowPolicy::parse(&json),
            Err(Rejection::InvalidParameterValue(format!(
                "Value {json} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS \
                 can't create the redrive allow policy. {reason}"
            )))
        );
    }
}

#[test]
fn a_target_is_like_its_source_and_there() {
    let source = arn("arn:aws:sqs:us-east-1:000000000000:orders");
    let standard = attributes("dead", &[]);
    for (target, there, reason) in [
        (TARGET_ARN, Some(&standard), None),
        (TARGET_ARN, None, Some("Dead letter target does not exist.")),
        (
            "arn:aws:sqs:us-east-2:000000000000:dead",
            Some(&standard),
            Some("Dead-letter target must be in same region as the source."),
        ),
        (
            "arn:aws:sqs:us-east-1:000000000001:dead",
            Some(&standard),
            Some("Dead-letter target owner should be same as the source."),
        ),
        (
            "arn:aws:sqs:us-east-1:000000000000:dead.fifo",
            Some(&standard),
            Some("Dead-letter queue must be same type of queue as the source.."),
        ),
        // A queue may name itself.
        ("arn:aws:sqs:us-east-1:000000000000:orders", Some(&standard), None),
    ] {
        let json = json(target, r#""5""#);
        let policy = RedrivePolicy::parse(&json).unwrap();
        let expected = reason.map_or(Ok(()), |reason| Err(invalid(&json, reason)));
        assert_eq!(check_target(&source, &policy, &json, there), expected);
    }
    let fifo_source = arn("arn:aws:sqs:us-east-1:000000000000:orders.fifo");
    let json = json(TARGET_ARN, "5");
    let policy = RedrivePolicy::parse(&json).unwrap();
    let reason = "Dead-letter queue must be same type of queue as the source..";
    let checked = check_target(&fifo_source, &policy, &json, Some(&standard));
    assert_eq!(checked, Err(invalid(&json, reason)));
}

#[test]
fn a_target_decides_who_uses_it() {
    let source = arn("arn:aws:sqs:us-east-1:000000000000:orders");
    let by_queue = |source: &str| {
        format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{source}"]}}"#)
    };
    let json = json(TARGET_ARN, "5");
    let policy = RedrivePolicy::parse(&json).unwrap();
    for (allow, allowed) in [
        (r#"{"redrivePermission":"allowAll"}"#, true),
        (r#"{"redrivePermission":"denyAll"}"#, false),
        (&by_queue(&source.to_string()), true),
        (&by_queue(TARGET_ARN), false),
    ] {
        let target = attributes("dead", &[("RedriveAllowPolicy", allow)]);
        let refusal = invalid(&json, "Dead-letter target does not allow the source to use it.");
        let expected = if allowed { Ok(()) } else { Err(refusal) };
        assert_eq!(check_target(&source, &policy, &json, Some(&target)), expected, "{allow}");
    }
}
