//! Every action of Lambda that is about functions and event source mappings, by its name.

mod aliases;
mod event_sources;
mod functions;
mod invoke;
mod permissions;
mod settings;
mod tags;
mod versions;

use aws_sdk_lambda::Client;

use super::Answer;
use crate::answer::Stop;
use crate::input::Input;

pub async fn call(lambda: &Client, action: &str, input: Input<'_>) -> Answer {
    match action {
        "AddPermission" => permissions::add_permission(lambda, input).await,
        "CreateAlias" => aliases::create_alias(lambda, input).await,
        "CreateEventSourceMapping" => event_sources::create(lambda, input).await,
        "CreateFunction" => functions::create_function(lambda, input).await,
        "DeleteAlias" => aliases::delete_alias(lambda, input).await,
        "DeleteEventSourceMapping" => event_sources::delete(lambda, input).await,
        "DeleteFunction" => functions::delete_function(lambda, input).await,
        "DeleteFunctionConcurrency" => settings::delete_concurrency(lambda, input).await,
        "DeleteFunctionEventInvokeConfig" => settings::delete_invoke_config(lambda, input).await,
        "GetAlias" => aliases::get_alias(lambda, input).await,
        "GetEventSourceMapping" => event_sources::get(lambda, input).await,
        "GetFunction" => functions::get_function(lambda, input).await,
        "GetFunctionCodeSigningConfig" => settings::get_code_signing_config(lambda, input).await,
        "GetFunctionConcurrency" => settings::get_concurrency(lambda, input).await,
        "GetFunctionConfiguration" => functions::get_configuration(lambda, input).await,
        "GetFunctionEventInvokeConfig" => settings::get_invoke_config(lambda, input).await,
        "GetPolicy" => permissions::get_policy(lambda, input).await,
        "Invoke" => invoke::invoke(lambda, input).await,
        "InvokeAsync" => invoke::invoke_async(lambda, input).await,
        "ListAliases" => aliases::list_aliases(lambda, input).await,
        "ListEventSourceMappings" => event_sources::list(lambda, input).await,
        "ListFunctionEventInvokeConfigs" => settings::list_invoke_configs(lambda, input).await,
        "ListFunctions" => functions::list_functions(lambda, input).await,
        "ListTags" => tags::list_tags(lambda, input).await,
        "ListVersionsByFunction" => versions::list_versions(lambda, input).await,
        "PublishVersion" => versions::publish_version(lambda, input).await,
        "PutFunctionConcurrency" => settings::put_concurrency(lambda, input).await,
        "PutFunctionEventInvokeConfig" => settings::put_invoke_config(lambda, input).await,
        "RemovePermission" => permissions::remove_permission(lambda, input).await,
        "TagResource" => tags::tag_resource(lambda, input).await,
        "UntagResource" => tags::untag_resource(lambda, input).await,
        "UpdateAlias" => aliases::update_alias(lambda, input).await,
        "UpdateEventSourceMapping" => event_sources::update(lambda, input).await,
        "UpdateFunctionCode" => functions::update_code(lambda, input).await,
        "UpdateFunctionConfiguration" => functions::update_configuration(lambda, input).await,
        "UpdateFunctionEventInvokeConfig" => settings::update_invoke_config(lambda, input).await,
        _ => Err(Stop::Unsendable(format!("this driver has no action {action}"))),
    }
}
