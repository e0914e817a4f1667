use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::AliasRoutingConfiguration;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, members};

/// The members of an alias. The SDK has a type of its own for each action that shows one.
macro_rules! alias {
    ($it:expr) => {{
        let it = $it;
        let routing = it.routing_config().map(|routing| {
            members([("AdditionalVersionWeights", json!(routing.additional_version_weights()))])
        });
        members([
            ("AliasArn", json!(it.alias_arn())),
            ("Name", json!(it.name())),
            ("FunctionVersion", json!(it.function_version())),
            ("Description", json!(it.description())),
            ("RoutingConfig", json!(routing)),
            ("RevisionId", json!(it.revision_id())),
        ])
    }};
}

fn routing(input: Input<'_>) -> Option<AliasRoutingConfiguration> {
    let weights = input.part("RoutingConfig")?.weights("AdditionalVersionWeights");
    Some(AliasRoutingConfiguration::builder().set_additional_version_weights(weights).build())
}

pub async fn create_alias(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .create_alias()
        .set_function_name(input.text("FunctionName"))
        .set_name(input.text("Name"))
        .set_function_version(input.text("FunctionVersion"))
        .set_description(input.text("Description"))
        .set_routing_config(routing(input))
        .send()
        .await?;
    Ok(alias!(&output))
}

pub async fn update_alias(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .update_alias()
        .set_function_name(input.text("FunctionName"))
        .set_name(input.text("Name"))
        .set_function_version(input.text("FunctionVersion"))
        .set_description(input.text("Description"))
        .set_routing_config(routing(input))
        .set_revision_id(input.text("RevisionId"))
        .send()
        .await?;
    Ok(alias!(&output))
}

pub async fn get_alias(lambda: &Client, input: Input<'_>) -> Answer {
    let get = lambda.get_alias().set_function_name(input.text("FunctionName"));
    let output = get.set_name(input.text("Name")).send().await?;
    Ok(alias!(&output))
}

pub async fn list_aliases(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .list_aliases()
        .set_function_name(input.text("FunctionName"))
        .set_function_version(input.text("FunctionVersion"))
        .set_marker(input.text("Marker"))
        .set_max_items(input.number("MaxItems"))
        .send()
        .await?;
    let aliases = list(output.aliases(), |it| alias!(it));
    Ok(members([("Aliases", aliases), ("NextMarker", json!(output.next_marker()))]))
}

pub async fn delete_alias(lambda: &Client, input: Input<'_>) -> Answer {
    let delete = lambda.delete_alias().set_function_name(input.text("FunctionName"));
    delete.set_name(input.text("Name")).send().await?;
    Ok(members([]))
}
