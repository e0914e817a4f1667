//! The request and its policies, and what comes of them.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use tidings_access::{
    Context, Decision, Facts, Kind, Mismatch, Origin, Policies, PolicyDocument, PolicyType,
    Request, StatementRef, Trace, denial_text, evaluate, explain, parse_instant, permissions,
};

use super::documents::Document;
use super::given::{Given, Keys, texts};
use super::who::Who;
use super::{BadInput, ExplainArguments};

/// A request, read and checked, and the documents that apply to it.
pub(crate) struct Question {
    pub(super) action: String,
    pub(super) resource: String,
    who: Who,
    given: Given,
    now_ms: i64,
    identity: Vec<Document>,
    boundary: Option<Document>,
    session: Vec<Document>,
    of_resource: Option<Document>,
    endpoint: Option<Document>,
}

/// What came of it.
pub(crate) struct Explanation<'a> {
    pub(super) question: &'a Question,
    pub(super) caller: &'a str,
    pub(super) decision: Decision<'a>,
    /// What the caller is told, if it is denied.
    pub(super) told: Option<String>,
    pub(super) statements: Vec<Looked<'a>>,
}

/// What came of one statement.
pub(super) struct Looked<'a> {
    pub(super) trace: Trace<'a>,
    /// What the request has of the key that does not fit, if it is a key.
    pub(super) values: Option<Vec<String>>,
}

impl Explanation<'_> {
    /// Whether the request is allowed.
    pub(crate) fn is_allowed(&self) -> bool {
        self.decision.is_allowed()
    }
}

impl Question {
    /// Reads the files and checks everything.
    pub(crate) fn read(arguments: ExplainArguments) -> Result<Self, BadInput> {
        check_action(&arguments.action)?;
        let who = Who::read(&arguments.caller, arguments.role.as_deref())?;
        let resource = arguments.resource;
        if !resource.starts_with("arn:") && !resource.starts_with('+') {
            let problem = format!("{resource:?} is neither an ARN nor a phone number such as +1…");
            return Err(BadInput::new("--resource", problem));
        }
        if !who.has_policies() && (!arguments.identity.is_empty() || arguments.boundary.is_some()) {
            let problem = format!("{} has no policies of its own", arguments.caller);
            return Err(BadInput::new("--identity and --boundary", problem));
        }
        if !who.has_session_policies() && !arguments.session.is_empty() {
            let problem = format!("{} has no session", arguments.caller);
            return Err(BadInput::new("--session", problem));
        }
        let one = |flag, file, kind| match file {
            Some(file) => Document::read(flag, file, kind).map(Some),
            None => Ok(None),
        };
        let of_resource = match arguments.resource_policy {
            Some(file) => {
                let kind = kind_of(&resource)?;
                Some(Document::read("--resource-policy", file, kind)?)
            }
            None => None,
        };
        Ok(Self {
            action: arguments.action,
            resource,
            who,
            given: Given::read(&arguments.context)?,
            now_ms: read_now(arguments.now.as_deref())?,
            identity: Document::read_all("--identity", arguments.identity, Kind::Identity)?,
            boundary: one("--boundary", arguments.boundary, Kind::Identity)?,
            session: Document::read_all("--session", arguments.session, Kind::Identity)?,
            of_resource,
            endpoint: one("--endpoint-policy", arguments.endpoint_policy, Kind::Endpoint)?,
        })
    }

    /// Decides, and calls `tell` with why: the explanation borrows what is made on the way.
    pub(crate) fn explained<T>(&self, tell: impl FnOnce(&Explanation<'_>) -> T) -> T {
        let caller = self.who.caller(self.given.caller_id());
        let owner = self.part_of_resource(4).or(caller.account()).unwrap_or_default();
        let facts = Facts {
            region: self.part_of_resource(3).unwrap_or("us-east-1"),
            resource_account: Some(owner),
            ..Facts::new(caller, Origin::Service, self.now_ms)
        };
        let keys = Keys { given: &self.given, facts };
        let request = Request {
            caller,
            action: &self.action,
            resource: &self.resource,
            resource_account: owner,
            context: &keys,
        };
        let (identity, session) = (documents(&self.identity), documents(&self.session));
        // A federated user's session may do nothing that no session policy allows.
        let is_bound = !session.is_empty() || matches!(self.who, Who::FederatedUser { .. });
        let policies = Policies {
            identity: &identity,
            boundary: document(&self.boundary),
            session: is_bound.then_some(&session[..]),
            resource: document(&self.of_resource),
            endpoint: document(&self.endpoint),
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        let told = match &decision {
            Decision::Denied(denial) => Some(denial_text(&request, denial)),
            Decision::Allowed(_) => None,
        };
        let traces = explain(&request, &policies).into_iter();
        let statements = traces.map(|trace| looked(trace, &keys)).collect();
        tell(&Explanation { question: self, caller: caller.name(), decision, told, statements })
    }

    /// The file that a statement is in.
    pub(super) fn file(&self, statement: &StatementRef<'_>) -> &Path {
        let documents = self.documents(statement.policy_type);
        documents.get(statement.document).map_or(Path::new(""), |document| &document.file)
    }

    /// What was given of a type.
    pub(super) fn documents(&self, policy_type: PolicyType) -> &[Document] {
        match policy_type {
            PolicyType::Endpoint => self.endpoint.as_slice(),
            PolicyType::Resource => self.of_resource.as_slice(),
            PolicyType::Identity => &self.identity,
            PolicyType::Boundary => self.boundary.as_slice(),
            PolicyType::Session => &self.session,
            PolicyType::ServiceControl | PolicyType::ResourceControl => &[],
        }
    }

    /// A part of the resource's ARN: 3 is the region, 4 the account.
    fn part_of_resource(&self, index: usize) -> Option<&str> {
        let is_arn = self.resource.starts_with("arn:");
        let part = self.resource.splitn(6, ':').nth(index).filter(|part| !part.is_empty());
        part.filter(|_| is_arn)
    }
}

fn looked<'a>(trace: Trace<'a>, keys: &dyn Context) -> Looked<'a> {
    let key = match trace.outcome {
        Err(Mismatch::Condition { key, .. } | Mismatch::Variable(key)) => Some(key),
        _ => None,
    };
    let values = key.map(|key| keys.value(&key.to_lowercase()));
    let values = values.map(|value| value.as_ref().map(texts).unwrap_or_default());
    Looked { trace, values }
}

fn documents(of: &[Document]) -> Vec<&PolicyDocument> {
    of.iter().map(|document| &document.document).collect()
}

fn document(of: &Option<Document>) -> Option<&PolicyDocument> {
    of.as_ref().map(|document| &document.document)
}

/// What no policy is ever asked for would always be denied, and teach nothing.
fn check_action(action: &str) -> Result<(), BadInput> {
    let bad = |problem: String| Err(BadInput::new("--action", problem));
    let Some((service, name)) = action.split_once(':').filter(|(_, name)| !name.is_empty()) else {
        return bad(format!("{action:?} is no action: one looks like sqs:SendMessage"));
    };
    let service = service.to_ascii_lowercase();
    let Some(mut all) = permissions::all(&service) else { return Ok(()) };
    if all.any(|permission| permission.action.eq_ignore_ascii_case(action)) {
        return Ok(());
    }
    match permissions::required(&service, name) {
        Some([]) => bad(format!("{name} needs no permission, and cannot be denied")),
        Some(needed) => {
            let needed: Vec<&str> = needed.iter().map(|permission| permission.action).collect();
            bad(format!("policies know no {action}: {name} needs {}", needed.join(", ")))
        }
        None => bad(format!("no operation of {service} asks for {action}")),
    }
}

fn read_now(text: Option<&str>) -> Result<i64, BadInput> {
    match text {
        Some(text) => parse_instant(text).ok_or_else(|| {
            let problem = format!("{text:?} is no time: one looks like 2026-11-23T14:00:00Z");
            BadInput::new("--now", problem)
        }),
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        }
    }
}

/// What kind of policy a resource has.
fn kind_of(resource: &str) -> Result<Kind, BadInput> {
    let mut parts = resource.splitn(6, ':').skip(2);
    let (service, name) = (parts.next(), parts.nth(2));
    match (service, name) {
        (Some("sqs"), _) => Ok(Kind::Queue),
        (Some("sns"), _) => Ok(Kind::Topic),
        (Some("kms"), _) => Ok(Kind::Key),
        (Some("iam"), Some(name)) if name.starts_with("role/") => Ok(Kind::Trust),
        _ => {
            let problem = format!("only a queue, topic, key or role has one, and not {resource}");
            Err(BadInput::new("--resource-policy", problem))
        }
    }
}
