//! Amazon SQS: each action as calls of the broker.
//!
//! `tidings-aws` decodes, checks and renders; the core decides. What is left is the way between
//! them, and reading the records of messages that were handed out.

mod move_tasks;
mod permissions;
mod queues;
mod receipts;
mod receive;
mod send;
mod tags;

use tidings_aws::{Refusal, Service, SqsAction};

use crate::exchange::{Answer, Call, Exchange};
use crate::request::Shared;

/// Answers a call, whatever it is.
pub(crate) async fn answer(shared: &Shared, call: &Call, action: SqsAction) -> Answer {
    match body(shared, call, action).await {
        Ok(body) => Answer::success(call.protocol, body),
        Err(refusal) => refusal.answer(Service::Sqs, call.protocol, call.request_id),
    }
}

async fn body(shared: &Shared, call: &Call, action: SqsAction) -> Result<Vec<u8>, Refusal> {
    let exchange = &Exchange::new(shared, call)?;
    match action {
        SqsAction::AddPermission => permissions::add(exchange).await,
        SqsAction::CancelMessageMoveTask => move_tasks::cancel(exchange).await,
        SqsAction::ChangeMessageVisibility => receipts::change_visibility(exchange).await,
        SqsAction::ChangeMessageVisibilityBatch => {
            receipts::change_visibility_batch(exchange).await
        }
        SqsAction::CreateQueue => queues::create(exchange).await,
        SqsAction::DeleteMessage => receipts::delete(exchange).await,
        SqsAction::DeleteMessageBatch => receipts::delete_batch(exchange).await,
        SqsAction::DeleteQueue => queues::delete(exchange).await,
        SqsAction::GetQueueAttributes => queues::attributes(exchange).await,
        SqsAction::GetQueueUrl => queues::url(exchange).await,
        SqsAction::ListDeadLetterSourceQueues => queues::dead_letter_sources(exchange).await,
        SqsAction::ListMessageMoveTasks => move_tasks::list(exchange).await,
        SqsAction::ListQueueTags => tags::list(exchange).await,
        SqsAction::ListQueues => queues::list(exchange).await,
        SqsAction::PurgeQueue => queues::purge(exchange).await,
        SqsAction::ReceiveMessage => receive::receive(exchange).await,
        SqsAction::RemovePermission => permissions::remove(exchange).await,
        SqsAction::SendMessage => send::send(exchange).await,
        SqsAction::SendMessageBatch => send::send_batch(exchange).await,
        SqsAction::SetQueueAttributes => queues::set_attributes(exchange).await,
        SqsAction::StartMessageMoveTask => move_tasks::start(exchange).await,
        SqsAction::TagQueue => tags::tag(exchange).await,
        SqsAction::UntagQueue => tags::untag(exchange).await,
    }
}
