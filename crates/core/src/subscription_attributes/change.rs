//! Setting attributes: Subscribe and SetSubscriptionAttributes.

use std::sync::Arc;

use super::name::Name;
use super::{Context, ReplayPolicy, SubscriptionAttributes, SubscriptionRedrivePolicy};
use crate::attribute_fault::AttributeFault;
use crate::delivery_policy::SubscriptionDeliveryPolicy;
use crate::filter_policy::{FilterPolicy, FilterPolicyScope};
use crate::names::SubscriptionProtocol as Protocol;
use crate::policy_document;
use crate::rejection::TopicRejection;
use crate::topic_attributes::is_role_arn;

/// Names and values as a request gives them. Of several values for one name the last counts.
type Given = [(String, String)];

impl SubscriptionAttributes {
    /// The attributes of a new subscription: as given, the rest as the documented defaults.
    ///
    /// # Errors
    /// InvalidParameter if an attribute is unknown, does not go with the subscription's protocol or
    /// topic, or has a value that it may not have; or if a delivery stream's role is missing.
    pub fn create(context: &Context<'_>, given: &Given) -> Result<Self, TopicRejection> {
        Self::created(context, given).map_err(AttributeFault::on_creation)
    }

    /// Subscribe for an endpoint that has a subscription with these attributes: whether the request
    /// says of an attribute another value than the subscription has now. What a value depends on is
    /// that of the subscription, if the request does not say it.
    ///
    /// # Errors
    /// InvalidParameter as in [`Self::create`], except that a role may be missing.
    pub fn conflicts(&self, context: &Context<'_>, given: &Given) -> Result<bool, TopicRejection> {
        let unsaid = Self {
            raw_message_delivery: self.raw_message_delivery,
            filter_policy_scope: self.filter_policy_scope,
            ..Self::default()
        };
        let wanted = unsaid.all_set(context, given).map_err(AttributeFault::on_creation)?;
        let mut said = given.iter().filter_map(|(name, _)| Name::parse(name));
        Ok(said.any(|name| !self.agrees(&wanted, name)))
    }

    /// SetSubscriptionAttributes: the attributes after one of them was set. A filter policy is
    /// checked again when its scope is set.
    ///
    /// # Errors
    /// InvalidParameter if the attribute is unknown or cannot be set, does not go with the
    /// subscription's protocol or topic, or has a value that it may not have.
    pub fn set(
        &self,
        context: &Context<'_>,
        name: &str,
        value: &str,
    ) -> Result<Self, TopicRejection> {
        let mut attributes = self.clone();
        let set = match Name::parse(name) {
            Some(name) => attributes.set_one(context, name, value),
            None => Err(AttributeFault::Name(name.to_owned())),
        };
        set.map_err(AttributeFault::on_change)?;
        Ok(attributes)
    }

    fn created(context: &Context<'_>, given: &Given) -> Result<Self, AttributeFault> {
        let attributes = Self::default().all_set(context, given)?;
        if context.protocol == Protocol::Firehose && attributes.subscription_role_arn.is_none() {
            return Err(AttributeFault::value("SubscriptionRoleArn must be specified"));
        }
        Ok(attributes)
    }

    /// Names first, then values. Which of several faults is reported does not depend on the order
    /// in which they are given, unknown names apart.
    fn all_set(mut self, context: &Context<'_>, given: &Given) -> Result<Self, AttributeFault> {
        if let Some((name, _)) = given.iter().find(|(name, _)| Name::parse(name).is_none()) {
            return Err(AttributeFault::Name(name.clone()));
        }
        for name in Name::ALL {
            if let Some((_, value)) = given.iter().rfind(|(given, _)| given == name.as_str()) {
                self.set_one(context, name, value)?;
            }
        }
        Ok(self)
    }

    fn set_one(
        &mut self,
        context: &Context<'_>,
        name: Name,
        value: &str,
    ) -> Result<(), AttributeFault> {
        match name {
            Name::RawMessageDelivery => {
                self.raw_message_delivery = raw_message_delivery(context, value)?;
            }
            Name::FilterPolicyScope => {
                let scope = FilterPolicyScope::parse(value)?;
                if let Some(policy) = &self.filter_policy {
                    self.filter_policy = Some(Arc::new(FilterPolicy::parse(policy.text(), scope)?));
                }
                self.filter_policy_scope = scope;
            }
            Name::FilterPolicy => {
                self.filter_policy = filter_policy(value, self.filter_policy_scope)?;
            }
            Name::RedrivePolicy => {
                self.redrive_policy = redrive_policy(context, value)?.map(Box::new);
            }
            Name::DeliveryPolicy => {
                let raw = self.raw_message_delivery;
                self.delivery_policy = delivery_policy(context, value, raw)?.map(Box::new);
            }
            Name::SubscriptionRoleArn => {
                if context.protocol != Protocol::Firehose {
                    return Err(not_for(context, name.as_str()));
                }
                if !is_role_arn(value) {
                    let choices = "the ARN of an IAM role";
                    return Err(AttributeFault::choice(name.as_str(), value, choices));
                }
                self.subscription_role_arn = Some(value.into());
            }
            Name::ReplayPolicy => {
                if !context.topic.name.is_fifo() {
                    let text = "ReplayPolicy: can only be set on a subscription to a FIFO topic";
                    return Err(AttributeFault::value(text));
                }
                self.replay_policy = ReplayPolicy::parse(value)?.map(Box::new);
            }
        }
        Ok(())
    }

    /// Whether both have the same value for an attribute.
    fn agrees(&self, other: &Self, name: Name) -> bool {
        match (name, self.saved(name), other.saved(name)) {
            // Without a policy it does not show, but it counts.
            (Name::FilterPolicyScope, ..) => self.filter_policy_scope == other.filter_policy_scope,
            // Documents are the same if they say the same.
            (
                Name::FilterPolicy | Name::RedrivePolicy | Name::ReplayPolicy,
                Some(one),
                Some(another),
            ) => policy_document::same(&one, &another),
            (_, one, another) => one == another,
        }
    }
}

/// The service refuses the attribute where it has no meaning, even to say `false`.
fn raw_message_delivery(context: &Context<'_>, value: &str) -> Result<bool, AttributeFault> {
    let protocol = context.protocol;
    if !matches!(protocol, Protocol::Sqs | Protocol::Firehose) && !protocol.is_web() {
        return Err(not_for(context, "raw message delivery"));
    }
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(AttributeFault::choice("RawMessageDelivery", value, "true or false")),
    }
}

/// Recorded of raw message delivery, used for all that goes with some protocols only.
fn not_for(context: &Context<'_>, what: &str) -> AttributeFault {
    let protocol = context.protocol.as_str();
    AttributeFault::value(format_args!("Delivery protocol [{protocol}] does not support {what}."))
}

/// A policy that says nothing is as good as none.
fn filter_policy(
    value: &str,
    scope: FilterPolicyScope,
) -> Result<Option<Arc<FilterPolicy>>, AttributeFault> {
    if value.is_empty() {
        return Ok(None);
    }
    let policy = FilterPolicy::parse(value, scope)?;
    Ok((!policy.is_empty()).then(|| Arc::new(policy)))
}

fn redrive_policy(
    context: &Context<'_>,
    value: &str,
) -> Result<Option<SubscriptionRedrivePolicy>, AttributeFault> {
    if value.is_empty() {
        return Ok(None);
    }
    let policy = SubscriptionRedrivePolicy::parse(value)?;
    if let Some(policy) = &policy {
        policy.check(context)?;
    }
    Ok(policy)
}

fn delivery_policy(
    context: &Context<'_>,
    value: &str,
    raw: bool,
) -> Result<Option<SubscriptionDeliveryPolicy>, AttributeFault> {
    if !context.protocol.is_web() {
        return Err(not_for(context, "delivery policies"));
    }
    if value.is_empty() {
        return Ok(None);
    }
    let policy = SubscriptionDeliveryPolicy::parse(value, raw)?;
    Ok((policy != SubscriptionDeliveryPolicy::default()).then_some(policy))
}
