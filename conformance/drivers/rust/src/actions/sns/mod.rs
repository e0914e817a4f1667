//! Every action of SNS about topics, their subscriptions, text messages and mobile push, by its name.

mod permissions;
mod platforms;
mod publish;
mod subscriptions;
mod tags;
mod text_messages;
mod topics;

use aws_sdk_sns::Client;

use super::Answer;
use crate::answer::Stop;
use crate::input::Input;

pub async fn call(sns: &Client, action: &str, input: Input<'_>) -> Answer {
    match action {
        "AddPermission" => permissions::add_permission(sns, input).await,
        "CheckIfPhoneNumberIsOptedOut" => text_messages::check_if_opted_out(sns, input).await,
        "ConfirmSubscription" => subscriptions::confirm_subscription(sns, input).await,
        "CreateSMSSandboxPhoneNumber" => text_messages::create_sandbox_number(sns, input).await,
        "CreateTopic" => topics::create_topic(sns, input).await,
        "DeleteSMSSandboxPhoneNumber" => text_messages::delete_sandbox_number(sns, input).await,
        "DeleteTopic" => topics::delete_topic(sns, input).await,
        "GetDataProtectionPolicy" => permissions::get_data_protection_policy(sns, input).await,
        "GetSMSAttributes" => text_messages::get_attributes(sns, input).await,
        "GetSMSSandboxAccountStatus" => text_messages::get_sandbox_status(sns, input).await,
        "GetSubscriptionAttributes" => subscriptions::get_attributes(sns, input).await,
        "GetTopicAttributes" => topics::get_topic_attributes(sns, input).await,
        "ListOriginationNumbers" => text_messages::list_origination_numbers(sns, input).await,
        "ListPhoneNumbersOptedOut" => text_messages::list_opted_out(sns, input).await,
        "ListSMSSandboxPhoneNumbers" => text_messages::list_sandbox_numbers(sns, input).await,
        "ListSubscriptions" => subscriptions::list_subscriptions(sns, input).await,
        "ListSubscriptionsByTopic" => subscriptions::list_by_topic(sns, input).await,
        "ListTagsForResource" => tags::list_tags_for_resource(sns, input).await,
        "ListTopics" => topics::list_topics(sns, input).await,
        "OptInPhoneNumber" => text_messages::opt_in(sns, input).await,
        "Publish" => publish::publish(sns, input).await,
        "PublishBatch" => publish::publish_batch(sns, input).await,
        "PutDataProtectionPolicy" => permissions::put_data_protection_policy(sns, input).await,
        "RemovePermission" => permissions::remove_permission(sns, input).await,
        "SetSMSAttributes" => text_messages::set_attributes(sns, input).await,
        "SetSubscriptionAttributes" => subscriptions::set_attributes(sns, input).await,
        "SetTopicAttributes" => topics::set_topic_attributes(sns, input).await,
        "Subscribe" => subscriptions::subscribe(sns, input).await,
        "TagResource" => tags::tag_resource(sns, input).await,
        "Unsubscribe" => subscriptions::unsubscribe(sns, input).await,
        "UntagResource" => tags::untag_resource(sns, input).await,
        "VerifySMSSandboxPhoneNumber" => text_messages::verify_sandbox_number(sns, input).await,
        "CreatePlatformApplication" => platforms::create_application(sns, input).await,
        "CreatePlatformEndpoint" => platforms::create_endpoint(sns, input).await,
        "DeleteEndpoint" => platforms::delete_endpoint(sns, input).await,
        "DeletePlatformApplication" => platforms::delete_application(sns, input).await,
        "GetEndpointAttributes" => platforms::get_endpoint_attributes(sns, input).await,
        "GetPlatformApplicationAttributes" => {
            platforms::get_application_attributes(sns, input).await
        }
        "ListEndpointsByPlatformApplication" => platforms::list_endpoints(sns, input).await,
        "ListPlatformApplications" => platforms::list_applications(sns, input).await,
        "SetEndpointAttributes" => platforms::set_endpoint_attributes(sns, input).await,
        "SetPlatformApplicationAttributes" => {
            platforms::set_application_attributes(sns, input).await
        }
        _ => Err(Stop::Unsendable(format!("this driver has no action {action}"))),
    }
}
