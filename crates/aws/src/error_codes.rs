//! One table of error codes for both protocols, and how an error is written.

use tidings_core::names::Uuid;
use tidings_core::rejection::Rejection;

use crate::action::{Protocol, Service};
use crate::{json, xml};

/// Why a request gets an error: because it was understood and refused, or for a reason that has
/// nothing to do with what it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The core, or a check that needs no state, says no.
    Rejected(Rejection),
    /// The request never came so far.
    Wire(WireError),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
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
    /// The request is longer than a server takes.
    TooLarge,
    /// Not now; the request may be sent again. The text in full.
    ServiceUnavailable(&'static str),
    /// A fault of ours.
    InternalFailure,
}

/// Where the shape of an error is defined; the part of `__type` before the `#`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Namespace {
    /// `com.amazonaws.sqs`: the error is in the model of the service.
    Sqs,
    /// `com.amazon.coral.service`: the error comes from the framework that AWS services share.
    Framework,
}

impl Namespace {
    /// The namespace as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "com.amazonaws.sqs",
            Self::Framework => "com.amazon.coral.service",
        }
    }
}

/// What an error is called.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// Where the shape is defined.
    pub namespace: Namespace,
    /// The shape's name: the JSON spelling.
    pub shape: &'static str,
    /// The Query spelling, which `x-amzn-query-error` and the entries of batches carry too.
    pub query: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl Code {
    const fn sqs(shape: &'static str, query: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Sqs, shape, query, status }
    }

    const fn framework(shape: &'static str, query: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Framework, shape, query, status }
    }

    /// The error's code in both protocols, and its status.
    pub fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::of_rejection(rejection),
            Refusal::Wire(error) => Self::of_wire_error(error),
        }
    }

    /// The codes of what queues refuse.
    #[rustfmt::skip]
    pub fn of_rejection(rejection: &Rejection) -> Self {
        use Rejection as R;
        match rejection {
            R::QueueDoesNotExist => Self::sqs("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
            R::QueueNameExists { .. } => Self::sqs("QueueNameExists", "QueueAlreadyExists", 400),
            R::QueueDeletedRecently => Self::sqs("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
            R::PurgeQueueInProgress { .. } => Self::sqs("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403),
            R::OverLimit(_) => Self::sqs("OverLimit", "OverLimit", 403),
            R::InvalidAttributeName(_) => Self::sqs("InvalidAttributeName", "InvalidAttributeName", 400),
            R::InvalidAttributeValue(_) => Self::sqs("InvalidAttributeValue", "InvalidAttributeValue", 400),
            R::InvalidParameterValue(_) => Self::framework("InvalidParameterValueException", "InvalidParameterValue", 400),
            R::InvalidParameterCombination(_) => Self::framework("InvalidParameterCombinationException", "InvalidParameterCombination", 400),
            R::MissingParameter(_) => Self::framework("MissingRequiredParameterException", "MissingParameter", 400),
            R::InvalidMessageContents => Self::sqs("InvalidMessageContents", "InvalidMessageContents", 400),
            R::ReceiptHandleIsInvalid { .. } => Self::sqs("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
            R::MessageNotInflight => Self::sqs("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400),
            R::ResourceNotFound(_) => Self::sqs("ResourceNotFoundException", "ResourceNotFoundException", 404),
            R::UnsupportedOperation(_) => Self::sqs("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400),
            R::EmptyBatchRequest(_) => Self::sqs("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400),
            R::TooManyEntriesInBatchRequest { .. } => Self::sqs("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
            R::BatchEntryIdsNotDistinct { .. } => Self::sqs("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
            R::InvalidBatchEntryId => Self::sqs("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400),
            R::BatchRequestTooLong { .. } => Self::sqs("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
        }
    }

    #[rustfmt::skip]
    fn of_wire_error(error: &WireError) -> Self {
        use WireError as W;
        match error {
            W::Serialization(_) => Self::framework("SerializationException", "MalformedInput", 400),
            W::MalformedQueryString => Self::framework("MalformedQueryString", "MalformedQueryString", 404),
            W::InvalidAction { .. } => Self::framework("UnknownOperationException", "InvalidAction", 400),
            W::NoAction => Self::framework("UnknownOperationException", "UnknownOperationException", 404),
            W::InvalidAddress { .. } => Self::sqs("InvalidAddress", "InvalidAddress", 404),
            W::AccessDenied(_) => Self::framework("AccessDeniedException", "AccessDenied", 403),
            W::TooLarge => Self::framework("RequestEntityTooLargeException", "RequestEntityTooLarge", 413),
            W::ServiceUnavailable(_) => Self::framework("ServiceUnavailable", "ServiceUnavailable", 503),
            W::InternalFailure => Self::framework("InternalFailure", "InternalFailure", 500),
        }
    }

    /// Whose fault it is: `Sender`, the client's, or `Receiver`, ours.
    pub fn fault(&self) -> &'static str {
        if self.is_senders_fault() { "Sender" } else { "Receiver" }
    }

    /// Whether the request must be changed before it can succeed.
    pub fn is_senders_fault(&self) -> bool {
        self.status < 500
    }
}

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
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A reply that reports success.
    pub fn success(protocol: Protocol, body: Vec<u8>) -> Self {
        Self { status: 200, content_type: protocol.content_type(), query_error: None, body }
    }
}

impl Refusal {
    /// The reply that reports this error.
    pub fn answer(&self, service: Service, protocol: Protocol, request_id: Uuid) -> Answer {
        let code = Code::of(self);
        let (query_error, body) = match (protocol, self) {
            (Protocol::Json, _) => {
                let query_error = format!("{};{}", code.query, code.fault());
                (Some(query_error), self.json(code))
            }
            (Protocol::Query, Self::Wire(WireError::NoAction)) => {
                (None, b"<UnknownOperationException/>\n".to_vec())
            }
            (Protocol::Query, _) => (None, self.xml(code, service, request_id)),
        };
        Answer { status: code.status, content_type: protocol.content_type(), query_error, body }
    }

    fn json(&self, code: Code) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        body.extend_from_slice(b"{\"__type\":\"");
        body.extend_from_slice(code.namespace.as_str().as_bytes());
        body.push(b'#');
        body.extend_from_slice(code.shape.as_bytes());
        body.extend_from_slice(b"\",\"message\":");
        json::write_text(&mut body, &self.text(Protocol::Json));
        body.push(b'}');
        body
    }

    fn xml(&self, code: Code, service: Service, request_id: Uuid) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        xml::open_document(&mut body, "ErrorResponse", service.xml_namespace());
        body.extend_from_slice(b"<Error>");
        xml::element(&mut body, "Type", code.fault());
        xml::element(&mut body, "Code", code.query);
        xml::element(&mut body, "Message", &self.text(Protocol::Query));
        match service {
            Service::Sqs => body.extend_from_slice(b"<Detail/>"),
        }
        body.extend_from_slice(b"</Error>");
        xml::element(&mut body, "RequestId", &request_id.to_string());
        body.extend_from_slice(b"</ErrorResponse>");
        body
    }

    /// What the error says to people.
    pub fn text(&self, protocol: Protocol) -> String {
        match self {
            Self::Rejected(Rejection::QueueDoesNotExist) if protocol == Protocol::Query => {
                "The specified queue does not exist for this wsdl version.".to_owned()
            }
            Self::Rejected(rejection) => rejection.to_string(),
            Self::Wire(error) => match error {
                WireError::Serialization(text) | WireError::AccessDenied(text) => text.clone(),
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
