//! The names of a subscription's attributes.

/// The name of an attribute that can be set, spelled as the API spells it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Name {
    RawMessageDelivery,
    FilterPolicyScope,
    FilterPolicy,
    RedrivePolicy,
    DeliveryPolicy,
    SubscriptionRoleArn,
    ReplayPolicy,
}

impl Name {
    /// In the order in which they are set: what a value depends on comes before it.
    pub(super) const ALL: [Self; 7] = [
        Self::RawMessageDelivery,
        Self::FilterPolicyScope,
        Self::FilterPolicy,
        Self::RedrivePolicy,
        Self::DeliveryPolicy,
        Self::SubscriptionRoleArn,
        Self::ReplayPolicy,
    ];

    /// The name that a request gives.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::RawMessageDelivery => "RawMessageDelivery",
            Self::FilterPolicyScope => "FilterPolicyScope",
            Self::FilterPolicy => "FilterPolicy",
            Self::RedrivePolicy => "RedrivePolicy",
            Self::DeliveryPolicy => "DeliveryPolicy",
            Self::SubscriptionRoleArn => "SubscriptionRoleArn",
            Self::ReplayPolicy => "ReplayPolicy",
        }
    }
}
