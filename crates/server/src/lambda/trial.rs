//! Whether a caller may do what it asks of a function.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings_access::ContextValue;
use tidings_aws::Refusal;
use tidings_broker::Broker;
use tidings_core::names::{AccountId, QueueArn};
use tidings_core::terms::Resource;
use tidings_identity::Principal;
use tidings_lambda::{FunctionId, Functions, LambdaCode, LambdaFault, Qualifier, Reference, Scope};

use crate::authenticate::Auth;
use crate::authorise::{Judge, Question, nameless};
use crate::caller::{Caller, Standing};
use crate::encryption;
use crate::exchange::Call;
use crate::keys::KeyService;
use crate::request::Shared;

/// How Lambda names itself to policies.
const LAMBDA: &str = "lambda.amazonaws.com";

/// A call of Lambda, as it is judged.
pub(super) struct Trial<'a> {
    pub(super) broker: &'a Broker,
    /// Who has the keys of encrypted queues and topics.
    keys: Option<&'a KeyService>,
    scope: Scope,
    /// `None` where nobody is judged.
    judge: Option<Judge<'a>>,
    caller: &'a Caller,
    auth: &'a Auth,
}

impl<'a> Trial<'a> {
    /// # Errors
    /// Whoever has no name may do nothing with functions.
    pub(super) fn new(shared: &'a Shared, call: &'a Call) -> Result<Self, Refusal> {
        let broker = &shared.broker;
        let judge = match &call.caller.standing {
            Standing::Unchecked { .. } => None,
            Standing::Anonymous => return Err(nameless(shared, call).into()),
            Standing::Principal(_) => Some(Judge::of(call, broker.now(), shared.auth.audit())),
        };
        let scope = Scope { account: call.caller.account, region: call.caller.region.clone() };
        let keys = shared.kms.as_ref();
        Ok(Self { broker, keys, scope, judge, caller: &call.caller, auth: &shared.auth })
    }

    /// Where the caller's own functions are.
    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The caller as it stands now, for a change whose turn has come. `None` where nobody is judged.
    pub(super) fn caller_again(&self) -> Result<Option<Arc<Principal>>, Refusal> {
        let (Some(_), Auth::On { identities, .. }) = (&self.judge, self.auth) else {
            return Ok(None);
        };
        let now_ms = self.broker.now().as_ms();
        Ok(Some(self.caller.again(&identities.plane.look(), now_ms)?))
    }

    /// The same call, judged now, and by what its caller is now.
    pub(super) fn again<'b>(&'b self, principal: Option<&'b Principal>) -> Trial<'b> {
        let now = self.broker.now();
        let judge = self.judge.map(|judge| Judge { principal, now, ..judge });
        Trial { judge, scope: self.scope.clone(), ..*self }
    }

    /// Asks for a permission on a function, version or alias, whose own policy has a say.
    pub(super) fn check(
        &self,
        functions: &Functions,
        action: &str,
        reference: &Reference,
    ) -> Result<(), Refusal> {
        self.check_with(functions, action, reference, &[])
    }

    /// The same, of a request that sets tags.
    pub(super) fn check_with(
        &self,
        functions: &Functions,
        action: &str,
        reference: &Reference,
        request_tags: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        let owner = reference.id.scope.account;
        if self.judge.is_none() {
            // Where policies decide nothing, what is another's is not there.
            return match owner == self.caller.account {
                true => Ok(()),
                false => Err(LambdaFault::no_function(reference.arn()).into()),
            };
        }
        let function = functions.find(&reference.id).ok();
        let policy = function.and_then(|it| it.policy(reference.qualifier.as_ref()));
        let tags: Vec<(&str, &str)> = function
            .map(|it| it.tags().iter().map(|(key, value)| (&**key, &**value)).collect())
            .unwrap_or_default();
        let tag_keys: Vec<&str> = request_tags.iter().map(|(key, _)| *key).collect();
        let resource = judged_arn(reference);
        self.decide(&Question {
            policy: policy.map(|policy| policy.document()),
            resource_tags: &tags,
            request_tags,
            tag_keys: &tag_keys,
            ..Question::new(action, &resource, owner)
        })
    }

    /// Asks for a permission on all functions of the caller, or on what is no function.
    pub(super) fn check_on(&self, action: &str, resource: &str) -> Result<(), Refusal> {
        self.decide(&Question::new(action, resource, self.caller.account))
    }

    /// Asks whether the caller may hand out a role, to be that of this function. Whose role it is, its
    /// ARN says: only those of the caller's own account, which has to be the function's, can be passed.
    pub(super) fn check_role(&self, role: &str, function: &FunctionId) -> Result<(), Refusal> {
        let Some(judge) = &self.judge else { return Ok(()) };
        // arn:aws:iam::ACCOUNT:role/NAME, which is checked later if it is none.
        let owner = role.split(':').nth(4).and_then(AccountId::parse);
        let owner = owner.unwrap_or(self.caller.account);
        let arn = function.arn(None);
        let keys = [
            ("iam:PassedToService", ContextValue::text(LAMBDA)),
            ("iam:AssociatedResourceArn", ContextValue::text(arn.as_str())),
        ];
        let question =
            Question { service_keys: &keys, ..Question::new("iam:PassRole", role, owner) };
        if owner != self.caller.account || owner != function.scope.account {
            let text = "Cross-account pass role is not allowed.".to_owned();
            judge.write_down(question.action, role, Err(&text));
            return Err(LambdaFault::new(LambdaCode::AccessDenied, text).into());
        }
        self.decide(&question)
    }

    /// Asks for a permission on event source mappings, of this function if that is known, in a request
    /// that sets these tags.
    pub(super) fn check_mapping(
        &self,
        action: &str,
        resource: &str,
        function: Option<&Reference>,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        let tag_keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
        let keys = function
            .map(|function| ("lambda:FunctionArn", ContextValue::Text(function.arn().into())));
        let question = Question {
            request_tags: &tags,
            tag_keys: &tag_keys,
            service_keys: keys.as_slice(),
            ..Question::new(action, resource, self.caller.account)
        };
        self.decide(&question)?;
        match tags.is_empty() {
            true => Ok(()),
            false => self.decide(&Question { action: "lambda:TagResource", ..question }),
        }
    }

    /// Asks for a permission on a queue or topic, whose own policy has a say.
    pub(super) fn check_terms(&self, action: &str, resource: &Resource) -> Result<(), Refusal> {
        let (arn, owner) = match resource {
            Resource::Queue(queue) => (queue.to_string(), queue.account),
            Resource::Topic(topic) => (topic.to_string(), topic.account),
        };
        let terms = self.broker.terms(resource);
        let tags = terms.as_ref().map(|terms| terms.tags.as_pairs()).unwrap_or_default();
        self.decide(&Question {
            policy: terms.as_ref().and_then(|terms| terms.policy.as_ref()),
            resource_tags: &tags,
            ..Question::new(action, &arn, owner)
        })
    }

    /// Asks the key of a queue or topic, if it has one, whether the caller may send there. Where
    /// nobody is judged, nothing is asked: what cannot be sealed is told when it is sent.
    pub(super) fn check_sealing(&self, resource: &Resource) -> Result<(), Refusal> {
        let Some(judge) = self.judge else { return Ok(()) };
        encryption::check_sealing_by(self.keys, self.broker, judge, resource).map_err(denied)
    }

    /// Asks the key of a queue, if it has one, whether the caller may read what is there.
    pub(super) fn check_opening(&self, queue: &QueueArn) -> Result<(), Refusal> {
        encryption::check_opening_by(self.keys, self.broker, self.judge, queue).map_err(denied)
    }

    fn decide(&self, question: &Question<'_>) -> Result<(), Refusal> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let denied = |text| LambdaFault::new(LambdaCode::AccessDenied, text).into();
        judge.decide(question).map_err(denied)
    }
}

/// What policies call a function, version or alias: $LATEST is the function itself, and has its
/// policy.
pub(super) fn judged_arn(reference: &Reference) -> String {
    match reference.qualifier {
        Some(Qualifier::Latest) => reference.id.arn(None),
        _ => reference.arn(),
    }
}

/// What a key says, as Lambda says it.
fn denied(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Key(fault) => LambdaFault::new(LambdaCode::AccessDenied, fault.text).into(),
        refusal => refusal,
    }
}
