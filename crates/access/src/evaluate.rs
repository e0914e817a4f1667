//! The decision. IAM user guide, "Policy evaluation logic".
//!
//! ```text
//!   any Deny that fits ─────────────────────────────────────────► denied
//!   organisation and endpoint: each level has an Allow, or ─────► denied
//!   service, anonymous, federated ── the resource's policy decides
//!   another account ── both sides must allow
//!   the same account ── root: allowed (not for keys and roles)
//!                       the resource's policy names the caller, or everyone: allowed
//!                       … the caller's role: within boundary and session policy
//!                       otherwise: identity policy, within boundary and session policy
//!                       (for keys and roles only where the resource's policy names the account)
//! ```

use std::borrow::Cow;

use crate::caller::Caller;
use crate::context::Context;
use crate::decision::{Allowance, Decision, Denial, PolicyType, StatementRef};
use crate::document::{Ask, Effect, Kind, PolicyDocument};
use crate::permissions::is_cross_account;
use crate::principal::Naming;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// `sqs:SendMessage`, in any case.
    pub action: &'a str,
    /// The ARN of what it is done to; of actions without a resource, see `On::Service` in
    /// [`crate::permissions`]. A phone number for SMS.
    pub resource: &'a str,
    /// The account that owns the resource, of actions without one that of the caller.
    pub resource_account: &'a str,
    /// The values of condition keys.
    pub context: &'a dyn Context,
}

/// The policies that apply to a request.
#[derive(Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Of the user and its groups, or of the role. Services, anonymous and federated callers have
    /// none.
    pub identity: &'a [&'a PolicyDocument],
    /// The caller's permissions boundary.
    pub boundary: Option<&'a PolicyDocument>,
    /// Of the session, which may do what at least one of them allows; `None` if none was given
    /// when it began.
    pub session: Option<&'a [&'a PolicyDocument]>,
    /// Of the queue, topic, key or role that the request is about. Kinds [`Kind::Key`] and
    /// [`Kind::Trust`] come before identity policies: what they do not allow, or delegate, is
    /// denied.
    pub resource: Option<&'a PolicyDocument>,
    /// Of the private endpoint that the request came through.
    pub endpoint: Option<&'a PolicyDocument>,
    /// Service control policies of the caller's organisation: a level for the root, each unit and
    /// the account, each of which must allow.
    pub service_control: &'a [&'a [&'a PolicyDocument]],
    /// Resource control policies of the resource's organisation, likewise.
    pub resource_control: &'a [&'a [&'a PolicyDocument]],
}

/// A statement that allows, and how it names the caller.
type Grant<'a> = Option<(Naming, StatementRef<'a>)>;

/// Decides. Each statement is looked at at most once; nothing is remembered.
pub fn evaluate<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    match decide(request, policies) {
        Ok(allowance) => Decision::Allowed(allowance),
        Err(denial) => Decision::Denied(denial),
    }
}

/// Whether nothing denies a request, and the caller's permissions boundary and session policies, if
/// there are any, allow it: what bounds permissions that are not in a policy but given to the
/// caller's role, by a grant for one. The boundary does not bound the account's root user.
///
/// # Errors
/// What denies.
pub fn within_bounds<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Result<(), Denial<'a>> {
    let sides = Sides::of(&Ask::of(request), policies)?;
    sides.unbounded_by.map_or(Ok(()), |policy_type| Err(Denial::Silent(policy_type)))
}

const SILENT_RESOURCE: Denial<'static> = Denial::Silent(PolicyType::Resource);

fn decide<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Result<Allowance<'a>, Denial<'a>> {
    let ask = Ask::of(request);
    // Every Deny comes before the first silence.
    let organisation = organisation(&ask, policies)?;
    let endpoint = endpoint(&ask, policies)?;
    let side = Sides::of(&ask, policies)?;
    organisation?;
    endpoint?;
    match request.caller.account() {
        None => side.resource.map(|(_, by)| Allowance::Resource(by)).ok_or(SILENT_RESOURCE),
        Some(account) if account == request.resource_account => side.same_account(),
        Some(_) => side.cross_account(),
    }
}

/// An explicit denial outside, a silence inside.
type Bound<'a> = Result<Result<(), Denial<'a>>, Denial<'a>>;

/// The caller's organisation has no say over services and those who have no account.
fn organisation<'a>(ask: &Ask<'_>, policies: &Policies<'a>) -> Bound<'a> {
    let of_caller = match ask.caller.account() {
        Some(_) => levels(ask, PolicyType::ServiceControl, policies.service_control)?,
        None => Ok(()),
    };
    let of_resource = levels(ask, PolicyType::ResourceControl, policies.resource_control)?;
    Ok(of_caller.and(of_resource))
}

fn levels<'a>(
    ask: &Ask<'_>,
    policy_type: PolicyType,
    levels: &'a [&'a [&'a PolicyDocument]],
) -> Bound<'a> {
    let mut all_allow = true;
    let mut first = 0;
    for level in levels {
        all_allow &= grant(ask, policy_type, level, first)?.is_some();
        first += level.len();
    }
    Ok(if all_allow { Ok(()) } else { Err(Denial::Silent(policy_type)) })
}

fn endpoint<'a>(ask: &Ask<'_>, policies: &Policies<'a>) -> Bound<'a> {
    let is_open = match policies.endpoint {
        Some(_) => one(ask, PolicyType::Endpoint, policies.endpoint)?.is_some(),
        None => true,
    };
    Ok(if is_open { Ok(()) } else { Err(Denial::Silent(PolicyType::Endpoint)) })
}

/// What the resource's policy and the caller's own policies grant.
struct Sides<'a> {
    is_root: bool,
    /// Whether other accounts can be allowed the action at all.
    is_cross_account: bool,
    resource: Grant<'a>,
    /// Whether nothing goes past the resource's policy: of keys and roles.
    resource_rules: bool,
    identity: Grant<'a>,
    /// The first of boundary and session policy that is there and allows nothing.
    unbounded_by: Option<PolicyType>,
}

impl<'a> Sides<'a> {
    fn of(ask: &Ask<'_>, policies: &Policies<'a>) -> Result<Self, Denial<'a>> {
        let resource = one(ask, PolicyType::Resource, policies.resource)?;
        let rules = policies.resource.map(PolicyDocument::kind);
        let mut sides = Self {
            is_root: matches!(ask.caller, Caller::Root { .. }),
            is_cross_account: is_cross_account(&ask.action),
            resource,
            resource_rules: matches!(rules, Some(Kind::Key | Kind::Trust)),
            identity: None,
            unbounded_by: None,
        };
        if ask.caller.account().is_none() {
            return Ok(sides);
        }
        sides.identity = grant(ask, PolicyType::Identity, policies.identity, 0)?;
        let boundary = one(ask, PolicyType::Boundary, policies.boundary)?;
        let session = grant(ask, PolicyType::Session, policies.session.unwrap_or_default(), 0)?;
        sides.unbounded_by = if policies.boundary.is_some() && boundary.is_none() && !sides.is_root
        {
            Some(PolicyType::Boundary)
        } else {
            let is_silent = policies.session.is_some() && session.is_none();
            is_silent.then_some(PolicyType::Session)
        };
        Ok(sides)
    }

    fn same_account(self) -> Result<Allowance<'a>, Denial<'a>> {
        if self.is_root && !self.resource_rules {
            return self.within_bounds(Allowance::Root);
        }
        match self.resource {
            Some((Naming::Itself | Naming::Everyone, by)) => Ok(Allowance::Resource(by)),
            Some((Naming::Role, by)) => self.within_bounds(Allowance::Resource(by)),
            Some((Naming::Account, resource)) if self.resource_rules => {
                let identity = Some(self.own()?);
                self.within_bounds(Allowance::Both { identity, resource })
            }
            None if self.resource_rules => Err(SILENT_RESOURCE),
            Some((Naming::Account, _)) | None => {
                let identity = self.own()?;
                self.within_bounds(Allowance::Identity(identity))
            }
        }
    }

    fn cross_account(self) -> Result<Allowance<'a>, Denial<'a>> {
        if !self.is_cross_account {
            return Err(Denial::NotCrossAccount);
        }
        let identity = if self.is_root { None } else { Some(self.own()?) };
        let (_, resource) = self.resource.ok_or(SILENT_RESOURCE)?;
        self.within_bounds(Allowance::Both { identity, resource })
    }

    /// The statement of the caller's own policies.
    fn own(&self) -> Result<StatementRef<'a>, Denial<'a>> {
        self.identity.map(|(_, by)| by).ok_or(Denial::Silent(PolicyType::Identity))
    }

    fn within_bounds(&self, allowance: Allowance<'a>) -> Result<Allowance<'a>, Denial<'a>> {
        match self.unbounded_by {
            Some(policy_type) => Err(Denial::Silent(policy_type)),
            None => Ok(allowance),
        }
    }
}

fn one<'a>(
    ask: &Ask<'_>,
    policy_type: PolicyType,
    document: Option<&'a PolicyDocument>,
) -> Result<Grant<'a>, Denial<'a>> {
    match document {
        Some(document) => grant_of(ask, policy_type, document, 0),
        None => Ok(None),
    }
}

/// The closest grant among documents, whose indexes begin with `first`.
fn grant<'a>(
    ask: &Ask<'_>,
    policy_type: PolicyType,
    documents: &[&'a PolicyDocument],
    first: usize,
) -> Result<Grant<'a>, Denial<'a>> {
    let mut closest = None;
    for (index, document) in documents.iter().enumerate() {
        keep_closest(&mut closest, grant_of(ask, policy_type, document, first + index)?);
    }
    Ok(closest)
}

fn grant_of<'a>(
    ask: &Ask<'_>,
    policy_type: PolicyType,
    document: &'a PolicyDocument,
    index: usize,
) -> Result<Grant<'a>, Denial<'a>> {
    let mut closest = None;
    for (at, statement) in document.statements.iter().enumerate() {
        let Ok(naming) = statement.fit(ask) else {
            continue;
        };
        let sid = statement.sid();
        let by = StatementRef { policy_type, document: index, statement: at, sid };
        match statement.effect {
            Effect::Deny => return Err(Denial::Explicit(by)),
            Effect::Allow => keep_closest(&mut closest, Some((naming, by))),
        }
    }
    Ok(closest)
}

/// Of two that are as close, the first stays.
fn keep_closest<'a>(closest: &mut Grant<'a>, other: Grant<'a>) {
    let naming = |grant: &Grant<'a>| grant.map(|(naming, _)| naming);
    if naming(&other) > naming(closest) {
        *closest = other;
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn of(request: &'a Request<'a>) -> Self {
        let is_folded = !request.action.bytes().any(|b| b.is_ascii_uppercase());
        let action = if is_folded {
            Cow::Borrowed(request.action)
        } else {
            Cow::Owned(request.action.to_ascii_lowercase())
        };
        let Request { caller, resource, context, .. } = request;
        Self { caller, action, resource, context: *context }
    }
}
