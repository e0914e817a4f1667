//! Which terms hold, and which records change them.

use std::sync::Arc;

use super::shard::Shard;
use crate::record::{Record, TopicRecord};
use crate::terms::{Change, Resource, Terms};

impl Shard {
    /// All terms that hold now. Queues and topics that are not named have none.
    pub fn terms(&self) -> impl Iterator<Item = Change> + '_ {
        let queues = self.queues.values().filter_map(|queue| {
            let terms = queue.terms.clone()?;
            Some(Change { resource: Resource::Queue(queue.arn.clone()), terms: Some(terms) })
        });
        let topics = self.topics.values().filter_map(|topic| {
            let terms = topic.terms.clone()?;
            Some(Change { resource: Resource::Topic(topic.arn.clone()), terms: Some(terms) })
        });
        queues.chain(topics)
    }

    /// Whose terms a record may change when it is applied.
    pub(super) fn terms_changed_by(&self, record: &Record<'_>) -> Option<Resource> {
        match record {
            Record::QueueCreated { arn, .. } => Some(Resource::Queue(arn.clone())),
            Record::QueueDeleted { queue, .. }
            | Record::AttributesSet { queue, .. }
            | Record::TagsSet { queue, .. } => {
                let queue = self.queues.get(queue)?;
                Some(Resource::Queue(queue.arn.clone()))
            }
            Record::Topic(TopicRecord::TopicCreated { arn, .. }) => {
                Some(Resource::Topic(arn.clone()))
            }
            Record::Topic(
                TopicRecord::TopicDeleted { topic }
                | TopicRecord::TopicAttributesSet { topic, .. }
                | TopicRecord::TopicTagsSet { topic, .. },
            ) => {
                let topic = self.topics.get(topic)?;
                Some(Resource::Topic(topic.arn.clone()))
            }
            _ => None,
        }
    }

    pub(super) fn terms_of(&self, resource: &Resource) -> Option<Arc<Terms>> {
        match resource {
            Resource::Queue(arn) => self.queues.get(self.by_arn.get(arn)?)?.terms.clone(),
            Resource::Topic(arn) => self.topics.get(self.topics_by_arn.get(arn)?)?.terms.clone(),
        }
    }
}
