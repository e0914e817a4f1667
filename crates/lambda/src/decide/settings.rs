//! Reserved concurrency, and what becomes of asynchronous invocations.

use tidings_core::names::{QueueArn, TopicArn};

use crate::fault::{LambdaCode, LambdaFault};
use crate::function::InvokeConfig;
use crate::functions::{Decided, Fresh, Functions};
use crate::limits;
use crate::names::{FunctionId, Qualifier, Reference};
use crate::saved::{Part, SavedFunction};

/// PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig. An empty destination takes it
/// away.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each is the member of InvokeConfig of its name")]
pub struct InvokeChange {
    pub retry_attempts: Option<u32>,
    pub event_age_seconds: Option<u32>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
}

impl Functions {
    /// Reserves concurrency for a function, or takes it back.
    ///
    /// # Errors
    /// ResourceNotFoundException; InvalidParameterValueException if too little would be left to the
    /// functions of the account that have none.
    pub fn put_concurrency(&self, id: &FunctionId, reserved: Option<u32>) -> Decided<()> {
        let function = self.find(id)?;
        let others =
            self.scopes.get(&id.scope).into_iter().flat_map(|functions| functions.values());
        let others: u32 = others
            .filter(|other| other.id.name != id.name)
            .filter_map(|other| other.reserved_concurrency())
            .fold(0, u32::saturating_add);
        let most = limits::ACCOUNT_CONCURRENCY - limits::UNRESERVED_CONCURRENCY_MIN;
        if others.saturating_add(reserved.unwrap_or(0)) > most {
            return Err(LambdaFault::parameter(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's \
                 UnreservedConcurrentExecution below its minimum value of [{}].",
                limits::UNRESERVED_CONCURRENCY_MIN
            )));
        }
        let saved = SavedFunction {
            reserved_concurrency: reserved,
            ..SavedFunction::clone(&function.saved)
        };
        Ok((vec![function.set(&saved)], ()))
    }

    /// Settings of asynchronous invocations of a function, version or alias.
    ///
    /// # Errors
    /// ResourceNotFoundException if there is no such function, version or alias, or no settings.
    pub fn event_invoke_config(&self, reference: &Reference) -> Result<&InvokeConfig, LambdaFault> {
        self.shown(reference)?;
        let qualifier = reference.qualifier.clone().unwrap_or(Qualifier::Latest);
        let config = self.find(&reference.id)?.invoke_config(Some(&qualifier));
        config.map(|config| &**config).ok_or_else(|| {
            let arn = reference.id.arn(Some(&qualifier));
            let text = format!("The function {arn} doesn't have an EventInvokeConfig");
            LambdaFault::new(LambdaCode::ResourceNotFound, text)
        })
    }

    /// Makes settings, in place of those that there are if `replace`, else of what is given.
    ///
    /// # Errors
    /// ResourceNotFoundException; ValidationException for numbers out of bounds;
    /// InvalidParameterValueException for a destination that nothing can be sent to.
    pub fn put_invoke_config(
        &self,
        reference: &Reference,
        change: InvokeChange,
        replace: bool,
        fresh: Fresh,
    ) -> Decided<InvokeConfig> {
        self.shown(reference)?;
        check(&change)?;
        let mut config = match replace {
            true => InvokeConfig::default(),
            false => self.event_invoke_config(reference)?.clone(),
        };
        config.retry_attempts = change.retry_attempts.or(config.retry_attempts);
        config.event_age_seconds = change.event_age_seconds.or(config.event_age_seconds);
        for (to, from) in [
            (&mut config.on_success, change.on_success),
            (&mut config.on_failure, change.on_failure),
        ] {
            if let Some(destination) = from {
                *to = Some(destination).filter(|destination| !destination.is_empty());
            }
        }
        config.modified_at_ms = fresh.now_ms;
        let qualifier = reference.qualifier.clone().unwrap_or(Qualifier::Latest);
        let write = self.find(&reference.id)?.key(Part::Invoke(qualifier)).set(&config);
        self.bounded(LambdaCode::InvalidParameterValue, (vec![write], config))
    }

    /// Takes settings away.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn delete_invoke_config(&self, reference: &Reference) -> Decided<()> {
        self.event_invoke_config(reference)?;
        let qualifier = reference.qualifier.clone().unwrap_or(Qualifier::Latest);
        let write = self.find(&reference.id)?.key(Part::Invoke(qualifier)).remove();
        Ok((vec![write], ()))
    }
}

fn check(change: &InvokeChange) -> Result<(), LambdaFault> {
    if let Some(attempts) = change.retry_attempts.filter(|it| *it > limits::RETRY_ATTEMPTS_MAX) {
        let most = format!("have value less than or equal to {}", limits::RETRY_ATTEMPTS_MAX);
        return Err(LambdaFault::constraint(&attempts.to_string(), "maximumRetryAttempts", most));
    }
    let ages = &limits::EVENT_AGE_SECONDS;
    if let Some(age) = change.event_age_seconds.filter(|age| !ages.contains(age)) {
        let bounds = match age > *ages.end() {
            true => format!("have value less than or equal to {}", ages.end()),
            false => format!("have value greater than or equal to {}", ages.start()),
        };
        return Err(LambdaFault::constraint(&age.to_string(), "maximumEventAgeInSeconds", bounds));
    }
    for destination in [&change.on_success, &change.on_failure].into_iter().flatten() {
        if !destination.is_empty() {
            check_destination(destination)?;
        }
    }
    Ok(())
}

/// Refuses an ARN that is neither one of a standard queue nor one of a standard topic: where records
/// of asynchronous invocations and dead letters can go.
///
/// # Errors
/// InvalidParameterValueException.
pub fn check_destination(arn: &str) -> Result<(), LambdaFault> {
    let is_queue = QueueArn::parse(arn).is_some_and(|queue| !queue.name.is_fifo());
    let is_topic = TopicArn::parse(arn).is_some_and(|topic| !topic.name.is_fifo());
    if is_queue || is_topic {
        return Ok(());
    }
    Err(LambdaFault::parameter(format!(
        "The provided destination {arn} is invalid: this server sends to standard queues and standard \
         topics."
    )))
}
