//! Platform applications and their endpoints: each action as a look at what is kept of them, or a
//! change of it. Whether the caller may, is asked of the same state that answers.

use std::sync::Arc;

use tidings_access::permissions::On;
use tidings_access::required;
use tidings_aws::sns::create_platform_application::{self, CreatePlatformApplicationOutput};
use tidings_aws::sns::create_platform_endpoint::{self, CreatePlatformEndpointOutput};
use tidings_aws::sns::list_endpoints_by_platform_application::{
    self, ListEndpointsByPlatformApplicationOutput,
};
use tidings_aws::sns::list_platform_applications::{self, ListPlatformApplicationsOutput};
use tidings_aws::sns::{
    AttributesOutput, delete_endpoint, delete_platform_application, get_endpoint_attributes,
    get_platform_application_attributes, set_endpoint_attributes,
    set_platform_application_attributes,
};
use tidings_aws::{Refusal, SnsAction, WireError};
use tidings_core::names::AccountId;
use tidings_identity::Principal;
use tidings_platforms::{Change, Output, Platforms, Random};

use crate::authenticate::Auth;
use crate::authorise::{Judge, Question, nameless};
use crate::caller::Standing;
use crate::exchange::Exchange;
use crate::keys;
use crate::mobile::{self, MobilePush};
use crate::request::Shared;

/// Carries out an action about applications or endpoints.
pub(super) async fn perform(
    shared: &Shared,
    exchange: &Exchange<'_>,
    action: SnsAction,
) -> Result<Vec<u8>, Refusal> {
    let Some(mobile) = exchange.mobile else {
        return Err(
            WireError::ServiceUnavailable("This server keeps no platform applications.").into()
        );
    };
    let trial = Trial::new(shared, exchange, action)?;
    let (fields, caller) = (&exchange.fields(), &exchange.topic_caller());
    let change = match action {
        SnsAction::CreatePlatformApplication => {
            create_platform_application::change(fields, caller)?
        }
        SnsAction::CreatePlatformEndpoint => create_platform_endpoint::change(fields, caller)?,
        SnsAction::DeleteEndpoint => delete_endpoint::change(fields, caller)?,
        SnsAction::DeletePlatformApplication => {
            delete_platform_application::change(fields, caller)?
        }
        SnsAction::SetEndpointAttributes => set_endpoint_attributes::change(fields, caller)?,
        SnsAction::SetPlatformApplicationAttributes => {
            set_platform_application_attributes::change(fields, caller)?
        }
        action => return look(exchange, &mobile.plane.look(), &trial, action),
    };
    let output = apply(shared, mobile, &trial, change).await?;
    Ok(match output {
        Output::Done => match action {
            SnsAction::DeletePlatformApplication => {
                drop_outbox(exchange).await;
                mobile.sweep_later();
                exchange.acknowledge()
            }
            _ => exchange.acknowledge(),
        },
        Output::Application(arn) => exchange.answer_with(&CreatePlatformApplicationOutput { arn }),
        Output::Endpoint(arn) => exchange.answer_with(&CreatePlatformEndpointOutput { arn }),
    })
}

fn look(
    exchange: &Exchange<'_>,
    platforms: &Platforms,
    trial: &Trial<'_>,
    action: SnsAction,
) -> Result<Vec<u8>, Refusal> {
    let (fields, caller) = (&exchange.fields(), &exchange.topic_caller());
    Ok(match action {
        SnsAction::GetEndpointAttributes => {
            let arn = get_endpoint_attributes::endpoint(fields, caller)?;
            trial.check(&arn.to_string(), arn.application.account)?;
            let attributes = platforms.endpoint(&arn)?.attributes();
            exchange.answer_with(&AttributesOutput { attributes })
        }
        SnsAction::GetPlatformApplicationAttributes => {
            let arn = get_platform_application_attributes::application(fields, caller)?;
            trial.check(&arn.to_string(), arn.account)?;
            let attributes = platforms.application(&arn)?.attributes();
            exchange.answer_with(&AttributesOutput { attributes })
        }
        SnsAction::ListEndpointsByPlatformApplication => {
            let (arn, after) = list_endpoints_by_platform_application::asked(fields, caller)?;
            trial.check(&arn.to_string(), arn.account)?;
            let page = platforms.list_endpoints(platforms.application(&arn)?, after);
            let output = ListEndpointsByPlatformApplicationOutput { application: arn, page };
            exchange.answer_with(&output)
        }
        SnsAction::ListPlatformApplications => {
            let after = list_platform_applications::after(fields, caller)?;
            trial.check("", caller.account)?;
            let page = platforms.list_applications(caller.account, caller.region, after.as_ref());
            exchange.answer_with(&ListPlatformApplicationsOutput(page))
        }
        _ => return Err(WireError::InternalFailure.into()),
    })
}

/// Decides a change, waits until it is durable, and tells the owner of it.
async fn apply(
    shared: &Shared,
    mobile: &MobilePush,
    trial: &Trial<'_>,
    change: Change,
) -> Result<Output, Refusal> {
    let (arn, owner) = subject(&change);
    let random = Random::new(shared.broker.random_bytes());
    let changed = mobile.plane.change(|platforms| {
        // While it waited for its turn, another may have taken its rights away.
        let principal = trial.caller_again()?;
        trial.again(principal.as_deref()).check(&arn, owner)?;
        let now = shared.broker.now();
        let decision =
            platforms.decide(change, now, &random, &|proposed| mobile::check(proposed, now))?;
        Ok((decision.writes, (decision.output, decision.event)))
    });
    let (output, event) = changed.await.map_err(keys::refusal)?;
    if let Some(event) = event {
        mobile::tell(shared, &event, None).await;
    }
    Ok(output)
}

/// What a change is about, and whose that is.
fn subject(change: &Change) -> (String, AccountId) {
    match change {
        Change::CreateApplication { application, .. }
        | Change::SetApplicationAttributes { application, .. }
        | Change::DeleteApplication { application }
        | Change::CreateEndpoint { application, .. } => {
            (application.to_string(), application.account)
        }
        Change::SetEndpointAttributes { endpoint, .. }
        | Change::DeleteEndpoint { endpoint }
        | Change::DisableEndpoint { endpoint, .. }
        | Change::ReplaceToken { endpoint, .. } => {
            (endpoint.to_string(), endpoint.application.account)
        }
    }
}

/// What still waits for endpoints of an application that is gone would wait for nothing.
async fn drop_outbox(exchange: &Exchange<'_>) {
    use tidings_core::command::{Command, TopicCommand};
    let (fields, caller) = (&exchange.fields(), &exchange.topic_caller());
    let Ok(application) = get_platform_application_attributes::application(fields, caller) else {
        return;
    };
    let delete = TopicCommand::DeleteTopic { arn: application.outbox() };
    // If that fails, each message finds out by itself.
    let _ = exchange.ask_freely(Command::Topic(delete)).await;
}

/// A call about applications or endpoints, as it is judged.
struct Trial<'a> {
    exchange: &'a Exchange<'a>,
    action: SnsAction,
    /// `None` where nobody is judged.
    judge: Option<Judge<'a>>,
}

impl<'a> Trial<'a> {
    /// # Errors
    /// Whoever has no name has no applications.
    fn new(
        shared: &'a Shared,
        exchange: &'a Exchange<'a>,
        action: SnsAction,
    ) -> Result<Self, Refusal> {
        if let Standing::Anonymous = exchange.call.caller.standing {
            return Err(nameless(shared, exchange.call).into());
        }
        Ok(Self { exchange, action, judge: exchange.judge() })
    }

    /// The caller as it stands now.
    fn caller_again(&self) -> Result<Option<Arc<Principal>>, Refusal> {
        let (Some(_), Auth::On { identities, .. }) = (&self.judge, self.exchange.auth) else {
            return Ok(None);
        };
        let now_ms = self.exchange.broker.now().as_ms();
        Ok(Some(self.exchange.call.caller.again(&identities.plane.look(), now_ms)?))
    }

    /// The same call, judged now, and by what its caller is now.
    fn again<'b>(&'b self, principal: Option<&'b Principal>) -> Trial<'b> {
        let now = self.exchange.broker.now();
        let judge = self.judge.map(|judge| Judge { principal, now, ..judge });
        Trial { judge, exchange: self.exchange, action: self.action }
    }

    /// Asks for every permission that the action needs on this application or endpoint.
    fn check(&self, arn: &str, owner: AccountId) -> Result<(), Refusal> {
        let Some(judge) = &self.judge else { return Ok(()) };
        // An action without permissions would be one that nobody has thought about.
        let permissions = required("sns", self.action.name()).ok_or(WireError::InternalFailure)?;
        let caller = &self.exchange.call.caller;
        let (region, account) = (&caller.region, caller.account);
        for permission in permissions {
            let of_service;
            let (resource, owner) = match permission.on {
                On::Service => {
                    of_service = format!("arn:aws:sns:{}:{account}:*", region.as_str());
                    (of_service.as_str(), account)
                }
                _ => (arn, owner),
            };
            let question = Question::new(permission.action, resource, owner);
            judge.decide(&question).map_err(WireError::AccessDenied)?;
        }
        Ok(())
    }
}
