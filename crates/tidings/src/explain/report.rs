//! The explanation for people.

use std::fmt;

use tidings_access::{
    Allowance, Decision, Denial, Effect, Mismatch, Naming, PolicyType, StatementRef,
};

use super::question::{Explanation, Looked, Question};

/// The types of policies that files can be given for, in the order in which denials are looked for.
const TYPES: [PolicyType; 5] = [
    PolicyType::Endpoint,
    PolicyType::Resource,
    PolicyType::Identity,
    PolicyType::Boundary,
    PolicyType::Session,
];

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question { action, resource, .. } = self.question;
        let verdict = if self.decision.is_allowed() { "ALLOWED" } else { "DENIED" };
        writeln!(f, "{verdict}: {}\n", self.reason())?;
        writeln!(f, "  action    {action}\n  resource  {resource}\n  caller    {}", self.caller)?;
        if let Some(told) = &self.told {
            writeln!(f, "\nThe caller is told:\n\n  {told}")?;
        }
        writeln!(f, "\nWhat came of each statement, in the order of evaluation:")?;
        TYPES.into_iter().try_for_each(|policy_type| self.write_type(f, policy_type))
    }
}

impl Explanation<'_> {
    /// Why, in one line.
    pub(super) fn reason(&self) -> String {
        let at = |statement: &StatementRef<'_>| self.question.place(statement);
        match &self.decision {
            Decision::Allowed(Allowance::Root) => {
                "the root user may do everything in its account".to_owned()
            }
            Decision::Allowed(Allowance::Identity(by) | Allowance::Resource(by)) => {
                format!("by {}", at(by))
            }
            Decision::Allowed(Allowance::Both { identity: Some(identity), resource }) => {
                format!("by {}, and by {}; it takes both", at(identity), at(resource))
            }
            Decision::Allowed(Allowance::Both { identity: None, resource }) => {
                format!("by {}, and the root user may use that", at(resource))
            }
            Decision::Denied(Denial::Explicit(by)) => format!("by {}", at(by)),
            Decision::Denied(Denial::Silent(policy_type)) => {
                let name = policy_type.name();
                match self.question.documents(*policy_type) {
                    [] => format!("no {name} allows it; none was given"),
                    _ => format!("no {name} allows it"),
                }
            }
            Decision::Denied(Denial::NotCrossAccount) => {
                "other accounts cannot be allowed this action".to_owned()
            }
        }
    }

    fn write_type(&self, f: &mut fmt::Formatter<'_>, policy_type: PolicyType) -> fmt::Result {
        for (index, document) in self.question.documents(policy_type).iter().enumerate() {
            writeln!(f, "\n  {} {}", policy_type.name(), document.file.display())?;
            let mut of_document = self.statements.iter().filter(|looked| {
                let StatementRef { policy_type: of, document, .. } = looked.trace.statement;
                of == policy_type && document == index
            });
            let mut is_empty = true;
            of_document.try_for_each(|looked| {
                is_empty = false;
                writeln!(f, "    {looked}")
            })?;
            if is_empty {
                writeln!(f, "    it has no statement")?;
            }
        }
        Ok(())
    }
}

impl Question {
    /// `statement 0 (Sid) of the resource-based policy queue.json`.
    pub(super) fn place(&self, statement: &StatementRef<'_>) -> String {
        let (name, file) = (statement.policy_type.name(), self.file(statement).display());
        format!("{} of the {name} {file}", Numbered(statement))
    }
}

/// A statement by its number, counted from 0 as faults of documents and the audit log do, and Sid.
struct Numbered<'a>(&'a StatementRef<'a>);

impl fmt::Display for Numbered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.0.statement)?;
        self.0.sid.map_or(Ok(()), |sid| write!(f, " ({sid})"))
    }
}

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.trace.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        let statement = &self.trace.statement;
        write!(f, "{}, {effect}: ", Numbered(statement))?;
        match &self.trace.outcome {
            Err(mismatch @ Mismatch::Condition { .. }) => {
                let values = self.values.as_deref().unwrap_or_default();
                match values {
                    [] => write!(f, "{mismatch}, which the request lacks"),
                    values => write!(f, "{mismatch}, which is {}", values.join(", ")),
                }
            }
            Err(mismatch) => mismatch.fmt(f),
            Ok(_) if self.trace.effect == Effect::Deny => f.write_str("denies it"),
            Ok(naming) if statement.policy_type == PolicyType::Resource => {
                write!(f, "allows it, {}", reach(*naming))
            }
            Ok(_) => f.write_str("allows it"),
        }
    }
}

/// How far a statement of the resource's policy reaches: the closer it names the caller, the less
/// else is asked of it.
fn reach(naming: Naming) -> &'static str {
    match naming {
        Naming::Account => "by the caller's account: policies of the caller have to, too",
        Naming::Role => "by the caller's role: boundary and session policies have to, too",
        Naming::Everyone => "and names everyone",
        Naming::Itself => "and names the caller",
    }
}
