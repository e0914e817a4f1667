//! Every way to say no, and how it is written in either protocol.

use bytes::Bytes;
use tidings_core::names::Uuid;
use tidings_core::rejection::{Rejection, TopicRejection};
use tidings_identity::IdentityFault;
use tidings_keys::KeyFault;
use tidings_lambda::{LambdaCode, LambdaFault};
use tidings_sigv4::AuthFault;

use crate::action::{Protocol, Service};
use crate::error_codes::Code;
use crate::{json, xml};

/// Why a request gets an error: because it was understood and refused, or for a reason that has
/// nothing to do with what it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The core, or a check that needs no state, says no.
    Rejected(Rejection),
    /// A key says no: to what was asked of KMS, or to a queue or topic that is encrypted with it.
    Key(KeyFault),
    /// IAM or STS says no.
    Identity(IdentityFault),
    /// A function says no, or there is none.
    Lambda(LambdaFault),
    /// The request never came so far.
    Wire(WireError),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<TopicRejection> for Refusal {
    fn from(rejection: TopicRejection) -> Self {
        Self::Rejected(rejection.into())
    }
}

impl From<KeyFault> for Refusal {
    fn from(fault: KeyFault) -> Self {
        Self::Key(fault)
    }
}

impl From<IdentityFault> for Refusal {
    fn from(fault: IdentityFault) -> Self {
        Self::Identity(fault)
    }
}

impl From<LambdaFault> for Refusal {
    fn from(fault: LambdaFault) -> Self {
        Self::Lambda(fault)
    }
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// An error beside the rules of queues.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WireError {
    /// The body is not what the protocol says, or a value is of another type than it should be.
    Serialization(String),
    /// The form is not a form: a percent sign without two digits, or bytes that are not UTF-8.
    MalformedQueryString,
    /// There is no such action, or not at this address.
    InvalidAction {
        /// The name that the request gives.
        name: String,
    },
    /// The request names no action. Only in the Query protocol.
    NoAction,
    /// The queue URL is no URL of a queue.
    InvalidAddress {
        /// The URL or path as it came.
        address: String,
    },
    /// The caller may not do this. The text in full.
    AccessDenied(String),
    /// The request is not taken for its signer's.
    Unauthentic(AuthFault),
    /// The request is longer than a server takes.
    TooLarge,
    /// The caller asks too much at once. SDKs send again, later each time.
    Throttled,
    /// Not now; the request may be sent again. The text in full.
    ServiceUnavailable(&'static str),
    /// A fault of ours.
    InternalFailure,
}

/// Bytes of an error's text. The longest of AWS's that are known have some 600.
const TEXT_BYTES_MAX: usize = 4096;

/// A reply, but for the headers that every reply carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `x-amzn-query-error`: what the error was called before SQS spoke JSON. SDKs show
    /// it to their users as the error's code.
    pub query_error: Option<String>,
    /// Headers of this answer alone.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// A reply that reports success.
    pub fn success(protocol: Protocol, body: impl Into<Bytes>) -> Self {
        Self::plain(200, protocol.content_type(), body)
    }

    /// A reply of KMS that reports success.
    pub fn of_kms(body: impl Into<Bytes>) -> Self {
        Self::plain(200, Service::Kms.json_content_type(), body)
    }

    /// A reply of Lambda that reports success, in whichever way the operation does.
    pub fn of_lambda(status: u16, body: impl Into<Bytes>) -> Self {
        Self::plain(status, Service::Lambda.json_content_type(), body)
    }

    /// A reply without headers of its own.
    pub fn plain(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { status, content_type, query_error: None, headers: Vec::new(), body }
    }
}

impl Refusal {
    /// The reply that reports this error.
    pub fn answer(&self, service: Service, protocol: Protocol, request_id: Uuid) -> Answer {
        let code = Code::of(self, service);
        if service == Service::Lambda {
            return self.lambda_answer(code);
        }
        let (query_error, body) = match (protocol, self) {
            (Protocol::Json, _) if service == Service::Kms => (None, self.kms_json(code)),
            (Protocol::Json, _) => {
                let query_error = format!("{};{}", code.query, code.fault());
                (Some(query_error), self.json(code, request_id))
            }
            (Protocol::Query, Self::Wire(WireError::NoAction)) if service == Service::Sqs => {
                (None, b"<UnknownOperationException/>\n".to_vec())
            }
            (Protocol::Query, _) => (None, self.xml(code, service, request_id)),
        };
        let content_type = match protocol {
            Protocol::Json => service.json_content_type(),
            Protocol::Query => protocol.content_type(),
        };
        Answer { query_error, ..Answer::plain(code.status, content_type, body) }
    }

    /// Lambda gives the name in a header. Some of its errors have their text in `Message` and others
    /// in `message`; clients take either.
    fn lambda_answer(&self, code: Code) -> Answer {
        let kind = if code.is_senders_fault() { "User" } else { "Service" };
        let mut body = format!("{{\"Type\":\"{kind}\"").into_bytes();
        let member = match self {
            Self::Lambda(LambdaFault { code: LambdaCode::TooManyRequests, reason, .. }) => {
                let reason = reason.unwrap_or("CallerRateLimitExceeded");
                body.extend_from_slice(format!(",\"Reason\":\"{reason}\"").as_bytes());
                "message"
            }
            Self::Lambda(LambdaFault { code: LambdaCode::Validation, .. }) => "message",
            _ => "Message",
        };
        body.extend_from_slice(format!(",\"{member}\":").as_bytes());
        json::write_text(&mut body, &self.text(Protocol::Json));
        body.push(b'}');
        let headers = vec![("x-amzn-errortype", code.shape.to_owned())];
        Answer { headers, ..Answer::of_lambda(code.status, body) }
    }

    /// KMS writes the name alone, and for one error the text under another name.
    fn kms_json(&self, code: Code) -> Vec<u8> {
        let member = if code.shape == "AccessDeniedException" { "Message" } else { "message" };
        let mut body = format!("{{\"__type\":\"{}\",\"{member}\":", code.shape).into_bytes();
        json::write_text(&mut body, &self.text(Protocol::Json));
        body.push(b'}');
        body
    }

    fn json(&self, code: Code, request_id: Uuid) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        body.extend_from_slice(b"{\"__type\":\"");
        body.extend_from_slice(code.namespace.as_str().as_bytes());
        body.push(b'#');
        body.extend_from_slice(code.shape.as_bytes());
        body.extend_from_slice(b"\",\"message\":");
        json::write_text(&mut body, &self.text_of_message(Protocol::Json, request_id));
        body.push(b'}');
        body
    }

    fn xml(&self, code: Code, service: Service, request_id: Uuid) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        xml::open_document(&mut body, "ErrorResponse", service.xml_namespace());
        body.extend_from_slice(b"<Error>");
        xml::element(&mut body, "Type", code.fault());
        xml::element(&mut body, "Code", code.query);
        let text = self.text_of_message(Protocol::Query, request_id);
        xml::element(&mut body, "Message", &text);
        match service {
            Service::Sqs => body.extend_from_slice(b"<Detail/>"),
            Service::Sns | Service::Iam | Service::Kms | Service::Lambda | Service::Sts => {}
        }
        body.extend_from_slice(b"</Error>");
        xml::element(&mut body, "RequestId", &request_id.to_string());
        body.extend_from_slice(b"</ErrorResponse>");
        body
    }

    /// What a service that is not KMS says to people: of a key, what KMS says, and that it says it.
    fn text_of_message(&self, protocol: Protocol, request_id: Uuid) -> String {
        match self {
            Self::Key(fault) => fault.message_text(request_id),
            _ => self.text(protocol),
        }
    }

    /// What the error says to people, cut where it would repeat too much of the request: an answer
    /// must not be larger than its request.
    pub fn text(&self, protocol: Protocol) -> String {
        let mut text = self.whole_text(protocol);
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text
    }

    fn whole_text(&self, protocol: Protocol) -> String {
        match self {
            Self::Rejected(Rejection::QueueDoesNotExist) if protocol == Protocol::Query => {
                "The specified queue does not exist for this wsdl version.".to_owned()
            }
            Self::Rejected(rejection) => rejection.to_string(),
            Self::Key(fault) => fault.text.clone(),
            Self::Identity(fault) => fault.to_string(),
            Self::Lambda(fault) => fault.text.clone(),
            Self::Wire(error) => match error {
                WireError::Serialization(text) | WireError::AccessDenied(text) => text.clone(),
                WireError::Unauthentic(fault) => fault.to_string(),
                WireError::MalformedQueryString => {
                    "The query string contains a syntax error.".to_owned()
                }
                WireError::InvalidAction { name } => {
                    format!("The action {name} is not valid for this endpoint.")
                }
                WireError::NoAction => "The request names no action.".to_owned(),
                WireError::InvalidAddress { address } => {
                    format!("The address {address} is not valid for this endpoint.")
                }
                WireError::TooLarge => "The request is too long.".to_owned(),
                WireError::Throttled => "Rate exceeded".to_owned(),
                WireError::ServiceUnavailable(text) => (*text).to_owned(),
                WireError::InternalFailure => {
                    "The request processing has failed because of an unknown error, exception or \
                     failure."
                        .to_owned()
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> Uuid {
        Uuid::from_random(0)
    }

    /// Every error with its documented codes.
    fn every_error() -> Vec<(Refusal, &'static str, &'static str, u16)> {
        use Rejection as R;
        use WireError as W;
        let text = || "text".to_owned();
        let rejections = [
            (
                R::QueueDoesNotExist,
                "com.amazonaws.sqs#QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue",
                400,
            ),
            (
                R::QueueNameExists { attribute: text() },
                "com.amazonaws.sqs#QueueNameExists",
                "QueueAlreadyExists",
                400,
            ),
            (
                R::QueueDeletedRecently,
                "com.amazonaws.sqs#QueueDeletedRecently",
                "AWS.SimpleQueueService.QueueDeletedRecently",
                400,
            ),
            (
                R::PurgeQueueInProgress { queue: text() },
                "com.amazonaws.sqs#PurgeQueueInProgress",
                "AWS.SimpleQueueService.PurgeQueueInProgress",
                403,
            ),
            (R::OverLimit(text()), "com.amazonaws.sqs#OverLimit", "OverLimit", 403),
            (
                R::MessageNotInflight,
                "com.amazonaws.sqs#MessageNotInflight",
                "AWS.SimpleQueueService.MessageNotInflight",
                400,
            ),
            (
                R::EmptyBatchRequest("Entry"),
                "com.amazonaws.sqs#EmptyBatchRequest",
                "AWS.SimpleQueueService.EmptyBatchRequest",
                400,
            ),
            (
                R::TooManyEntriesInBatchRequest { entries: 11 },
                "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                400,
            ),
            (
                R::BatchEntryIdsNotDistinct { id: text() },
                "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                400,
            ),
            (
                R::InvalidBatchEntryId,
                "com.amazonaws.sqs#InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                400,
            ),
            (
                R::BatchRequestTooLong { bytes: 1_048_577 },
                "com.amazonaws.sqs#BatchRequestTooLong",
                "AWS.SimpleQueueService.BatchRequestTooLong",
                400,
            ),
            (
                R::UnsupportedOperation(text()),
                "com.amazonaws.sqs#UnsupportedOperation",
                "AWS.SimpleQueueService.UnsupportedOperation",
                400,
            ),
            (
                R::ResourceNotFound(text()),
                "com.amazonaws.sqs#ResourceNotFoundException",
                "ResourceNotFoundException",
                404,
            ),
            (
                R::ReceiptHandleIsInvalid { handle: text() },
                "com.amazonaws.sqs#ReceiptHandleIsInvalid",
                "ReceiptHandleIsInvalid",
                404,
            ),
            (
                R::InvalidAttributeName(text()),
                "com.amazonaws.sqs#InvalidAttributeName",
                "InvalidAttributeName",
                400,
            ),
            (
                R::InvalidAttributeValue(text()),
                "com.amazonaws.sqs#InvalidAttributeValue",
                "InvalidAttributeValue",
                400,
            ),
            (
                R::InvalidMessageContents,
                "com.amazonaws.sqs#InvalidMessageContents",
                "InvalidMessageContents",
                400,
            ),
            (
                R::InvalidParameterValue(text()),
                "com.amazon.coral.service#InvalidParameterValueException",
                "InvalidParameterValue",
                400,
            ),
            (
                R::InvalidParameterCombination(text()),
                "com.amazon.coral.service#InvalidParameterCombinationException",
                "InvalidParameterCombination",
                400,
            ),
            (
                R::MissingParameter(text()),
                "com.amazon.coral.service#MissingRequiredParameterException",
                "MissingParameter",
                400,
            ),
        ];
        let errors = [
            (
                W::InvalidAddress { address: text() },
                "com.amazonaws.sqs#InvalidAddress",
                "InvalidAddress",
                404,
            ),
            (
                W::InvalidAction { name: text() },
                "com.amazon.coral.service#UnknownOperationException",
                "InvalidAction",
                400,
            ),
            (
                W::Serialization(text()),
                "com.amazon.coral.service#SerializationException",
                "MalformedInput",
                400,
            ),
            (
                W::MalformedQueryString,
                "com.amazon.coral.service#MalformedQueryString",
                "MalformedQueryString",
                404,
            ),
            (
                W::AccessDenied(text()),
                "com.amazon.coral.service#AccessDeniedException",
                "AccessDenied",
                403,
            ),
            (
                W::Unauthentic(AuthFault::MissingToken),
                "com.amazon.coral.service#MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
                403,
            ),
            (
                W::Unauthentic(AuthFault::UnsupportedAlgorithm { algorithm: text() }),
                "com.amazon.coral.service#IncompleteSignatureException",
                "IncompleteSignature",
                400,
            ),
            (
                W::Unauthentic(AuthFault::MalformedQueryString),
                "com.amazon.coral.service#MalformedQueryString",
                "MalformedQueryString",
                404,
            ),
            (
                W::Unauthentic(AuthFault::Mismatch),
                "com.amazon.coral.service#InvalidSignatureException",
                "SignatureDoesNotMatch",
                403,
            ),
            (
                W::Unauthentic(AuthFault::InvalidClientToken),
                "com.amazon.coral.service#UnrecognizedClientException",
                "InvalidClientTokenId",
                403,
            ),
            (
                W::Unauthentic(AuthFault::ExpiredToken),
                "com.amazon.coral.service#ExpiredTokenException",
                "ExpiredToken",
                403,
            ),
            (
                W::TooLarge,
                "com.amazon.coral.service#RequestEntityTooLargeException",
                "RequestEntityTooLarge",
                413,
            ),
            (W::Throttled, "com.amazonaws.sqs#RequestThrottled", "RequestThrottled", 403),
            (
                W::ServiceUnavailable("text"),
                "com.amazon.coral.service#ServiceUnavailable",
                "ServiceUnavailable",
                503,
            ),
            (
                W::InternalFailure,
                "com.amazon.coral.service#InternalFailure",
                "InternalFailure",
                500,
            ),
        ];
        let rejections = rejections.map(|(r, json, query, status)| (r.into(), json, query, status));
        let errors = errors.map(|(e, json, query, status)| (e.into(), json, query, status));
        rejections.into_iter().chain(errors).collect()
    }

    #[test]
    fn a_text_that_would_repeat_the_request_is_cut() {
        let refusal = Refusal::Wire(WireError::InvalidAction { name: "ü".repeat(1 << 20) });
        for protocol in [Protocol::Json, Protocol::Query] {
            let text = refusal.text(protocol);
            assert!((TEXT_BYTES_MAX - 1..=TEXT_BYTES_MAX).contains(&text.len()), "{}", text.len());
            let answer = refusal.answer(Service::Sqs, protocol, id());
            assert!(answer.body.len() < 2 * TEXT_BYTES_MAX);
        }
    }

    #[test]
    fn every_error_is_written_in_json() {
        for (refusal, shape, query, status) in every_error() {
            let answer = refusal.answer(Service::Sqs, Protocol::Json, id());
            let fault = if status < 500 { "Sender" } else { "Receiver" };
            assert_eq!(answer.status, status, "{refusal:?}");
            assert_eq!(answer.content_type, "application/x-amz-json-1.0");
            assert_eq!(answer.query_error, Some(format!("{query};{fault}")));
            let text = serde_json::to_string(&refusal.text(Protocol::Json)).unwrap();
            let body = format!("{{\"__type\":\"{shape}\",\"message\":{text}}}");
            assert_eq!(String::from_utf8(answer.body.into()).unwrap(), body);
        }
    }

    #[test]
    fn every_error_is_written_in_xml() {
        for (refusal, _, query, status) in every_error() {
            let answer = refusal.answer(Service::Sqs, Protocol::Query, id());
            let fault = if status < 500 { "Sender" } else { "Receiver" };
            let text = refusal.text(Protocol::Query).replace('"', "&quot;");
            assert_eq!(answer.status, status, "{refusal:?}");
            assert_eq!(answer.content_type, "text/xml");
            assert_eq!(answer.query_error, None);
            let body = format!(
                "<?xml version=\"1.0\"?><ErrorResponse \
                 xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>{fault}</Type>\
                 <Code>{query}</Code><Message>{}</Message><Detail/></Error>\
                 <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>",
                text.replace('>', "&gt;")
            );
            assert_eq!(String::from_utf8(answer.body.into()).unwrap(), body);
        }
    }

    /// Whole answers as recorded from the live service, but for the request's id.
    #[test]
    fn answers_are_those_of_the_live_service() {
        let refusal = Refusal::Rejected(Rejection::QueueDoesNotExist);
        let answer = refusal.answer(Service::Sqs, Protocol::Json, id());
        let body = concat!(
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","#,
            r#""message":"The specified queue does not exist."}"#
        );
        assert_eq!(answer.status, 400);
        assert_eq!(String::from_utf8(answer.body.into()).unwrap(), body);
        let query_error = "AWS.SimpleQueueService.NonExistentQueue;Sender";
        assert_eq!(answer.query_error.as_deref(), Some(query_error));
        let answer = refusal.answer(Service::Sqs, Protocol::Query, id());
        let body = String::from_utf8(answer.body.into()).unwrap();
        let message =
            "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/>";
        assert!(body.contains(message), "{body}");

        let refusal = Refusal::Wire(WireError::InvalidAction { name: "CreateQueue".to_owned() });
        let text = "The action CreateQueue is not valid for this endpoint.";
        assert_eq!(refusal.text(Protocol::Query), text);

        let answer = Refusal::Wire(WireError::NoAction).answer(Service::Sqs, Protocol::Query, id());
        assert_eq!((answer.status, answer.content_type), (404, "text/xml"));
        assert_eq!(answer.body, &b"<UnknownOperationException/>\n"[..]);
    }

    /// Every error of SNS with its documented code.
    fn every_error_of_topics() -> Vec<(Refusal, &'static str, u16)> {
        use TopicRejection as R;
        use WireError as W;
        let text = || "text".to_owned();
        let rejections = [
            (R::InvalidParameter(text()), "InvalidParameter", 400),
            (R::NotFound(text()), "NotFound", 404),
            (R::ResourceNotFound, "ResourceNotFound", 404),
            (R::AuthorizationError(text()), "AuthorizationError", 403),
            (R::InvalidState(text()), "InvalidState", 400),
            (R::FilterPolicyLimitExceeded(text()), "FilterPolicyLimitExceeded", 403),
            (R::SubscriptionLimitExceeded(text()), "SubscriptionLimitExceeded", 403),
            (R::TopicLimitExceeded(text()), "TopicLimitExceeded", 403),
            (R::ReplayLimitExceeded(text()), "ReplayLimitExceeded", 403),
            (R::TagLimitExceeded, "TagLimitExceeded", 400),
            (R::Validation(text()), "ValidationError", 400),
            (R::ParameterValueInvalid(text()), "ParameterValueInvalid", 400),
            (R::TooManyEntriesInBatchRequest, "TooManyEntriesInBatchRequest", 400),
            (R::BatchEntryIdsNotDistinct, "BatchEntryIdsNotDistinct", 400),
            (R::InvalidBatchEntryId(text()), "InvalidBatchEntryId", 400),
            (R::BatchRequestTooLong, "BatchRequestTooLong", 400),
            (R::OptedOut(text()), "OptedOut", 400),
            (R::UserError(text()), "UserError", 400),
            (R::VerificationException(text()), "VerificationException", 400),
        ];
        let errors = [
            (W::InvalidAction { name: text() }, "InvalidAction", 400),
            (W::NoAction, "InvalidAction", 400),
            (W::MalformedQueryString, "MalformedQueryString", 404),
            (W::Serialization(text()), "MalformedInput", 400),
            (W::AccessDenied(text()), "AuthorizationError", 403),
            (W::TooLarge, "RequestEntityTooLarge", 413),
            (W::ServiceUnavailable("text"), "ServiceUnavailable", 503),
            (W::InternalFailure, "InternalError", 500),
        ];
        let rejections = rejections.map(|(r, code, status)| (r.into(), code, status));
        let errors = errors.map(|(e, code, status)| (e.into(), code, status));
        rejections.into_iter().chain(errors).collect()
    }

    #[test]
    fn every_error_of_topics_is_written() {
        for (refusal, code, status) in every_error_of_topics() {
            let answer = refusal.answer(Service::Sns, Protocol::Query, id());
            let fault = if status < 500 { "Sender" } else { "Receiver" };
            assert_eq!(answer.status, status, "{refusal:?}");
            assert_eq!(answer.content_type, "text/xml");
            let body = format!(
                "<?xml version=\"1.0\"?><ErrorResponse \
                 xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{fault}</Type>\
                 <Code>{code}</Code><Message>{}</Message></Error>\
                 <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>",
                refusal.text(Protocol::Query)
            );
            assert_eq!(String::from_utf8(answer.body.into()).unwrap(), body);
        }
    }
}
