//! A policy document, compiled, and how one statement fits a request.

use std::borrow::Cow;
use std::fmt;

use crate::caller::Caller;
use crate::condition::Condition;
use crate::context::Context;
use crate::fault::Fault;
use crate::parse;
use crate::principal::{Naming, Principals};
use crate::template::{Template, resolves};
use crate::wildcard::Pattern;

/// What a document is attached to. It decides which elements a statement must and must not have,
/// and how large it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// To a user, group or role; also permissions boundaries, session policies and service
    /// control policies. No Principal. At most 10,240 characters besides white space, the largest
    /// of IAM's quotas.
    Identity,
    /// To a queue. At most 8,192 bytes.
    Queue,
    /// To a topic. At most 30,720 bytes.
    Topic,
    /// To a KMS key. At most 32,768 bytes.
    Key,
    /// To a function, a version or an alias of it. At most 20,480 bytes.
    Function,
    /// To a role: who may assume it. No Resource. At most 4,096 characters besides white space.
    Trust,
    /// To a private endpoint; also resource control policies, which name principals, too. At most
    /// 20,480 characters besides white space.
    Endpoint,
}

/// A policy document, read and compiled. Evaluation looks at no JSON.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    pub(crate) kind: Kind,
    pub(crate) id: Option<Box<str>>,
    pub(crate) statements: Box<[Statement]>,
}

/// `Allow` or `Deny`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// What is asked may be done, unless something else denies it.
    Allow,
    /// It may not, whatever else allows it.
    Deny,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    /// `None` in kinds that have none.
    pub(crate) principals: Option<Principals>,
    /// In lower case, since actions compare without regard to it.
    pub(crate) actions: Listed<Pattern>,
    /// `None` in trust policies.
    pub(crate) resources: Option<Listed<Template>>,
    pub(crate) conditions: Box<[Condition]>,
    /// Variables without a default: a request that lacks one is not what the statement is about.
    pub(crate) needs: Box<[Box<str>]>,
}

/// An element, or its `Not` form.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    pub(crate) negated: bool,
    pub(crate) list: Box<[T]>,
}

/// Why a statement is not about a request: the first thing that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mismatch<'a> {
    /// It is about other actions.
    Action,
    /// It is about others.
    Principal,
    /// It has a variable that the request gives no single value for: this key, in lower case.
    Variable(&'a str),
    /// It is about other resources.
    Resource,
    /// A condition is not met.
    Condition {
        /// As written, such as `StringEquals`.
        operator: &'a str,
        /// As written, such as `aws:SourceVpce`.
        key: &'a str,
    },
}

/// A request as statements see it.
pub(crate) struct Ask<'a> {
    pub(crate) caller: &'a Caller<'a>,
    /// In lower case.
    pub(crate) action: Cow<'a, str>,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a dyn Context,
}

impl PolicyDocument {
    /// Reads and compiles a document.
    ///
    /// Queue and topic policies are taken as those services take them: a value that means nothing,
    /// such as an address range that is none, is one that no request matches. Other kinds refuse
    /// it. Work and memory are linear in the text; JSON nested deeper than 128 levels is refused.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(json: &str, kind: Kind) -> Result<Self, Fault> {
        parse::document(json, kind)
    }

    /// What it is attached to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// Its `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// How the statement names the caller, if it is about this request.
    pub(crate) fn fit<'a>(&'a self, ask: &Ask<'_>) -> Result<Naming, Mismatch<'a>> {
        if !self.actions.has(|pattern| pattern.matches(&ask.action)) {
            return Err(Mismatch::Action);
        }
        let denies = self.effect == Effect::Deny;
        let naming = match &self.principals {
            Some(principals) => principals.naming(ask.caller, denies).ok_or(Mismatch::Principal)?,
            None => Naming::Everyone,
        };
        if let Some(key) = self.needs.iter().find(|key| !resolves(key, ask.context)) {
            return Err(Mismatch::Variable(key));
        }
        let is_about = |template: &Template| template.matches(ask.resource, ask.context);
        if self.resources.as_ref().is_some_and(|resources| !resources.has(is_about)) {
            return Err(Mismatch::Resource);
        }
        match self.conditions.iter().find(|condition| !condition.holds(ask.context)) {
            Some(Condition { written: (operator, key), .. }) => {
                Err(Mismatch::Condition { operator, key })
            }
            None => Ok(naming),
        }
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action => f.write_str("is about other actions"),
            Self::Principal => f.write_str("is about other principals"),
            Self::Variable(key) => write!(f, "needs one value of {key}, which the request lacks"),
            Self::Resource => f.write_str("is about other resources"),
            Self::Condition { operator, key } => {
                write!(f, "has a condition that is not met: {operator} on {key}")
            }
        }
    }
}

impl<T> Listed<T> {
    fn has(&self, is: impl Fn(&T) -> bool) -> bool {
        self.list.iter().any(is) != self.negated
    }
}
