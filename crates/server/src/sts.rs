//! AWS STS: nothing is written, so everything is answered from what is in memory.

use tidings_aws::sts::{self, Answered};
use tidings_aws::{Refusal, Request, Service, StsAction};
use tidings_identity::{Principal, Random};

use crate::caller::Standing;
use crate::exchange::{Answer, Call};
use crate::iam::Asker;
use crate::request::Shared;

/// Answers a call, whatever it is.
pub(crate) async fn answer(shared: &Shared, call: &Call, action: StsAction) -> Answer {
    match body(shared, call, action) {
        Ok(body) => Answer::success(call.protocol, body),
        Err(refusal) => refusal.answer(Service::Sts, call.protocol, call.request_id),
    }
}

fn body(shared: &Shared, call: &Call, action: StsAction) -> Result<Vec<u8>, Refusal> {
    if action == StsAction::GetCallerIdentity
        && let Standing::Unchecked { .. } = call.caller.standing
    {
        // Whoever asks is believed to be whom their account belongs to.
        let root = Principal::root(call.caller.account);
        return Ok(sts::body(action, call.request_id, &Answered::Caller(&root)));
    }
    let asker = Asker::of(shared, call)?;
    let answered = answered(shared, call, action, &asker)?;
    Ok(sts::body(action, call.request_id, &answered))
}

fn answered<'a>(
    shared: &Shared,
    call: &Call,
    action: StsAction,
    asker: &Asker<'a>,
) -> Result<Answered<'a>, Refusal> {
    let request = Request::read(call.protocol, &call.query, &call.body)?;
    let fields = request.fields();
    let (directory, principal, judge) =
        (asker.identities.plane.look(), asker.principal, &asker.judge);
    let now_ms = judge.now.as_ms();
    let random = Random::new(shared.broker.random_bytes());
    Ok(match action {
        StsAction::GetCallerIdentity => Answered::Caller(principal),
        StsAction::AssumeRole => {
            let asked = sts::assume_role(&fields)?;
            Answered::Role(directory.assume_role(principal, judge, &asked, now_ms, &random)?)
        }
        StsAction::GetSessionToken => {
            let asked = sts::session_token(&fields)?;
            let (seconds, has_mfa) = (asked.seconds, asked.has_mfa);
            let token = directory.session_token(principal, seconds, has_mfa, now_ms, &random)?;
            Answered::Token(token)
        }
        StsAction::GetFederationToken => {
            let asked = sts::federation_token(&fields)?;
            let user = directory.federation_token(principal, judge, &asked, now_ms, &random)?;
            Answered::Federated(user)
        }
        StsAction::GetAccessKeyInfo => {
            let id = sts::access_key_id(&fields)?;
            Answered::Account(directory.access_key_account(principal, judge, &id)?)
        }
    })
}
