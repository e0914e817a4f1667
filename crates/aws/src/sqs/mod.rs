//! Amazon SQS, API version 2012-11-05. A file for each action: its input in both encodings, the
//! checks that need no queue, the command that it becomes, and its output.
//!
//! What depends on the queue (its kind, its attributes, its messages) is checked by the core. Texts
//! of errors are those of the live service where they are known.

mod batch;
mod caller;
mod characters;
mod checks;
pub(crate) mod digits;
mod message;
pub(crate) mod message_attributes;
mod page;
mod pairs;
pub(crate) mod system_attributes;
mod task_handle;
mod wanted;

mod add_permission;
mod cancel_message_move_task;
mod change_message_visibility;
mod change_message_visibility_batch;
mod create_queue;
mod delete_message;
mod delete_message_batch;
mod delete_queue;
mod event_record;
mod get_queue_attributes;
mod get_queue_url;
mod list_dead_letter_source_queues;
mod list_message_move_tasks;
mod list_queue_tags;
mod list_queues;
mod purge_queue;
mod receive_message;
mod remove_permission;
pub(crate) mod send_message;
mod send_message_batch;
mod set_queue_attributes;
mod start_message_move_task;
mod tag_queue;
mod untag_queue;

#[cfg(test)]
mod testing;

pub use add_permission::AddPermission;
pub use batch::{Acknowledged, BatchOutput, Outcome};
pub use caller::{Caller, queue_url};
pub use cancel_message_move_task::{CancelMessageMoveTask, CancelMessageMoveTaskOutput};
pub use change_message_visibility::ChangeMessageVisibility;
pub use change_message_visibility_batch::{ChangeMessageVisibilityBatch, VisibilityChanged};
pub use create_queue::CreateQueue;
pub use delete_message::DeleteMessage;
pub use delete_message_batch::{DeleteMessageBatch, Deleted};
pub use delete_queue::DeleteQueue;
pub use event_record::EventRecord;
pub use get_queue_attributes::{GetQueueAttributes, GetQueueAttributesOutput};
pub use get_queue_url::{GetQueueUrl, QueueUrlOutput};
pub use list_dead_letter_source_queues::ListDeadLetterSourceQueues;
pub use list_message_move_tasks::{ListMessageMoveTasks, ListMessageMoveTasksOutput};
pub use list_queue_tags::{ListQueueTags, ListQueueTagsOutput};
pub use list_queues::ListQueues;
pub use message::Sender;
pub use page::QueueUrlsOutput;
pub use purge_queue::PurgeQueue;
pub use receive_message::{ReceiveMessage, ReceiveMessageOutput, ReceivedMessage};
pub use remove_permission::RemovePermission;
pub use send_message::{Digests, SendMessage, SendMessageOutput};
pub use send_message_batch::SendMessageBatch;
pub use set_queue_attributes::SetQueueAttributes;
pub use start_message_move_task::{StartMessageMoveTask, StartMessageMoveTaskOutput};
pub use tag_queue::TagQueue;
pub use untag_queue::UntagQueue;
pub use wanted::Wanted;
