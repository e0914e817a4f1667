//! Aliases, permissions, concurrency, asynchronous invocations, tags: what requests bring.

use serde::Deserialize;
use tidings_lambda::{AliasChange, InvokeChange, LambdaFault, NewPermission};

use super::functions::{number, pairs};
use super::request::{Asked, LambdaRequest};
use crate::json::{Map, Object, or_default};
use crate::query::Form;
use crate::refusal::Refusal;
use crate::text::Text;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct AliasInput<'a> {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    #[serde(borrow)]
    routing_config: Option<Object<RoutingConfig<'a>>>,
    revision_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RoutingConfig<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    additional_version_weights: Map<'a, f64>,
}

impl AliasInput<'_> {
    fn change(self) -> Result<AliasChange, LambdaFault> {
        let read = |config: Object<RoutingConfig<'_>>| {
            let mut weights = config.0.additional_version_weights.0.into_iter();
            let first = weights.next().map(|(version, weight)| (version.into_string(), weight));
            match weights.next() {
                Some(_) => {
                    let text = "An alias can have one additional version.";
                    Err(LambdaFault::parameter(text))
                }
                None => Ok(first),
            }
        };
        Ok(AliasChange {
            version: self.function_version,
            description: self.description,
            additional: self.routing_config.map(read).transpose()?,
            revision_id: self.revision_id,
        })
    }
}

pub(super) fn create_alias(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let mut input: AliasInput<'_> = asked.input()?;
    let name = input.name.take();
    let name = name.ok_or_else(|| LambdaFault::constraint("null", "name", "not be null"))?;
    Ok(LambdaRequest::CreateAlias { function: asked.id()?, name, alias: input.change()? })
}

pub(super) fn update_alias(asked: &Asked<'_>, name: String) -> Result<LambdaRequest, Refusal> {
    let alias = asked.input::<AliasInput<'_>>()?.change()?;
    Ok(LambdaRequest::UpdateAlias { function: asked.id()?, name, alias })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PermissionInput {
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    source_arn: Option<String>,
    source_account: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn add_permission(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let input: PermissionInput = asked.input()?;
    let required = |value: Option<String>, member: &str| {
        value.ok_or_else(|| LambdaFault::constraint("null", member, "not be null"))
    };
    let permission = NewPermission {
        statement_id: required(input.statement_id, "statementId")?,
        action: required(input.action, "action")?,
        principal: required(input.principal, "principal")?,
        source_arn: input.source_arn,
        source_account: input.source_account,
        principal_org_id: input.principal_org_id,
        event_source_token: input.event_source_token,
        revision_id: input.revision_id,
    };
    Ok(LambdaRequest::AddPermission { function: asked.reference()?, permission })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ConcurrencyInput {
    reserved_concurrent_executions: Option<i64>,
}

pub(super) fn put_concurrency(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let input: ConcurrencyInput = asked.input()?;
    let member = "reservedConcurrentExecutions";
    let reserved = match input.reserved_concurrent_executions {
        Some(reserved @ 0..) => number(reserved),
        Some(reserved) => {
            let least = "have value greater than or equal to 0";
            return Err(LambdaFault::constraint(&reserved.to_string(), member, least).into());
        }
        None => return Err(LambdaFault::constraint("null", member, "not be null").into()),
    };
    Ok(LambdaRequest::PutFunctionConcurrency { function: asked.id()?, reserved })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct InvokeConfigInput {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<Object<DestinationConfig>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DestinationConfig {
    on_success: Option<Object<Destination>>,
    on_failure: Option<Object<Destination>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    destination: Option<String>,
}

pub(super) fn put_invoke_config(
    asked: &Asked<'_>,
    replace: bool,
) -> Result<LambdaRequest, Refusal> {
    let input: InvokeConfigInput = asked.input()?;
    let destinations = input.destination_config.map(|config| config.0).unwrap_or_default();
    // A destination that is there and empty takes away what was set.
    let destination =
        |of: Option<Object<Destination>>| of.map(|of| of.0.destination.unwrap_or_default());
    let change = InvokeChange {
        retry_attempts: input.maximum_retry_attempts.map(number_or_max),
        event_age_seconds: input.maximum_event_age_in_seconds.map(number),
        on_success: destination(destinations.on_success),
        on_failure: destination(destinations.on_failure),
    };
    let function = asked.reference()?;
    Ok(LambdaRequest::PutFunctionEventInvokeConfig { function, change, replace })
}

/// Of a number whose least is 0: a negative one is none either.
fn number_or_max(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct TagInput<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    tags: Map<'a, Text<'a>>,
}

pub(super) fn tag(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let tags = pairs(asked.input::<TagInput<'_>>()?.tags);
    Ok(LambdaRequest::TagResource { function: asked.id()?, tags })
}

pub(super) fn untag(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let form = Form::read(asked.query.as_bytes(), "")?;
    let keys = form.all("tagKeys").map(str::to_owned).collect();
    Ok(LambdaRequest::UntagResource { function: asked.id()?, keys })
}
