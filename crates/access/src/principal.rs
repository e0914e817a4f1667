//! Whom a statement is for.

use crate::caller::Caller;

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Principals {
    pub(crate) negated: bool,
    pub(crate) list: Box<[Principal]>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Principal {
    Everyone,
    /// An account: its root user, and whom it delegates to.
    Account(Box<str>),
    /// A user, a role, or one session.
    Arn(Box<str>),
    /// What is left of a user or role that was deleted.
    UniqueId(Box<str>),
    /// `None` for every service.
    Service(Option<Box<str>>),
    /// `None` for every provider.
    Federated(Option<Box<str>>),
    /// A user of S3, whom no queue, topic or key knows.
    Canonical,
}

/// How closely a statement names a caller; the later, the less else is asked of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Naming {
    /// By the account: it may delegate.
    Account,
    /// By the role whose session it is.
    Role,
    /// As one of everyone, or because the policy names nobody.
    Everyone,
    /// Directly.
    Itself,
}

impl Principals {
    /// How the statement names the caller, if it does. With NotPrincipal, a statement that denies
    /// excepts fewer callers than one that allows.
    pub(crate) fn naming(&self, caller: &Caller<'_>, denies: bool) -> Option<Naming> {
        if !self.negated {
            return self.list.iter().filter_map(|principal| principal.naming(caller)).max();
        }
        let is_excepted = if denies { self.spares(caller) } else { self.has_any(caller) };
        (!is_excepted).then_some(Naming::Everyone)
    }

    fn has_any(&self, caller: &Caller<'_>) -> bool {
        self.list.iter().any(|principal| principal.naming(caller).is_some())
    }

    /// Whether a Deny with NotPrincipal spares the caller: each of its names must be in the list,
    /// of a session its own, the role's and the account's. IAM user guide, "NotPrincipal".
    fn spares(&self, caller: &Caller<'_>) -> bool {
        let has = |wanted: Naming| {
            self.list.iter().any(|principal| principal.naming(caller) == Some(wanted))
        };
        if has(Naming::Everyone) {
            return true;
        }
        let by_account = has(Naming::Account);
        match caller {
            Caller::Anonymous => false,
            Caller::Root { .. } | Caller::Service { .. } | Caller::Federated { .. } => {
                has(Naming::Itself)
            }
            Caller::User { .. } | Caller::FederatedUser { .. } => has(Naming::Itself) && by_account,
            Caller::Session { .. } => has(Naming::Itself) && has(Naming::Role) && by_account,
        }
    }
}

impl Principal {
    fn naming(&self, caller: &Caller<'_>) -> Option<Naming> {
        match self {
            Self::Everyone => Some(Naming::Everyone),
            Self::Account(account) if caller.account() == Some(account) => Some(match caller {
                Caller::Root { .. } => Naming::Itself,
                _ => Naming::Account,
            }),
            Self::Arn(arn) => by_arn(arn, caller),
            Self::UniqueId(id) => by_id(id, caller),
            Self::Service(name) => match caller {
                Caller::Service { name: caller } => is_one(name.as_deref(), caller),
                _ => None,
            },
            Self::Federated(provider) => match caller {
                Caller::Federated { provider: caller } => is_one(provider.as_deref(), caller),
                _ => None,
            },
            Self::Account(_) | Self::Canonical => None,
        }
    }
}

fn is_one(wanted: Option<&str>, caller: &str) -> Option<Naming> {
    wanted.is_none_or(|wanted| wanted == caller).then_some(Naming::Itself)
}

fn by_arn(wanted: &str, caller: &Caller<'_>) -> Option<Naming> {
    match caller {
        Caller::User { arn, .. }
        | Caller::FederatedUser { arn, .. }
        | Caller::Session { arn, .. }
            if *arn == wanted =>
        {
            Some(Naming::Itself)
        }
        Caller::Session { role_arn, .. } if *role_arn == wanted => Some(Naming::Role),
        _ => None,
    }
}

fn by_id(wanted: &str, caller: &Caller<'_>) -> Option<Naming> {
    match caller {
        Caller::User { id, .. } if *id == wanted => Some(Naming::Itself),
        Caller::Session { role_id, .. } if *role_id == wanted => Some(Naming::Role),
        _ => None,
    }
}
