//! Reads a table of cases and runs one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tidings_access::{
    Allowance, ContextValue, Decision, Denial, Facts, Kind, Organisation, Origin, Policies,
    PolicyDocument, PolicyType, Request, SessionFacts, Source, StatementRef, denial_text, evaluate,
};

use super::world::{self, ACCOUNT};

/// 2026-11-23T14:00:00Z.
const NOW_MS: i64 = 1_795_442_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What the table is about, for its readers.
    #[serde(rename = "about")]
    _about: String,
    /// Policies that several cases name.
    #[serde(default)]
    policies: BTreeMap<String, Value>,
    /// What a case has unless it says otherwise.
    #[serde(default)]
    usual: serde_json::Map<String, Value>,
    cases: Vec<serde_json::Map<String, Value>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    name: String,
    caller: String,
    action: String,
    resource: String,
    queue_policy: Option<Value>,
    /// In place of a queue's policy: everyone may send under this condition.
    condition: Option<Value>,
    topic_policy: Option<Value>,
    key_policy: Option<Value>,
    trust_policy: Option<Value>,
    #[serde(default)]
    identity: Vec<Value>,
    boundary: Option<Value>,
    session: Option<Vec<Value>>,
    endpoint: Option<Value>,
    #[serde(default)]
    service_control: Vec<Vec<Value>>,
    #[serde(default)]
    resource_control: Vec<Vec<Value>>,
    #[serde(default)]
    given: Given,
    expect: String,
    text: Option<String>,
}

/// What is known of the request.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct Given {
    plain_http: bool,
    ip: Option<String>,
    vpce: Option<String>,
    vpc: Option<String>,
    now_ms: Option<i64>,
    user_agent: Option<String>,
    referer: Option<String>,
    source_arn: Option<String>,
    source_account: Option<String>,
    organisation: Option<String>,
    organisation_paths: Vec<String>,
    issued_at_ms: Option<i64>,
    mfa_age_s: Option<u32>,
    called_via: Vec<String>,
    principal_tags: BTreeMap<String, String>,
    request_tags: BTreeMap<String, String>,
    resource_tags: BTreeMap<String, String>,
    keys: BTreeMap<String, Value>,
}

pub(crate) fn read(json: &str) -> Vec<Case> {
    let table: Table = serde_json::from_str(&world::spelled_out(json)).unwrap();
    let case = |mut given: serde_json::Map<String, Value>| {
        for (member, value) in &table.usual {
            given.entry(member.clone()).or_insert_with(|| value.clone());
        }
        for value in given.iter_mut().filter(|(name, _)| is_policy(name)).map(|(_, value)| value) {
            put_in(value, &table.policies);
        }
        let text = Value::Object(given.clone()).to_string();
        serde_json::from_value(Value::Object(given))
            .unwrap_or_else(|fault| panic!("{fault} in {text}"))
    };
    table.cases.into_iter().map(case).collect()
}

fn is_policy(member: &str) -> bool {
    !matches!(
        member,
        "name" | "caller" | "action" | "resource" | "condition" | "given" | "expect" | "text"
    )
}

/// Policies by name, and lists of them.
fn put_in(value: &mut Value, policies: &BTreeMap<String, Value>) {
    match value {
        Value::String(name) => *value = policies.get(name.as_str()).unwrap().clone(),
        Value::Array(list) => list.iter_mut().for_each(|value| put_in(value, policies)),
        _ => {}
    }
}

/// A document; a statement alone stands for a document of today's version.
fn parsed(value: &Value, kind: Kind) -> PolicyDocument {
    let document = match value.get("Effect") {
        Some(_) => json!({ "Version": "2012-10-17", "Statement": value }),
        None => value.clone(),
    };
    PolicyDocument::parse(&document.to_string(), kind)
        .unwrap_or_else(|fault| panic!("{fault} in {document}"))
}

fn all(values: &[Value]) -> Vec<PolicyDocument> {
    values.iter().map(|value| parsed(value, Kind::Identity)).collect()
}

fn one(value: Option<&Value>, kind: Kind) -> Option<PolicyDocument> {
    value.map(|value| parsed(value, kind))
}

impl Case {
    /// What differs from what the case expects.
    pub(crate) fn fault(&self) -> Option<String> {
        let (decision, text) = self.decided();
        let expected_text = self.text.as_ref().map(|text| world::spelled_out(text));
        let fits = decision == self.expect && (expected_text.is_none() || text == expected_text);
        (!fits).then(|| format!("{}: {decision}, expected {} {text:?}", self.name, self.expect))
    }

    fn decided(&self) -> (String, Option<String>) {
        let (identity, session) = (all(&self.identity), self.session.as_deref().map(all));
        let boundary = one(self.boundary.as_ref(), Kind::Identity);
        let endpoint = one(self.endpoint.as_ref(), Kind::Endpoint);
        let conditional = self.condition.as_ref().map(open_queue);
        let resource = one(self.queue_policy.as_ref().or(conditional.as_ref()), Kind::Queue)
            .or_else(|| one(self.topic_policy.as_ref(), Kind::Topic))
            .or_else(|| one(self.key_policy.as_ref(), Kind::Key))
            .or_else(|| one(self.trust_policy.as_ref(), Kind::Trust));
        let levels = |levels: &[Vec<Value>]| -> Vec<Vec<PolicyDocument>> {
            levels.iter().map(|level| all(level)).collect()
        };
        // Those of resources name principals, so they read as an endpoint's policy does.
        let resource_levels: Vec<Vec<PolicyDocument>> = self
            .resource_control
            .iter()
            .map(|level| level.iter().map(|value| parsed(value, Kind::Endpoint)).collect())
            .collect();
        let caller_levels = levels(&self.service_control);
        let (caller_levels, resource_levels) = (refs(&caller_levels), refs(&resource_levels));
        let caller_levels: Vec<&[&PolicyDocument]> = caller_levels.iter().map(|l| &**l).collect();
        let resource_levels: Vec<&[&PolicyDocument]> =
            resource_levels.iter().map(|l| &**l).collect();
        let identity: Vec<&PolicyDocument> = identity.iter().collect();
        let session: Option<Vec<&PolicyDocument>> =
            session.as_ref().map(|list| list.iter().collect());
        let policies = Policies {
            identity: &identity,
            boundary: boundary.as_ref(),
            session: session.as_deref(),
            resource: resource.as_ref(),
            endpoint: endpoint.as_ref(),
            service_control: &caller_levels,
            resource_control: &resource_levels,
        };
        self.given.with_facts(world::caller(&self.caller), |facts| {
            let request = Request {
                caller: facts.caller,
                action: &self.action,
                resource: &self.resource,
                resource_account: ACCOUNT,
                context: facts,
            };
            let decision = evaluate(&request, &policies);
            let text = match &decision {
                Decision::Denied(denial) => Some(denial_text(&request, denial)),
                Decision::Allowed(_) => None,
            };
            (shown(&decision), text)
        })
    }
}

/// The policy of a queue to which everyone may send under a condition.
fn open_queue(condition: &Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:111122223333:orders",
        "Condition": condition,
    })
}

fn refs(levels: &[Vec<PolicyDocument>]) -> Vec<Vec<&PolicyDocument>> {
    levels.iter().map(|level| level.iter().collect()).collect()
}

impl Given {
    fn with_facts<T>(
        &self,
        caller: tidings_access::Caller<'_>,
        run: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        let pairs = |tags: &'_ BTreeMap<String, String>| -> Vec<(String, String)> {
            tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let of_principal = pairs(&self.principal_tags);
        let (of_request, of_resource) = (pairs(&self.request_tags), pairs(&self.resource_tags));
        let (of_principal, of_request, of_resource) =
            (borrowed(&of_principal), borrowed(&of_request), borrowed(&of_resource));
        let tag_keys: Vec<&str> = of_request.iter().map(|(key, _)| *key).collect();
        let called_via: Vec<&str> = self.called_via.iter().map(String::as_str).collect();
        let paths: Vec<&str> = self.organisation_paths.iter().map(String::as_str).collect();
        let keys: Vec<(&str, ContextValue<'_>)> =
            self.keys.iter().map(|(key, value)| (key.as_str(), value_of(value))).collect();
        let organisation =
            self.organisation.as_deref().map(|id| Organisation { id, paths: &paths });
        let facts = Facts {
            is_secure: !self.plain_http,
            user_agent: self.user_agent.as_deref(),
            referer: self.referer.as_deref(),
            session: self
                .issued_at_ms
                .map(|issued_at_ms| SessionFacts { issued_at_ms, mfa_age_s: self.mfa_age_s }),
            principal_tags: &of_principal,
            principal_organisation: organisation,
            source: self.source_arn.as_deref().map(|arn| Source {
                arn,
                account: self.source_account.as_deref().unwrap_or(ACCOUNT),
                organisation: None,
            }),
            called_via: &called_via,
            request_tags: &of_request,
            tag_keys: &tag_keys,
            resource_tags: &of_resource,
            resource_account: Some(ACCOUNT),
            service_keys: &keys,
            ..Facts::new(caller, self.origin(&caller), self.now_ms.unwrap_or(NOW_MS))
        };
        run(&facts)
    }

    fn origin(&self, caller: &tidings_access::Caller<'_>) -> Origin<'_> {
        let address = self.ip.as_deref().unwrap_or("203.0.113.7").parse().unwrap();
        match &self.vpce {
            Some(endpoint) => {
                let network = self.vpc.as_deref();
                Origin::Private { endpoint, network, address: Some(address), account: None }
            }
            None if matches!(caller, tidings_access::Caller::Service { .. }) => Origin::Service,
            None => Origin::Public(address),
        }
    }
}

fn borrowed(tags: &[(String, String)]) -> Vec<(&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn value_of(value: &Value) -> ContextValue<'_> {
    match value {
        Value::String(text) => ContextValue::text(text.as_str()),
        Value::Bool(truth) => ContextValue::Bool(*truth),
        Value::Number(number) => ContextValue::Number(number.as_f64().unwrap()),
        Value::Array(list) => ContextValue::many(list.iter().map(|value| value.as_str().unwrap())),
        other => panic!("{other} is no value of a key"),
    }
}

fn shown(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Allowed(Allowance::Root) => "allowed: root".into(),
        Decision::Allowed(Allowance::Identity(by) | Allowance::Resource(by)) => {
            format!("allowed: {}", place(by))
        }
        Decision::Allowed(Allowance::Both { identity, resource }) => {
            let identity = identity.as_ref().map_or("root".into(), place);
            format!("allowed: {identity} + {}", place(resource))
        }
        Decision::Denied(Denial::Explicit(by)) => format!("denied: by {}", place(by)),
        Decision::Denied(Denial::Silent(policy_type)) => {
            format!("denied: no {}", short(*policy_type))
        }
        Decision::Denied(Denial::NotCrossAccount) => "denied: not cross-account".into(),
    }
}

/// `resource 0`, `identity 1/0 (sid)`: document and statement, where there may be several.
fn place(by: &StatementRef<'_>) -> String {
    let StatementRef { policy_type, document, statement, sid } = by;
    let sid = sid.map_or(String::new(), |sid| format!(" ({sid})"));
    match policy_type {
        PolicyType::Endpoint | PolicyType::Resource | PolicyType::Boundary => {
            format!("{} {statement}{sid}", short(*policy_type))
        }
        _ => format!("{} {document}/{statement}{sid}", short(*policy_type)),
    }
}

fn short(policy_type: PolicyType) -> &'static str {
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
