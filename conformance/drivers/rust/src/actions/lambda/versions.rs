use aws_sdk_lambda::Client;
use serde_json::json;

use super::functions::configuration;
use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn publish_version(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .publish_version()
        .set_function_name(input.text("FunctionName"))
        .set_code_sha256(input.text("CodeSha256"))
        .set_description(input.text("Description"))
        .set_revision_id(input.text("RevisionId"))
        .send()
        .await?;
    Ok(configuration!(&output))
}

pub async fn list_versions(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .list_versions_by_function()
        .set_function_name(input.text("FunctionName"))
        .set_marker(input.text("Marker"))
        .set_max_items(input.number("MaxItems"))
        .send()
        .await?;
    let versions = list(output.versions(), |it| configuration!(it));
    Ok(members([("Versions", versions), ("NextMarker", json!(output.next_marker()))]))
}
