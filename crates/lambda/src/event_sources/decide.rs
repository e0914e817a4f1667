//! Changes of mappings, each decided on the state as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings_core::names::{QueueArn, Uuid};

use super::mapping::{Mapping, Phase};
use super::saved;
use super::settings::MappingSettings;
use super::store::EventSources;
use crate::decide::check_tags;
use crate::fault::{LambdaCode, LambdaFault};
use crate::functions::Decided;
use crate::limits;
use crate::names::{Reference, Scope};
use crate::saved::Write;

/// A mapping to be created.
#[derive(Clone, Debug)]
pub struct NewMapping {
    /// A fresh id.
    pub uuid: Uuid,
    /// The queue.
    pub queue: QueueArn,
    /// The function.
    pub function: Reference,
    /// How.
    pub settings: MappingSettings,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A change of a mapping.
#[derive(Clone, Default, Debug)]
pub struct MappingUpdate {
    /// Another function, or another version of it.
    pub function: Option<Reference>,
    /// What else is to change.
    pub settings: MappingSettings,
}

/// What is known of the queue and the function of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The queue's visibility timeout; `None` if there is no such queue.
    pub visibility_seconds: Option<u32>,
    /// The function's timeout; `None` if there is no such function, version or alias.
    pub timeout_seconds: Option<u32>,
}

impl Surroundings {
    /// Whether a mapping can be between them. The texts are the service's, as recorded, the third
    /// as people report it.
    fn check(&self) -> Result<(), LambdaFault> {
        let no_function = || LambdaFault::parameter("Function does not exist");
        let timeout = self.timeout_seconds.ok_or_else(no_function)?;
        let visibility = self.visibility_seconds.ok_or_else(|| {
            LambdaFault::parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: \
                 AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue \
                 does not exist.",
            )
        })?;
        if visibility < timeout {
            return Err(LambdaFault::parameter(format!(
                "Queue visibility timeout: {visibility} seconds is less than Function timeout: \
                 {timeout} seconds"
            )));
        }
        Ok(())
    }
}

impl EventSources {
    /// CreateEventSourceMapping.
    ///
    /// # Errors
    /// ResourceConflictException if the queue has a mapping to the function already;
    /// InvalidParameterValueException and ValidationException, as the parts of it say.
    pub fn create(
        &self,
        new: NewMapping,
        surroundings: Surroundings,
        now_ms: u64,
    ) -> Decided<Arc<Mapping>> {
        let NewMapping { uuid, queue, function: Reference { id, qualifier }, settings, tags } = new;
        if queue.region != id.scope.region {
            let text = "The queue is in another region than the function.";
            return Err(LambdaFault::parameter(text));
        }
        let mut mapping = Mapping {
            uuid,
            queue,
            function: id,
            qualifier,
            batch_size: limits::EVENT_SOURCE_BATCH_SIZE_DEFAULT,
            window_seconds: 0,
            filters: Vec::new(),
            reports_item_failures: false,
            concurrency_max: None,
            tags,
            is_enabled: true,
            phase: Phase::Creating,
            modified_at_ms: now_ms,
            revision: 1,
        };
        settings.change(&mut mapping)?;
        check_tags(&mapping.tags)?;
        surroundings.check()?;
        self.check_unique(&mapping)?;
        self.check_room(&mapping.function.scope)?;
        if !mapping.is_enabled {
            // As recorded: there is nothing to wait for.
            mapping.phase = Phase::Settled;
        }
        written(mapping)
    }

    /// UpdateEventSourceMapping.
    ///
    /// # Errors
    /// ResourceInUseException if another change is not done yet; ResourceNotFoundException; others
    /// as [`EventSources::create`].
    pub fn update(
        &self,
        scope: &Scope,
        uuid: &str,
        update: MappingUpdate,
        surroundings: Surroundings,
        now_ms: u64,
    ) -> Decided<Arc<Mapping>> {
        let before = self.find(scope, uuid)?;
        if before.phase != Phase::Settled {
            return Err(in_use("update"));
        }
        let mut mapping = Mapping::clone(before);
        if let Some(Reference { id, qualifier }) = update.function {
            if id.scope != *scope {
                return Err(LambdaFault::parameter("Function does not exist"));
            }
            (mapping.function, mapping.qualifier) = (id, qualifier);
        }
        update.settings.change(&mut mapping)?;
        surroundings.check()?;
        self.check_unique(&mapping)?;
        mapping.phase = match (before.is_enabled, mapping.is_enabled) {
            (false, true) => Phase::Enabling,
            (true, false) => Phase::Disabling,
            _ => Phase::Updating,
        };
        (mapping.modified_at_ms, mapping.revision) = (now_ms, before.revision + 1);
        written(mapping)
    }

    /// DeleteEventSourceMapping: it is gone when it has been settled.
    ///
    /// # Errors
    /// ResourceInUseException if another change is not done yet; ResourceNotFoundException.
    pub fn delete(&self, scope: &Scope, uuid: &str, now_ms: u64) -> Decided<Arc<Mapping>> {
        let before = self.find(scope, uuid)?;
        if before.phase != Phase::Settled {
            return Err(in_use("delete"));
        }
        let mut mapping = Mapping::clone(before);
        mapping.phase = Phase::Deleting;
        (mapping.modified_at_ms, mapping.revision) = (now_ms, before.revision + 1);
        written(mapping)
    }

    /// TagResource and UntagResource.
    ///
    /// # Errors
    /// ResourceNotFoundException; InvalidParameterValueException for tags that cannot be.
    pub fn tag(
        &self,
        scope: &Scope,
        uuid: &str,
        set: BTreeMap<String, String>,
        removed: &[String],
    ) -> Decided<Arc<Mapping>> {
        let mut mapping = Mapping::clone(self.find(scope, uuid)?);
        mapping.tags.extend(set);
        mapping.tags.retain(|key, _| !removed.contains(key));
        check_tags(&mapping.tags)?;
        written(mapping)
    }

    /// Says that messages are received as this revision of a mapping has it, or are no longer. Nothing
    /// is written if it has been changed since, or says so already.
    pub fn settle(&self, done: &Mapping) -> Vec<Write> {
        let now = self.scopes.get(&done.function.scope).and_then(|all| all.get(&done.uuid));
        match now.filter(|now| now.revision == done.revision) {
            Some(now) if now.phase == Phase::Deleting => vec![saved::remove(now)],
            Some(now) if now.phase != Phase::Settled => {
                vec![saved::set(&Mapping { phase: Phase::Settled, ..Mapping::clone(now) })]
            }
            _ => Vec::new(),
        }
    }

    fn check_unique(&self, mapping: &Mapping) -> Result<(), LambdaFault> {
        let others = self.scopes.get(&mapping.function.scope).into_iter().flatten();
        let twin = others.map(|(_, other)| other).find(|other| {
            other.uuid != mapping.uuid
                && other.queue == mapping.queue
                && other.reference() == mapping.reference()
        });
        let Some(twin) = twin else { return Ok(()) };
        let function = match &mapping.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", mapping.function.name),
            None => mapping.function.name.to_string(),
        };
        // The service has the spaces.
        let text = format!(
            "An event source mapping with SQS arn (\" {} \") and function (\" {function} \") already \
             exists. Please update or delete the existing mapping with UUID {}",
            mapping.queue, twin.uuid
        );
        Err(LambdaFault::new(LambdaCode::ResourceConflict, text))
    }

    fn check_room(&self, scope: &Scope) -> Result<(), LambdaFault> {
        let max = limits::EVENT_SOURCE_MAPPINGS_MAX;
        if self.scopes.get(scope).is_some_and(|mappings| mappings.len() >= max) {
            let text = format!("There can be {max} event source mappings at most.");
            return Err(LambdaFault::parameter(text));
        }
        Ok(())
    }
}

fn written(mapping: Mapping) -> Decided<Arc<Mapping>> {
    Ok((vec![saved::set(&mapping)], Arc::new(mapping)))
}

/// The text is the service's, as people report it.
fn in_use(verb: &str) -> LambdaFault {
    let text = format!("Cannot {verb} the event source mapping because it is in use.");
    LambdaFault::new(LambdaCode::ResourceInUse, text)
}
