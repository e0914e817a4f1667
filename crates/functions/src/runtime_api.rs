//! The Lambda Runtime API, version 2018-06-01, as one runtime sees it.
//!
//! Statuses and error objects are those of the developer guide ("Using the Lambda runtime API"),
//! and where it is silent those of AWS's runtime interface emulator.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;

use crate::FunctionError;
use crate::desk::{Answer, Desk, OutOfTurn};
use crate::limits::{DRAINED_BYTES_MAX, RESPONSE_BYTES_MAX};

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

type Reply = Response<Full<Bytes>>;

/// Answers one request of a runtime.
pub(crate) async fn answer(desk: &Desk, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    let Some(call) = path.strip_prefix("/2018-06-01/runtime/") else {
        return error(StatusCode::NOT_FOUND, "NotFound", "page not found");
    };
    let words: Vec<&str> = call.split('/').collect();
    match (request.method(), words.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(desk).await,
        (&Method::POST, ["invocation", id, "response"]) => response(desk, id, request).await,
        (&Method::POST, ["invocation", id, "error"]) => failed(desk, id, request).await,
        (&Method::POST, ["init", "error"]) => init_failed(desk, request).await,
        _ => error(StatusCode::NOT_FOUND, "NotFound", "page not found"),
    }
}

async fn next(desk: &Desk) -> Reply {
    let waits = match desk.next() {
        Ok(waits) => waits,
        Err(refused) => return refusal(refused),
    };
    // The sender goes without an event when the host is done with this runtime.
    let Ok(event) = waits.await else { return refusal(OutOfTurn::Closed) };
    let mut reply = Response::new(Full::new(event.payload));
    *reply.headers_mut() = event.headers;
    reply
}

async fn response(desk: &Desk, id: &str, request: Request<Incoming>) -> Reply {
    if !known_mode(request.headers()) {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidFunctionResponseMode",
            "Invalid function response mode",
        );
    }
    if let Err(refused) = desk.begin_answer(id, "InvocationResponse") {
        return refusal(refused);
    }
    let answer = match read(request.into_body()).await {
        Body::Whole { payload, trailers } => told(payload, &trailers),
        Body::TooLarge => Answer::TooLarge,
        Body::BrokenOff => return broken_off(desk),
    };
    accept(desk, answer)
}

async fn failed(desk: &Desk, id: &str, request: Request<Incoming>) -> Reply {
    if let Err(refused) = desk.begin_answer(id, "InvocationErrorResponse") {
        return refusal(refused);
    }
    let error = Some(kind(request.headers()));
    let answer = match read(request.into_body()).await {
        Body::Whole { payload, .. } => Answer::Said { payload, error },
        Body::TooLarge => Answer::TooLarge,
        Body::BrokenOff => return broken_off(desk),
    };
    accept(desk, answer)
}

async fn init_failed(desk: &Desk, request: Request<Incoming>) -> Reply {
    // Before anything is read: most of those who say it out of turn say much.
    if let Err(refused) = desk.may_fail_to_start() {
        return refusal(refused);
    }
    let error = Some(kind(request.headers()));
    let answer = match read(request.into_body()).await {
        Body::Whole { payload, .. } => Answer::Said { payload, error },
        Body::TooLarge => Answer::TooLarge,
        Body::BrokenOff => return truncated(),
    };
    match desk.init_error(answer) {
        Ok(()) => accepted(),
        Err(refused) => refusal(refused),
    }
}

/// What a result says. A function that streams its result tells in trailers that it failed on the
/// way; then that is the answer, since nothing has been passed on before the end.
fn told(payload: Bytes, trailers: &HeaderMap) -> Answer {
    if !trailers.contains_key(ERROR_TYPE) {
        return Answer::Said { payload, error: None };
    }
    let body = trailers.get(ERROR_BODY).and_then(|body| STANDARD.decode(body.as_bytes()).ok());
    Answer::Said { payload: body.unwrap_or_default().into(), error: Some(kind(trailers)) }
}

fn kind(headers: &HeaderMap) -> FunctionError {
    let said = headers.get(ERROR_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if said.starts_with(b"Handled") { FunctionError::Handled } else { FunctionError::Unhandled }
}

fn known_mode(headers: &HeaderMap) -> bool {
    headers.get(RESPONSE_MODE).is_none_or(|mode| {
        [&b"streaming"[..], b"buffered"]
            .iter()
            .any(|known| mode.as_bytes().eq_ignore_ascii_case(known))
    })
}

enum Body {
    Whole { payload: Bytes, trailers: HeaderMap },
    TooLarge,
    BrokenOff,
}

/// Reads a body and its trailers. What is too large is read and dropped as far as is reasonable:
/// most clients look for an answer only when they have sent everything.
async fn read(mut body: Incoming) -> Body {
    let mut payload = BytesMut::new();
    let mut trailers = HeaderMap::new();
    let mut dropped = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Body::BrokenOff };
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                trailers = frame.into_trailers().unwrap_or_default();
                continue;
            }
        };
        if dropped == 0 && payload.len() + data.len() <= RESPONSE_BYTES_MAX {
            payload.extend_from_slice(&data);
            continue;
        }
        payload = BytesMut::new();
        dropped = dropped.saturating_add(data.len() as u64);
        if dropped > DRAINED_BYTES_MAX {
            break;
        }
    }
    if dropped > 0 {
        return Body::TooLarge;
    }
    Body::Whole { payload: payload.freeze(), trailers }
}

fn broken_off(desk: &Desk) -> Reply {
    match desk.end_answer(None) {
        Ok(()) => truncated(),
        Err(refused) => refusal(refused),
    }
}

fn truncated() -> Reply {
    let text = "HTTP request detected as truncated";
    error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", text)
}

fn accept(desk: &Desk, answer: Answer) -> Reply {
    let too_large = answer == Answer::TooLarge;
    match desk.end_answer(Some(answer)) {
        Err(refused) => refusal(refused),
        Ok(()) if too_large => {
            let text =
                format!("Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
            let mut reply = error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &text);
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            reply
        }
        Ok(()) => accepted(),
    }
}

fn accepted() -> Reply {
    json_reply(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn refusal(refused: OutOfTurn) -> Reply {
    match refused {
        OutOfTurn::State { from, to } => error(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            &format!(
                "State transition from {from} to {to} failed for runtime. \
                 Error: State transition is not allowed"
            ),
        ),
        OutOfTurn::RequestId => {
            error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        }
        OutOfTurn::Closed => {
            error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal Server Error")
        }
    }
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    json_reply(status, &json!({ "errorMessage": message, "errorType": error_type }))
}

fn json_reply(status: StatusCode, value: &serde_json::Value) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(value.to_string())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
