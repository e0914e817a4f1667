//! What holds of any attributes.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// Names with a value that fits a web address that subscribes to a FIFO topic, if there were such
/// a subscription.
fn good_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("RawMessageDelivery", "true"),
        ("FilterPolicy", NESTED),
        ("FilterPolicyScope", "MessageBody"),
        ("RedrivePolicy", DEAD_FIFO),
        ("DeliveryPolicy", DELIVERY),
        ("ReplayPolicy", REPLAY),
    ]
}

proptest! {
    /// Whatever is given, in whatever order: subscribing again conflicts with nothing, and it reads
    /// back.
    #[test]
    fn what_is_set_is_saved_and_found_again(
        given in subsequence(good_values(), 0..=6),
        shuffled in Just(good_values()).prop_shuffle(),
    ) {
        let mut turned = shuffled;
        turned.retain(|pair| given.contains(pair));
        let topic = topic("t.fifo");
        let context = context(SubscriptionProtocol::Http, &topic);
        let outcome = SubscriptionAttributes::create(&context, &pairs(&given));
        let again = SubscriptionAttributes::create(&context, &pairs(&turned));
        prop_assert_eq!(&outcome, &again);
        let policy_alone = given.contains(&("FilterPolicy", NESTED))
            && !given.contains(&("FilterPolicyScope", "MessageBody"));
        prop_assert_eq!(outcome.is_err(), policy_alone);
        let Ok(attributes) = outcome else { return Ok(()) };
        prop_assert_eq!(attributes.conflicts(&context, &pairs(&turned)), Ok(false));

        let mut bytes = Vec::new();
        attributes.encode(&mut Writer::new(&mut bytes));
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(SubscriptionAttributes::decode(&mut r), Ok(attributes));
        prop_assert_eq!(r.end(), Ok(()));
        for cut in 0..bytes.len() {
            let decoded = SubscriptionAttributes::decode(&mut Reader::new(&bytes[..cut]));
            prop_assert_eq!(decoded, Err(Damaged));
        }
    }

    /// No value makes setting an attribute panic, and what is refused would be refused at creation.
    #[test]
    fn any_value_is_taken_or_refused(
        name in select(good_values()),
        value in "[ -~]{0,20}|\\PC{0,9}|\\{\"[a-z]{1,3}\":[\\[\"0-9a-z\\],]{1,9}\\}",
    ) {
        let topic = topic("t.fifo");
        let context = context(SubscriptionProtocol::Http, &topic);
        let taken = SubscriptionAttributes::default().set(&context, name.0, &value);
        let created = SubscriptionAttributes::create(&context, &pairs(&[(name.0, &value)]));
        prop_assert_eq!(taken.is_ok(), created.is_ok());
    }
}
