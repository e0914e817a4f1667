//! Event source mappings: what requests bring, and what is shown of a mapping.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value, json};
use tidings_core::names::QueueArn;
use tidings_lambda::event_sources::{Mapping, MappingQuery, MappingSettings, MappingUpdate};
use tidings_lambda::{LambdaFault, Reference, limits};

use super::functions::pairs;
use super::request::{Asked, LambdaRequest};
use crate::action::LambdaAction;
use crate::json::{List, Map, Object, or_default};
use crate::query::Form;
use crate::refusal::{Refusal, WireError};
use crate::text::Text;

/// What is asked of event source mappings. Functions and queues are named in full, and mappings by
/// what may be their UUID.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the documented operation of its name, and its members")]
pub enum EventSourceRequest {
    Create(Box<CreateMapping>),
    Delete { uuid: String },
    Get { uuid: String },
    List(MappingQuery),
    ListTags { uuid: String },
    Tag { uuid: String, tags: Vec<(String, String)> },
    Untag { uuid: String, keys: Vec<String> },
    Update { uuid: String, update: Box<MappingUpdate> },
}

/// CreateEventSourceMapping.
#[derive(Clone, Debug)]
pub struct CreateMapping {
    /// The queue.
    pub queue: QueueArn,
    /// The function, and which version of it.
    pub function: Reference,
    /// How.
    pub settings: MappingSettings,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What stands in an ARN of a mapping before its UUID.
const MAPPING: &str = ":event-source-mapping:";

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct MappingInput<'a> {
    #[serde(borrow)]
    event_source_arn: Option<Text<'a>>,
    #[serde(borrow)]
    function_name: Option<Text<'a>>,
    batch_size: Option<i64>,
    maximum_batching_window_in_seconds: Option<i64>,
    enabled: Option<bool>,
    filter_criteria: Option<Object<FilterCriteria>>,
    function_response_types: Option<List<String>>,
    scaling_config: Option<Object<ScalingConfig>>,
    #[serde(borrow, deserialize_with = "or_default")]
    tags: Map<'a, Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct FilterCriteria {
    #[serde(deserialize_with = "or_default")]
    filters: List<Object<FilterInput>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct FilterInput {
    pattern: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ScalingConfig {
    maximum_concurrency: Option<i64>,
}

/// What the service knows and this server does nothing with: what is of other kinds of event sources,
/// and what would be ignored here.
const UNSERVED: [&str; 18] = [
    "AmazonManagedKafkaEventSourceConfig",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "Topics",
    "TumblingWindowInSeconds",
];

impl EventSourceRequest {
    pub(super) fn read(
        asked: &Asked<'_>,
        action: LambdaAction,
        uuid: String,
    ) -> Result<LambdaRequest, Refusal> {
        use LambdaAction as A;
        Ok(LambdaRequest::EventSource(match action {
            A::CreateEventSourceMapping => create(asked)?,
            A::DeleteEventSourceMapping => Self::Delete { uuid },
            A::GetEventSourceMapping => Self::Get { uuid },
            A::ListEventSourceMappings => list(asked)?,
            A::UpdateEventSourceMapping => update(asked, uuid)?,
            _ => return Err(WireError::InternalFailure.into()),
        }))
    }

    /// A request about tags, if it is one about those of a mapping.
    pub(super) fn of_tags(
        asked: &Asked<'_>,
        action: LambdaAction,
        arn: &str,
    ) -> Result<Option<LambdaRequest>, Refusal> {
        let Some((before, uuid)) = arn.split_once(MAPPING) else { return Ok(None) };
        let (scope, uuid) = (asked.scope, uuid.to_owned());
        let (partition, region) = (scope.region.partition(), scope.region.as_str());
        // What is another's is as good as not there.
        let is_own = before == format!("arn:{partition}:lambda:{region}:{}", scope.account);
        let uuid = if is_own { uuid } else { String::new() };
        Ok(Some(LambdaRequest::EventSource(match action {
            LambdaAction::ListTags => Self::ListTags { uuid },
            LambdaAction::TagResource => {
                Self::Tag { uuid, tags: pairs(asked.input::<MappingInput<'_>>()?.tags) }
            }
            _ => {
                let form = Form::read(asked.query.as_bytes(), "")?;
                Self::Untag { uuid, keys: form.all("tagKeys").map(str::to_owned).collect() }
            }
        })))
    }
}

fn create(asked: &Asked<'_>) -> Result<EventSourceRequest, Refusal> {
    check_served(asked)?;
    let mut input: MappingInput<'_> = asked.input()?;
    let missing = || LambdaFault::constraint("null", "functionName", "not be null");
    let function = input.function_name.as_deref().ok_or_else(missing)?;
    let function = Reference::parse(function, None, asked.scope)?;
    // The service's words for a request without one.
    let unknown = || LambdaFault::parameter("Unrecognized event source.");
    let queue = input.event_source_arn.as_deref().and_then(QueueArn::parse);
    let queue = queue.ok_or_else(unknown)?;
    let tags = pairs(std::mem::take(&mut input.tags)).into_iter().collect();
    let settings = input.settings()?;
    Ok(EventSourceRequest::Create(Box::new(CreateMapping { queue, function, settings, tags })))
}

fn update(asked: &Asked<'_>, uuid: String) -> Result<EventSourceRequest, Refusal> {
    check_served(asked)?;
    let input: MappingInput<'_> = asked.input()?;
    let function = input.function_name.as_deref();
    let function = function.map(|name| Reference::parse(name, None, asked.scope)).transpose()?;
    let update = MappingUpdate { function, settings: input.settings()? };
    Ok(EventSourceRequest::Update { uuid, update: Box::new(update) })
}

fn list(asked: &Asked<'_>) -> Result<EventSourceRequest, Refusal> {
    let function = asked.parameter("FunctionName");
    let function = function.map(|name| Reference::parse(&name, None, asked.scope)).transpose()?;
    let page = asked.page_of(limits::EVENT_SOURCE_PAGE_MAX)?;
    Ok(EventSourceRequest::List(MappingQuery {
        event_source: asked.parameter("EventSourceArn"),
        function,
        marker: page.after,
        max: Some(page.max),
    }))
}

fn check_served(asked: &Asked<'_>) -> Result<(), Refusal> {
    let members: JsonMap<String, Value> = asked.input()?;
    let is_said = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => members.values().any(|it| !it.is_null()),
        _ => true,
    };
    match UNSERVED.iter().find(|name| members.get(**name).is_some_and(is_said)) {
        Some(name) => {
            let text = format!("This server has queues as event sources, without {name}.");
            Err(LambdaFault::parameter(text).into())
        }
        None => Ok(()),
    }
}

impl MappingInput<'_> {
    fn settings(self) -> Result<MappingSettings, LambdaFault> {
        let filters = self.filter_criteria.map(|criteria| criteria.0.filters.0);
        let pattern = |filter: Object<FilterInput>| {
            let missing = || LambdaFault::parameter("Invalid filter pattern definition.");
            filter.0.pattern.ok_or_else(missing)
        };
        let filters = filters
            .map(|filters| filters.into_iter().map(pattern).collect::<Result<_, _>>())
            .transpose()?;
        Ok(MappingSettings {
            batch_size: self.batch_size,
            window_seconds: self.maximum_batching_window_in_seconds,
            filters,
            response_types: self.function_response_types.map(|types| types.0),
            concurrency_max: self.scaling_config.map(|config| config.0.maximum_concurrency),
            is_enabled: self.enabled,
        })
    }
}

/// A mapping. `problem` is what went wrong lately, if anything did; the service shows no
/// `LastProcessingResult` for queues, and here there is none where all is well.
pub fn mapping(mapping: &Mapping, problem: Option<&str>) -> Value {
    let types: &[&str] =
        if mapping.reports_item_failures { &["ReportBatchItemFailures"] } else { &[] };
    let mut members = json!({
        "UUID": mapping.uuid.to_string(),
        "EventSourceMappingArn": mapping.arn(),
        "EventSourceArn": mapping.queue.to_string(),
        "FunctionArn": mapping.function_arn(),
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_seconds,
        "FunctionResponseTypes": types,
        "LastModified": seconds(mapping.modified_at_ms),
        "State": mapping.state(),
        "StateTransitionReason": "USER_INITIATED",
    });
    if !mapping.filters.is_empty() {
        let filters: Vec<_> =
            mapping.filters.iter().map(|filter| json!({ "Pattern": filter.text })).collect();
        members["FilterCriteria"] = json!({ "Filters": filters });
    }
    if let Some(max) = mapping.concurrency_max {
        members["ScalingConfig"] = json!({ "MaximumConcurrency": max });
    }
    if let Some(problem) = problem {
        members["LastProcessingResult"] = json!(problem);
    }
    members
}

/// Seconds since 1970, with what is left of one.
fn seconds(ms: u64) -> f64 {
    // Exact for thousands of years.
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{AccountId, Region, Uuid};
    use tidings_lambda::event_sources::{EventSources, NewMapping, Surroundings};
    use tidings_lambda::{LambdaCode, Scope};

    use super::super::InvokeHeaders;
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:orders";

    fn scope() -> Scope {
        Scope {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
        }
    }

    fn read(method: &str, target: &str, body: &Value) -> Result<EventSourceRequest, Refusal> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (scope, headers) = (&scope(), &InvokeHeaders::default());
        let asked = Asked { method, path, query, headers, body: body.as_bytes(), scope };
        match LambdaRequest::read(&asked)? {
            LambdaRequest::EventSource(request) => Ok(request),
            other => panic!("{other:?}"),
        }
    }

    fn code(outcome: Result<EventSourceRequest, Refusal>) -> LambdaCode {
        match outcome.unwrap_err() {
            Refusal::Lambda(fault) => fault.code,
            other => panic!("{other:?}"),
        }
    }

    const PATH: &str = "/2015-03-31/event-source-mappings";

    #[test]
    fn a_mapping_is_created_with_what_is_said() {
        let body = json!({
            "EventSourceArn": QUEUE,
            "FunctionName": "resize:live",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 5,
            "Enabled": false,
            "FilterCriteria": { "Filters": [{ "Pattern": "{\"body\":[\"x\"]}" }] },
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": { "MaximumConcurrency": 7 },
            "Tags": { "team": "a" },
            "StartingPosition": null,
            "Topics": [],
            "DestinationConfig": { "OnFailure": null },
        });
        let request = read("POST", &format!("{PATH}/"), &body).unwrap();
        let EventSourceRequest::Create(create) = request else { panic!("{request:?}") };
        assert_eq!(create.queue.to_string(), QUEUE);
        assert_eq!(
            create.function.arn(),
            "arn:aws:lambda:us-east-1:111122223333:function:resize:live"
        );
        assert_eq!(create.tags["team"], "a");
        assert_eq!(
            create.settings,
            MappingSettings {
                batch_size: Some(100),
                window_seconds: Some(5),
                filters: Some(vec![r#"{"body":["x"]}"#.to_owned()]),
                response_types: Some(vec!["ReportBatchItemFailures".to_owned()]),
                concurrency_max: Some(Some(7)),
                is_enabled: Some(false),
            }
        );
    }

    #[test]
    fn what_is_empty_takes_away_and_what_is_missing_leaves() {
        let path = format!("{PATH}/u-1");
        let request = read("PUT", &path, &json!({})).unwrap();
        let EventSourceRequest::Update { uuid, update } = request else { panic!("{request:?}") };
        assert_eq!((&*uuid, update.function), ("u-1", None));
        assert_eq!(update.settings, MappingSettings::default());
        let body = json!({
            "FilterCriteria": {},
            "FunctionResponseTypes": [],
            "ScalingConfig": {},
            "FunctionName": "f",
        });
        let request = read("PUT", &path, &body).unwrap();
        let EventSourceRequest::Update { update, .. } = request else { panic!("{request:?}") };
        assert!(update.function.is_some());
        assert_eq!(update.settings.filters, Some(Vec::new()));
        assert_eq!(update.settings.response_types, Some(Vec::new()));
        assert_eq!(update.settings.concurrency_max, Some(None));
    }

    #[test]
    fn mappings_are_found_by_paths_and_parameters() {
        let path = format!("{PATH}/u-1");
        let request = read("GET", &path, &Value::Null).unwrap();
        assert!(matches!(request, EventSourceRequest::Get { uuid } if uuid == "u-1"));
        let request = read("DELETE", &path, &Value::Null).unwrap();
        assert!(matches!(request, EventSourceRequest::Delete { uuid } if uuid == "u-1"));
        let query = "FunctionName=f%3A1&EventSourceArn=arn%3Ax&Marker=m&MaxItems=1000";
        let request = read("GET", &format!("{PATH}?{query}"), &Value::Null).unwrap();
        let EventSourceRequest::List(query) = request else { panic!("{request:?}") };
        let function = query.function.unwrap().arn();
        assert_eq!(function, "arn:aws:lambda:us-east-1:111122223333:function:f:1");
        assert_eq!(query.event_source.as_deref(), Some("arn:x"));
        assert_eq!((query.marker.as_deref(), query.max), (Some("m"), Some(100)));
        let too_many = read("GET", &format!("{PATH}?MaxItems=10001"), &Value::Null);
        assert_eq!(code(too_many), LambdaCode::Validation);
    }

    #[test]
    fn tags_of_mappings_are_not_those_of_functions() {
        let tags = |account: &str| {
            let arn = format!("arn:aws:lambda:us-east-1:{account}:event-source-mapping:u-1");
            format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"))
        };
        let own = tags("111122223333");
        let request = read("GET", &own, &Value::Null).unwrap();
        assert!(matches!(request, EventSourceRequest::ListTags { uuid } if uuid == "u-1"));
        let request = read("POST", &own, &json!({ "Tags": { "k": "v" } })).unwrap();
        let EventSourceRequest::Tag { tags: set, .. } = request else { panic!("{request:?}") };
        assert_eq!(set, [("k".to_owned(), "v".to_owned())]);
        let request = read("DELETE", &format!("{own}?tagKeys=a&tagKeys=b"), &Value::Null).unwrap();
        let EventSourceRequest::Untag { keys, .. } = request else { panic!("{request:?}") };
        assert_eq!(keys, ["a", "b"]);
        let request = read("GET", &tags("999988887777"), &Value::Null).unwrap();
        assert!(matches!(request, EventSourceRequest::ListTags { uuid } if uuid.is_empty()));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        use LambdaCode::{InvalidParameterValue as Parameter, Validation};
        let good = json!({ "EventSourceArn": QUEUE, "FunctionName": "f" });
        read("POST", PATH, &good).unwrap();
        let stream = "arn:aws:kinesis:us-east-1:111122223333:stream/s";
        for (member, value, expected) in [
            ("EventSourceArn", Value::Null, Parameter),
            ("EventSourceArn", json!(stream), Parameter),
            ("FunctionName", Value::Null, Validation),
            ("FunctionName", json!("a b"), Validation),
            ("StartingPosition", json!("LATEST"), Parameter),
            ("KMSKeyArn", json!("arn:aws:kms:us-east-1:111122223333:key/k"), Parameter),
            ("ProvisionedPollerConfig", json!({ "MinimumPollers": 2 }), Parameter),
            ("FilterCriteria", json!({ "Filters": [{}] }), Parameter),
        ] {
            let mut body = good.clone();
            body[member] = value.clone();
            assert_eq!(code(read("POST", PATH, &body)), expected, "{member} {value}");
        }
        for (member, value) in [
            ("BatchSize", json!("ten")),
            ("FilterCriteria", json!([])),
            ("ScalingConfig", json!(7)),
        ] {
            let mut body = good.clone();
            body[member] = value.clone();
            read("POST", PATH, &body).unwrap_err();
        }
    }

    #[test]
    fn a_mapping_is_shown_with_what_it_has() {
        let new = |settings| NewMapping {
            uuid: Uuid::from_random(1),
            queue: QueueArn::parse(QUEUE).unwrap(),
            function: Reference::parse("f", None, &scope()).unwrap(),
            settings,
            tags: BTreeMap::new(),
        };
        let around = Surroundings { visibility_seconds: Some(30), timeout_seconds: Some(3) };
        let shown = |settings, problem| {
            let created = EventSources::default().create(new(settings), around, 1_700_000_000_250);
            mapping(&created.unwrap().1, problem)
        };
        let uuid = Uuid::from_random(1).to_string();
        let mut expected = json!({
            "UUID": uuid,
            "EventSourceMappingArn":
                format!("arn:aws:lambda:us-east-1:111122223333:event-source-mapping:{uuid}"),
            "EventSourceArn": QUEUE,
            "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f",
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": [],
            "LastModified": 1_700_000_000.25,
            "State": "Creating",
            "StateTransitionReason": "USER_INITIATED",
        });
        assert_eq!(shown(MappingSettings::default(), None), expected);
        let settings = MappingSettings {
            filters: Some(vec![r#"{"body":["x"]}"#.to_owned()]),
            response_types: Some(vec!["ReportBatchItemFailures".to_owned()]),
            concurrency_max: Some(Some(7)),
            ..MappingSettings::default()
        };
        expected["FilterCriteria"] = json!({ "Filters": [{ "Pattern": "{\"body\":[\"x\"]}" }] });
        expected["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
        expected["ScalingConfig"] = json!({ "MaximumConcurrency": 7 });
        expected["LastProcessingResult"] = json!("PROBLEM: x");
        assert_eq!(shown(settings, Some("PROBLEM: x")), expected);
    }
}
