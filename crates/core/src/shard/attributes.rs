//! A queue's attributes, tags and permissions.

use super::shard::Shard;
use crate::command::{Pairs, Reply};
use crate::names::QueueArn;
use crate::policy_document;
use crate::queue_attributes::{Facts, QueueAttributes};
use crate::record::Record;
use crate::redrive_policy;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Shard {
    pub(super) fn queue_attributes(
        &self,
        arn: &QueueArn,
        names: &[String],
    ) -> Result<Reply, Rejection> {
        let queue = self.queue(self.find(arn)?);
        let facts = Facts {
            arn: &queue.arn,
            created_at: queue.created_at,
            modified_at: queue.modified_at,
            visible: queue.visible(),
            not_visible: queue.in_flight(),
            delayed: queue.delayed(),
        };
        queue.attributes.read(names, &facts).map(Reply::Attributes)
    }

    pub(super) fn set_queue_attributes(
        &mut self,
        arn: &QueueArn,
        given: &Pairs,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let attributes = self.queue(number).attributes.with_changes(given)?;
        self.check_redrive_target(arn, &attributes, given)?;
        self.commit(&Record::AttributesSet { at: now, queue: number, attributes });
        self.serve(number, now);
        Ok(Reply::Done)
    }

    /// A redrive policy that is given must name a queue that is there and takes dead letters.
    pub(super) fn check_redrive_target(
        &self,
        source: &QueueArn,
        attributes: &QueueAttributes,
        given: &Pairs,
    ) -> Result<(), Rejection> {
        let Some((policy, json)) = attributes.redrive_policy_given(given) else { return Ok(()) };
        let target = &policy.dead_letter_target;
        let known = self.by_arn.get(target).map(|number| &self.queue(*number).attributes);
        // A queue may name itself, and be created in doing so.
        let found = if target == source { Some(attributes) } else { known };
        redrive_policy::check_target(source, policy, json, found)
    }

    pub(super) fn tag_queue(&mut self, arn: &QueueArn, tags: &Pairs) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let tags = self.queue(number).tags.with(&arn.name, tags)?;
        self.commit(&Record::TagsSet { queue: number, tags });
        Ok(Reply::Done)
    }

    pub(super) fn untag_queue(
        &mut self,
        arn: &QueueArn,
        keys: &[String],
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let tags = self.queue(number).tags.without(keys)?;
        self.commit(&Record::TagsSet { queue: number, tags });
        Ok(Reply::Done)
    }

    pub(super) fn queue_tags(&self, arn: &QueueArn) -> Result<Reply, Rejection> {
        Ok(Reply::Tags(self.queue(self.find(arn)?).tags.to_pairs()))
    }

    pub(super) fn add_permission(
        &mut self,
        arn: &QueueArn,
        label: &str,
        accounts: &[String],
        actions: &[String],
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let policy = self.queue(number).attributes.policy.as_deref();
        let policy = policy_document::add_permission(policy, arn, label, accounts, actions)?;
        self.set_policy(number, Some(policy), now);
        Ok(Reply::Done)
    }

    pub(super) fn remove_permission(
        &mut self,
        arn: &QueueArn,
        label: &str,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let policy = self.queue(number).attributes.policy.as_deref();
        let policy = policy_document::remove_permission(policy, label)?;
        self.set_policy(number, policy, now);
        Ok(Reply::Done)
    }

    fn set_policy(&mut self, number: u32, policy: Option<String>, now: Timestamp) {
        let mut attributes = self.queue(number).attributes.clone();
        attributes.policy = policy.map(Into::into);
        self.commit(&Record::AttributesSet { at: now, queue: number, attributes });
    }
}
