//! The explanation for programs.

use serde::Serialize;
use tidings_access::{
    Allowance, Decision, Denial, Effect, Mismatch, Naming, PolicyType, StatementRef,
};

use super::question::{Explanation, Looked};

/// Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    /// `allowed` or `denied`.
    decision: &'static str,
    action: &'a str,
    resource: &'a str,
    caller: &'a str,
    /// In English.
    reason: String,
    /// `statement`, `root`, `silence` or `not-cross-account`.
    because: &'static str,
    /// The type of the policies that have no statement for it, of a silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    silent: Option<&'static str>,
    /// The statements that decide.
    decided_by: Vec<Place<'a>>,
    /// The text of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'a str>,
    statements: Vec<Line<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    policy_type: &'static str,
    file: String,
    /// Counted from 0.
    statement: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    effect: &'static str,
    fits: bool,
    /// How it names the caller: `itself`, `everyone`, `role` or `account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'static str>,
    /// The first thing that does not fit: `action`, `principal`, `variable`, `resource` or
    /// `condition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mismatch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// What the request has of the key; nothing if it lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [String]>,
}

impl Explanation<'_> {
    /// One line of JSON.
    ///
    /// # Errors
    /// None that can come of texts and numbers.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        let (because, silent, decided_by) = self.because();
        serde_json::to_string(&Report {
            decision: if self.decision.is_allowed() { "allowed" } else { "denied" },
            action: &self.question.action,
            resource: &self.question.resource,
            caller: self.caller,
            reason: self.reason(),
            because,
            silent: silent.map(name),
            decided_by: decided_by.into_iter().map(|by| self.place(by)).collect(),
            told: self.told.as_deref(),
            statements: self.statements.iter().map(|looked| self.line(looked)).collect(),
        })
    }

    fn because(&self) -> (&'static str, Option<PolicyType>, Vec<StatementRef<'_>>) {
        match self.decision {
            Decision::Allowed(Allowance::Root) => ("root", None, Vec::new()),
            Decision::Allowed(Allowance::Identity(by) | Allowance::Resource(by))
            | Decision::Denied(Denial::Explicit(by)) => ("statement", None, vec![by]),
            Decision::Allowed(Allowance::Both { identity, resource }) => {
                ("statement", None, identity.into_iter().chain([resource]).collect())
            }
            Decision::Denied(Denial::Silent(policy_type)) => {
                ("silence", Some(policy_type), Vec::new())
            }
            Decision::Denied(Denial::NotCrossAccount) => ("not-cross-account", None, Vec::new()),
        }
    }

    fn place<'a>(&self, statement: StatementRef<'a>) -> Place<'a> {
        Place {
            policy_type: name(statement.policy_type),
            file: self.question.file(&statement).display().to_string(),
            statement: statement.statement,
            sid: statement.sid,
        }
    }

    fn line<'a>(&'a self, looked: &'a Looked<'_>) -> Line<'a> {
        let (operator, key) = match looked.trace.outcome {
            Err(Mismatch::Condition { operator, key }) => (Some(operator), Some(key)),
            Err(Mismatch::Variable(key)) => (None, Some(key)),
            _ => (None, None),
        };
        Line {
            place: self.place(looked.trace.statement),
            effect: match looked.trace.effect {
                Effect::Allow => "Allow",
                Effect::Deny => "Deny",
            },
            fits: looked.trace.outcome.is_ok(),
            names: looked.trace.outcome.ok().map(naming),
            mismatch: looked.trace.outcome.err().map(mismatch),
            operator,
            key,
            values: looked.values.as_deref(),
        }
    }
}

/// As the flag that gives it is called.
fn name(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::ServiceControl => "service-control",
        PolicyType::ResourceControl => "resource-control",
        PolicyType::Endpoint => "endpoint",
        PolicyType::Resource => "resource",
        PolicyType::Identity => "identity",
        PolicyType::Boundary => "boundary",
        PolicyType::Session => "session",
    }
}

fn naming(naming: Naming) -> &'static str {
    match naming {
        Naming::Account => "account",
        Naming::Role => "role",
        Naming::Everyone => "everyone",
        Naming::Itself => "itself",
    }
}

fn mismatch(mismatch: Mismatch<'_>) -> &'static str {
    match mismatch {
        Mismatch::Action => "action",
        Mismatch::Principal => "principal",
        Mismatch::Variable(_) => "variable",
        Mismatch::Resource => "resource",
        Mismatch::Condition { .. } => "condition",
    }
}
