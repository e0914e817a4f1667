//! From an answer to an HTTP response.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tidings_aws::{Answer, Protocol, Refusal, Service, WireError};
use tidings_core::names::Uuid;

use crate::body::BodyError;
use crate::{pages, plain};

const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const X_AMZN_QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// Why a request did not get as far as its service.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// For a reason that the AWS protocols have a code for.
    Refusal(Service, Refusal),
    /// For such a reason, and its body was not read.
    Unread(Service, Refusal),
    /// Its body could not be read.
    Body(Service, BodyError),
    /// It names more than one host, or something that is no host.
    BadHost,
}

/// The response that carries an answer. `Date` and `Content-Length` are added by hyper.
pub(crate) fn respond(answer: Answer, request_id: Uuid) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("every answer has a status of three digits");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let request_id = HeaderValue::try_from(request_id.to_string());
    headers.insert(X_AMZN_REQUEST_ID, request_id.expect("a UUID is ASCII"));
    if let Some(query_error) = answer.query_error {
        let query_error = HeaderValue::try_from(query_error);
        headers.insert(X_AMZN_QUERY_ERROR, query_error.expect("an error's code is ASCII"));
    }
    for (name, value) in answer.headers {
        // What a function answers is nothing that may be in a header; names of versions are.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if answer.content_type == pages::HTML {
        pages::protect(headers);
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    }
    response
}

/// Answers in AWS JSON are of the version that their request is in.
pub(crate) fn keep_version(response: &mut Response<Full<Bytes>>, request_type: Option<&str>) {
    let Some(version) = Protocol::json_version(request_type) else { return };
    let answered = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if Protocol::json_version(answered).is_some() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(version));
    }
}

/// The response to a request that did not get as far as its service.
pub(crate) fn refuse(
    refused: &Refused,
    protocol: Protocol,
    request_id: Uuid,
) -> Response<Full<Bytes>> {
    let wire_error =
        |service: Service, error| Refusal::Wire(error).answer(service, protocol, request_id);
    let (answer, is_body_left) = match refused {
        Refused::Refusal(service, refusal) => {
            (refusal.answer(*service, protocol, request_id), false)
        }
        Refused::Unread(service, refusal) => (refusal.answer(*service, protocol, request_id), true),
        Refused::Body(service, BodyError::TooLarge) => {
            (wire_error(*service, WireError::TooLarge), true)
        }
        Refused::Body(service, BodyError::NoRoom) => {
            let text = "The server has no memory left for the request. Try again later.";
            (wire_error(*service, WireError::ServiceUnavailable(text)), true)
        }
        Refused::Body(_, BodyError::TooSlow) => {
            (plain::text(408, "The request's body did not arrive in time.\n"), true)
        }
        Refused::Body(_, BodyError::Incomplete) => {
            (plain::text(400, "The request's body is incomplete or malformed.\n"), true)
        }
        Refused::BadHost => (plain::text(400, "The request does not name one valid host.\n"), true),
    };
    let mut response = respond(answer, request_id);
    if is_body_left {
        // What is left of the body would have to be read before the next request can be.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(response: &Response<Full<Bytes>>, name: impl hyper::header::AsHeaderName) -> String {
        let value = response.headers().get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or("-").to_owned()
    }

    #[test]
    fn an_answer_keeps_its_status_type_and_codes() {
        let request_id = Uuid::from_random(7);
        let refusal = Refusal::Wire(WireError::InvalidAction { name: "Frobnicate".into() });
        for (protocol, content_type, query_error) in [
            (Protocol::Json, "application/x-amz-json-1.0", "InvalidAction;Sender"),
            (Protocol::Query, "text/xml", "-"),
        ] {
            let answer = refusal.answer(Service::Sqs, protocol, request_id);
            let response = respond(answer, request_id);
            assert_eq!(response.status(), 400);
            assert_eq!(header(&response, "content-type"), content_type);
            assert_eq!(header(&response, "x-amzn-query-error"), query_error);
            assert_eq!(header(&response, "x-amzn-requestid"), request_id.to_string());
            assert_eq!(header(&response, "connection"), "-");
        }
    }

    #[test]
    fn a_body_that_was_not_read_ends_the_connection() {
        for (refused, status, connection) in [
            (Refused::Body(Service::Sqs, BodyError::TooLarge), 413, "close"),
            (Refused::Body(Service::Sqs, BodyError::NoRoom), 503, "close"),
            (Refused::Body(Service::Sqs, BodyError::TooSlow), 408, "close"),
            (Refused::Body(Service::Sqs, BodyError::Incomplete), 400, "close"),
            (Refused::BadHost, 400, "close"),
            (Refused::Unread(Service::Sqs, WireError::TooLarge.into()), 413, "close"),
            (Refused::Refusal(Service::Sns, WireError::InternalFailure.into()), 500, "-"),
        ] {
            let response = refuse(&refused, Protocol::Json, Uuid::from_random(7));
            assert_eq!(response.status(), status, "{refused:?}");
            assert_eq!(header(&response, "connection"), connection, "{refused:?}");
        }
    }

    #[test]
    fn an_answer_in_json_is_of_the_requests_version() {
        let (v1_0, v1_1) = ("application/x-amz-json-1.0", "application/x-amz-json-1.1");
        for (protocol, request_type, answered) in [
            (Protocol::Json, Some(v1_0), v1_0),
            (Protocol::Json, Some(v1_1), v1_1),
            (Protocol::Json, Some("text/plain"), v1_0),
            (Protocol::Json, None, v1_0),
            (Protocol::Query, Some(v1_1), "text/xml"),
        ] {
            let refused = Refused::Refusal(Service::Sqs, WireError::InternalFailure.into());
            let mut response = refuse(&refused, protocol, Uuid::from_random(7));
            keep_version(&mut response, request_type);
            assert_eq!(header(&response, "content-type"), answered, "{request_type:?}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let response = respond(plain::text(405, ""), Uuid::from_random(7));
        assert_eq!(header(&response, "allow"), "GET, HEAD, POST");
    }
}
