//! Subscriptions with the protocol `lambda`: a message becomes an event of its function.

use tidings_access::{
    Caller, Decision, Facts, Origin, Policies, Request, Source, denial_text, evaluate,
};
use tidings_broker::Failure;
use tidings_core::names::TopicArn;
use tidings_core::rejection::TopicRejection;
use tidings_couriers::{Courier, Outcome, Parcel};
use tidings_lambda::{FunctionId, Functions, Reference};

use super::events;
use super::trial::judged_arn;
use crate::authenticate::Auth;
use crate::request::Shared;

/// How SNS names itself to functions.
const SNS: &str = "sns.amazonaws.com";

/// Refuses at once what would be refused at every delivery.
///
/// # Errors
/// InvalidParameter: it is not the ARN of a function, or nothing is configured that could have it.
pub(crate) fn check_endpoint(
    is_hosting: bool,
    courier: Option<&tidings_couriers::LambdaCourier>,
    endpoint: &str,
) -> Result<(), TopicRejection> {
    let Some((id, _)) = FunctionId::parse_arn(endpoint) else {
        return Err(TopicRejection::parameter("Lambda endpoint ARN"));
    };
    if is_hosting || courier.is_some_and(|courier| courier.reaches(endpoint)) {
        return Ok(());
    }
    Err(TopicRejection::parameter(match courier {
        None => {
            "Protocol Reason: this server does not deliver by the protocol lambda: set hosting, or \
                 an endpoint for functions elsewhere, in [functions] of its configuration"
                .to_owned()
        }
        Some(_) => format!(
            "Endpoint Reason: no endpoint in [functions] of this server's configuration is for the \
             function {}",
            id.name
        ),
    }))
}

/// Hands an event over to its function: to this server's own, or to one elsewhere.
pub(crate) async fn deliver(shared: &Shared, topic: &TopicArn, parcel: &Parcel) -> Outcome {
    let Some((id, qualifier)) = FunctionId::parse_arn(&parcel.endpoint) else {
        return never("the endpoint is no function's ARN", 400);
    };
    let reference = Reference { id, qualifier };
    // None if it is not one of this server's.
    let may = shared.lambda.as_ref().and_then(|lambda| {
        let functions = lambda.0.plane.look();
        functions.find(&reference.id).ok()?;
        Some(may_invoke(shared, &functions, topic, &reference))
    });
    match may {
        Some(Ok(())) => return hand_over(shared, &reference, parcel).await,
        Some(Err(outcome)) => return outcome,
        None => {}
    }
    match &shared.couriers.lambda {
        Some(courier) if courier.reaches(&parcel.endpoint) => courier.deliver(parcel).await,
        // It was configured when somebody subscribed, and may be again.
        None if shared.lambda.is_none() => {
            Outcome::TryLater { why: "no functions are configured".to_owned(), status: None }
        }
        _ => never(&format!("Function not found: {}", parcel.endpoint), 404),
    }
}

fn never(why: &str, status: u16) -> Outcome {
    Outcome::Never { why: why.to_owned(), status: Some(status) }
}

/// Whether the version is there, and its policy lets the topic invoke it.
fn may_invoke(
    shared: &Shared,
    functions: &Functions,
    topic: &TopicArn,
    reference: &Reference,
) -> Result<(), Outcome> {
    if let Err(fault) = functions.shown(reference) {
        return Err(never(&fault.text, 404));
    }
    if matches!(shared.auth, Auth::Off) {
        return Ok(());
    }
    let arn = judged_arn(reference);
    let function = functions.find(&reference.id).ok();
    let policy = function.and_then(|it| it.policy(reference.qualifier.as_ref()));
    let (topic_arn, topic_owner) = (topic.to_string(), topic.account.to_string());
    let owner = reference.id.scope.account.to_string();
    let now_ms = i64::try_from(shared.broker.now().as_ms()).unwrap_or(i64::MAX);
    let facts = Facts {
        region: topic.region.as_str(),
        source: Some(Source { arn: &topic_arn, account: &topic_owner, organisation: None }),
        resource_account: Some(&owner),
        ..Facts::new(Caller::Service { name: SNS }, Origin::Service, now_ms)
    };
    let request = Request {
        caller: facts.caller,
        action: "lambda:InvokeFunction",
        resource: &arn,
        resource_account: &owner,
        context: &facts,
    };
    let resource = policy.map(|policy| policy.document());
    match evaluate(&request, &Policies { resource, ..Policies::default() }) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => Err(never(&denial_text(&request, &denial), 403)),
    }
}

async fn hand_over(shared: &Shared, reference: &Reference, parcel: &Parcel) -> Outcome {
    let Ok(event) = std::str::from_utf8(&parcel.body) else {
        return never("the event is no text", 400);
    };
    let request_id = shared.broker.uuid();
    match events::queue(&shared.broker, reference, request_id, event, None).await {
        Ok(()) => {
            let detail = format!("{{\"lambdaRequestId\":\"{request_id}\"}}");
            Outcome::Delivered { status: 202, detail }
        }
        Err(failure) => not_queued(&failure),
    }
}

/// What is refused now, such as an event that is too large, is refused every time.
fn not_queued(failure: &Failure) -> Outcome {
    match failure {
        Failure::Rejected(_) => never(&failure.to_string(), 400),
        Failure::Unavailable(_) => Outcome::TryLater { why: failure.to_string(), status: None },
    }
}

#[cfg(test)]
mod tests {
    use tidings_broker::Unavailable;

    use super::*;

    #[test]
    fn what_is_refused_is_not_tried_again() {
        let rejected = Failure::Rejected(TopicRejection::parameter("too long").into());
        assert!(matches!(not_queued(&rejected), Outcome::Never { .. }));
        let busy = Failure::Unavailable(Unavailable::Unknown);
        assert!(matches!(not_queued(&busy), Outcome::TryLater { .. }));
    }
}
