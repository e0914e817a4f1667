use aws_sdk_lambda::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::members;

pub async fn add_permission(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .add_permission()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .set_statement_id(input.text("StatementId"))
        .set_action(input.text("Action"))
        .set_principal(input.text("Principal"))
        .set_source_arn(input.text("SourceArn"))
        .set_source_account(input.text("SourceAccount"))
        .set_event_source_token(input.text("EventSourceToken"))
        .set_principal_org_id(input.text("PrincipalOrgID"))
        .set_revision_id(input.text("RevisionId"))
        .send()
        .await?;
    Ok(members([("Statement", json!(output.statement()))]))
}

pub async fn get_policy(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .get_policy()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    let revision_id = json!(output.revision_id());
    Ok(members([("Policy", json!(output.policy())), ("RevisionId", revision_id)]))
}

pub async fn remove_permission(lambda: &Client, input: Input<'_>) -> Answer {
    lambda
        .remove_permission()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .set_statement_id(input.text("StatementId"))
        .set_revision_id(input.text("RevisionId"))
        .send()
        .await?;
    Ok(members([]))
}
