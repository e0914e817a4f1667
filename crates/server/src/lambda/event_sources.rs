//! Event source mappings: who may make and change them, and how their functions are invoked.
//!
//! The service receives in the name of the function's role, which the queue's policy is asked about each
//! time. What the role may by itself is not asked; instead, who makes a mapping, changes or enables it
//! must be permitted itself to receive from the queue, to delete there and to decrypt what is there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tidings_aws::Refusal;
use tidings_aws::lambda::{EventSourceRequest, event_sources as shown};
use tidings_broker::Failure;
use tidings_core::command::{Command, Reply};
use tidings_core::names::{QueueArn, Uuid};
use tidings_core::register::RegisterWrite;
use tidings_core::terms::Resource;
use tidings_functions::{Invocation, InvokeFault};
use tidings_lambda::event_sources::{EventSources, Mapping, NewMapping, Surroundings};
use tidings_lambda::{LambdaFault, Reference};
use tracing::debug;

use super::changes::refusal;
use super::looks::ok;
use super::said::SaidError;
use super::service::{Hosted, Lambda};
use super::trial::Trial;
use crate::event_sources::{Invoke, NotDone};
use crate::exchange::{Answer, refusal_of, unexpected};

/// What the caller needs to be permitted on the queue.
const ON_QUEUE: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// A request about mappings, on its way.
pub(super) struct Asked<'a> {
    pub(super) hosted: &'a Hosted,
    pub(super) trial: &'a Trial<'a>,
}

/// What a change says: what to write, and the answer.
type Step = Result<(Vec<RegisterWrite>, Answer), Refusal>;

impl Asked<'_> {
    pub(super) async fn answer(&self, request: EventSourceRequest) -> Result<Answer, Refusal> {
        use EventSourceRequest as R;
        let scope = self.trial.scope();
        let state = || self.hosted.sources.plane().look();
        match &request {
            R::Get { uuid } => {
                self.check("lambda:GetEventSourceMapping", uuid, &state())?;
                return Ok(ok(&self.show(state().find(scope, uuid)?)));
            }
            R::ListTags { uuid } => {
                self.check("lambda:ListTags", uuid, &state())?;
                return Ok(ok(&json!({ "Tags": state().find(scope, uuid)?.tags })));
            }
            R::List(query) => {
                self.trial.check_on("lambda:ListEventSourceMappings", &self.arn("*"))?;
                let (mappings, marker) = state().list(scope, query);
                let mappings = mappings.iter().map(|mapping| self.show(mapping)).collect();
                let page =
                    tidings_aws::lambda::output::page("EventSourceMappings", mappings, marker);
                return Ok(ok(&page));
            }
            _ => {}
        }
        let visibility_seconds = self.visibility(&request).await?;
        let changed = self.hosted.sources.plane().change(|sources| {
            // While it waited for its turn, another may have taken its rights away.
            let principal = self.trial.caller_again()?;
            let trial = &self.trial.again(principal.as_deref());
            Asked { trial, hosted: self.hosted }.decide(sources, &request, visibility_seconds)
        });
        let answer = changed.await.map_err(refusal)?;
        self.hosted.sources.tell_of_change();
        Ok(answer)
    }

    fn decide(
        &self,
        sources: &EventSources,
        request: &EventSourceRequest,
        visibility_seconds: Option<u32>,
    ) -> Step {
        use EventSourceRequest as R;
        let (scope, now_ms) = (self.trial.scope(), self.trial.broker.now().as_ms());
        let around = |function: &Reference| Surroundings {
            visibility_seconds,
            timeout_seconds: self.hosted.timeout_seconds(function),
        };
        let accepted = |(writes, mapping): (_, Arc<Mapping>)| {
            (writes, Answer::of_lambda(202, self.show(&mapping).to_string().into_bytes()))
        };
        let done = |(writes, _): (_, Arc<Mapping>)| (writes, Answer::of_lambda(204, Vec::new()));
        Ok(match request {
            R::Create(create) => {
                let action = "lambda:CreateEventSourceMapping";
                let (function, tags) = (&create.function, &create.tags);
                self.trial.check_mapping(action, &self.arn("*"), Some(function), tags)?;
                self.check_queue(&create.queue)?;
                if function.id.scope != *scope {
                    return Err(LambdaFault::parameter("Function does not exist").into());
                }
                let new = NewMapping {
                    uuid: self.trial.broker.uuid(),
                    queue: create.queue.clone(),
                    function: function.clone(),
                    settings: create.settings.clone(),
                    tags: tags.clone(),
                };
                accepted(sources.create(new, around(function), now_ms)?)
            }
            R::Update { uuid, update } => {
                self.check("lambda:UpdateEventSourceMapping", uuid, sources)?;
                if let Some(function) = &update.function {
                    // And on what it is to be: a condition may name the function.
                    let (action, arn) = ("lambda:UpdateEventSourceMapping", self.named(uuid));
                    self.trial.check_mapping(action, &arn, Some(function), &[].into())?;
                }
                let before = sources.find(scope, uuid)?;
                self.check_queue(&before.queue)?;
                let function = update.function.clone().unwrap_or_else(|| before.reference());
                let update = (**update).clone();
                accepted(sources.update(scope, uuid, update, around(&function), now_ms)?)
            }
            R::Delete { uuid } => {
                self.check("lambda:DeleteEventSourceMapping", uuid, sources)?;
                accepted(sources.delete(scope, uuid, now_ms)?)
            }
            R::Tag { uuid, tags } => {
                self.check("lambda:TagResource", uuid, sources)?;
                done(sources.tag(scope, uuid, tags.iter().cloned().collect(), &[])?)
            }
            R::Untag { uuid, keys } => {
                self.check("lambda:UntagResource", uuid, sources)?;
                done(sources.tag(scope, uuid, [].into(), keys)?)
            }
            R::Get { .. } | R::List(_) | R::ListTags { .. } => {
                return Err(tidings_aws::WireError::InternalFailure.into());
            }
        })
    }

    fn show(&self, mapping: &Mapping) -> serde_json::Value {
        shown::mapping(mapping, self.hosted.sources.problem(mapping.uuid).as_deref())
    }

    /// The ARN of a mapping of the caller's.
    fn arn(&self, uuid: &str) -> String {
        let scope = self.trial.scope();
        let (partition, region) = (scope.region.partition(), scope.region.as_str());
        format!("arn:{partition}:lambda:{region}:{}:event-source-mapping:{uuid}", scope.account)
    }

    /// Asks for a permission on a mapping, whether or not it is there.
    fn check(&self, action: &str, uuid: &str, sources: &EventSources) -> Result<(), Refusal> {
        let mapping = sources.find(self.trial.scope(), uuid).ok();
        let function = mapping.map(|mapping| mapping.reference());
        self.trial.check_mapping(action, &self.named(uuid), function.as_ref(), &[].into())
    }

    /// The ARN of the mapping that a caller names.
    fn named(&self, uuid: &str) -> String {
        // What is none cannot be part of an ARN.
        let uuid = Uuid::parse(&uuid.to_ascii_lowercase()).map(|uuid| uuid.to_string());
        self.arn(uuid.as_deref().unwrap_or_default())
    }

    fn check_queue(&self, queue: &QueueArn) -> Result<(), Refusal> {
        let resource = Resource::Queue(queue.clone());
        for action in ON_QUEUE {
            self.trial.check_terms(action, &resource)?;
        }
        self.trial.check_opening(queue)
    }

    /// How long messages of the queue that is meant stay invisible; `None` if there is no such queue,
    /// or nobody needs to know.
    async fn visibility(&self, request: &EventSourceRequest) -> Result<Option<u32>, Refusal> {
        let queue = match request {
            EventSourceRequest::Create(create) => create.queue.clone(),
            EventSourceRequest::Update { uuid, .. } => {
                let sources = self.hosted.sources.plane().look();
                let Ok(mapping) = sources.find(self.trial.scope(), uuid) else { return Ok(None) };
                mapping.queue.clone()
            }
            _ => return Ok(None),
        };
        let names = vec!["VisibilityTimeout".to_owned()];
        match self.trial.broker.call(Command::QueueAttributes { arn: queue, names }).await {
            Ok(Reply::Attributes(attributes)) => {
                Ok(attributes.into_iter().next().and_then(|(_, value)| value.parse().ok()))
            }
            Ok(reply) => Err(unexpected(&reply)),
            Err(Failure::Rejected(_)) => Ok(None),
            Err(failure) => Err(refusal_of(failure)),
        }
    }
}

impl Hosted {
    /// How long a function, version or alias may take; `None` if there is none.
    fn timeout_seconds(&self, function: &Reference) -> Option<u32> {
        let shown = self.plane.look().shown(function).ok()?;
        Some(shown.configuration.timeout_seconds)
    }
}

/// Functions of this server, as event sources invoke them.
impl Invoke for Lambda {
    fn timeout(&self, function: &Reference) -> Option<Duration> {
        Some(Duration::from_secs(self.0.timeout_seconds(function)?.into()))
    }

    fn role(&self, function: &Reference) -> Option<String> {
        let shown = self.0.plane.look().shown(function).ok()?;
        Some(shown.configuration.role.clone())
    }

    async fn invoke(&self, function: &Reference, event: Bytes) -> Result<Bytes, NotDone> {
        let broker = self.0.plane.broker();
        let chance = u32::from_le_bytes(broker.random_bytes());
        let busy = |fault: LambdaFault| NotDone::Busy(fault.text);
        let invocable = self.0.plane.look().invocable(function, chance).map_err(busy)?;
        let spec = self.0.spec(function, &invocable).await.map_err(busy)?;
        let invocation = Invocation {
            request_id: broker.uuid().to_string(),
            payload: event,
            client_context: None,
            trace_id: None,
        };
        let reserved = invocable.function.reserved_concurrency();
        match self.0.host.invoke(&spec, reserved, invocation).await {
            Ok(invoked) => match invoked.function_error {
                Some(error) => {
                    let (function, said) = (function.arn(), SaidError::of(&invoked));
                    debug!(function, "a function failed on a batch: {said}");
                    Err(NotDone::Failed(error.as_str().to_owned()))
                }
                None => Ok(invoked.payload),
            },
            Err(fault @ InvokeFault::Interrupted) => Err(NotDone::Failed(fault.to_string())),
            Err(fault) => Err(NotDone::Busy(fault.to_string())),
        }
    }
}
