//! The errors of SQS as the documentation spells them, in both protocols, and those of SNS.

use serde_json::Value;

use super::sqs::Http;
use super::xml::Element;

/// A refused request. The same in both protocols, or the harness has complained already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// As the Query protocol has it: `AWS.SimpleQueueService.NonExistentQueue`.
    pub code: String,
    pub message: String,
}

impl Refusal {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// What is answered about a queue that is not there.
    pub fn no_queue() -> Self {
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        Self::new(code, "The specified queue does not exist.")
    }

    /// Asserts its code and its text; of a text that ends in `*`, only what comes before.
    pub fn assert_is(&self, code: &str, message: &str, context: &str) {
        let is_same = match message.strip_suffix('*') {
            Some(beginning) => self.message.starts_with(beginning),
            None => self.message == message,
        };
        assert!(is_same && self.code == code, "{context}: {self:?}, not {code}: {message:?}");
    }

    /// Reads an error in JSON. Everything about it must be as documented for its code.
    pub fn from_json(http: &Http) -> Self {
        let body: Value = serde_json::from_str(&http.body).unwrap();
        let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["__type", "message"], "{http:?}");
        let kind = body["__type"].as_str().unwrap();
        let known = KNOWN
            .iter()
            .find(|known| known.json_type() == kind)
            .unwrap_or_else(|| panic!("no such error is documented: {http:?}"));
        assert_eq!(http.header("content-type"), "application/x-amz-json-1.0");
        assert_eq!(http.header("x-amzn-query-error"), format!("{};{}", known.code, known.fault()));
        assert_eq!(http.status, known.status, "{http:?}");
        Self::new(known.code, body["message"].as_str().unwrap())
    }

    /// Reads an error in XML. Everything about it must be as documented for its code.
    pub fn from_xml(http: &Http) -> Self {
        let root = Element::parse(&http.body);
        assert_eq!(root.name, "ErrorResponse", "{http:?}");
        assert_eq!(root.namespace, "http://queue.amazonaws.com/doc/2012-11-05/");
        assert_eq!(root.names(), ["Error", "RequestId"]);
        let error = &root.children[0];
        assert_eq!(error.names(), ["Type", "Code", "Message", "Detail"]);
        let [kind, code, message, detail] = &error.children[..] else { unreachable!() };
        let known = KNOWN
            .iter()
            .find(|known| known.code == code.text)
            .unwrap_or_else(|| panic!("no such error is documented: {http:?}"));
        assert_eq!(kind.text, known.fault());
        assert_eq!(detail.text, "");
        assert_eq!(root.children[1].text, http.header("x-amzn-requestid"));
        assert_eq!(http.header("content-type"), "text/xml");
        assert_eq!(http.header("x-amzn-query-error"), "-");
        assert_eq!(http.status, known.status, "{http:?}");
        // The one text that differs between the protocols.
        let message = if code.text == "AWS.SimpleQueueService.NonExistentQueue" {
            assert_eq!(message.text, "The specified queue does not exist for this wsdl version.");
            "The specified queue does not exist."
        } else {
            &message.text
        };
        Self::new(known.code, message)
    }

    /// Reads an error of SNS. Everything about it must be as documented for its code.
    pub fn from_sns(http: &Http) -> Self {
        let root = Element::parse(&http.body);
        assert_eq!(root.name, "ErrorResponse", "{http:?}");
        assert_eq!(root.namespace, "http://sns.amazonaws.com/doc/2010-03-31/");
        assert_eq!(root.names(), ["Error", "RequestId"]);
        let error = &root.children[0];
        assert_eq!(error.names(), ["Type", "Code", "Message"]);
        let code = error.text_of("Code");
        let (_, status) = KNOWN_OF_SNS
            .iter()
            .find(|(known, _)| *known == code)
            .unwrap_or_else(|| panic!("no such error is documented: {http:?}"));
        assert_eq!(http.status, *status, "{http:?}");
        assert_eq!(error.text_of("Type"), if *status < 500 { "Sender" } else { "Receiver" });
        assert_eq!(root.children[1].text, http.header("x-amzn-requestid"));
        assert_eq!(http.header("content-type"), "text/xml");
        Self::new(code, error.text_of("Message"))
    }
}

/// Codes and statuses of SNS.
const KNOWN_OF_SNS: [(&str, u16); 34] = [
    ("ExpiredToken", 403),
    ("IncompleteSignature", 400),
    ("InvalidClientTokenId", 403),
    ("MissingAuthenticationToken", 403),
    ("SignatureDoesNotMatch", 403),
    ("AuthorizationError", 403),
    ("BatchEntryIdsNotDistinct", 400),
    ("BatchRequestTooLong", 400),
    ("EmptyBatchRequest", 400),
    ("EndpointDisabled", 400),
    ("FilterPolicyLimitExceeded", 403),
    ("InternalFailure", 500),
    ("InvalidAction", 400),
    ("InvalidBatchEntryId", 400),
    ("InvalidParameter", 400),
    ("InvalidSecurity", 403),
    ("InvalidState", 400),
    ("KMSAccessDenied", 400),
    ("KMSDisabled", 400),
    ("KMSInvalidState", 400),
    ("KMSNotFound", 400),
    ("NotFound", 404),
    ("OptedOut", 400),
    ("ParameterValueInvalid", 400),
    ("PlatformApplicationDisabled", 400),
    ("ReplayLimitExceeded", 403),
    ("ResourceNotFound", 404),
    ("SubscriptionLimitExceeded", 403),
    ("TagLimitExceeded", 400),
    ("TooManyEntriesInBatchRequest", 400),
    ("TopicLimitExceeded", 403),
    ("UserError", 400),
    ("ValidationError", 400),
    ("VerificationException", 400),
];

struct Known {
    shape: &'static str,
    namespace: &'static str,
    code: &'static str,
    status: u16,
}

impl Known {
    fn json_type(&self) -> String {
        format!("{}#{}", self.namespace, self.shape)
    }

    fn fault(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }
}

const fn sqs(shape: &'static str, code: &'static str, status: u16) -> Known {
    Known { shape, namespace: "com.amazonaws.sqs", code, status }
}

const fn coral(shape: &'static str, code: &'static str, status: u16) -> Known {
    Known { shape, namespace: "com.amazon.coral.service", code, status }
}

const KNOWN: &[Known] = &[
    sqs("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
    sqs("QueueNameExists", "QueueAlreadyExists", 400),
    sqs("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
    sqs("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    sqs("OverLimit", "OverLimit", 403),
    sqs("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400),
    sqs("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400),
    sqs("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    sqs("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    sqs("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    sqs("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
    sqs("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400),
    sqs("ResourceNotFoundException", "ResourceNotFoundException", 404),
    sqs("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
    sqs("InvalidAttributeName", "InvalidAttributeName", 400),
    sqs("InvalidAttributeValue", "InvalidAttributeValue", 400),
    sqs("InvalidMessageContents", "InvalidMessageContents", 400),
    sqs("InvalidAddress", "InvalidAddress", 404),
    sqs("KmsAccessDenied", "KMS.AccessDeniedException", 400),
    sqs("KmsDisabled", "KMS.DisabledException", 400),
    sqs("KmsInvalidState", "KMS.InvalidStateException", 400),
    sqs("KmsNotFound", "KMS.NotFoundException", 400),
    coral("InvalidParameterValueException", "InvalidParameterValue", 400),
    coral("MissingRequiredParameterException", "MissingParameter", 400),
    coral("InvalidParameterCombinationException", "InvalidParameterCombination", 400),
    coral("UnknownOperationException", "InvalidAction", 400),
    coral("SerializationException", "MalformedInput", 400),
    coral("AccessDeniedException", "AccessDenied", 403),
    coral("UnrecognizedClientException", "InvalidClientTokenId", 403),
    coral("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    coral("IncompleteSignatureException", "IncompleteSignature", 400),
    coral("ExpiredTokenException", "ExpiredToken", 403),
    coral("InternalFailure", "InternalFailure", 500),
    coral("ServiceUnavailable", "ServiceUnavailable", 503),
];
