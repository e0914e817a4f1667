use aws_sdk_lambda::Client;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{map, members};

pub async fn list_tags(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda.list_tags().set_resource(input.text("Resource")).send().await?;
    Ok(members([("Tags", map(output.tags()))]))
}

pub async fn tag_resource(lambda: &Client, input: Input<'_>) -> Answer {
    let tag = lambda.tag_resource().set_resource(input.text("Resource"));
    tag.set_tags(input.map("Tags")).send().await?;
    Ok(members([]))
}

pub async fn untag_resource(lambda: &Client, input: Input<'_>) -> Answer {
    let untag = lambda.untag_resource().set_resource(input.text("Resource"));
    untag.set_tag_keys(input.list("TagKeys")).send().await?;
    Ok(members([]))
}
