//! What holds of any attributes.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::names::{AccountId, Region};

/// Names with a value that fits a FIFO queue.
fn good_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("DelaySeconds", "900"),
        ("MaximumMessageSize", "1024"),
        ("MessageRetentionPeriod", "60"),
        ("Policy", POLICY),
        ("Policy", ""),
        ("ReceiveMessageWaitTimeSeconds", "20"),
        ("VisibilityTimeout", "0"),
        ("RedrivePolicy", DEAD),
        ("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#),
        ("KmsMasterKeyId", "alias/one"),
        ("KmsDataKeyReusePeriodSeconds", "60"),
        ("SqsManagedSseEnabled", "false"),
        ("ContentBasedDeduplication", "true"),
        ("DeduplicationScope", "messageGroup"),
        ("FifoThroughputLimit", "perMessageGroupId"),
    ]
}

prop_compose! {
    fn any_arn()(name in "[a-zA-Z0-9_-]{1,75}(\\.fifo)?", account in "[0-9]{12}",
                 region in select(vec!["us-east-1", "cn-north-1", "local"])) -> QueueArn {
        QueueArn {
            account: AccountId::parse(&account).unwrap(),
            region: Region::parse(region).unwrap(),
            name: QueueName::parse(&name).unwrap(),
        }
    }
}

fn any_allow_policy() -> impl Strategy<Value = RedriveAllowPolicy> {
    prop_oneof![
        Just(RedriveAllowPolicy::AllowAll),
        Just(RedriveAllowPolicy::DenyAll),
        proptest::collection::vec(any_arn(), 1..=10).prop_map(RedriveAllowPolicy::ByQueue),
    ]
}

fn any_fifo() -> impl Strategy<Value = FifoAttributes> {
    let scopes = select(vec![DeduplicationScope::Queue, DeduplicationScope::MessageGroup]);
    let limits = select(vec![ThroughputLimit::PerQueue, ThroughputLimit::PerMessageGroupId]);
    (any::<bool>(), scopes, limits).prop_map(|(content, scope, limit)| FifoAttributes {
        content_based_deduplication: content,
        deduplication_scope: scope,
        throughput_limit: limit,
    })
}

fn any_attributes() -> impl Strategy<Value = QueueAttributes> {
    let redrive = (any_arn(), any::<u32>()).prop_map(|(dead_letter_target, max_receive_count)| {
        RedrivePolicy { dead_letter_target, max_receive_count }
    });
    let texts = (option::of(".{0,40}"), option::of(".{1,40}"));
    let policies = (option::of(redrive), option::of(any_allow_policy()));
    (any::<[u32; 6]>(), texts, policies, any::<bool>(), option::of(any_fifo())).prop_map(
        |(numbers, (policy, key), (redrive_policy, redrive_allow_policy), managed, fifo)| {
            QueueAttributes {
                delay_seconds: numbers[0],
                maximum_message_size: numbers[1],
                message_retention_period: numbers[2],
                receive_message_wait_time_seconds: numbers[3],
                visibility_timeout: numbers[4],
                policy: policy.map(Into::into),
                redrive_policy,
                redrive_allow_policy,
                kms_master_key_id: key.map(Into::into),
                kms_data_key_reuse_period_seconds: numbers[5],
                sqs_managed_sse_enabled: managed,
                fifo,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(attributes in any_attributes()) {
        let mut bytes = Vec::new();
        attributes.encode(&mut Writer::new(&mut bytes));
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(QueueAttributes::decode(&mut r), Ok(attributes));
        prop_assert_eq!(r.end(), Ok(()));
        for cut in 0..bytes.len() {
            let decoded = QueueAttributes::decode(&mut Reader::new(&bytes[..cut]));
            prop_assert_eq!(decoded, Err(Damaged));
        }
    }

    /// Whatever subset is given, in whatever order: the outcome is the same, a new queue reads back
    /// what was set, and creating it once more differs in nothing.
    #[test]
    fn the_order_of_a_request_does_not_matter(
        given in subsequence(good_values(), 0..=15),
        shuffled in Just(good_values()).prop_shuffle(),
    ) {
        let mut given = given;
        given.dedup_by_key(|(name, _)| *name);
        let mut turned: Vec<_> = shuffled;
        turned.retain(|pair| given.contains(pair));
        let outcome = create(true, &given);
        prop_assert_eq!(&outcome, &create(true, &turned));
        let Ok(attributes) = outcome else { return Ok(()) };
        for &(name, value) in &given {
            let key_is_there = given.contains(&("KmsMasterKeyId", "alias/one"));
            if name != "KmsDataKeyReusePeriodSeconds" || key_is_there {
                prop_assert_eq!(shown(&attributes, name).unwrap_or_default(), value);
            }
        }
        let (name, mut again) = kind(true);
        again.extend(pairs(&turned));
        prop_assert_eq!(attributes.first_difference(&name, &again), Ok(None));
    }
}
