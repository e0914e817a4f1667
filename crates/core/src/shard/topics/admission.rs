//! Whether a queue's policy lets a topic send to it. SNS developer guide, "Allow Amazon SNS to send
//! messages to the queue": without a policy that says so, it may not, even in its own account.

use std::cell::Cell;

use tidings_access::{
    Caller, Context, ContextValue, Facts, Origin, Policies, PolicyDocument, Request, Source,
    evaluate,
};

use super::super::shard::Shard;
use crate::queue::Queue;
use crate::time::Timestamp;
use crate::topic::Topic;

/// How the service names itself.
const SERVICE: &str = "sns.amazonaws.com";
/// What it asks for.
const ACTION: &str = "sqs:sendmessage";

impl Shard {
    /// Asked of a queue once for each topic, unless the answer depends on the time.
    pub(super) fn admits(&self, queue: &Queue, topic: &Topic, now: Timestamp) -> bool {
        if !self.settings.enforces_policies {
            return true;
        }
        let Some(policy) = queue.policy() else { return false };
        if let Some(answer) = queue.admission(topic.number) {
            return answer;
        }
        let (answer, depends_on_time) = ask(policy, queue, topic, now);
        if !depends_on_time {
            queue.remember_admission(topic.number, answer);
        }
        answer
    }
}

/// What the policy says, and whether it had to look at the time for it.
fn ask(policy: &PolicyDocument, queue: &Queue, topic: &Topic, now: Timestamp) -> (bool, bool) {
    let (queue_arn, topic_arn) = (queue.arn.to_string(), topic.arn.to_string());
    let (owner, account) = (topic.arn.account.to_string(), queue.arn.account.to_string());
    let tags = queue.tags.as_pairs();
    let now_ms = i64::try_from(now.as_ms()).unwrap_or(i64::MAX);
    let caller = Caller::Service { name: SERVICE };
    let facts = Facts {
        region: topic.arn.region.as_str(),
        source: Some(Source { arn: &topic_arn, account: &owner, organisation: None }),
        resource_account: Some(&account),
        resource_tags: &tags,
        ..Facts::new(caller, Origin::Service, now_ms)
    };
    let context = Watched { facts, is_time_asked: Cell::new(false) };
    let request = Request {
        caller,
        action: ACTION,
        resource: &queue_arn,
        resource_account: &account,
        context: &context,
    };
    let policies = Policies { resource: Some(policy), ..Policies::default() };
    let is_allowed = evaluate(&request, &policies).is_allowed();
    (is_allowed, context.is_time_asked.get())
}

/// Facts that notice whether anybody asks for the time.
struct Watched<'a> {
    facts: Facts<'a>,
    is_time_asked: Cell<bool>,
}

impl Context for Watched<'_> {
    fn value(&self, key: &str) -> Option<ContextValue<'_>> {
        if matches!(key, "aws:currenttime" | "aws:epochtime") {
            self.is_time_asked.set(true);
        }
        self.facts.value(key)
    }
}
