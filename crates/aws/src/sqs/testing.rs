//! What the tests of the actions share: any action's request to its command, in both protocols.

use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::receipt::{Receipt, ReceiptKey};

use super::*;
use crate::action::{Action, Protocol, SqsAction};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::response::{self, Output};

pub(crate) const QUEUE_URL: &str = "http://localhost:4566/000000000042/orders";

/// How a command's ARN prints, of the queue that `QUEUE_URL` names.
pub(crate) const ARN: &str = "QueueArn { account: 000000000042, region: Region(\"eu-west-1\"), \
                              name: QueueName(\"orders\") }";

pub(crate) fn key() -> ReceiptKey {
    ReceiptKey::new([7; 16])
}

/// A handle that [`key`] opens, and how it prints in a command.
pub(crate) fn handle() -> (String, String) {
    let receipt = Receipt { queue: 1, key: 2, receive_count: 3 };
    let text = key().seal(receipt);
    let printed = format!("Handle {{ text: {text:?}, receipt: Some({receipt:?}) }}");
    (text, printed)
}

/// What a request asks of the core, printed: commands do not compare.
pub(crate) fn command(
    protocol: Protocol,
    action: SqsAction,
    parameters: &str,
) -> Result<String, Refusal> {
    let region = Region::parse("eu-west-1").unwrap();
    let account = AccountId::parse("111111111111").unwrap();
    let caller = &Caller { protocol, path: "/", account, region: &region };
    let sender = &Sender { id: "111111111111", trace_header: None };
    let id = || Uuid::from_random(0);
    let request = Request::read(protocol, "", parameters.as_bytes())?;
    macro_rules! command {
        ($input:ident, $($argument:expr),*) => {
            request.input::<$input<'_>>()?.command($($argument),*)?
        };
    }
    let command = match action {
        SqsAction::AddPermission => command!(AddPermission, caller),
        SqsAction::CancelMessageMoveTask => command!(CancelMessageMoveTask, caller),
        SqsAction::ChangeMessageVisibility => command!(ChangeMessageVisibility, caller, &key()),
        SqsAction::ChangeMessageVisibilityBatch => {
            command!(ChangeMessageVisibilityBatch, caller, &key()).0
        }
        SqsAction::CreateQueue => command!(CreateQueue, caller).0,
        SqsAction::DeleteMessage => command!(DeleteMessage, caller, &key()),
        SqsAction::DeleteMessageBatch => command!(DeleteMessageBatch, caller, &key()).0,
        SqsAction::DeleteQueue => command!(DeleteQueue, caller),
        SqsAction::GetQueueAttributes => command!(GetQueueAttributes, caller),
        SqsAction::GetQueueUrl => command!(GetQueueUrl, caller).0,
        SqsAction::ListDeadLetterSourceQueues => command!(ListDeadLetterSourceQueues, caller).0,
        SqsAction::ListMessageMoveTasks => command!(ListMessageMoveTasks, caller),
        SqsAction::ListQueueTags => command!(ListQueueTags, caller),
        SqsAction::ListQueues => command!(ListQueues, caller).0,
        SqsAction::PurgeQueue => command!(PurgeQueue, caller),
        SqsAction::ReceiveMessage => command!(ReceiveMessage, caller).0,
        SqsAction::RemovePermission => command!(RemovePermission, caller),
        SqsAction::SendMessage => command!(SendMessage, caller, sender, id()).0,
        SqsAction::SendMessageBatch => command!(SendMessageBatch, caller, sender, id).0,
        SqsAction::SetQueueAttributes => command!(SetQueueAttributes, caller),
        SqsAction::StartMessageMoveTask => command!(StartMessageMoveTask, caller, id()).0,
        SqsAction::TagQueue => command!(TagQueue, caller),
        SqsAction::UntagQueue => command!(UntagQueue, caller),
    };
    Ok(format!("{command:?}"))
}

/// The same request in both protocols asks the same.
///
/// `json` has the members of the object, and `form` the fields; both lack the queue's URL, which
/// goes first.
pub(crate) fn queue_command(action: SqsAction, json: &str, form: &str) -> Result<String, Refusal> {
    let separator = if json.is_empty() { "" } else { "," };
    let json = format!("{{\"QueueUrl\":\"{QUEUE_URL}\"{separator}{json}}}");
    let form = format!("QueueUrl={QUEUE_URL}&{form}");
    both(action, &json, &form)
}

/// The same request in both protocols asks the same.
pub(crate) fn both(action: SqsAction, json: &str, form: &str) -> Result<String, Refusal> {
    let from_json = command(Protocol::Json, action, json);
    let from_query = command(Protocol::Query, action, form);
    assert_eq!(from_json, from_query, "{json} and {form}");
    from_json
}

/// The whole body of an answer, in JSON and in XML.
pub(crate) fn written(action: SqsAction, output: &impl Output) -> (String, String) {
    let write = |protocol| {
        let id = Uuid::from_random(0);
        let body = response::with_result(protocol, Action::Sqs(action), id, output);
        String::from_utf8(body).unwrap()
    };
    (write(Protocol::Json), write(Protocol::Query))
}

/// The XML around an action's result.
pub(crate) fn enveloped(action: SqsAction, result: &str) -> String {
    let name = action.name();
    let result = match result {
        "" => format!("<{name}Result/>"),
        members => format!("<{name}Result>{members}</{name}Result>"),
    };
    format!(
        "<?xml version=\"1.0\"?><{name}Response \
         xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{result}<ResponseMetadata>\
         <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>\
         </{name}Response>"
    )
}

/// An output is written as expected in both protocols.
#[track_caller]
pub(crate) fn assert_written(action: SqsAction, output: &impl Output, json: &str, members: &str) {
    let expected = (json.to_owned(), enveloped(action, members));
    assert_eq!(written(action, output), expected);
}

mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::refusal::WireError;

    /// Actions that are about a queue which the URL names.
    fn of_a_queue() -> impl Iterator<Item = SqsAction> {
        let others = [
            SqsAction::CreateQueue,
            SqsAction::GetQueueUrl,
            SqsAction::ListQueues,
            SqsAction::StartMessageMoveTask,
            SqsAction::CancelMessageMoveTask,
            SqsAction::ListMessageMoveTasks,
        ];
        SqsAction::ALL.iter().copied().filter(move |action| !others.contains(action))
    }

    #[test]
    fn every_action_of_a_queue_needs_one() {
        assert_eq!(of_a_queue().count(), 17);
        for action in of_a_queue() {
            let missing = Rejection::MissingParameter("QueueUrl".into());
            assert_eq!(command(Protocol::Query, action, ""), Err(missing.into()), "{action:?}");
            for body in ["{}", r#"{"QueueUrl":null}"#, r#"{"QueueUrl":""}"#] {
                let refused = command(Protocol::Json, action, body);
                assert_eq!(refused, Err(Rejection::QueueDoesNotExist.into()), "{action:?}");
            }
            let address = "http://localhost:4566/";
            let invalid = Refusal::Wire(WireError::InvalidAddress { address: address.into() });
            let json = format!("{{\"QueueUrl\":\"{address}\"}}");
            let form = format!("QueueUrl={address}");
            assert_eq!(both(action, &json, &form), Err(invalid), "{action:?}");
        }
    }

    #[test]
    fn every_action_reads_one_object() {
        for &action in SqsAction::ALL {
            for body in
                ["", "[]", "null", "5", "\"{}\"", "{", "{}{}", "{\"QueueUrl\":\"\\ud800\"}x"]
            {
                let refused = command(Protocol::Json, action, body);
                let is_serialization =
                    matches!(refused, Err(Refusal::Wire(WireError::Serialization(_))));
                assert!(is_serialization, "{action:?} of {body}: {refused:?}");
            }
        }
    }

    #[test]
    fn members_of_the_wrong_type_are_refused() {
        use SqsAction as A;
        for (action, member) in [
            (A::AddPermission, r#""Label":1"#),
            (A::AddPermission, r#""AWSAccountIds":"1""#),
            (A::AddPermission, r#""Actions":[1]"#),
            (A::CancelMessageMoveTask, r#""TaskHandle":{}"#),
            (A::ChangeMessageVisibility, r#""VisibilityTimeout":"30""#),
            (A::ChangeMessageVisibility, r#""ReceiptHandle":5"#),
            (A::ChangeMessageVisibilityBatch, r#""Entries":{}"#),
            (A::ChangeMessageVisibilityBatch, r#""Entries":[{"VisibilityTimeout":1.5}]"#),
            (A::CreateQueue, r#""QueueName":5"#),
            (A::CreateQueue, r#""Attributes":["a"]"#),
            (A::CreateQueue, r#""Attributes":{"DelaySeconds":5}"#),
            (A::CreateQueue, r#""tags":{"a":true}"#),
            (A::DeleteMessage, r#""ReceiptHandle":[]"#),
            (A::DeleteMessageBatch, r#""Entries":[[]]"#),
            (A::DeleteMessageBatch, r#""Entries":["a"]"#),
            (A::GetQueueAttributes, r#""AttributeNames":"All""#),
            (A::GetQueueUrl, r#""QueueOwnerAWSAccountId":42"#),
            (A::ListDeadLetterSourceQueues, r#""MaxResults":"1""#),
            (A::ListMessageMoveTasks, r#""MaxResults":true"#),
            (A::ListQueues, r#""QueueNamePrefix":1"#),
            (A::ListQueues, r#""MaxResults":1e3"#),
            (A::ReceiveMessage, r#""MaxNumberOfMessages":"1""#),
            (A::ReceiveMessage, r#""WaitTimeSeconds":99999999999999999999"#),
            (A::ReceiveMessage, r#""MessageAttributeNames":{}"#),
            (A::RemovePermission, r#""Label":[]"#),
            (A::SendMessage, r#""MessageBody":{}"#),
            (A::SendMessage, r#""DelaySeconds":"1""#),
            (A::SendMessage, r#""MessageAttributes":[]"#),
            (A::SendMessage, r#""MessageAttributes":{"a":["String"]}"#),
            (A::SendMessage, r#""MessageAttributes":{"a":{"BinaryValue":"%"}}"#),
            (A::SendMessageBatch, r#""Entries":[{"MessageBody":1}]"#),
            (A::SetQueueAttributes, r#""Attributes":"x""#),
            (A::StartMessageMoveTask, r#""MaxNumberOfMessagesPerSecond":"1""#),
            (A::TagQueue, r#""Tags":{"a":1}"#),
            (A::UntagQueue, r#""TagKeys":"a""#),
        ] {
            let refused = command(Protocol::Json, action, &format!("{{{member}}}"));
            let is_serialization =
                matches!(refused, Err(Refusal::Wire(WireError::Serialization(_))));
            assert!(is_serialization, "{action:?} of {member}: {refused:?}");
        }
        for (action, field) in [
            (A::ChangeMessageVisibility, "VisibilityTimeout=x"),
            (
                A::ChangeMessageVisibilityBatch,
                "ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=1.5",
            ),
            (A::ListDeadLetterSourceQueues, "MaxResults="),
            (A::ListMessageMoveTasks, "MaxResults=ten"),
            (A::ListQueues, "MaxResults=0x10"),
            (A::ReceiveMessage, "MaxNumberOfMessages=1e0"),
            (A::ReceiveMessage, "VisibilityTimeout=99999999999999999999"),
            (A::ReceiveMessage, "WaitTimeSeconds=%201"),
            (A::SendMessage, "DelaySeconds=x"),
            (A::SendMessage, "MessageAttribute.1.Name=a&MessageAttribute.1.Value.BinaryValue=%25"),
            (A::SendMessageBatch, "SendMessageBatchRequestEntry.1.DelaySeconds=x"),
            (A::StartMessageMoveTask, "MaxNumberOfMessagesPerSecond=x"),
        ] {
            let refused = command(Protocol::Query, action, field);
            let is_serialization =
                matches!(refused, Err(Refusal::Wire(WireError::Serialization(_))));
            assert!(is_serialization, "{action:?} of {field}: {refused:?}");
        }
    }

    #[test]
    fn unknown_members_are_ignored() {
        for &action in SqsAction::ALL {
            let json = r#"{"Unknown":{"deep":[null,1]},"queueurl":5}"#;
            let plain = command(Protocol::Json, action, "{}");
            assert_eq!(command(Protocol::Json, action, json), plain, "{action:?}");
            let plain = command(Protocol::Query, action, "");
            let form = "Action=X&Version=2012-11-05&Unknown.1=x&X-Amz-Signature=y";
            assert_eq!(command(Protocol::Query, action, form), plain, "{action:?}");
        }
    }

    /// Names that mean something to some action, so that random requests come far.
    const NAMES: &[&str] = &[
        "ActionName.1",
        "Actions",
        "Attribute.1.Name",
        "AttributeName.1",
        "AttributeNames",
        "Attributes",
        "DataType",
        "DelaySeconds",
        "DeleteMessageBatchRequestEntry.1.Id",
        "Entries",
        "Id",
        "MaxNumberOfMessages",
        "MaxResults",
        "MessageAttribute.1.Name",
        "MessageAttribute.1.Value.DataType",
        "MessageAttribute.1.Value.StringValue",
        "MessageAttributes",
        "MessageBody",
        "NextToken",
        "QueueName",
        "QueueUrl",
        "ReceiptHandle",
        "SendMessageBatchRequestEntry.1.Id",
        "SendMessageBatchRequestEntry.2.MessageBody",
        "SourceArn",
        "StringValue",
        "TaskHandle",
        "VisibilityTimeout",
    ];

    const VALUES: &[&str] = &["", "1", "-1", "All", "Number", "String.a", "a", QUEUE_URL];

    /// A JSON value of any shape.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            select(VALUES).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let members = prop::collection::vec((select(NAMES), inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Into::into),
                members.prop_map(|members| {
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_taken_or_refused(members in prop::collection::vec((select(NAMES), json()), 0..6)) {
            let object: serde_json::Map<_, _> =
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let body = serde_json::Value::Object(object).to_string();
            for &action in SqsAction::ALL {
                let _ = command(Protocol::Json, action, &body);
            }
        }

        #[test]
        fn any_form_is_taken_or_refused(
            fields in prop::collection::vec((select(NAMES), prop_oneof![select(VALUES).prop_map(str::to_owned), any::<String>()]), 0..12),
        ) {
            let encode = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            for &action in SqsAction::ALL {
                let _ = command(Protocol::Query, action, &fields.join("&"));
            }
        }
    }
}
