//! What holds of any policy.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

prop_compose! {
    fn any_retry()(
        min_delay in 1..=3600_u32,
        more in 0..=3600_u32,
        retries in 0..=100_u32,
        cuts in any::<[proptest::sample::Index; 3]>(),
        backoff in option::of(select(BackoffFunction::ALL.to_vec())),
        given in any::<[bool; 3]>(),
    ) -> RetryPolicy {
        let mut cuts = cuts.map(|cut| cut.index(retries as usize + 1) as u32);
        cuts.sort_unstable();
        let phase = |at: usize| {
            given[at].then(|| cuts[at] - at.checked_sub(1).map_or(0, |before| cuts[before]))
        };
        RetryPolicy {
            min_delay,
            max_delay: (min_delay + more).min(3600),
            retries,
            max_delay_retries: phase(0),
            no_delay_retries: phase(1),
            min_delay_retries: phase(2),
            backoff,
        }
    }
}

fn any_content_type() -> impl Strategy<Value = Option<Arc<str>>> {
    option::of(select(RAW_CONTENT_TYPES.to_vec()).prop_map(Into::into))
}

prop_compose! {
    fn any_topic_policy()(
        retry in option::of(any_retry()),
        disable_subscription_overrides in option::of(any::<bool>()),
        max_receives_per_second in option::of(1..=u32::MAX),
        content_type in any_content_type(),
    ) -> TopicDeliveryPolicy {
        TopicDeliveryPolicy {
            retry, disable_subscription_overrides, max_receives_per_second, content_type,
        }
    }
}

prop_compose! {
    fn any_subscription_policy()(
        retry in option::of(any_retry()),
        sickly_retry in option::of(any_retry()),
        max_receives_per_second in option::of(1..=u32::MAX),
        content_type in any_content_type(),
        guaranteed in any::<bool>(),
    ) -> SubscriptionDeliveryPolicy {
        SubscriptionDeliveryPolicy {
            retry, sickly_retry, max_receives_per_second, content_type, guaranteed,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        topic in any_topic_policy(),
        subscription in any_subscription_policy(),
    ) {
        let mut bytes = Vec::new();
        topic.encode(&mut Writer::new(&mut bytes));
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(TopicDeliveryPolicy::decode(&mut r), Ok(topic));
        prop_assert_eq!(r.end(), Ok(()));
        for cut in 0..bytes.len() {
            let decoded = TopicDeliveryPolicy::decode(&mut Reader::new(&bytes[..cut]));
            prop_assert_eq!(decoded, Err(Damaged));
        }
        bytes.clear();
        subscription.encode(&mut Writer::new(&mut bytes));
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(SubscriptionDeliveryPolicy::decode(&mut r), Ok(subscription));
        prop_assert_eq!(r.end(), Ok(()));
        for cut in 0..bytes.len() {
            let decoded = SubscriptionDeliveryPolicy::decode(&mut Reader::new(&bytes[..cut]));
            prop_assert_eq!(decoded, Err(Damaged));
        }
    }

    /// What is shown can be set again, and what holds shows what could be set.
    #[test]
    fn what_is_shown_is_a_policy(
        topic in any_topic_policy(),
        subscription in any_subscription_policy(),
    ) {
        let set = TopicDeliveryPolicy::parse(&topic.to_json()).unwrap();
        prop_assert_eq!(&set, &topic);
        let shown = subscription.to_json();
        let set = SubscriptionDeliveryPolicy::parse(&shown, true).unwrap();
        prop_assert_eq!(&set, &subscription);
        let effective = TopicDeliveryPolicy::effective_json(Some(&topic));
        let effective = TopicDeliveryPolicy::parse(&effective).unwrap();
        let again = TopicDeliveryPolicy::effective_json(Some(&effective));
        prop_assert_eq!(again, TopicDeliveryPolicy::effective_json(Some(&topic)));
        let effective = EffectiveDeliveryPolicy::new(Some(&topic), Some(&subscription));
        let set = SubscriptionDeliveryPolicy::parse(&effective.to_json(), true).unwrap();
        let again = EffectiveDeliveryPolicy::new(None, Some(&set));
        prop_assert_eq!(again.to_json(), effective.to_json());
    }

    /// There are as many retries as the policy says, delays between its bounds after the first
    /// phase, and none is shorter than the one before.
    #[test]
    fn delays_never_shrink(retry in any_retry()) {
        let policy = SubscriptionDeliveryPolicy { retry: Some(retry), ..Default::default() };
        let schedule = EffectiveDeliveryPolicy::new(None, Some(&policy)).schedule();
        prop_assert_eq!(schedule.retries(), retry.retries);
        let delays: Vec<u64> =
            (1..=retry.retries).map(|failed| schedule.delay_after(failed, 0).unwrap()).collect();
        prop_assert!(delays.is_sorted());
        let bounds = u64::from(retry.min_delay) * 1000..=u64::from(retry.max_delay) * 1000;
        let at_once = retry.no_delay_retries.unwrap_or_default() as usize;
        prop_assert!(delays[..at_once].iter().all(|&delay| delay == 0));
        prop_assert!(delays[at_once..].iter().all(|delay| bounds.contains(delay)));
        prop_assert_eq!(schedule.delay_after(retry.retries + 1, 0), None);
    }
}
