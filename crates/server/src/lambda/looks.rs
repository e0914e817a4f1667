//! What only looks.

use serde_json::{Value, json};
use tidings_aws::Refusal;
use tidings_aws::lambda::{LambdaRequest, PageWanted, output};
use tidings_lambda::{FunctionId, Functions, Qualifier, Reference, Scope};

use super::trial::Trial;
use crate::exchange::Answer;

/// Whether a request changes nothing.
pub(super) fn is_look(request: &LambdaRequest) -> bool {
    use LambdaRequest as R;
    matches!(
        request,
        R::GetAlias { .. }
            | R::GetFunction { .. }
            | R::GetFunctionCodeSigningConfig { .. }
            | R::GetFunctionConcurrency { .. }
            | R::GetFunctionConfiguration { .. }
            | R::GetFunctionEventInvokeConfig { .. }
            | R::GetPolicy { .. }
            | R::ListAliases { .. }
            | R::ListFunctionEventInvokeConfigs { .. }
            | R::ListFunctions { .. }
            | R::ListTags { .. }
            | R::ListVersionsByFunction { .. }
    )
}

pub(super) fn look(
    functions: &Functions,
    trial: &Trial<'_>,
    request: LambdaRequest,
) -> Result<Answer, Refusal> {
    Ok(ok(&value(functions, trial, request)?))
}

/// An answer with 200 and a value.
pub(super) fn ok(value: &Value) -> Answer {
    Answer::of_lambda(200, value.to_string().into_bytes())
}

/// A function itself, whichever version.
pub(super) fn whole(id: FunctionId) -> Reference {
    Reference { id, qualifier: None }
}

fn value(
    functions: &Functions,
    trial: &Trial<'_>,
    request: LambdaRequest,
) -> Result<Value, Refusal> {
    use LambdaRequest as R;
    let may = |action: &str, reference: &Reference| trial.check(functions, action, reference);
    let may_whole = |action: &str, id: &FunctionId| may(action, &whole(id.clone()));
    Ok(match request {
        R::GetFunction { function } => {
            may("lambda:GetFunction", &function)?;
            output::function(&functions.shown(&function)?, functions.find(&function.id)?)
        }
        R::GetFunctionConfiguration { function } => {
            may("lambda:GetFunctionConfiguration", &function)?;
            output::configuration(&functions.shown(&function)?)
        }
        R::GetFunctionCodeSigningConfig { function } => {
            may_whole("lambda:GetFunctionCodeSigningConfig", &function)?;
            functions.find(&function)?;
            // There is none, which the service says so.
            json!({ "CodeSigningConfigArn": "", "FunctionName": function.name.as_str() })
        }
        R::GetFunctionConcurrency { function } => {
            may_whole("lambda:GetFunctionConcurrency", &function)?;
            match functions.find(&function)?.reserved_concurrency() {
                Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
                None => json!({}),
            }
        }
        R::GetFunctionEventInvokeConfig { function } => {
            may("lambda:GetFunctionEventInvokeConfig", &function)?;
            let config = functions.event_invoke_config(&function)?;
            let qualifier = function.qualifier.unwrap_or(Qualifier::Latest);
            output::invoke_config(&function.id, &qualifier, config)
        }
        R::GetPolicy { function } => {
            may("lambda:GetPolicy", &function)?;
            output::policy(functions.policy(&function)?)
        }
        R::GetAlias { function, name } => {
            may_whole("lambda:GetAlias", &function)?;
            output::alias(&function, &name, functions.alias(&function, &name)?)
        }
        R::ListAliases { function, version, page } => {
            may_whole("lambda:ListAliases", &function)?;
            let all = functions.find(&function)?.aliases().filter(|(_, alias)| {
                version.as_ref().is_none_or(|it| *it == alias.version.qualifier().to_string())
            });
            let items = all.map(|(name, it)| (name.to_owned(), output::alias(&function, name, it)));
            paged("Aliases", items, &page)
        }
        R::ListFunctionEventInvokeConfigs { function, page } => {
            may_whole("lambda:ListFunctionEventInvokeConfigs", &function)?;
            let all = functions.find(&function)?.invoke_configs();
            let items = all.enumerate().map(|(at, (qualifier, it))| {
                (in_order(at), output::invoke_config(&function, qualifier, it))
            });
            paged("FunctionEventInvokeConfigs", items, &page)
        }
        R::ListVersionsByFunction { function, page } => {
            may_whole("lambda:ListVersionsByFunction", &function)?;
            let it = functions.find(&function)?;
            let items = it.versions().enumerate().filter_map(|(at, (version, _))| {
                Some((in_order(at), output::listed(it, &version, true)?))
            });
            paged("Versions", items, &page)
        }
        R::ListTags { function } => {
            may_whole("lambda:ListTags", &function)?;
            json!({ "Tags": functions.find(&function)?.tags() })
        }
        R::ListFunctions { all_versions, page } => list(functions, trial, all_versions, &page)?,
        // Not a look.
        _ => return Err(tidings_aws::WireError::InternalFailure.into()),
    })
}

fn list(
    functions: &Functions,
    trial: &Trial<'_>,
    all_versions: bool,
    page: &PageWanted,
) -> Result<Value, Refusal> {
    let scope: &Scope = trial.scope();
    let partition = scope.region.partition();
    let (region, account) = (scope.region.as_str(), scope.account);
    let any = format!("arn:{partition}:lambda:{region}:{account}:function:*");
    trial.check_on("lambda:ListFunctions", &any)?;
    let (there, marker) = functions.list(scope, page.after.as_deref(), page.max);
    let mut items = Vec::new();
    for function in &there {
        let versions = function.versions().map(|(version, _)| version);
        let shown = versions.take(if all_versions { usize::MAX } else { 1 });
        items.extend(shown.filter_map(|it| output::listed(function, &it, all_versions)));
    }
    Ok(output::page("Functions", items, marker))
}

/// A key for what is listed in another order than that of its name.
fn in_order(at: usize) -> String {
    format!("{at:012}")
}

/// A part of what there is, in the order of its keys.
fn paged(name: &str, items: impl Iterator<Item = (String, Value)>, page: &PageWanted) -> Value {
    let after = page.after.as_deref();
    let mut rest = items.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let (mut shown, mut last) = (Vec::new(), None);
    for (key, value) in rest.by_ref().take(page.max) {
        shown.push(value);
        last = Some(key);
    }
    let marker = rest.next().and(last);
    output::page(name, shown, marker)
}
