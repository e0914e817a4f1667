//! AWS IAM: operations are decided by the directory of identities, made durable by the broker, and
//! answered then.

use tidings_aws::{IamAction, Refusal, Request, Service, WireError, iam};
use tidings_identity::operations::{Operation, Output};
use tidings_identity::{Principal, Random};

use crate::authenticate::Auth;
use crate::authorise::{Judge, nameless};
use crate::caller::{Caller, Standing};
use crate::exchange::{Answer, Call, refusal_of};
use crate::identities::Identities;
use crate::plane::ChangeFault;
use crate::request::Shared;

/// Answers a call, whatever it is.
pub(crate) async fn answer(shared: &Shared, call: &Call, action: IamAction) -> Answer {
    match body(shared, call, action).await {
        Ok(body) => Answer::success(call.protocol, body),
        Err(refusal) => refusal.answer(Service::Iam, call.protocol, call.request_id),
    }
}

async fn body(shared: &Shared, call: &Call, action: IamAction) -> Result<Vec<u8>, Refusal> {
    let asker = Asker::of(shared, call)?;
    let request = Request::read(call.protocol, &call.query, &call.body)?;
    let operation = iam::operation(action, &request.fields())?;
    let output = asker.ask(shared, &operation).await?;
    Ok(iam::body(action, call.request_id, &output))
}

/// Who asks about identities, and those.
pub(crate) struct Asker<'a> {
    pub(crate) identities: &'a Identities,
    pub(crate) principal: &'a Principal,
    pub(crate) judge: Judge<'a>,
    caller: &'a Caller,
}

impl<'a> Asker<'a> {
    /// # Errors
    /// MissingAuthenticationToken if nobody says who asks. AccessDenied where nobody is
    /// authenticated: there are no identities then.
    pub(crate) fn of(shared: &'a Shared, call: &'a Call) -> Result<Self, WireError> {
        let Auth::On { identities, .. } = &shared.auth else {
            let text = "Authentication is off: there are no users, roles and policies.";
            return Err(WireError::AccessDenied(text.to_owned()));
        };
        match &call.caller.standing {
            Standing::Principal(principal) => Ok(Self {
                identities,
                principal,
                judge: Judge::of(call, shared.broker.now(), shared.auth.audit()),
                caller: &call.caller,
            }),
            Standing::Unchecked { .. } | Standing::Anonymous => Err(nameless(shared, call)),
        }
    }

    /// Asks, if the caller may, and waits until what is changed is durable.
    async fn ask(&self, shared: &Shared, operation: &Operation) -> Result<Output, Refusal> {
        let (principal, judge) = (self.principal, &self.judge);
        let now_ms = judge.now.as_ms();
        let random = Random::new(shared.broker.random_bytes());
        if operation.only_looks() {
            let directory = self.identities.plane.look();
            directory.authorise(principal, judge, operation)?;
            let (_, output) = directory.decide(principal, operation, now_ms, &random)?;
            return Ok(output);
        }
        let changed = self.identities.plane.change(|directory| {
            // While it waited for its turn, another may have taken its rights away.
            let now = shared.broker.now();
            let now_ms = now.as_ms();
            let principal = &*self.caller.again(directory, now_ms)?;
            let judge = &Judge { principal: Some(principal), now, ..self.judge };
            directory.authorise(principal, judge, operation)?;
            Ok(directory.decide(principal, operation, now_ms, &random)?)
        });
        changed.await.map_err(|fault: ChangeFault<Refusal>| match fault {
            ChangeFault::Refused(refusal) => refusal,
            ChangeFault::Failed(failure) => refusal_of(failure),
        })
    }
}
