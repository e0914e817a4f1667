//! Who asks.

use std::borrow::Cow;

/// Who a request comes from. ARNs are whole, accounts are twelve digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller<'a> {
    /// Without a signature.
    Anonymous,
    /// The root user of an account.
    Root {
        /// The account.
        account: &'a str,
        /// `arn:aws:iam::ACCOUNT:root`.
        arn: &'a str,
    },
    /// An IAM user.
    User {
        /// The user's account.
        account: &'a str,
        /// `arn:aws:iam::ACCOUNT:user/PATH/NAME`.
        arn: &'a str,
        /// The unique id, `AIDA…`.
        id: &'a str,
    },
    /// A session of a role.
    Session {
        /// The role's account.
        account: &'a str,
        /// `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
        role_arn: &'a str,
        /// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`.
        arn: &'a str,
        /// The role's unique id, `AROA…`.
        role_id: &'a str,
    },
    /// A session of GetFederationToken. It may do what both the user and the session's policy
    /// allow: without a session policy, nothing. Pass `Some(&[])` for it.
    FederatedUser {
        /// The account.
        account: &'a str,
        /// `arn:aws:sts::ACCOUNT:federated-user/NAME`.
        arn: &'a str,
    },
    /// A service that acts for itself, such as SNS delivering to a queue.
    Service {
        /// `sns.amazonaws.com`.
        name: &'a str,
    },
    /// Someone vouched for by an identity provider, at the door of AssumeRoleWithSAML or
    /// AssumeRoleWithWebIdentity.
    Federated {
        /// The provider as trust policies name it.
        provider: &'a str,
    },
}

impl<'a> Caller<'a> {
    /// The caller's account; services, federated and anonymous callers have none.
    pub fn account(&self) -> Option<&'a str> {
        match *self {
            Self::Root { account, .. }
            | Self::User { account, .. }
            | Self::Session { account, .. }
            | Self::FederatedUser { account, .. } => Some(account),
            Self::Anonymous | Self::Service { .. } | Self::Federated { .. } => None,
        }
    }

    /// How error texts name the caller.
    pub fn name(&self) -> &'a str {
        match *self {
            Self::Anonymous => "anonymous",
            Self::Root { arn, .. }
            | Self::User { arn, .. }
            | Self::Session { arn, .. }
            | Self::FederatedUser { arn, .. } => arn,
            Self::Service { name } => name,
            Self::Federated { provider } => provider,
        }
    }

    /// `aws:PrincipalArn`: of a role's session, the role's.
    pub fn principal_arn(&self) -> Option<&'a str> {
        match *self {
            Self::Session { role_arn, .. } => Some(role_arn),
            Self::Root { arn, .. } | Self::User { arn, .. } | Self::FederatedUser { arn, .. } => {
                Some(arn)
            }
            Self::Anonymous | Self::Service { .. } | Self::Federated { .. } => None,
        }
    }

    /// `aws:userid`. IAM user guide, "Policy variables: principal key values".
    pub fn user_id(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::Anonymous => Some("anonymous".into()),
            Self::Root { account, .. } => Some(account.into()),
            Self::User { id, .. } => Some(id.into()),
            Self::Session { role_id, arn, .. } => {
                Some(format!("{role_id}:{}", last_part(arn)).into())
            }
            Self::FederatedUser { account, arn } => {
                Some(format!("{account}:{}", last_part(arn)).into())
            }
            Self::Service { .. } | Self::Federated { .. } => None,
        }
    }

    /// `aws:username`: only IAM users have one, without its path.
    pub fn user_name(&self) -> Option<&'a str> {
        match *self {
            Self::User { arn, .. } => Some(last_part(arn)),
            _ => None,
        }
    }

    /// `aws:PrincipalType`.
    pub fn principal_type(&self) -> Option<&'static str> {
        match self {
            Self::Anonymous => Some("Anonymous"),
            Self::Root { .. } => Some("Account"),
            Self::User { .. } => Some("User"),
            Self::Session { .. } => Some("AssumedRole"),
            Self::FederatedUser { .. } => Some("FederatedUser"),
            Self::Service { .. } | Self::Federated { .. } => None,
        }
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, last)| last)
}
