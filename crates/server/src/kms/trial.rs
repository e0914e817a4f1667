//! Whether a caller may do what it asks of a key.

use std::sync::Arc;

use tidings_access::{ContextValue, Facts, Policies};
use tidings_aws::Refusal;
use tidings_broker::Broker;
use tidings_identity::Principal;
use tidings_keys::{
    Key, KeyCode, KeyFault, KeyName, KeyRequest, KeyStore, Scope, authorise, keeps_author,
};

use super::scope_of;
use crate::authenticate::Auth;
use crate::authorise::{Judge, Question, nameless};
use crate::caller::{Caller, Standing};
use crate::exchange::Call;
use crate::request::Shared;

/// A call of KMS, as it is judged.
pub(super) struct Trial<'a> {
    pub(super) broker: &'a Broker,
    /// Where the caller's own keys are.
    pub(super) scope: Scope,
    /// `None` where nobody is judged.
    judge: Option<Judge<'a>>,
    caller: &'a Caller,
    auth: &'a Auth,
}

/// What a request sets that policies may ask for.
#[derive(Default)]
pub(super) struct Sets<'a> {
    pub(super) tags: &'a [(String, String)],
    pub(super) untagged: &'a [String],
    pub(super) service_keys: Vec<(&'a str, ContextValue<'a>)>,
}

impl<'a> Trial<'a> {
    /// # Errors
    /// Whoever has no name has no keys.
    pub(super) fn new(shared: &'a Shared, call: &'a Call) -> Result<Self, Refusal> {
        let broker = &shared.broker;
        let judge = match &call.caller.standing {
            Standing::Unchecked { .. } => None,
            Standing::Anonymous => return Err(nameless(shared, call).into()),
            Standing::Principal(_) => Some(Judge::of(call, broker.now(), shared.auth.audit())),
        };
        let (caller, auth) = (&call.caller, &shared.auth);
        Ok(Self { broker, scope: scope_of(call), judge, caller, auth })
    }

    /// The caller as it stands now, for a change whose turn has come: its rights may have been taken
    /// away while it waited. `None` where nobody is judged.
    pub(super) fn caller_again(&self) -> Result<Option<Arc<Principal>>, Refusal> {
        let (Some(_), Auth::On { identities, .. }) = (&self.judge, self.auth) else {
            return Ok(None);
        };
        Ok(Some(self.caller.again(&identities.plane.look(), self.now_ms())?))
    }

    /// The same call, judged now, and by what its caller is now.
    pub(super) fn again<'b>(&'b self, principal: Option<&'b Principal>) -> Trial<'b> {
        let now = self.broker.now();
        let judge = self.judge.map(|judge| Judge { principal, now, ..judge });
        Trial { judge, scope: self.scope.clone(), ..*self }
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.broker.now().as_ms()
    }

    /// The key that a name of any kind leads to. Callers of other accounts do not learn that there
    /// is none.
    pub(super) fn find<'s>(
        &self,
        store: &'s KeyStore,
        name: &str,
        action: &str,
    ) -> Result<&'s Key, Refusal> {
        let found = store.find(name, &self.scope).map(|key| &**key);
        found.map_err(|fault| self.unfound(fault, name, action))
    }

    /// The key that an id or an ARN leads to.
    pub(super) fn find_by_id<'s>(
        &self,
        store: &'s KeyStore,
        name: &str,
        action: &str,
    ) -> Result<&'s Key, Refusal> {
        let found = store.find_by_id(name, &self.scope).map(|key| &**key);
        found.map_err(|fault| self.unfound(fault, name, action))
    }

    fn unfound(&self, fault: KeyFault, name: &str, action: &str) -> Refusal {
        let of_other = match KeyName::parse(name, &self.scope) {
            Ok(KeyName::Id(scope, _) | KeyName::Alias(scope, _)) => scope != self.scope,
            Err(_) => false,
        };
        match &self.judge {
            Some(judge) if of_other && fault.code == KeyCode::NotFound => {
                let hidden = judge.ask(|facts, _| KeyFault::hidden(facts.caller.name(), action));
                judge.write_down(action, name, Err(&hidden.text));
                hidden.into()
            }
            _ => fault.into(),
        }
    }

    /// Asks for a permission on a key.
    pub(super) fn check(
        &self,
        store: &KeyStore,
        request: &KeyRequest<'_>,
        sets: &Sets<'_>,
    ) -> Result<(), Refusal> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let (request_tags, tag_keys) = (sets.tags(), sets.tag_keys());
        let request = KeyRequest { service_keys: &sets.service_keys, ..*request };
        let allowed = judge.ask(|facts, policies| {
            let facts = Facts { request_tags: &request_tags, tag_keys: &tag_keys, ..facts.clone() };
            let allowance = authorise(store, &request, &facts, policies)?;
            Ok(judge.audit.map(|_| allowance.to_string()))
        });
        let outcome = allowed.as_ref().map_err(|fault: &KeyFault| &fault.text);
        judge.write_down(request.action, request.key.arn(), outcome);
        allowed?;
        Ok(())
    }

    /// Asks for a permission on a key, for a request that sets nothing.
    pub(super) fn check_plain(
        &self,
        store: &KeyStore,
        action: &str,
        key: &Key,
    ) -> Result<(), Refusal> {
        self.check(store, &KeyRequest::new(action, key), &Sets::default())
    }

    /// Asks for a permission on what is no key: an alias, or all that the caller has.
    pub(super) fn check_own(
        &self,
        action: &str,
        resource: &str,
        sets: &Sets<'_>,
    ) -> Result<(), Refusal> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let question = Question {
            request_tags: &sets.tags(),
            tag_keys: &sets.tag_keys(),
            service_keys: &sets.service_keys,
            ..Question::new(action, resource, self.scope.account)
        };
        let denied = |text| KeyFault::new(KeyCode::AccessDenied, text).into();
        judge.decide(&question).map_err(denied)
    }

    /// Whether something is so for the caller, where callers are judged.
    pub(super) fn holds(&self, is: impl FnOnce(&Facts<'_>, &Policies<'_>) -> bool) -> bool {
        self.judge.as_ref().is_some_and(|judge| judge.ask(is))
    }

    /// Whether the author of a policy could set another one after it.
    pub(super) fn keeps_author(&self, arn: &str, policy: &tidings_keys::KeyPolicy) -> bool {
        let Some(judge) = &self.judge else { return true };
        judge.ask(|facts, policies| keeps_author(&self.scope, arn, policy, facts, policies))
    }
}

impl<'a> Sets<'a> {
    pub(super) fn keys(service_keys: Vec<(&'a str, ContextValue<'a>)>) -> Self {
        Self { service_keys, ..Self::default() }
    }

    fn tags(&self) -> Vec<(&'a str, &'a str)> {
        self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    fn tag_keys(&self) -> Vec<&'a str> {
        let set = self.tags.iter().map(|(key, _)| key.as_str());
        set.chain(self.untagged.iter().map(String::as_str)).collect()
    }
}

/// `kms:RequestAlias`, of a request that names its key by an alias.
pub(super) fn request_alias(name: &str) -> Vec<(&'static str, ContextValue<'_>)> {
    let alias = name.find("alias/").and_then(|at| name.get(at..));
    let is_alias = name.starts_with("alias/") || name.starts_with("arn:");
    let alias = alias.filter(|_| is_alias);
    alias.map(|alias| ("kms:RequestAlias", ContextValue::text(alias))).into_iter().collect()
}
