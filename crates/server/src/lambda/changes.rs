//! Changes: authorised and decided on the same state, one at a time.

use std::convert::Infallible;
use std::sync::Arc;

use serde_json::json;
use tidings_aws::lambda::{CreateFunction, LambdaRequest, UpdateCode, output};
use tidings_aws::{Refusal, WireError};
use tidings_core::command::{Command, TopicCommand};
use tidings_core::names::{QueueArn, SubscriptionProtocol, TopicArn};
use tidings_core::register::RegisterWrite;
use tidings_core::terms::Resource;
use tidings_lambda::{
    Code, CodeUpdate, Fresh, FunctionId, Functions, InvokeChange, LambdaFault, NewFunction,
    Qualifier, Reference,
};
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::looks::{ok, whole};
use super::service::{ClaimedCode, Hosted};
use super::trial::Trial;
use crate::exchange::{Answer, refusal_of};
use crate::plane::ChangeFault;

/// What a step of a change says: what to write, the answer, and whether the same has to be asked
/// once more.
type Step = Result<(Vec<RegisterWrite>, (Answer, bool)), Refusal>;

pub(super) async fn change(
    hosted: &Arc<Hosted>,
    trial: &Trial<'_>,
    request: LambdaRequest,
) -> Result<Answer, Refusal> {
    // Before an archive is unpacked, which costs something.
    authorise(&hosted.plane.look(), trial, &request)?;
    let (request, claimed) = keep_code(hosted, request).await?;
    let code = claimed.as_ref().map(|claimed| &claimed.code);
    let Some(function) = named(&request).cloned() else {
        return write(hosted, trial, &request, code).await;
    };
    // A caller who goes away drops what is below, and with it this: then what follows begins as well.
    let (under_way, is_over) = oneshot::channel();
    let following = tokio::spawn(follow(Arc::clone(hosted), function, is_over));
    let answer = write(hosted, trial, &request, code).await?;
    drop(under_way);
    if let Err(fault) = following.await {
        error!("what follows a change of a function was not done, by a fault of ours: {fault}");
    }
    Ok(answer)
}

async fn write(
    hosted: &Hosted,
    trial: &Trial<'_>,
    request: &LambdaRequest,
    code: Option<&Code>,
) -> Result<Answer, Refusal> {
    loop {
        let changed = hosted.plane.change(|functions| {
            // While it waited for its turn, another may have taken its rights away.
            let principal = trial.caller_again()?;
            authorise(functions, &trial.again(principal.as_deref()), request)?;
            decide(functions, request, code, fresh(trial))
        });
        let (answer, more) = changed.await.map_err(refusal)?;
        if !more {
            return Ok(answer);
        }
    }
}

/// What follows a change of a function, once its request is over: what it no longer is, ends.
async fn follow(hosted: Arc<Hosted>, function: FunctionId, is_over: oneshot::Receiver<Infallible>) {
    // It is over when there is nobody any more who could send.
    let _ = is_over.await;
    // A write that is still under way has its turn before this.
    let is_gone =
        hosted.plane.change(|it| Ok::<_, Infallible>((Vec::new(), it.find(&function).is_err())));
    let is_gone = is_gone.await.unwrap_or_default();
    if is_gone {
        drop_events(&hosted, &function).await;
    }
    hosted.retire_old(&function).await;
    if is_gone {
        hosted.errors.forget_all(&function).await;
        hosted.host.forget(&function.to_string()).await;
    }
}

/// Whose processes may be of the past after it.
fn named(request: &LambdaRequest) -> Option<&FunctionId> {
    use LambdaRequest as R;
    match request {
        R::UpdateFunctionCode(update) => Some(&update.function.id),
        R::UpdateFunctionConfiguration { function, .. } | R::DeleteFunction { function } => {
            Some(&function.id)
        }
        _ => None,
    }
}

/// What waits for a function that is gone goes with it: one of the same name is another.
async fn drop_events(hosted: &Hosted, function: &FunctionId) {
    let delete = Command::Topic(TopicCommand::DeleteTopic { arn: outbox_of(function) });
    let dropped = hosted.plane.broker().call(delete).await;
    if let Err(failure) = dropped {
        warn!(%function, "events that wait for a function that is gone are not dropped: {failure}");
    }
}

/// Where asynchronous invocations of a function wait.
pub(super) fn outbox_of(function: &FunctionId) -> TopicArn {
    let (account, region) = (function.scope.account, function.scope.region.clone());
    TopicArn::direct(account, region, SubscriptionProtocol::Lambda, function.name.as_str())
}

async fn keep_code(
    hosted: &Arc<Hosted>,
    mut request: LambdaRequest,
) -> Result<(LambdaRequest, Option<ClaimedCode>), Refusal> {
    let zip = match &mut request {
        LambdaRequest::CreateFunction(create) => std::mem::take(&mut create.zip),
        LambdaRequest::UpdateFunctionCode(update) => std::mem::take(&mut update.zip),
        _ => return Ok((request, None)),
    };
    let code = hosted.keep_code(zip).await?;
    Ok((request, Some(code)))
}

fn fresh(trial: &Trial<'_>) -> Fresh {
    let (now_ms, revision_id) = (trial.broker.now().as_ms(), trial.broker.uuid().to_string());
    Fresh { now_ms, revision_id }
}

pub(super) fn refusal(fault: ChangeFault<Refusal>) -> Refusal {
    match fault {
        ChangeFault::Refused(refusal) => refusal,
        ChangeFault::Failed(failure) => refusal_of(failure),
    }
}

/// Asks for every permission that a change needs.
fn authorise(
    functions: &Functions,
    trial: &Trial<'_>,
    request: &LambdaRequest,
) -> Result<(), Refusal> {
    use LambdaRequest as R;
    let may = |action: &str, reference: &Reference| trial.check(functions, action, reference);
    let may_whole = |action: &str, id: &FunctionId| may(action, &whole(id.clone()));
    match request {
        R::CreateFunction(create) => {
            let CreateFunction { function, settings, tags, .. } = &**create;
            let tags: Vec<(&str, &str)> = tags.iter().map(|(key, it)| (&**key, &**it)).collect();
            let reference = whole(function.clone());
            trial.check_with(functions, "lambda:CreateFunction", &reference, &tags)?;
            if !tags.is_empty() {
                trial.check_with(functions, "lambda:TagResource", &reference, &tags)?;
            }
            may_use(trial, function, settings)
        }
        R::UpdateFunctionConfiguration { function, settings, .. } => {
            may("lambda:UpdateFunctionConfiguration", function)?;
            may_use(trial, &function.id, settings)
        }
        R::UpdateFunctionCode(update) => may("lambda:UpdateFunctionCode", &update.function),
        R::DeleteFunction { function } => may("lambda:DeleteFunction", function),
        R::PublishVersion { function, .. } => may("lambda:PublishVersion", function),
        R::CreateAlias { function, .. } => may_whole("lambda:CreateAlias", function),
        R::UpdateAlias { function, .. } => may_whole("lambda:UpdateAlias", function),
        R::DeleteAlias { function, .. } => may_whole("lambda:DeleteAlias", function),
        R::AddPermission { function, .. } => may("lambda:AddPermission", function),
        R::RemovePermission { function, .. } => may("lambda:RemovePermission", function),
        R::PutFunctionConcurrency { function, .. } => {
            may_whole("lambda:PutFunctionConcurrency", function)
        }
        R::DeleteFunctionConcurrency { function } => {
            may_whole("lambda:DeleteFunctionConcurrency", function)
        }
        R::PutFunctionEventInvokeConfig { function, change, replace } => {
            let action = match replace {
                true => "lambda:PutFunctionEventInvokeConfig",
                false => "lambda:UpdateFunctionEventInvokeConfig",
            };
            may(action, function)?;
            let InvokeChange { on_success, on_failure, .. } = change;
            for destination in [on_success, on_failure].into_iter().flatten() {
                may_send(trial, &function.id, destination)?;
            }
            Ok(())
        }
        R::DeleteFunctionEventInvokeConfig { function } => {
            may("lambda:DeleteFunctionEventInvokeConfig", function)
        }
        R::TagResource { function, tags } => {
            let tags: Vec<(&str, &str)> = tags.iter().map(|(key, it)| (&**key, &**it)).collect();
            let function = whole(function.clone());
            trial.check_with(functions, "lambda:TagResource", &function, &tags)
        }
        R::UntagResource { function, keys } => {
            let tags: Vec<(&str, &str)> = keys.iter().map(|key| (&**key, "")).collect();
            let function = whole(function.clone());
            trial.check_with(functions, "lambda:UntagResource", &function, &tags)
        }
        // Not a change.
        _ => Err(WireError::InternalFailure.into()),
    }
}

/// Whoever gives a function a role must be allowed to hand it out.
fn may_use(
    trial: &Trial<'_>,
    function: &FunctionId,
    settings: &tidings_lambda::Settings,
) -> Result<(), Refusal> {
    if let Some(role) = &settings.role {
        trial.check_role(role, function)?;
    }
    match &settings.dead_letter_target {
        Some(target) => may_send(trial, function, target),
        None => Ok(()),
    }
}

/// What a function's events end in must be its owner's, and whoever says so must be allowed to send
/// there. The service asks the function's role; roles give functions nothing here.
fn may_send(trial: &Trial<'_>, function: &FunctionId, target: &str) -> Result<(), Refusal> {
    if target.is_empty() {
        return Ok(());
    }
    let (owner, action, resource) = match (QueueArn::parse(target), TopicArn::parse(target)) {
        (Some(queue), _) => (queue.account, "sqs:SendMessage", Resource::Queue(queue)),
        (_, Some(topic)) => (topic.account, "sns:Publish", Resource::Topic(topic)),
        // What it is instead, the change itself says.
        (None, None) => return Ok(()),
    };
    if owner != function.scope.account {
        let text = format!("The destination {target} is not of the function's own account.");
        return Err(LambdaFault::parameter(text).into());
    }
    // Who may change the function can be of another account than its owner.
    trial.check_terms(action, &resource)?;
    trial.check_sealing(&resource)
}

fn decide(
    functions: &Functions,
    request: &LambdaRequest,
    code: Option<&Code>,
    fresh: Fresh,
) -> Step {
    use LambdaRequest as R;
    let done = |status: u16| Answer::of_lambda(status, Vec::new());
    let shown = |status: u16, (writes, shown)| {
        let body = output::configuration(&shown).to_string().into_bytes();
        (writes, (Answer::of_lambda(status, body), false))
    };
    let unit = |status: u16, (writes, ())| (writes, (done(status), false));
    Ok(match (request, code) {
        (R::CreateFunction(create), Some(code)) => {
            let CreateFunction { function, settings, publish, tags, .. } = &**create;
            let new = NewFunction {
                settings: settings.clone(),
                code: code.clone(),
                publish: *publish,
                tags: tags.iter().cloned().collect(),
            };
            shown(201, functions.create(function, new, fresh)?)
        }
        (R::UpdateFunctionCode(update), Some(code)) => {
            let UpdateCode { function, architecture, publish, dry_run, revision_id, .. } =
                &**update;
            let update = CodeUpdate {
                code: code.clone(),
                architecture: architecture.clone(),
                publish: *publish,
                dry_run: *dry_run,
                revision_id: revision_id.clone(),
            };
            shown(200, functions.update_code(function, update, fresh)?)
        }
        (R::UpdateFunctionConfiguration { function, settings, revision_id }, _) => {
            let (settings, wanted) = (settings.as_ref().clone(), revision_id.as_deref());
            shown(200, functions.update_configuration(function, settings, wanted, fresh)?)
        }
        (R::DeleteFunction { function }, _) => {
            let (writes, more) = functions.delete(function)?;
            (writes, (done(204), more))
        }
        (R::PublishVersion { function, code_sha256, description, revision_id }, _) => {
            let (sha256, wanted) = (code_sha256.as_deref(), revision_id.as_deref());
            shown(201, functions.publish_version(function, sha256, description.clone(), wanted)?)
        }
        (R::CreateAlias { function, name, alias }, _) => {
            let (writes, made) = functions.create_alias(function, name, alias.clone(), fresh)?;
            let body = output::alias(function, name, &made).to_string();
            (writes, (Answer::of_lambda(201, body.into_bytes()), false))
        }
        (R::UpdateAlias { function, name, alias }, _) => {
            let (writes, made) = functions.update_alias(function, name, alias.clone(), fresh)?;
            (writes, (ok(&output::alias(function, name, &made)), false))
        }
        (R::DeleteAlias { function, name }, _) => {
            unit(204, functions.delete_alias(function, name)?)
        }
        (R::AddPermission { function, permission }, _) => {
            let (writes, statement) = functions.add_permission(function, permission, fresh)?;
            let body = json!({ "Statement": statement }).to_string();
            (writes, (Answer::of_lambda(201, body.into_bytes()), false))
        }
        (R::RemovePermission { function, statement_id, revision_id }, _) => {
            let wanted = revision_id.as_deref();
            unit(204, functions.remove_permission(function, statement_id, wanted, fresh)?)
        }
        (R::PutFunctionConcurrency { function, reserved }, _) => {
            let (writes, ()) = functions.put_concurrency(function, Some(*reserved))?;
            (writes, (ok(&json!({ "ReservedConcurrentExecutions": reserved })), false))
        }
        (R::DeleteFunctionConcurrency { function }, _) => {
            unit(204, functions.put_concurrency(function, None)?)
        }
        (R::PutFunctionEventInvokeConfig { function, change, replace }, _) => {
            let change = change.clone();
            let (writes, made) = functions.put_invoke_config(function, change, *replace, fresh)?;
            let qualifier = function.qualifier.clone().unwrap_or(Qualifier::Latest);
            let body = output::invoke_config(&function.id, &qualifier, &made);
            (writes, (ok(&body), false))
        }
        (R::DeleteFunctionEventInvokeConfig { function }, _) => {
            unit(204, functions.delete_invoke_config(function)?)
        }
        (R::TagResource { function, tags }, _) => {
            unit(204, functions.tag(function, tags.iter().cloned().collect(), &[])?)
        }
        (R::UntagResource { function, keys }, _) => {
            unit(204, functions.tag(function, [].into(), keys)?)
        }
        // Not a change.
        _ => return Err(WireError::InternalFailure.into()),
    })
}
