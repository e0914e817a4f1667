//! Text messages: what accounts set for them, who wants none, and the sandbox. What policies say is
//! asked first; what is asked for is decided by the store, one change at a time.

use tidings_aws::Refusal;
use tidings_aws::sns::EmptyOutput;
use tidings_aws::sns::sms::{attributes, opt_outs, origination_numbers, sandbox};
use tidings_core::command::{Command, Reply};
use tidings_core::names::AccountId;
use tidings_core::register::RegisterWrite;
use tidings_core::rejection::TopicRejection;

use crate::authorise;
use crate::exchange::{Exchange, refusal_of, unexpected};
use crate::plane::ChangeFault;
use crate::sms::{CODES, Scope, SmsStore, new_code};

fn scope(exchange: &Exchange<'_>) -> Scope {
    let caller = &exchange.call.caller;
    Scope { account: caller.account, region: caller.region.clone() }
}

fn account(exchange: &Exchange<'_>) -> AccountId {
    exchange.call.caller.account
}

/// Decides something, and answers when it is durable.
async fn change<T>(
    exchange: &Exchange<'_>,
    decide: impl FnOnce(&SmsStore) -> Result<(Vec<RegisterWrite>, T), TopicRejection>,
) -> Result<T, Refusal> {
    exchange.sms.plane.change(decide).await.map_err(|fault| match fault {
        ChangeFault::Refused(rejection) => rejection.into(),
        ChangeFault::Failed(failure) => refusal_of(failure),
    })
}

pub(super) async fn set_attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let given = attributes::to_set(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (scope, terms) = (scope(exchange), &exchange.sms.terms);
    change(exchange, |store| Ok((store.set_attributes(&scope, &given, terms)?, ()))).await?;
    Ok(exchange.answer_with(&EmptyOutput))
}

pub(super) async fn attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let wanted = attributes::to_get(&exchange.fields());
    authorise::check_own(exchange).await?;
    let (scope, terms) = (scope(exchange), &exchange.sms.terms);
    let attributes = exchange.sms.look().attributes(&scope, &wanted, terms);
    Ok(exchange.answer_with(&attributes::GetSmsAttributesOutput { attributes }))
}

pub(super) async fn is_opted_out(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let number = opt_outs::number(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let is_opted_out = exchange.sms.look().is_opted_out(account(exchange), &number);
    Ok(exchange.answer_with(&opt_outs::CheckOutput { is_opted_out }))
}

pub(super) async fn list_opted_out(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let after = opt_outs::after(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (numbers, more) = exchange.sms.look().opted_out(account(exchange), after.as_deref());
    Ok(exchange.answer_with(&opt_outs::ListOutput { numbers, more }))
}

pub(super) async fn opt_in(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let number = opt_outs::number(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (account, now_ms) = (account(exchange), exchange.broker.now().as_ms());
    change(exchange, |store| Ok((store.opt_in(account, &number, now_ms)?, ()))).await?;
    Ok(exchange.answer_with(&EmptyOutput))
}

/// The number is in the sandbox before its code is sent: whoever answers it finds it there.
pub(super) async fn add_to_sandbox(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (number, language) = sandbox::to_create(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    super::publish::check_gateway(exchange, "PhoneNumber")?;
    let (scope, now_ms) = (scope(exchange), exchange.broker.now().as_ms());
    let code = new_code(exchange.broker.random_bytes());
    change(exchange, |store| {
        Ok((store.add_to_sandbox(scope.account, &number, &code, now_ms)?, ()))
    })
    .await?;
    let (text, id) = (language.message(&code), exchange.broker.uuid());
    let message = sandbox::code_message(scope.outbox(CODES), &number, &text, id);
    match exchange.ask_freely(Command::Topic(message)).await? {
        Reply::Published { .. } => Ok(exchange.answer_with(&EmptyOutput)),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn verify(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (number, password) = sandbox::to_verify(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (account, now_ms) = (account(exchange), exchange.broker.now().as_ms());
    change(exchange, |store| store.verify(account, &number, &password, now_ms)).await??;
    Ok(exchange.answer_with(&EmptyOutput))
}

pub(super) async fn remove_from_sandbox(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let number = sandbox::number(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (account, now_ms) = (account(exchange), exchange.broker.now().as_ms());
    change(exchange, |store| Ok((store.remove_from_sandbox(account, &number, now_ms)?, ())))
        .await?;
    Ok(exchange.answer_with(&EmptyOutput))
}

pub(super) async fn list_sandbox(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (after, max) = sandbox::page(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (numbers, more) = exchange.sms.look().sandbox(account(exchange), after.as_deref(), max);
    Ok(exchange.answer_with(&sandbox::ListOutput { numbers, more }))
}

pub(super) async fn sandbox_status(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    authorise::check_own(exchange).await?;
    let is_in_sandbox = exchange.sms.terms.is_sandbox;
    Ok(exchange.answer_with(&sandbox::StatusOutput { is_in_sandbox }))
}

pub(super) async fn origination_numbers(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (after, max) = origination_numbers::page(&exchange.fields())?;
    authorise::check_own(exchange).await?;
    let (numbers, more) = exchange.sms.terms.origination_numbers(after.as_deref(), max);
    Ok(exchange.answer_with(&origination_numbers::ListOutput { numbers, more }))
}
