//! Amazon SNS, API version 2010-03-31. A file for each action: the parameters that it reads, the
//! checks that need no topic, the command that it becomes, and its output.
//!
//! The service speaks the Query protocol only, so an action's `command` reads the fields of a form
//! itself. What depends on a topic or a subscription (its kind, its attributes), and what values
//! attributes, tags and policies may have, is checked by the core. Texts of errors are those of the
//! live service where they are known.

mod caller;
mod checks;
mod endpoint;
mod envelope;
mod function_event;
mod mail;
mod message;
mod message_attributes;
mod message_structure;
mod mobile;
mod page;
mod pairs;

pub mod add_permission;
pub mod confirm_subscription;
pub mod create_platform_application;
pub mod create_platform_endpoint;
pub mod create_topic;
pub mod delete_endpoint;
pub mod delete_platform_application;
pub mod delete_topic;
pub mod get_data_protection_policy;
pub mod get_endpoint_attributes;
pub mod get_platform_application_attributes;
pub mod get_subscription_attributes;
pub mod get_topic_attributes;
pub mod list_endpoints_by_platform_application;
pub mod list_platform_applications;
pub mod list_subscriptions;
pub mod list_subscriptions_by_topic;
pub mod list_tags_for_resource;
pub mod list_topics;
pub mod publish;
pub mod publish_batch;
pub mod put_data_protection_policy;
pub mod remove_permission;
pub mod set_endpoint_attributes;
pub mod set_platform_application_attributes;
pub mod set_subscription_attributes;
pub mod set_topic_attributes;
pub mod sms;
pub mod subscribe;
pub mod tag_resource;
pub mod unsubscribe;
pub mod untag_resource;

#[cfg(test)]
mod testing;

pub use caller::Caller;
pub use envelope::{Rendering, Signature};
pub use mail::{CONFIRMATION_PAGE, UNSUBSCRIBE_PAGE};
pub use message::notice;
pub use mobile::no_target;
pub use page::SubscriptionsOutput;
pub use pairs::AttributesOutput;

use crate::response::{Members, Output};

/// The output of an action whose output has no members: an empty result, which is not the same as
/// none.
#[derive(Debug)]
pub struct EmptyOutput;

impl Output for EmptyOutput {
    fn write(&self, _: &mut Members<'_>) {}
}
