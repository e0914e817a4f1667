//! Managed keys: one of each service in an account and region, made when it is first needed.

/// The service that a managed key is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ManagedBy {
    /// `alias/aws/sns`.
    Sns,
    /// `alias/aws/sqs`.
    Sqs,
}

impl ManagedBy {
    /// In the order of their aliases.
    pub const ALL: [Self; 2] = [Self::Sns, Self::Sqs];

    /// The alias that leads to the key.
    pub fn alias(self) -> &'static str {
        match self {
            Self::Sns => "alias/aws/sns",
            Self::Sqs => "alias/aws/sqs",
        }
    }

    /// The managed key that an alias leads to, whether it has been made or not.
    pub fn of_alias(alias: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|managed| managed.alias() == alias)
    }

    /// `sqs` or `sns`, as in host names.
    pub fn service(self) -> &'static str {
        match self {
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    pub(crate) fn of_service(service: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|managed| managed.service() == service)
    }

    /// What DescribeKey tells of the key.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Sns => "Default key that protects my SNS data when no other key is defined",
            Self::Sqs => "Default key that protects my SQS messages when no other key is defined",
        }
    }

    pub(crate) fn service_name(self) -> &'static str {
        match self {
            Self::Sns => "SNS",
            Self::Sqs => "Simple Queue Service (SQS)",
        }
    }
}
