//! On what terms a queue or topic may be used: what a request is judged by before it becomes a
//! command.
//!
//! Whoever judges does so outside the shard, without asking it each time. So a shard tells of each
//! change with the batch that makes it ([`Batch::changes`](crate::shard::Batch::changes)), and of
//! all that holds when it goes live ([`Shard::terms`](crate::shard::Shard::terms)).

use std::sync::Arc;

use tidings_access::{Kind, PolicyDocument};

use crate::names::{QueueArn, TopicArn};
use crate::tags::Tags;

/// The terms of a queue or topic that has any: one with neither policy nor tags nor key has none.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The access policy that was set, read. A topic's default policy, which lets nobody in who does
    /// not own it, is none; so is a document that cannot be read.
    pub policy: Option<PolicyDocument>,
    /// The tags, which conditions may ask for.
    pub tags: Tags,
    /// What bodies are encrypted under, if a key was named.
    pub encryption: Option<Encryption>,
}

/// Encryption under a KMS key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encryption {
    /// The key's id, ARN or alias, as it was set. Whether there is one is not known here.
    pub key_id: Arc<str>,
    /// How long a data key is used again, in seconds.
    pub reuse_seconds: u32,
}

/// Terms that have changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Of what.
    pub resource: Resource,
    /// From now on; `None` if it has none, or is gone.
    pub terms: Option<Arc<Terms>>,
}

/// What has terms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// A queue.
    Queue(QueueArn),
    /// A topic.
    Topic(TopicArn),
}

impl Terms {
    /// What is set, as terms; `None` if that is nothing.
    pub(crate) fn of(
        policy: Option<(&str, Kind)>,
        tags: &Tags,
        encryption: Option<Encryption>,
    ) -> Option<Arc<Self>> {
        let policy = policy.and_then(|(text, kind)| PolicyDocument::parse(text, kind).ok());
        let is_any = policy.is_some() || !tags.is_empty() || encryption.is_some();
        is_any.then(|| Arc::new(Self { policy, tags: tags.clone(), encryption }))
    }
}
