//! What was decided, and why.

use std::fmt;

/// Which policies a statement, or the lack of one, belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PolicyType {
    /// Of the caller's organisation.
    ServiceControl,
    /// Of the resource's organisation.
    ResourceControl,
    /// Of the private endpoint that the request came through.
    Endpoint,
    /// Of the queue, topic or key; of a role, who may assume it.
    Resource,
    /// Of the user and its groups, or of the role.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// Of the session.
    Session,
}

/// One statement of the policies that were given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatementRef<'a> {
    /// Whose it is.
    pub policy_type: PolicyType,
    /// Which document of that type, counted from 0 over all levels.
    pub document: usize,
    /// Which statement of it, counted from 0.
    pub statement: usize,
    /// Its Sid.
    pub sid: Option<&'a str>,
}

/// Whether a request is allowed, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision<'a> {
    /// It is.
    Allowed(Allowance<'a>),
    /// It is not.
    Denied(Denial<'a>),
}

/// What allows a request. Policies that only set bounds have a statement for it, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allowance<'a> {
    /// The root user may do everything in its account.
    Root,
    /// A statement of the caller's own policies.
    Identity(StatementRef<'a>),
    /// A statement of the resource's policy.
    Resource(StatementRef<'a>),
    /// Both sides, where both must.
    Both {
        /// The caller's; `None` for the root user, whose account is behind everything it does.
        identity: Option<StatementRef<'a>>,
        /// The resource's.
        resource: StatementRef<'a>,
    },
}

/// What denies a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denial<'a> {
    /// A statement that denies it.
    Explicit(StatementRef<'a>),
    /// No policy of this type allows it, and one would have to.
    Silent(PolicyType),
    /// The action is one that other accounts cannot be allowed, and the caller is of another.
    NotCrossAccount,
}

impl Decision<'_> {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl PolicyType {
    /// As the documentation writes it: `identity-based policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Resource => "resource-based policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }

    /// With its article.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
            Self::Endpoint => "a VPC endpoint policy",
            Self::Resource => "a resource-based policy",
            Self::Identity => "an identity-based policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
        }
    }
}

impl fmt::Display for StatementRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.statement)?;
        if let Some(sid) = self.sid {
            write!(f, " ({sid})")?;
        }
        write!(f, " of {}", self.policy_type.with_article())?;
        if self.document > 0 {
            write!(f, ", document {}", self.document)?;
        }
        Ok(())
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(allowance) => write!(f, "allowed by {allowance}"),
            Self::Denied(denial) => write!(f, "denied: {denial}"),
        }
    }
}

impl fmt::Display for Allowance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("being the root user of the account"),
            Self::Identity(statement) | Self::Resource(statement) => statement.fmt(f),
            Self::Both { identity: Some(identity), resource } => {
                write!(f, "{identity} and {resource}")
            }
            Self::Both { identity: None, resource } => {
                write!(f, "being the root user of its account and {resource}")
            }
        }
    }
}

impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit(statement) => statement.fmt(f),
            Self::Silent(policy_type) => write!(f, "no {} allows it", policy_type.name()),
            Self::NotCrossAccount => f.write_str("other accounts cannot be allowed this action"),
        }
    }
}
