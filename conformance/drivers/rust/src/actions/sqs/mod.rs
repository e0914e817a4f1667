//! Every action of SQS by its name.

mod batches;
mod messages;
mod move_tasks;
mod permissions;
mod queues;

use aws_sdk_sqs::Client;

use super::Answer;
use crate::answer::Stop;
use crate::input::Input;

pub async fn call(sqs: &Client, action: &str, input: Input<'_>) -> Answer {
    match action {
        "AddPermission" => permissions::add_permission(sqs, input).await,
        "CancelMessageMoveTask" => move_tasks::cancel_message_move_task(sqs, input).await,
        "ChangeMessageVisibility" => messages::change_message_visibility(sqs, input).await,
        "ChangeMessageVisibilityBatch" => {
            batches::change_message_visibility_batch(sqs, input).await
        }
        "CreateQueue" => queues::create_queue(sqs, input).await,
        "DeleteMessage" => messages::delete_message(sqs, input).await,
        "DeleteMessageBatch" => batches::delete_message_batch(sqs, input).await,
        "DeleteQueue" => queues::delete_queue(sqs, input).await,
        "GetQueueAttributes" => queues::get_queue_attributes(sqs, input).await,
        "GetQueueUrl" => queues::get_queue_url(sqs, input).await,
        "ListDeadLetterSourceQueues" => queues::list_dead_letter_source_queues(sqs, input).await,
        "ListMessageMoveTasks" => move_tasks::list_message_move_tasks(sqs, input).await,
        "ListQueueTags" => queues::list_queue_tags(sqs, input).await,
        "ListQueues" => queues::list_queues(sqs, input).await,
        "PurgeQueue" => queues::purge_queue(sqs, input).await,
        "ReceiveMessage" => messages::receive_message(sqs, input).await,
        "RemovePermission" => permissions::remove_permission(sqs, input).await,
        "SendMessage" => messages::send_message(sqs, input).await,
        "SendMessageBatch" => batches::send_message_batch(sqs, input).await,
        "SetQueueAttributes" => queues::set_queue_attributes(sqs, input).await,
        "StartMessageMoveTask" => move_tasks::start_message_move_task(sqs, input).await,
        "TagQueue" => queues::tag_queue(sqs, input).await,
        "UntagQueue" => queues::untag_queue(sqs, input).await,
        _ => Err(Stop::Unsendable(format!("this driver has no action {action}"))),
    }
}
