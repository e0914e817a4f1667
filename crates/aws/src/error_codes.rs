//! One table of error codes, for both protocols.

use tidings_core::rejection::{Rejection, TopicRejection};
use tidings_identity::IdentityFault;
use tidings_keys::KeyFault;
use tidings_lambda::LambdaCode;
use tidings_sigv4::AuthCode;

use crate::action::Service;
use crate::refusal::{Refusal, WireError};

/// Where the shape of an error is defined; the part of `__type` before the `#`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Namespace {
    /// `com.amazonaws.sqs`: the error is in the model of the service.
    Sqs,
    /// `com.amazonaws.sns`, which is never written: the service does not speak JSON.
    Sns,
    /// Nothing: KMS writes its errors' names alone.
    Kms,
    /// Nothing: Lambda writes its errors' names alone, and in a header.
    Lambda,
    /// Those of IAM and STS, which are never written: neither speaks JSON.
    Identity,
    /// `com.amazon.coral.service`: the error comes from the framework that AWS services share.
    Framework,
}

impl Namespace {
    /// The namespace as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "com.amazonaws.sqs",
            Self::Sns => "com.amazonaws.sns",
            Self::Kms | Self::Lambda => "",
            Self::Identity => "com.amazonaws.iam",
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

    const fn sns(shape: &'static str, query: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Sns, shape, query, status }
    }

    const fn kms(name: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Kms, shape: name, query: name, status }
    }

    const fn lambda(code: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Lambda, shape: code, query: code, status }
    }

    const fn framework(shape: &'static str, query: &'static str, status: u16) -> Self {
        Self { namespace: Namespace::Framework, shape, query, status }
    }

    /// The error's code in both protocols, and its status.
    pub fn of(refusal: &Refusal, service: Service) -> Self {
        match (refusal, service) {
            (Refusal::Rejected(rejection), _) => Self::of_rejection(rejection),
            (Refusal::Wire(error), Service::Sqs) => Self::of_wire_error(error),
            (Refusal::Wire(error), Service::Sns) => Self::of_sns_wire_error(error),
            (Refusal::Wire(error), Service::Iam | Service::Sts) => {
                Self::of_identity_wire_error(error)
            }
            (Refusal::Identity(fault), _) => Self::of_identity_fault(fault),
            (Refusal::Wire(error), Service::Kms) => Self::of_kms_wire_error(error),
            (Refusal::Wire(error), Service::Lambda) => Self::of_lambda_wire_error(error),
            (Refusal::Lambda(fault), _) => Self::lambda(fault.code.name(), fault.code.status()),
            (Refusal::Key(fault), service) => Self::of_key_fault(fault, service),
        }
    }

    /// The codes of what keys refuse: of KMS's own answers, and of messages that need a key.
    fn of_key_fault(fault: &KeyFault, service: Service) -> Self {
        let (sqs_shape, sqs_query, sns) = fault.code.as_message_fault().codes();
        match service {
            Service::Kms => Self::kms(fault.code.name(), fault.code.status()),
            Service::Sqs => Self::sqs(sqs_shape, sqs_query, 400),
            Service::Sns | Service::Iam | Service::Lambda | Service::Sts => {
                Self::sns(sns, sns, 400)
            }
        }
    }

    /// KMS answers 400 to whatever is the client's fault, who it is included.
    fn of_kms_wire_error(error: &WireError) -> Self {
        match error {
            WireError::InternalFailure => Self::kms("KMSInternalException", 500),
            WireError::TooLarge => Self::kms("RequestEntityTooLargeException", 413),
            WireError::Throttled => Self::kms("ThrottlingException", 400),
            WireError::ServiceUnavailable(_) => Self::kms("ServiceUnavailableException", 503),
            other => Self::kms(Self::of_wire_error(other).shape, 400),
        }
    }

    /// Lambda's names for what is wrong with any request.
    fn of_lambda_wire_error(error: &WireError) -> Self {
        let code = match error {
            WireError::InternalFailure => LambdaCode::Service,
            WireError::TooLarge => LambdaCode::RequestTooLarge,
            WireError::Throttled => LambdaCode::TooManyRequests,
            WireError::ServiceUnavailable(_) => LambdaCode::ServiceUnavailable,
            WireError::Serialization(_) => LambdaCode::InvalidRequestContent,
            WireError::InvalidAction { .. } | WireError::NoAction => LambdaCode::UnknownOperation,
            WireError::AccessDenied(_) => LambdaCode::AccessDenied,
            other => return Self::of_wire_error(other),
        };
        Self::lambda(code.name(), code.status())
    }

    /// The codes of what IAM and STS refuse.
    fn of_identity_fault(fault: &IdentityFault) -> Self {
        Self {
            namespace: Namespace::Identity,
            shape: fault.code.shape(),
            query: fault.code.name(),
            status: fault.code.status(),
        }
    }

    /// Where IAM and STS have another name for an error that is in no model. IAM API reference,
    /// "Common errors".
    fn of_identity_wire_error(error: &WireError) -> Self {
        match error {
            WireError::NoAction => Self::framework("MissingActionException", "MissingAction", 400),
            WireError::Throttled => Self::framework("ThrottlingException", "Throttling", 400),
            other => Self::of_wire_error(other),
        }
    }

    /// The codes of what queues refuse.
    pub fn of_rejection(rejection: &Rejection) -> Self {
        use Rejection as R;
        match rejection {
            R::QueueDoesNotExist => {
                Self::sqs("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400)
            }
            R::QueueNameExists { .. } => Self::sqs("QueueNameExists", "QueueAlreadyExists", 400),
            R::QueueDeletedRecently => Self::sqs(
                "QueueDeletedRecently",
                "AWS.SimpleQueueService.QueueDeletedRecently",
                400,
            ),
            R::PurgeQueueInProgress { .. } => Self::sqs(
                "PurgeQueueInProgress",
                "AWS.SimpleQueueService.PurgeQueueInProgress",
                403,
            ),
            R::OverLimit(_) => Self::sqs("OverLimit", "OverLimit", 403),
            R::InvalidAttributeName(_) => {
                Self::sqs("InvalidAttributeName", "InvalidAttributeName", 400)
            }
            R::InvalidAttributeValue(_) => {
                Self::sqs("InvalidAttributeValue", "InvalidAttributeValue", 400)
            }
            R::InvalidParameterValue(_) => {
                Self::framework("InvalidParameterValueException", "InvalidParameterValue", 400)
            }
            R::InvalidParameterCombination(_) => Self::framework(
                "InvalidParameterCombinationException",
                "InvalidParameterCombination",
                400,
            ),
            R::MissingParameter(_) => {
                Self::framework("MissingRequiredParameterException", "MissingParameter", 400)
            }
            R::InvalidMessageContents => {
                Self::sqs("InvalidMessageContents", "InvalidMessageContents", 400)
            }
            R::ReceiptHandleIsInvalid { .. } => {
                Self::sqs("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404)
            }
            R::MessageNotInflight => {
                Self::sqs("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400)
            }
            R::ResourceNotFound(_) => {
                Self::sqs("ResourceNotFoundException", "ResourceNotFoundException", 404)
            }
            R::UnsupportedOperation(_) => Self::sqs(
                "UnsupportedOperation",
                "AWS.SimpleQueueService.UnsupportedOperation",
                400,
            ),
            R::EmptyBatchRequest(_) => {
                Self::sqs("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400)
            }
            R::TooManyEntriesInBatchRequest { .. } => Self::sqs(
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                400,
            ),
            R::BatchEntryIdsNotDistinct { .. } => Self::sqs(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                400,
            ),
            R::InvalidBatchEntryId => {
                Self::sqs("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400)
            }
            R::BatchRequestTooLong { .. } => {
                Self::sqs("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400)
            }
            R::Topic(rejection) => Self::of_topic_rejection(rejection),
        }
    }

    /// The codes of what topics and subscriptions refuse. API reference of SNS.
    fn of_topic_rejection(rejection: &TopicRejection) -> Self {
        use TopicRejection as R;
        match rejection {
            R::InvalidParameter(_) => {
                Self::sns("InvalidParameterException", "InvalidParameter", 400)
            }
            R::NotFound(_) => Self::sns("NotFoundException", "NotFound", 404),
            R::ResourceNotFound => Self::sns("ResourceNotFoundException", "ResourceNotFound", 404),
            R::AuthorizationError(_) => {
                Self::sns("AuthorizationErrorException", "AuthorizationError", 403)
            }
            R::InvalidState(_) => Self::sns("InvalidStateException", "InvalidState", 400),
            R::EndpointDisabled => Self::sns("EndpointDisabledException", "EndpointDisabled", 400),
            R::PlatformApplicationDisabled => Self::sns(
                "PlatformApplicationDisabledException",
                "PlatformApplicationDisabled",
                400,
            ),
            R::FilterPolicyLimitExceeded(_) => {
                Self::sns("FilterPolicyLimitExceededException", "FilterPolicyLimitExceeded", 403)
            }
            R::SubscriptionLimitExceeded(_) => {
                Self::sns("SubscriptionLimitExceededException", "SubscriptionLimitExceeded", 403)
            }
            R::TopicLimitExceeded(_) => {
                Self::sns("TopicLimitExceededException", "TopicLimitExceeded", 403)
            }
            R::ReplayLimitExceeded(_) => {
                Self::sns("ReplayLimitExceededException", "ReplayLimitExceeded", 403)
            }
            R::TagLimitExceeded => Self::sns("TagLimitExceededException", "TagLimitExceeded", 400),
            R::Validation(_) => Self::framework("ValidationException", "ValidationError", 400),
            R::ParameterValueInvalid(_) => {
                Self::sns("InvalidParameterValueException", "ParameterValueInvalid", 400)
            }
            R::TooManyEntriesInBatchRequest => Self::sns(
                "TooManyEntriesInBatchRequestException",
                "TooManyEntriesInBatchRequest",
                400,
            ),
            R::BatchEntryIdsNotDistinct => {
                Self::sns("BatchEntryIdsNotDistinctException", "BatchEntryIdsNotDistinct", 400)
            }
            R::InvalidBatchEntryId(_) => {
                Self::sns("InvalidBatchEntryIdException", "InvalidBatchEntryId", 400)
            }
            R::BatchRequestTooLong => {
                Self::sns("BatchRequestTooLongException", "BatchRequestTooLong", 400)
            }
            R::OptedOut(_) => Self::sns("OptedOutException", "OptedOut", 400),
            R::UserError(_) => Self::sns("UserErrorException", "UserError", 400),
            R::VerificationException(_) => {
                Self::sns("VerificationException", "VerificationException", 400)
            }
        }
    }

    /// Where SNS has another name for an error that is not in its model, or has it there.
    fn of_sns_wire_error(error: &WireError) -> Self {
        match error {
            WireError::NoAction => {
                Self::framework("UnknownOperationException", "InvalidAction", 400)
            }
            WireError::AccessDenied(_) => {
                Self::sns("AuthorizationErrorException", "AuthorizationError", 403)
            }
            WireError::InternalFailure => Self::sns("InternalErrorException", "InternalError", 500),
            WireError::Throttled => Self::framework("ThrottlingException", "Throttling", 400),
            other => Self::of_wire_error(other),
        }
    }

    fn of_wire_error(error: &WireError) -> Self {
        use WireError as W;
        match error {
            W::Serialization(_) => Self::framework("SerializationException", "MalformedInput", 400),
            W::MalformedQueryString => {
                Self::framework("MalformedQueryString", "MalformedQueryString", 404)
            }
            W::InvalidAction { .. } => {
                Self::framework("UnknownOperationException", "InvalidAction", 400)
            }
            W::NoAction => {
                Self::framework("UnknownOperationException", "UnknownOperationException", 404)
            }
            W::InvalidAddress { .. } => Self::sqs("InvalidAddress", "InvalidAddress", 404),
            W::AccessDenied(_) => Self::framework("AccessDeniedException", "AccessDenied", 403),
            W::Unauthentic(fault) => Self::of_auth_code(fault.code()),
            W::TooLarge => {
                Self::framework("RequestEntityTooLargeException", "RequestEntityTooLarge", 413)
            }
            W::Throttled => Self::sqs("RequestThrottled", "RequestThrottled", 403),
            W::ServiceUnavailable(_) => {
                Self::framework("ServiceUnavailable", "ServiceUnavailable", 503)
            }
            W::InternalFailure => Self::framework("InternalFailure", "InternalFailure", 500),
        }
    }

    /// The codes of signatures that are refused: common errors of all services.
    fn of_auth_code(code: AuthCode) -> Self {
        let (shape, status) = match code {
            AuthCode::MissingAuthenticationToken => ("MissingAuthenticationTokenException", 403),
            AuthCode::IncompleteSignature => ("IncompleteSignatureException", 400),
            AuthCode::MalformedQueryString => ("MalformedQueryString", 404),
            AuthCode::SignatureDoesNotMatch => ("InvalidSignatureException", 403),
            AuthCode::InvalidClientTokenId => ("UnrecognizedClientException", 403),
            AuthCode::ExpiredToken => ("ExpiredTokenException", 403),
        };
        Self::framework(shape, code.name(), status)
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
