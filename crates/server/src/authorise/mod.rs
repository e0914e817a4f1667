//! Whether a caller may do what it asks: all that policies say about it, asked before the broker is.
//!
//! Every command of a request passes here ([`Exchange::ask`]), so that none is forgotten: what it is
//! about follows from the command, what it needs from the action
//! ([`required`](tidings_access::required)).

mod circumstances;
mod judge;
mod sets;
mod subject;

use tidings_access::permissions::{On, Permission, When};
use tidings_access::{access_denied_text, required};
use tidings_aws::{Action, Refusal, Service, SnsAction, WireError};
use tidings_core::command::{Command, Reply, TopicCommand};
use tidings_core::names::{QueueName, SubscriptionProtocol};
use tidings_core::publication::PublishedContent;
use tidings_sigv4::AuthFault;

use crate::authenticate::Auth;
use crate::caller::Standing;
use crate::exchange::{Call, Exchange, unexpected};
use crate::request::Shared;

pub(crate) use circumstances::Circumstances;
pub(crate) use judge::{Judge, Question};
use sets::Sets;
use subject::Subject;

/// Sources of a dead-letter queue that are asked for at once.
const SOURCES_PAGE: usize = 1000;

/// Checks that the caller has every permission that the action needs for this command.
///
/// # Errors
/// The service's own words for who may not; for who has not said who it is, those of SNS for that.
pub(crate) async fn check(exchange: &Exchange<'_>, command: &Command) -> Result<(), Refusal> {
    check_by(Judge::of(exchange.call, exchange.broker.now(), exchange.audit), exchange, command)
        .await
}

/// Checks that the caller has every permission that an action needs which is about no queue and no
/// topic, but about what the account has of the service.
///
/// # Errors
/// As for [`check`].
pub(crate) async fn check_own(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    // What stands for a look at what is kept elsewhere.
    check(exchange, &Command::ReadRegister { prefix: String::new() }).await
}

/// Checks what was checked already once more, after a wait: by what the caller is now, and by the
/// policies of now. Only a refusal is written down.
///
/// # Errors
/// As for [`check`]; and if what the caller signed with is no good any more.
pub(crate) async fn check_again(exchange: &Exchange<'_>, command: &Command) -> Result<(), Refusal> {
    let (call, now) = (exchange.call, exchange.broker.now());
    let principal = match (exchange.auth, &call.caller.standing) {
        (Auth::On { identities, .. }, Standing::Principal(_)) => {
            Some(call.caller.again(&identities.plane.look(), now.as_ms())?)
        }
        _ => None,
    };
    let judge = Judge { principal: principal.as_deref(), ..Judge::of(call, now, None) };
    match check_by(judge, exchange, command).await {
        Err(_) => {
            check_by(Judge { audit: exchange.auth.audit(), ..judge }, exchange, command).await
        }
        allowed => allowed,
    }
}

async fn check_by(
    judge: Judge<'_>,
    exchange: &Exchange<'_>,
    command: &Command,
) -> Result<(), Refusal> {
    let action = exchange.call.action;
    let is_anonymous = match exchange.call.caller.standing {
        Standing::Unchecked { .. } => return Ok(()),
        Standing::Anonymous if needs_a_name(action) => return Err(refused(&judge, action).into()),
        Standing::Anonymous => true,
        Standing::Principal(_) => false,
    };
    let needs_grant = !(is_anonymous && needs_no_name(action));
    let trial = Trial { exchange, command, judge, needs_grant };
    // An action without permissions would be one that nobody has thought about.
    let permissions = required(action.service().signing_name(), action.name())
        .ok_or(WireError::InternalFailure)?;
    for permission in permissions {
        trial.check(permission).await?;
    }
    Ok(())
}

/// What somebody is told who has to say who it is, and does not. It is written down.
pub(crate) fn nameless(shared: &Shared, call: &Call) -> WireError {
    refused(&Judge::of(call, shared.broker.now(), shared.auth.audit()), call.action)
}

fn refused(judge: &Judge<'_>, action: Action) -> WireError {
    let fault = AuthFault::MissingToken;
    let asked = format!("{}:{}", action.service().signing_name(), action.name());
    judge.write_down(&asked, "*", Err(&fault.to_string()));
    WireError::Unauthentic(fault)
}

/// Links in messages are followed by people and programs that have no credentials: the token in the
/// link, or the core's rules about who may end a subscription, stand in for an allow. What policies
/// deny is denied to them, too.
fn needs_no_name(action: Action) -> bool {
    matches!(action, Action::Sns(SnsAction::ConfirmSubscription | SnsAction::Unsubscribe))
}

/// A subscription is somebody's: nobody in particular can have one, whatever policies say.
fn needs_a_name(action: Action) -> bool {
    matches!(
        action,
        Action::Sns(
            SnsAction::Subscribe
                | SnsAction::GetSubscriptionAttributes
                | SnsAction::SetSubscriptionAttributes
                | SnsAction::ListSubscriptions
        )
    )
}

/// A request about queues or topics, as it is judged.
struct Trial<'a> {
    exchange: &'a Exchange<'a>,
    command: &'a Command,
    judge: Judge<'a>,
    /// Whether a policy has to allow it.
    needs_grant: bool,
}

impl Trial<'_> {
    async fn check(&self, permission: &Permission) -> Result<(), Refusal> {
        if !self.is_needed(permission.when) {
            return Ok(());
        }
        let account = self.exchange.call.caller.account;
        match permission.on {
            On::Named => self.decide(permission.action, &self.named()?),
            On::Service => {
                let service = self.exchange.call.action.service();
                let subject = Subject::service(service, self.judge.region, account);
                self.decide(permission.action, &subject)
            }
            On::TopicOfSubscription => {
                // Whose subscription it is, the core knows: here it is the caller's own affair, if
                // the caller is somebody.
                let topic = self.named()?;
                let owner = if self.judge.principal.is_some() { account } else { topic.owner };
                self.decide(permission.action, &Subject { owner, ..topic })
            }
            On::MoveDestination => self.check_move(permission.action).await,
            // What these are about is not served yet, nor are the actions that need them.
            On::PhoneNumber => self.decide(permission.action, &self.phone()?),
            On::Platform | On::Alias | On::KeyOfAlias | On::SourceKey | On::DestinationKey => {
                Err(WireError::InternalFailure.into())
            }
        }
    }

    fn is_needed(&self, when: When) -> bool {
        match when {
            When::Always => true,
            When::ToArn => self.phone_number().is_none(),
            When::ToPhoneNumber => self.phone_number().is_some(),
            When::WithTags => match self.command {
                Command::CreateQueue { tags, .. }
                | Command::Topic(TopicCommand::CreateTopic { tags, .. }) => !tags.is_empty(),
                _ => true,
            },
            When::WithSourceIdentity => false,
        }
    }

    /// The number of a message that is published to a phone itself.
    fn phone_number(&self) -> Option<String> {
        let Command::Topic(TopicCommand::PublishDirect { protocol, message, .. }) = self.command
        else {
            return None;
        };
        let content = PublishedContent::decode(&message.content).ok();
        let target = content.and_then(|content| content.target.map(str::to_owned));
        target.filter(|_| *protocol == SubscriptionProtocol::Sms)
    }

    /// It is a resource by its number: only a pattern that is no ARN fits, such as `*`.
    fn phone(&self) -> Result<Subject, Refusal> {
        let number = self.phone_number().ok_or(WireError::InternalFailure)?;
        Ok(Subject::phone(number, self.exchange.call.caller.account))
    }

    fn named(&self) -> Result<Subject, Refusal> {
        let subject = Subject::of(self.command, self.exchange.broker);
        subject.ok_or_else(|| WireError::InternalFailure.into())
    }

    /// A move task sends to the queue that it names, or back to every source of the dead-letter
    /// queue.
    async fn check_move(&self, action: &str) -> Result<(), Refusal> {
        let Command::StartMoveTask { source, destination, .. } = self.command else {
            return Err(WireError::InternalFailure.into());
        };
        if let Some(destination) = destination {
            return self.decide(action, &Subject::queue(destination, self.exchange.broker));
        }
        let mut after: Option<QueueName> = None;
        loop {
            let (arn, max) = (source.clone(), SOURCES_PAGE);
            let list = Command::ListDeadLetterSourceQueues { arn, after, max };
            // What is wrong with the dead-letter queue is for the command itself to say.
            let (queues, more) = match self.exchange.ask_freely(list).await {
                Ok(Reply::Queues { queues, more }) => (queues, more),
                Ok(reply) => return Err(unexpected(&reply)),
                Err(Refusal::Rejected(_)) => return Ok(()),
                Err(refusal) => return Err(refusal),
            };
            for queue in &queues {
                self.decide(action, &Subject::queue(queue, self.exchange.broker))?;
            }
            match queues.last().filter(|_| more) {
                Some(last) => after = Some(last.name.clone()),
                None => return Ok(()),
            }
        }
    }

    fn decide(&self, action: &str, subject: &Subject) -> Result<(), Refusal> {
        let (resource_tags, sets) = (subject.tags(), Sets::by(self.command));
        let (request_tags, tag_keys, service_keys) =
            (sets.tags(), sets.tag_keys(), sets.service_keys());
        let question = Question {
            policy: subject.policy(),
            resource_tags: &resource_tags,
            request_tags: &request_tags,
            tag_keys: &tag_keys,
            service_keys: &service_keys,
            needs_grant: self.needs_grant,
            ..Question::new(action, &subject.arn, subject.owner)
        };
        self.judge.decide(&question).map_err(|text| self.refusal(text, subject))
    }

    fn refusal(&self, text: String, subject: &Subject) -> Refusal {
        let call = self.exchange.call;
        match (self.judge.principal, call.action.service()) {
            (Some(_), _) => WireError::AccessDenied(text),
            (None, Service::Sqs) => {
                let url = format!("{}/{}", call.base_url, subject.path);
                WireError::AccessDenied(access_denied_text(&url))
            }
            (None, Service::Sns | Service::Iam | Service::Kms | Service::Lambda | Service::Sts) => {
                WireError::Unauthentic(AuthFault::MissingToken)
            }
        }
        .into()
    }
}
