//! Why each statement fits a request, or does not: what `policy explain` prints below a decision.

use std::fmt;

use crate::decision::{PolicyType, StatementRef};
use crate::document::{Ask, Effect, Mismatch, PolicyDocument};
use crate::evaluate::{Policies, Request};
use crate::principal::Naming;

/// What came of one statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trace<'a> {
    /// Which.
    pub statement: StatementRef<'a>,
    /// What it does where it fits.
    pub effect: Effect,
    /// How it names the caller, or the first thing that does not fit.
    pub outcome: Result<Naming, Mismatch<'a>>,
}

/// Every statement of the policies and what came of it, in the order in which denials are looked
/// for. What the statements add up to is for [`crate::evaluate()`] to say.
pub fn explain<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Vec<Trace<'a>> {
    let ask = Ask::of(request);
    let levels = |levels: &'a [&'a [&'a PolicyDocument]]| levels.concat();
    let one = |document: Option<&'a PolicyDocument>| document.into_iter().collect();
    let all: [(PolicyType, Vec<&'a PolicyDocument>); 7] = [
        (PolicyType::ServiceControl, levels(policies.service_control)),
        (PolicyType::ResourceControl, levels(policies.resource_control)),
        (PolicyType::Endpoint, one(policies.endpoint)),
        (PolicyType::Resource, one(policies.resource)),
        (PolicyType::Identity, policies.identity.to_vec()),
        (PolicyType::Boundary, one(policies.boundary)),
        (PolicyType::Session, policies.session.unwrap_or_default().to_vec()),
    ];
    let mut traces = Vec::new();
    for (policy_type, documents) in all {
        for (index, document) in documents.into_iter().enumerate() {
            traces.extend(traces_of(&ask, policy_type, index, document));
        }
    }
    traces
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.effect {
            Effect::Allow => "allows",
            Effect::Deny => "denies",
        };
        match &self.outcome {
            Ok(_) => write!(f, "{} {verb} it", self.statement),
            Err(mismatch) => write!(f, "{} {mismatch}", self.statement),
        }
    }
}

fn traces_of<'a>(
    ask: &Ask<'_>,
    policy_type: PolicyType,
    index: usize,
    document: &'a PolicyDocument,
) -> impl Iterator<Item = Trace<'a>> {
    document.statements.iter().enumerate().map(move |(at, statement)| Trace {
        statement: StatementRef {
            policy_type,
            document: index,
            statement: at,
            sid: statement.sid(),
        },
        effect: statement.effect,
        outcome: statement.fit(ask),
    })
}
