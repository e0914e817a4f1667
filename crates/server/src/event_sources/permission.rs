//! Whether a mapping may receive from its queue, now.
//!
//! The service receives with the function's role, and the queue is asked each time. So whoever owns the
//! queue ends a mapping by its policy, and lets it go on by that. What the role itself may is not asked:
//! roles of functions need not be there. Whoever made the mapping was.

use std::sync::LazyLock;

use tidings_access::{
    Caller, Decision, Facts, Kind, Origin, Policies, PolicyDocument, Request, SessionFacts,
    evaluate,
};
use tidings_core::terms::Resource;
use tidings_lambda::event_sources::Mapping;

use super::engine::Feed;
use super::invoke::Invoke;

const RECEIVE: &str = "sqs:ReceiveMessage";

/// What stands for the policies of the role.
static EVERYTHING: LazyLock<Option<PolicyDocument>> = LazyLock::new(|| {
    let all =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    PolicyDocument::parse(all, Kind::Identity).ok()
});

/// Whether the queue lets the role of the mapping's function receive. Not if the function is gone.
pub(super) fn may_receive<I: Invoke>(feed: &Feed<I>, mapping: &Mapping) -> bool {
    if !feed.policies_decide {
        return true;
    }
    let terms = feed.broker.terms(&Resource::Queue(mapping.queue.clone()));
    let policy = terms.as_ref().and_then(|terms| terms.policy.as_ref());
    let Some(role_arn) = feed.invoke.role(&mapping.reference()) else { return false };
    // The role is one of the function's account. What was made where nobody judges may name any other,
    // and has no more rights by that.
    let (account, owner) = (mapping.function.scope.account, mapping.queue.account);
    if policy.is_none() && account == owner {
        return true;
    }
    let (account, owner) = (account.to_string(), owner.to_string());
    let partition = mapping.queue.region.partition();
    let role = role_arn.splitn(6, ':').nth(5).unwrap_or_default();
    let role_arn = format!("arn:{partition}:iam::{account}:{role}");
    let name = role_arn.rsplit('/').next().unwrap_or_default();
    let session = mapping.function.name.to_string();
    let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
    let caller = Caller::Session { account: &account, role_arn: &role_arn, arn: &arn, role_id: "" };
    let now_ms = i64::try_from(feed.broker.now().as_ms()).unwrap_or(i64::MAX);
    let facts = Facts {
        is_secure: true,
        region: mapping.queue.region.as_str(),
        session: Some(SessionFacts { issued_at_ms: now_ms, mfa_age_s: None }),
        resource_account: Some(&owner),
        ..Facts::new(caller, Origin::Service, now_ms)
    };
    let queue = mapping.queue.to_string();
    let request = Request {
        caller,
        action: RECEIVE,
        resource: &queue,
        resource_account: &owner,
        context: &facts,
    };
    let identity: Vec<_> = EVERYTHING.iter().collect();
    let policies = Policies { identity: &identity, resource: policy, ..Policies::default() };
    matches!(evaluate(&request, &policies), Decision::Allowed(_))
}
