//! The handle and the queues of a message move task.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tidings_core::names::{QueueArn, Uuid};
use tidings_core::rejection::Rejection;

use super::Caller;
use crate::text::Text;

/// A handle is this object in base64, as the live service has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskHandle<'a> {
    #[serde(borrow)]
    task_id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    source_arn: std::borrow::Cow<'a, str>,
}

/// The handle of a task.
pub(crate) fn encode(task: Uuid, source: &QueueArn) -> String {
    let handle =
        TaskHandle { task_id: task.to_string().into(), source_arn: source.to_string().into() };
    let json = serde_json::to_vec(&handle).expect("two texts are written without fail");
    STANDARD.encode(json)
}

/// The task that a handle names, and the queue that it empties.
pub(crate) fn decode(handle: &str) -> Option<(Uuid, QueueArn)> {
    let json = STANDARD.decode(handle).ok()?;
    let TaskHandle { task_id, source_arn } = serde_json::from_slice(&json).ok()?;
    Some((Uuid::parse(&task_id)?, QueueArn::parse(&source_arn)?))
}

/// Reads the ARN that a move task names as `parameter`. As with queue URLs, the account may be
/// another than the caller's, and the region is the request's.
///
/// # Errors
/// InvalidParameterValue if it is no ARN; ResourceNotFoundException if it is not one of a queue in
/// the caller's region.
pub(crate) fn queue_arn(
    text: &Text<'_>,
    parameter: &str,
    caller: &Caller<'_>,
) -> Result<QueueArn, Rejection> {
    if let Some(arn) = QueueArn::parse(text) {
        let is_here = arn.region == *caller.region;
        return if is_here { Ok(arn) } else { Err(not_found(parameter)) };
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_arn = parts.len() == 6 && parts[0] == "arn" && parts.iter().all(|part| !part.is_empty());
    Err(if is_arn {
        not_found(parameter)
    } else {
        Rejection::InvalidParameterValue(format!(
            "You must use this format to specify the {parameter}: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ))
    })
}

/// What is said of a queue that does not exist.
pub(crate) fn not_found(parameter: &str) -> Rejection {
    Rejection::ResourceNotFound(format!(
        "The resource that you specified for the {parameter} parameter doesn't exist."
    ))
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{AccountId, Region};

    use super::*;
    use crate::action::Protocol;

    #[test]
    fn a_handle_reads_back() {
        let arn = QueueArn::parse("arn:aws:sqs:us-east-1:000000000000:dead").unwrap();
        let task = Uuid::parse("0f3b2a4c-1111-4222-8333-444455556666").unwrap();
        let handle = encode(task, &arn);
        let json = "{\"taskId\":\"0f3b2a4c-1111-4222-8333-444455556666\",\
                    \"sourceArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\"}";
        assert_eq!(STANDARD.decode(&handle).unwrap(), json.as_bytes());
        assert_eq!(decode(&handle), Some((task, arn)));
        let escaped = json.replace("arn:aws", "arn\\u003aaws");
        assert!(decode(&STANDARD.encode(escaped)).is_some());
        for bad in [
            "".to_owned(),
            "not base64".to_owned(),
            STANDARD.encode("{}"),
            STANDARD.encode(json.replace("0f3b", "zzzz")),
            STANDARD.encode(json.replace("sqs", "sns")),
            STANDARD.encode(json.replace('}', "")),
        ] {
            assert_eq!(decode(&bad), None, "{bad}");
        }
    }

    #[test]
    fn arns_of_other_things_are_not_found() {
        let (account, region) = (AccountId::parse("111111111111"), Region::parse("us-east-1"));
        let (account, region) = (account.unwrap(), &region.unwrap());
        let caller = Caller { protocol: Protocol::Json, path: "/", account, region };
        let arn = |text| queue_arn(&Text::borrowed(text), "SourceArn", &caller);
        assert!(arn("arn:aws:sqs:us-east-1:000000000000:dead").is_ok());
        let not_found = Rejection::ResourceNotFound(
            "The resource that you specified for the SourceArn parameter doesn't exist.".into(),
        );
        for text in [
            "arn:aws:sns:us-east-1:000000000000:dead",
            "arn:aws:sqs:us-east-1:000000000000:de.ad",
            "arn:aws:sqs:us-east-1:000000000000:dead:x",
            // One that may exist, elsewhere.
            "arn:aws:sqs:eu-west-1:111111111111:dead",
        ] {
            assert_eq!(arn(text), Err(not_found.clone()), "{text}");
        }
        let format = Rejection::InvalidParameterValue(
            "You must use this format to specify the SourceArn: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
                .into(),
        );
        for text in
            ["dead", "arn:aws:sqs:us-east-1:dead", "arn:aws:sqs::000000000000:dead", "x:a:b:c:d:e"]
        {
            assert_eq!(arn(text), Err(format.clone()), "{text}");
        }
    }
}
