//! What a request asks for: its protocol, from the headers, and its action.

use crate::query;
use crate::refusal::WireError;

/// How a request is written, and so how its answer is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// AWS JSON 1.0: the action in `X-Amz-Target`, the parameters in a JSON object.
    Json,
    /// AWS Query: a form in the URL or the body; the answer is XML.
    Query,
}

impl Protocol {
    /// The protocol that the headers `X-Amz-Target` and `Content-Type` say. The body has no say.
    pub fn of(target: Option<&str>, content_type: Option<&str>) -> Self {
        const JSON_TYPES: &str = "application/x-amz-json-";
        let start = content_type.and_then(|text| text.get(..JSON_TYPES.len()));
        let is_json_type = start.is_some_and(|start| start.eq_ignore_ascii_case(JSON_TYPES));
        if target.is_some() || is_json_type { Self::Json } else { Self::Query }
    }

    /// The content type of the protocol's answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.0",
            Self::Query => "text/xml",
        }
    }
}

/// A service of AWS that is spoken here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// Amazon SQS, API version 2012-11-05.
    Sqs,
}

impl Service {
    /// The XML namespace of the service's answers.
    pub fn xml_namespace(self) -> &'static str {
        match self {
            Self::Sqs => "http://queue.amazonaws.com/doc/2012-11-05/",
        }
    }
}

/// An operation of a service.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// One of Amazon SQS.
    Sqs(SqsAction),
}

/// The part of a request that names its action.
#[derive(Copy, Clone, Debug)]
pub struct Head<'a> {
    /// The URL's path.
    pub path: &'a str,
    /// What follows the URL's question mark; empty if nothing does.
    pub query: &'a str,
    /// The header `X-Amz-Target`.
    pub target: Option<&'a str>,
}

impl Action {
    /// Finds the action that a request asks for.
    ///
    /// # Errors
    /// [`WireError::InvalidAction`] if there is no such action, or if it is one of an account and
    /// the request goes to a queue's URL. [`WireError::NoAction`] if the request names none.
    pub fn find(protocol: Protocol, head: &Head<'_>, body: &[u8]) -> Result<Self, WireError> {
        match protocol {
            Protocol::Json => Self::of_target(head.target.unwrap_or_default()),
            Protocol::Query => Self::of_form(head, body),
        }
    }

    fn of_target(target: &str) -> Result<Self, WireError> {
        let (service, name) = target.split_once('.').unwrap_or(("", target));
        let action = if service == "AmazonSQS" { SqsAction::of_name(name) } else { None };
        action.map(Self::Sqs).ok_or_else(|| WireError::InvalidAction { name: name.to_owned() })
    }

    fn of_form(head: &Head<'_>, body: &[u8]) -> Result<Self, WireError> {
        let name = match query::find(body, "Action") {
            Some(name) => Some(name),
            None => query::find(head.query.as_bytes(), "Action"),
        };
        let name = name.ok_or(WireError::NoAction)?;
        let action = SqsAction::of_name(&name);
        let fits = |action: &SqsAction| !(action.is_of_account() && is_queue_path(head.path));
        let action = action.filter(fits).map(Self::Sqs);
        action.ok_or_else(|| WireError::InvalidAction { name: name.into_owned() })
    }

    /// The service that the action belongs to.
    pub fn service(self) -> Service {
        match self {
            Self::Sqs(_) => Service::Sqs,
        }
    }

    /// The action's name, as the service's model has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqs(action) => action.name(),
        }
    }
}

/// Whether the path has two segments at least: an account and a queue's name.
fn is_queue_path(path: &str) -> bool {
    path.split('/').filter(|segment| !segment.is_empty()).count() >= 2
}

macro_rules! actions {
    ($(#[$doc:meta])* $name:ident { $($action:ident)* }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "each is the documented operation of its name")]
        pub enum $name { $($action,)* }

        impl $name {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            /// The operation's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => stringify!($action),)* }
            }

            /// The operation of this name; upper and lower case matter.
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $(stringify!($action) => Some(Self::$action),)* _ => None }
            }
        }
    };
}

actions! {
    /// The operations of Amazon SQS.
    SqsAction {
        AddPermission
        CancelMessageMoveTask
        ChangeMessageVisibility
        ChangeMessageVisibilityBatch
        CreateQueue
        DeleteMessage
        DeleteMessageBatch
        DeleteQueue
        GetQueueAttributes
        GetQueueUrl
        ListDeadLetterSourceQueues
        ListMessageMoveTasks
        ListQueueTags
        ListQueues
        PurgeQueue
        ReceiveMessage
        RemovePermission
        SendMessage
        SendMessageBatch
        SetQueueAttributes
        StartMessageMoveTask
        TagQueue
        UntagQueue
    }
}

impl SqsAction {
    /// Whether the action is refused on a queue's URL, being one of the account. GetQueueUrl is
    /// not: the live service answers it there, for any queue.
    fn is_of_account(self) -> bool {
        matches!(self, Self::CreateQueue | Self::ListQueues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(path: &str, query: &str, body: &str) -> Result<Action, WireError> {
        Action::find(Protocol::Query, &Head { path, query, target: None }, body.as_bytes())
    }

    fn json(target: Option<&str>) -> Result<Action, WireError> {
        Action::find(Protocol::Json, &Head { path: "/", query: "", target }, b"{}")
    }

    fn invalid(name: &str) -> Result<Action, WireError> {
        Err(WireError::InvalidAction { name: name.to_owned() })
    }

    #[test]
    fn headers_decide_the_protocol() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        for (target, content_type, protocol) in [
            (Some("AmazonSQS.SendMessage"), Some("application/x-amz-json-1.0"), Protocol::Json),
            (Some("AmazonSQS.SendMessage"), None, Protocol::Json),
            (Some("AmazonSQS.SendMessage"), form, Protocol::Json),
            (None, Some("application/x-amz-json-1.0"), Protocol::Json),
            (None, Some("Application/X-Amz-JSON-1.1"), Protocol::Json),
            (None, Some("application/x-amz-"), Protocol::Query),
            (None, form, Protocol::Query),
            (None, Some("application/json"), Protocol::Query),
            (None, None, Protocol::Query),
        ] {
            assert_eq!(Protocol::of(target, content_type), protocol, "{target:?} {content_type:?}");
        }
    }

    #[test]
    fn every_action_is_found_in_both_protocols() {
        assert_eq!(SqsAction::ALL.len(), 23);
        for &action in SqsAction::ALL {
            let name = action.name();
            assert_eq!(json(Some(&format!("AmazonSQS.{name}"))), Ok(Action::Sqs(action)));
            assert_eq!(query("/", &format!("Action={name}"), ""), Ok(Action::Sqs(action)));
            let form = format!("QueueName=a&Action={name}&Version=2012-11-05");
            assert_eq!(query("/", "", &form), Ok(Action::Sqs(action)));
        }
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for (target, name) in [
            (Some("AmazonSQS.Frobnicate"), "Frobnicate"),
            (Some("AmazonSQS.sendMessage"), "sendMessage"),
            (Some("AmazonSQS."), ""),
            (Some("TrentService.Encrypt"), "Encrypt"),
            (Some("SendMessage"), "SendMessage"),
            (None, ""),
        ] {
            assert_eq!(json(target), invalid(name), "{target:?}");
        }
        let queue = "/000000000000/orders";
        for (path, form, expected) in [
            ("/", "Action=Frobnicate", invalid("Frobnicate")),
            ("/", "Action=Send%4dessage", Ok(Action::Sqs(SqsAction::SendMessage))),
            ("/", "Action=", invalid("")),
            (queue, "Action=CreateQueue&QueueName=a", invalid("CreateQueue")),
            (queue, "Action=ListQueues", invalid("ListQueues")),
            (queue, "Action=GetQueueUrl", Ok(Action::Sqs(SqsAction::GetQueueUrl))),
            (queue, "Version=2012-11-05", Err(WireError::NoAction)),
            (queue, "", Err(WireError::NoAction)),
            ("/", "MessageBody=Action%3DSendMessage", Err(WireError::NoAction)),
        ] {
            assert_eq!(query(path, form, ""), expected, "{path} {form} in the URL");
            assert_eq!(query(path, "", form), expected, "{path} {form} in the body");
        }
    }
}
