//! SendMessage and SendMessageBatch.

use tidings_aws::Refusal;
use tidings_aws::sqs::{SendMessage, SendMessageBatch, SendMessageOutput, Sender};
use tidings_core::command::Reply;

use crate::caller::Standing;
use crate::exchange::{Exchange, unexpected};

pub(super) async fn send(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let sender_id = sender_id(exchange);
    let sender = sender(exchange, &sender_id);
    let message_id = exchange.broker.uuid();
    let input: SendMessage<'_> = exchange.input()?;
    let (command, digests) = input.command(&exchange.caller(), &sender, message_id)?;
    match exchange.ask(command).await? {
        Reply::Sent(mut answers) if answers.len() == 1 => {
            let sent = answers.remove(0)?;
            Ok(exchange.answer_with(&SendMessageOutput { sent, digests }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn send_batch(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let sender_id = sender_id(exchange);
    let sender = sender(exchange, &sender_id);
    let input: SendMessageBatch<'_> = exchange.input()?;
    let message_id = || exchange.broker.uuid();
    let (command, outcome) = input.command(&exchange.caller(), &sender, message_id)?;
    let answers = match exchange.ask(command).await {
        Ok(Reply::Sent(answers)) => answers,
        // Only whether the queue is there was asked, as no message passed its checks.
        Ok(Reply::Done) => Vec::new(),
        Ok(reply) => return Err(unexpected(&reply)),
        Err(Refusal::Rejected(rejection)) => {
            return Err(SendMessageBatch::of_call(rejection).into());
        }
        Err(refusal) => return Err(refusal),
    };
    let answers =
        answers.into_iter().map(|answer| answer.map_err(SendMessageBatch::of_entry)).collect();
    Ok(exchange.answer_with(&outcome.settle(answers)))
}

/// Where nobody is authenticated, and of a root user, the account.
fn sender_id(exchange: &Exchange<'_>) -> String {
    let caller = &exchange.call.caller;
    match &caller.standing {
        Standing::Principal(principal) => principal.user_id().into_owned(),
        Standing::Anonymous => "anonymous".to_owned(),
        Standing::Unchecked { .. } => caller.account.to_string(),
    }
}

fn sender<'a>(exchange: &Exchange<'a>, id: &'a str) -> Sender<'a> {
    Sender { id, trace_header: exchange.call.trace_id_header.as_deref() }
}
