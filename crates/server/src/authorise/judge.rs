//! One caller's request, as policies judge it; the same for every service.

use tidings_access::{
    Caller, ContextValue, Decision, Denial, Facts, Policies, PolicyDocument, PolicyType, Request,
    denial_text, evaluate,
};
use tidings_core::names::{AccountId, Uuid};
use tidings_core::time::Timestamp;
use tidings_identity::{Arbiter, Principal, Wanted};

use super::Circumstances;
use crate::audit::{AuditLog, Event, Verdict};
use crate::exchange::Call;

/// Who asks, from where and when.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    /// `None` for the anonymous.
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) circumstances: &'a Circumstances,
    /// The region that was asked.
    pub(crate) region: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) request_id: Uuid,
    /// What the caller signed with.
    pub(crate) access_key_id: Option<&'a str>,
    /// Where decisions are written down.
    pub(crate) audit: Option<&'a AuditLog>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Such as `sqs:SendMessage`.
    pub(crate) action: &'a str,
    /// The ARN of what it is done to, or what stands for it.
    pub(crate) resource: &'a str,
    /// Whose that is.
    pub(crate) owner: AccountId,
    /// Its own policy.
    pub(crate) policy: Option<&'a PolicyDocument>,
    /// Its tags.
    pub(crate) resource_tags: &'a [(&'a str, &'a str)],
    /// Tags that the request sets.
    pub(crate) request_tags: &'a [(&'a str, &'a str)],
    /// Keys of tags that the request sets or takes away.
    pub(crate) tag_keys: &'a [&'a str],
    /// Condition keys of the service itself.
    pub(crate) service_keys: &'a [(&'a str, ContextValue<'a>)],
    /// Whether the resource's policy has to allow it to those who have no policies of their own.
    pub(crate) needs_grant: bool,
}

impl<'a> Question<'a> {
    /// About something without policy, tags or keys of its own.
    pub(crate) fn new(action: &'a str, resource: &'a str, owner: AccountId) -> Self {
        Self {
            action,
            resource,
            owner,
            policy: None,
            resource_tags: &[],
            request_tags: &[],
            tag_keys: &[],
            service_keys: &[],
            needs_grant: true,
        }
    }
}

impl<'a> Judge<'a> {
    /// Of a call's caller.
    pub(crate) fn of(call: &'a Call, now: Timestamp, audit: Option<&'a AuditLog>) -> Self {
        Self {
            principal: call.caller.principal(),
            circumstances: &call.circumstances,
            region: call.caller.region.as_str(),
            now,
            request_id: call.request_id,
            access_key_id: call.caller.access_key_id.as_deref(),
            audit,
        }
    }
}

/// For what IAM and STS are asked, which know themselves what has to be allowed.
impl Arbiter for Judge<'_> {
    fn decide(&self, wanted: &Wanted<'_>) -> Result<(), String> {
        let Wanted { action, resource, owner, policy, .. } = *wanted;
        let Wanted { resource_tags, request_tags, tag_keys, service_keys, .. } = *wanted;
        let question = Question {
            policy,
            resource_tags,
            request_tags,
            tag_keys,
            service_keys,
            ..Question::new(action, resource, owner)
        };
        Judge::decide(self, &question)
    }
}

impl Judge<'_> {
    /// Decides, by all policies that have a say.
    ///
    /// # Errors
    /// What the caller is told, in the words of the action's service.
    pub(crate) fn decide(&self, question: &Question<'_>) -> Result<(), String> {
        let owner = question.owner.to_string();
        let outcome = self.ask(|facts, policies| {
            let facts = Facts {
                request_tags: question.request_tags,
                tag_keys: question.tag_keys,
                resource_tags: question.resource_tags,
                resource_account: Some(&owner),
                service_keys: question.service_keys,
                ..facts.clone()
            };
            let request = Request {
                caller: facts.caller,
                action: question.action,
                resource: question.resource,
                resource_account: &owner,
                context: &facts,
            };
            match evaluate(&request, &Policies { resource: question.policy, ..*policies }) {
                // Why it is allowed, if anybody wants to know.
                Decision::Allowed(allowance) => Ok(self.audit.map(|_| allowance.to_string())),
                Decision::Denied(Denial::Silent(PolicyType::Resource)) if !question.needs_grant => {
                    Ok(self.audit.map(|_| "nothing denies it".to_owned()))
                }
                Decision::Denied(denial) => Err(denial_text(&request, &denial)),
            }
        });
        self.write_down(question.action, question.resource, outcome.as_ref());
        outcome.map(drop)
    }

    /// Has something decided by others, who are told all that is known of the caller and of where
    /// the request comes from, and nothing of what is asked.
    pub(crate) fn ask<T>(&self, decide: impl FnOnce(&Facts<'_>, &Policies<'_>) -> T) -> T {
        let now_ms = self.now_ms();
        let principal_tags = self.principal_tags();
        let facts = Facts {
            is_secure: self.circumstances.is_secure(),
            region: self.region,
            user_agent: self.circumstances.user_agent(),
            referer: self.circumstances.referer(),
            session: self.principal.and_then(Principal::session_facts),
            principal_tags: &principal_tags,
            source_identity: self.principal.and_then(Principal::source_identity),
            ..Facts::new(self.caller(), self.circumstances.origin(), now_ms)
        };
        let identity: Vec<_> =
            self.principal.iter().flat_map(|p| p.identity_policies()).map(|p| &**p).collect();
        let session = self.principal.and_then(Principal::session_policies);
        let session: Option<Vec<_>> = session.map(|all| all.iter().map(|p| &**p).collect());
        let policies = Policies {
            identity: &identity,
            boundary: self.principal.and_then(Principal::boundary),
            session: session.as_deref(),
            endpoint: self.circumstances.endpoint_policy(),
            ..Policies::default()
        };
        decide(&facts, &policies)
    }

    /// Writes down what was decided: why it is allowed, or what the caller is told.
    pub(crate) fn write_down(
        &self,
        action: &str,
        resource: &str,
        outcome: Result<&Option<String>, &String>,
    ) {
        self.write_down_of(self.caller().name(), action, resource, outcome);
    }

    /// The same, of what a service may do because of the request.
    pub(crate) fn write_down_of(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        outcome: Result<&Option<String>, &String>,
    ) {
        let Some(audit) = self.audit else { return };
        let (verdict, reason) = match outcome {
            Ok(reason) => (Verdict::Allowed, reason.clone().unwrap_or_default()),
            Err(text) => (Verdict::Denied, text.clone()),
        };
        if !audit.wants(verdict, action) {
            return;
        }
        let event = self.circumstances.event(self.now, self.request_id, action, verdict, reason);
        audit.write(&Event {
            principal: Some(principal),
            access_key_id: self.access_key_id,
            resource: Some(resource),
            ..event
        });
    }

    /// Now, as policies count time.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.now.as_ms()).unwrap_or(i64::MAX)
    }

    fn caller(&self) -> Caller<'_> {
        self.principal.map_or(Caller::Anonymous, Principal::caller)
    }

    fn principal_tags(&self) -> Vec<(&str, &str)> {
        let tags = self.principal.map(Principal::tags).unwrap_or_default();
        tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }
}
