//! One message among many filter policies.

use std::hint::black_box;
use std::sync::Arc;

use tidings_core::filter_policy::{FilterIndex, FilterPolicy, FilterPolicyScope, Filterable};

use super::hot_path::{Sizes, Work};
use crate::shops::{self, GROUP, Message};

/// Policies of each sort that there is.
const KIND: &str = "mixed";

pub(super) fn attributes(sizes: Sizes) -> impl Work {
    matching(FilterPolicyScope::MessageAttributes, sizes.policies)
}

pub(super) fn body(sizes: Sizes) -> impl Work {
    matching(FilterPolicyScope::MessageBody, sizes.policies)
}

/// Matches one message after the other, each wanted by one policy.
fn matching(scope: FilterPolicyScope, policies: u32) -> impl Work {
    let mut index = FilterIndex::default();
    for number in 0..policies {
        let policy = FilterPolicy::parse(&shops::policy(KIND, number), scope);
        index.insert(number, Arc::new(policy.expect("it is a policy")));
    }
    let groups = policies / GROUP;
    // A stride without a divisor in common with the number of groups.
    let messages: Vec<_> =
        (0..500).map(|number| Message::new(KIND, (number * 7_919) % groups, number, 1)).collect();
    let (mut next, mut matches) = (0, Vec::new());
    move || {
        let message: &Message = &messages[next % messages.len()];
        next += 1;
        let attributes = message.attributes();
        let filterable = Filterable { attributes: &attributes, body: &message.body };
        index.matches(black_box(&filterable), &mut matches);
        matches.len()
    }
}
