//! Creating, finding, listing, purging and deleting queues.

use std::ops::Bound;

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::command::{Pairs, Reply};
use crate::names::{AccountId, QueueArn, QueueName, Region};
use crate::queue_attributes::QueueAttributes;
use crate::record::{Keys, Record};
use crate::rejection::Rejection;
use crate::tags::Tags;
use crate::time::Timestamp;

impl Shard {
    /// A queue that is there already is as good as a new one, unless an attribute that was given
    /// has another value now. Developer guide and API reference, CreateQueue.
    pub(super) fn create_queue(
        &mut self,
        arn: &QueueArn,
        given: &Pairs,
        tags: &Pairs,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let attributes = QueueAttributes::create(&arn.name, given)?;
        let tags = Tags::create(&arn.name, tags)?;
        if let Some(number) = self.by_arn.get(arn) {
            let current = &self.queue(*number).attributes;
            return match current.first_difference(&arn.name, given)? {
                Some(attribute) => Err(Rejection::QueueNameExists { attribute }),
                None => Ok(Reply::Done),
            };
        }
        let cool_down_ms = self.settings.delete_cool_down_ms;
        if self.deleted.get(arn).is_some_and(|deleted_at| now - *deleted_at < cool_down_ms) {
            return Err(Rejection::QueueDeletedRecently);
        }
        self.check_redrive_target(arn, &attributes, given)?;
        if self.next_queue == u32::MAX {
            return Err(Rejection::OverLimit("The number of queues is at its limit.".into()));
        }
        let queue = self.next_queue;
        let arn = arn.clone();
        self.commit(&Record::QueueCreated { at: now, queue, arn, attributes, tags });
        Ok(Reply::Done)
    }

    pub(super) fn delete_queue(
        &mut self,
        arn: &QueueArn,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        self.end_waits(number, || Err(Rejection::QueueDoesNotExist));
        self.commit(&Record::QueueDeleted { at: now, queue: number });
        Ok(Reply::Done)
    }

    pub(super) fn list_queues(
        &self,
        account: AccountId,
        region: &Region,
        prefix: &str,
        after: Option<&QueueName>,
        max: usize,
    ) -> Reply {
        let is_wanted = |arn: &&QueueArn| {
            arn.name.as_str().starts_with(prefix) && after.is_none_or(|after| arn.name > *after)
        };
        let from = self.by_arn.range(first_of(account, region)..).map(|(arn, _)| arn);
        let own = from.take_while(|arn| arn.account == account && arn.region == *region);
        page(own.filter(is_wanted), max)
    }

    pub(super) fn list_redrive_sources(
        &self,
        arn: &QueueArn,
        after: Option<&QueueName>,
        max: usize,
    ) -> Result<Reply, Rejection> {
        self.find(arn)?;
        let from = (Bound::Included((arn.clone(), first_of_all())), Bound::Unbounded);
        let sources = self.redrive_sources.range(from).take_while(|(target, _)| target == arn);
        let later = sources
            .map(|(_, source)| source)
            .filter(|source| after.is_none_or(|after| source.name > *after));
        Ok(page(later, max))
    }

    /// Whether the queue is the dead-letter queue of any.
    pub(super) fn is_dead_letter_queue(&self, arn: &QueueArn) -> bool {
        let first = self.redrive_sources.range((arn.clone(), first_of_all())..).next();
        first.is_some_and(|(target, _)| target == arn)
    }

    pub(super) fn purge_queue(
        &mut self,
        arn: &QueueArn,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let cool_down_ms = self.settings.purge_cool_down_ms;
        if self.queue(number).purged_at.is_some_and(|purged_at| now - purged_at < cool_down_ms) {
            let queue = arn.name.as_str().to_owned();
            return Err(Rejection::PurgeQueueInProgress { queue });
        }
        if mutant!(PurgeLeavesInFlight) {
            let keys = self.queue_mut(number).pick(usize::MAX);
            let keys = Keys::Listed(&keys);
            self.commit(&Record::MessagesDeleted { queue: number, keys });
            return Ok(Reply::Done);
        }
        self.commit(&Record::QueuePurged { at: now, queue: number });
        Ok(Reply::Done)
    }
}

/// At most `max` queues, and whether there are more.
fn page<'a>(mut queues: impl Iterator<Item = &'a QueueArn>, max: usize) -> Reply {
    let page = queues.by_ref().take(max).cloned().collect();
    Reply::Queues { queues: page, more: queues.next().is_some() }
}

/// An ARN that sorts before every queue of the account and region.
fn first_of(account: AccountId, region: &Region) -> QueueArn {
    let name = QueueName::parse("-").expect("a hyphen is a name, and no character sorts lower");
    QueueArn { account, region: region.clone(), name }
}

/// An ARN that sorts before every other.
fn first_of_all() -> QueueArn {
    let account = AccountId::parse("000000000000").expect("twelve digits");
    first_of(account, &Region::parse("-").expect("a hyphen is a name"))
}
