//! What is wrong with one attribute of a topic or a subscription.

use std::fmt;

use crate::filter_policy::FilterPolicyFault;
use crate::rejection::TopicRejection;

/// Why SNS refuses an attribute. All of it is `InvalidParameter`; its words depend on whether the
/// attribute came with the creation of its resource or was set later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AttributeFault {
    /// There is no attribute of this name, or it is not one to be set.
    Name(String),
    /// The attribute may not have this value.
    Value(String),
}

impl AttributeFault {
    pub(crate) fn value(text: impl fmt::Display) -> Self {
        Self::Value(text.to_string())
    }

    /// `<attribute>: Invalid value [<value>]. Must be <choices>.` Recorded of one attribute, used
    /// for all whose words are not known.
    pub(crate) fn choice(attribute: &str, value: &str, choices: &str) -> Self {
        Self::Value(format!("{attribute}: Invalid value [{value}]. Must be {choices}."))
    }

    /// What CreateTopic and Subscribe say.
    pub(crate) fn on_creation(self) -> TopicRejection {
        TopicRejection::parameter(match self {
            Self::Name(name) => format!("Attributes Reason: Unknown attribute {name}"),
            Self::Value(text) => format!("Attributes Reason: {text}"),
        })
    }

    /// What SetTopicAttributes and SetSubscriptionAttributes say.
    pub(crate) fn on_change(self) -> TopicRejection {
        TopicRejection::parameter(match self {
            Self::Name(_) => "AttributeName".to_owned(),
            Self::Value(text) => text,
        })
    }
}

impl From<FilterPolicyFault> for AttributeFault {
    fn from(fault: FilterPolicyFault) -> Self {
        Self::value(fault)
    }
}
