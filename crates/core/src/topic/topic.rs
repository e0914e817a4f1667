//! One topic: what is saved of it, and the bookkeeping beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidings_access::Kind;
use tidings_mutants::mutant;

use super::archive::Archive;
use super::subscription::{Status, Subscription};
use crate::filter_policy::{FilterIndex, Filterable};
use crate::names::{SubscriptionProtocol, TopicArn};
use crate::publication::PublishedContent;
use crate::queue::Deduplication;
use crate::tags::Tags;
use crate::terms::{Encryption, Terms};
use crate::time::Timestamp;
use crate::topic_attributes::TopicAttributes;

/// Twenty digits, growing with every message.
const FIRST_SEQUENCE_NUMBER: u64 = 10_000_000_000_000_000_000;
/// The first number that no message has: counting on from any below does not overflow.
pub(crate) const SEQUENCE_NUMBERS_END: u64 = FIRST_SEQUENCE_NUMBER + (1 << 62);

/// A topic. Like a queue's, its first group of fields is saved in snapshots, and the second is
/// bookkeeping that follows from it and from the topic's subscriptions.
pub(crate) struct Topic {
    pub(crate) number: u32,
    pub(crate) arn: TopicArn,
    pub(crate) attributes: TopicAttributes,
    pub(crate) tags: Tags,
    pub(crate) data_protection_policy: Option<Arc<str>>,
    /// Of a FIFO topic: the next message's.
    pub(crate) next_sequence_number: u64,
    /// Of a FIFO topic: what it remembers of the last five minutes.
    pub(crate) deduplication: Deduplication,
    pub(crate) archive: Option<Archive>,
    /// Subscriptions that it has had and lost.
    pub(crate) deleted: u64,

    /// Numbers of its subscriptions, pending ones included.
    pub(crate) subscriptions: BTreeSet<u32>,
    pub(crate) pending: u64,
    /// Subscriptions that have a filter policy, pending ones included.
    pub(crate) filter_policies: usize,
    /// Subscriptions that want every message.
    unfiltered: BTreeSet<u32>,
    /// The filter policies of the others that are confirmed.
    filters: FilterIndex,
    /// The deadline that stands for what the topic remembers.
    pub(crate) forget_due: Option<Timestamp>,
    /// What follows from policy, tags and key.
    pub(crate) terms: Option<Arc<Terms>>,
}

/// How long a data key is used again for a topic, in seconds. SNS developer guide, "Key terms".
const DATA_KEY_REUSE_SECONDS: u32 = 300;

impl Topic {
    pub(crate) fn new(number: u32, arn: TopicArn, attributes: TopicAttributes, tags: Tags) -> Self {
        let mut topic = Self {
            number,
            arn,
            attributes,
            tags,
            data_protection_policy: None,
            next_sequence_number: FIRST_SEQUENCE_NUMBER,
            deduplication: Deduplication::default(),
            archive: None,
            deleted: 0,
            subscriptions: BTreeSet::new(),
            pending: 0,
            filter_policies: 0,
            unfiltered: BTreeSet::new(),
            filters: FilterIndex::default(),
            forget_due: None,
            terms: None,
        };
        topic.renew_terms();
        topic
    }

    /// To be called when policy, tags or key have changed.
    pub(crate) fn renew_terms(&mut self) {
        let policy = self.attributes.own_policy().map(|text| (text, Kind::Topic));
        let encryption = self.attributes.kms_master_key_id().map(|key_id| Encryption {
            key_id: key_id.into(),
            reuse_seconds: DATA_KEY_REUSE_SECONDS,
        });
        self.terms = Terms::of(policy, &self.tags, encryption);
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.arn.name.is_fifo()
    }

    /// Takes note of a subscription, as it is now.
    pub(crate) fn enlist(&mut self, subscription: &Subscription) {
        let number = subscription.number;
        self.strike(number);
        match subscription.status {
            Status::Ended { .. } => return,
            Status::Pending => self.pending += 1,
            Status::Confirmed { .. } => match subscription.attributes.filter_policy() {
                Some(policy) => self.filters.insert(number, Arc::clone(policy)),
                None => {
                    self.unfiltered.insert(number);
                }
            },
        }
        self.subscriptions.insert(number);
    }

    /// Forgets a subscription.
    pub(crate) fn strike(&mut self, number: u32) {
        let was_there = self.subscriptions.remove(&number);
        let was_unfiltered = self.unfiltered.remove(&number);
        let was_filtered = self.filters.remove(number).is_some();
        if was_there && !was_unfiltered && !was_filtered {
            self.pending -= 1;
        }
    }

    /// Numbers of the subscriptions that want the message, in order. `protocol_of` tells a
    /// subscription's protocol: with MessageStructure `json`, filter policies look at the text for
    /// it.
    pub(crate) fn wanted_by(
        &self,
        content: &PublishedContent<'_>,
        protocol_of: impl Fn(u32) -> Option<SubscriptionProtocol>,
    ) -> Vec<u32> {
        if mutant!(IgnoreFilter) {
            return self.subscriptions.iter().copied().collect();
        }
        let mut numbers: Vec<u32> = self.unfiltered.iter().copied().collect();
        if self.filters.is_empty() {
            return numbers;
        }
        let mut bodies: Vec<&str> = vec![content.message];
        let own = SubscriptionProtocol::ALL.map(|protocol| content.text_for(protocol));
        bodies.extend(own.into_iter().filter(|text| *text != content.message));
        bodies.dedup();
        for body in bodies {
            let message = Filterable { attributes: &content.attributes, body };
            let mut matches = Vec::new();
            self.filters.matches(&message, &mut matches);
            if content.by_protocol.is_empty() {
                numbers.append(&mut matches);
            } else {
                numbers.extend(matches.into_iter().filter(|number| {
                    protocol_of(*number).is_some_and(|own| content.text_for(own) == body)
                }));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
