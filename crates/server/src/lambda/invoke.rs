//! Invoke: now, later, or not at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use tidings_aws::Refusal;
use tidings_aws::lambda::{InvocationType, Invoke};
use tidings_functions::{Invocation, InvokeFault, Invoked};
use tidings_lambda::{Invocable, LambdaCode, LambdaFault, Reference, limits};

use super::events;
use super::service::Hosted;
use super::trial::Trial;
use crate::body::Share;
use crate::exchange::{Answer, Call, refusal_of};

/// What an invocation without a body brings.
const NO_EVENT: &[u8] = b"{}";

pub(super) async fn invoke(
    hosted: &Hosted,
    trial: &Trial<'_>,
    call: &Call,
    asked: Invoke,
    share: Share,
) -> Result<Answer, Refusal> {
    trial.check(&hosted.plane.look(), "lambda:InvokeFunction", &asked.function)?;
    let is_event = asked.kind == InvocationType::Event;
    let event = event(call.body.clone(), is_event)?;
    let invocable = hosted.invocable(trial, &asked.function)?;
    match asked.kind {
        InvocationType::DryRun => Ok(Answer::of_lambda(204, Vec::new())),
        InvocationType::Event => {
            let trace = call.trace_id_header.as_deref();
            let text = String::from_utf8_lossy(&event);
            let queued =
                events::queue(trial.broker, &asked.function, call.request_id, &text, trace);
            queued.await.map_err(refusal_of)?;
            let body = if asked.is_old_form { &br#"{"Status":202}"#[..] } else { b"" };
            Ok(Answer::of_lambda(202, body.to_vec()))
        }
        InvocationType::RequestResponse => {
            let event = hosted.room.event(event)?;
            // It has room of its own now, for as long as it takes.
            drop(share);
            let invocation = Invocation {
                request_id: call.request_id.to_string(),
                payload: event,
                client_context: asked.client_context,
                trace_id: call.trace_id_header.clone(),
            };
            let mut invoked = hosted.run(&asked.function, &invocable, invocation).await?;
            invoked.payload = hosted.room.answer(invoked.payload);
            Ok(answer(&invocable, invoked, asked.wants_log))
        }
    }
}

/// The event, if it is one.
fn event(body: Bytes, is_event: bool) -> Result<Bytes, LambdaFault> {
    let max = match is_event {
        true => limits::ASYNCHRONOUS_EVENT_BYTES_MAX,
        false => limits::SYNCHRONOUS_EVENT_BYTES_MAX,
    };
    if body.len() > max {
        let text =
            format!("Request must be smaller than {max} bytes for the InvokeFunction operation");
        return Err(LambdaFault::new(LambdaCode::RequestTooLarge, text));
    }
    if body.is_empty() {
        return Ok(Bytes::from_static(NO_EVENT));
    }
    let invalid = |error: &dyn std::fmt::Display| {
        let text = format!("Could not parse request body into json: {error}");
        LambdaFault::new(LambdaCode::InvalidRequestContent, text)
    };
    // Of what is passed over, serde_json does not ask whether it is text.
    let text = std::str::from_utf8(&body).map_err(|error| invalid(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| invalid(&error))?;
    Ok(body)
}

fn answer(invocable: &Invocable, invoked: Invoked, wants_log: bool) -> Answer {
    let mut answer = Answer::of_lambda(200, invoked.payload);
    answer.headers.push(("x-amz-executed-version", invocable.version.to_string()));
    if let Some(error) = invoked.function_error {
        answer.headers.push(("x-amz-function-error", error.as_str().to_owned()));
    }
    if wants_log {
        answer.headers.push(("x-amz-log-result", STANDARD.encode(&invoked.log_tail)));
    }
    answer
}

impl Hosted {
    /// What is to be run.
    fn invocable(
        &self,
        trial: &Trial<'_>,
        reference: &Reference,
    ) -> Result<Invocable, LambdaFault> {
        let chance = u32::from_le_bytes(trial.broker.random_bytes());
        self.plane.look().invocable(reference, chance)
    }

    /// Runs it and waits.
    ///
    /// # Errors
    /// Why it could not be run, as the service calls it.
    pub(super) async fn run(
        &self,
        reference: &Reference,
        invocable: &Invocable,
        invocation: Invocation,
    ) -> Result<Invoked, LambdaFault> {
        let spec = self.spec(reference, invocable).await?;
        let reserved = invocable.function.reserved_concurrency();
        self.host.invoke(&spec, reserved, invocation).await.map_err(|fault| as_fault(&fault))
    }
}

fn as_fault(fault: &InvokeFault) -> LambdaFault {
    let code = match fault {
        InvokeFault::TooManyRequests { reason } => {
            return LambdaFault {
                reason: Some(reason.as_str()),
                ..LambdaFault::new(LambdaCode::TooManyRequests, fault.to_string())
            };
        }
        InvokeFault::InvalidRuntime { .. } => LambdaCode::InvalidRuntime,
        InvokeFault::InvalidClientContext => LambdaCode::InvalidRequestContent,
        InvokeFault::Stopping => LambdaCode::ServiceUnavailable,
        InvokeFault::InvalidRequestId
        | InvokeFault::Unavailable { .. }
        | InvokeFault::Interrupted => LambdaCode::Service,
    };
    LambdaFault::new(code, fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_and_not_too_large() {
        let of = |bytes: &[u8], is_event| event(Bytes::copy_from_slice(bytes), is_event);
        assert_eq!(of(b"", false).unwrap(), NO_EVENT);
        assert_eq!(of(b" [1] ", true).unwrap(), &b" [1] "[..]);
        for bytes in [&b"{"[..], b"x", b"\xff", b"\"\xff\"", b"1 2"] {
            assert_eq!(of(bytes, false).unwrap_err().code, LambdaCode::InvalidRequestContent);
        }
        let text = |length: usize| format!("\"{}\"", "a".repeat(length - 2)).into_bytes();
        let max = limits::ASYNCHRONOUS_EVENT_BYTES_MAX;
        assert!(of(&text(max), true).is_ok());
        assert_eq!(of(&text(max + 1), true).unwrap_err().code, LambdaCode::RequestTooLarge);
        assert!(of(&text(max + 1), false).is_ok());
        let max = limits::SYNCHRONOUS_EVENT_BYTES_MAX;
        assert_eq!(of(&text(max + 1), false).unwrap_err().code.status(), 413);
    }
}
