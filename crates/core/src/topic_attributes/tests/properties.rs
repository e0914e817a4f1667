//! What holds of any attributes.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

/// Names with a value that fits a FIFO topic.
fn good_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("DisplayName", "Größe"),
        ("Policy", POLICY),
        ("DeliveryPolicy", DELIVERY),
        ("KmsMasterKeyId", "alias/one"),
        ("SignatureVersion", "2"),
        ("TracingConfig", "Active"),
        ("MaximumMessageSize", "1024"),
        ("ContentBasedDeduplication", "true"),
        ("FifoThroughputScope", "MessageGroup"),
        ("ArchivePolicy", r#"{"MessageRetentionPeriod":"30"}"#),
        ("HTTPSuccessFeedbackRoleArn", ROLE),
        ("HTTPSuccessFeedbackSampleRate", "0"),
        ("SQSFailureFeedbackRoleArn", ROLE),
        ("ApplicationSuccessFeedbackSampleRate", "100"),
    ]
}

proptest! {
    /// Whatever is given, in whatever order: a new topic shows it, creating it again conflicts with
    /// nothing, setting the same one after the other comes to the same, and it reads back.
    #[test]
    fn what_is_set_is_shown_saved_and_found_again(
        given in subsequence(good_values(), 0..=14),
        shuffled in Just(good_values()).prop_shuffle(),
    ) {
        let mut turned = shuffled;
        turned.retain(|pair| given.contains(pair));
        let attributes = created(true, &given);
        prop_assert_eq!(&attributes, &created(true, &turned));
        let mut one_by_one = created(true, &[]);
        for &(name, value) in &turned {
            one_by_one = set(&one_by_one, name, value);
        }
        prop_assert_eq!(&attributes, &one_by_one);
        for &(name, value) in &given {
            let shown = shown(&attributes, name);
            prop_assert_eq!(shown.as_deref(), Some(value));
        }
        prop_assert_eq!(attributes.conflicts(&arn("t.fifo"), &pairs(&turned)), Ok(false));
        let fewer = created(true, &given[..given.len() / 2]);
        let additional = given.len() / 2 < given.len();
        prop_assert_eq!(fewer.conflicts(&arn("t.fifo"), &pairs(&given)), Ok(additional));

        let mut bytes = Vec::new();
        attributes.encode(&mut Writer::new(&mut bytes));
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(TopicAttributes::decode(&mut r), Ok(attributes));
        prop_assert_eq!(r.end(), Ok(()));
        for cut in 0..bytes.len() {
            let decoded = TopicAttributes::decode(&mut Reader::new(&bytes[..cut]));
            prop_assert_eq!(decoded, Err(Damaged));
        }
    }

    /// No value makes setting an attribute panic, and what is refused would be refused at creation.
    #[test]
    fn any_value_is_taken_or_refused(
        name in proptest::sample::select(good_values()),
        value in "[ -~]{0,20}|\\PC{0,9}",
    ) {
        let taken = created(true, &[]).set(name.0, &value);
        prop_assert_eq!(taken.is_ok(), create(true, &[(name.0, &value)]).is_ok());
    }
}
