use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{InvocationType, LogType};
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{blob, members};

pub async fn invoke(lambda: &Client, input: Input<'_>) -> Answer {
    let (kind, log) = (input.text("InvocationType"), input.text("LogType"));
    let output = lambda
        .invoke()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .set_invocation_type(kind.as_deref().map(InvocationType::from))
        .set_log_type(log.as_deref().map(LogType::from))
        .set_client_context(input.text("ClientContext"))
        .set_payload(input.blob("Payload"))
        .send()
        .await?;
    Ok(members([
        ("StatusCode", json!(output.status_code())),
        ("FunctionError", json!(output.function_error())),
        ("LogResult", json!(output.log_result())),
        ("Payload", blob(output.payload())),
        ("ExecutedVersion", json!(output.executed_version())),
    ]))
}

#[allow(deprecated, reason = "the SDK still has it, and so does the service")]
pub async fn invoke_async(lambda: &Client, input: Input<'_>) -> Answer {
    let arguments = input.blob("InvokeArgs").map(|blob| blob.into_inner().into());
    let output = lambda
        .invoke_async()
        .set_function_name(input.text("FunctionName"))
        .set_invoke_args(arguments)
        .send()
        .await?;
    Ok(members([("Status", json!(output.status()))]))
}
