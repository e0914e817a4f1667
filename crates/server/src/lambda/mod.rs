//! AWS Lambda: functions that this server runs.
//!
//! ```text
//!   read (tidings-aws) → authorise → look, or decide, write, apply (tidings-lambda)
//!   Invoke             → authorise → the host (tidings-functions), or the function's outbox
//!   an event source     → event_sources.rs: who may; ../event_sources/: how it is done
//!   an outbox          → events.rs: an attempt, a retry, a destination
//!   a subscription     → subscriptions.rs: an event into the function's outbox
//! ```

mod changes;
mod code;
mod declared;
mod destinations;
mod errors;
mod event_sources;
mod events;
mod invoke;
mod looks;
mod room;
mod said;
mod service;
mod subscriptions;
mod trial;
mod unpack;

use tidings_aws::lambda::{Asked, LambdaRequest};
use tidings_aws::{Refusal, Service};
use tidings_lambda::{LambdaCode, LambdaFault, Scope};

use crate::body::Share;
use crate::exchange::{Answer, Call};
use crate::request::Shared;
use trial::Trial;

pub use declared::{DeclareError, DeclaredFunction};
pub(crate) use events::attempt;
pub use service::{Lambda, LambdaError};
pub(crate) use subscriptions::{check_endpoint, deliver};

/// Answers a call, whatever it is. `share` is the memory that its body has among those of all requests.
pub(crate) async fn answer(shared: &Shared, call: &Call, share: Share) -> Answer {
    match perform(shared, call, share).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.answer(Service::Lambda, call.protocol, call.request_id),
    }
}

async fn perform(shared: &Shared, call: &Call, share: Share) -> Result<Answer, Refusal> {
    let trial = Trial::new(shared, call)?;
    let lambda = shared.lambda.as_ref().ok_or_else(unhosted)?;
    let asked = Asked {
        method: &call.method,
        path: &call.path,
        query: &call.query,
        headers: &call.invoke_headers,
        body: &call.body,
        scope: &Scope { account: call.caller.account, region: call.caller.region.clone() },
    };
    let request = LambdaRequest::read(&asked)?;
    if let LambdaRequest::Invoke(asked) = request {
        return invoke::invoke(&lambda.0, &trial, call, asked, share).await;
    }
    if let LambdaRequest::EventSource(request) = request {
        let (hosted, trial) = (&*lambda.0, &trial);
        return event_sources::Asked { hosted, trial }.answer(request).await;
    }
    if looks::is_look(&request) {
        return looks::look(&lambda.0.plane.look(), &trial, request);
    }
    changes::change(&lambda.0, &trial, request).await
}

fn unhosted() -> LambdaFault {
    let text = "This server runs no functions: set hosting in [functions] of its configuration.";
    LambdaFault::new(LambdaCode::AccessDenied, text)
}
