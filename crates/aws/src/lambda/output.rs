//! What operations answer: JSON, with the members that clients read back.

use serde_json::{Map, Value, json};
use tidings_core::time::Timestamp;
use tidings_lambda::{
    Alias, Configuration, Function, FunctionId, InvokeConfig, Logging, Policy, Qualifier, Shown,
};

/// A version as CreateFunction, GetFunctionConfiguration and their like show it.
pub fn configuration(shown: &Shown) -> Value {
    let Shown { id, qualifier, version, configuration } = shown;
    of_version(id, qualifier.as_ref(), version, configuration)
}

fn of_version(
    id: &FunctionId,
    qualifier: Option<&Qualifier>,
    version: &Qualifier,
    it: &Configuration,
) -> Value {
    let region = id.scope.region.as_str();
    let partition = id.scope.region.partition();
    let runtime_arn = format!("arn:{partition}:lambda:{region}::runtime:{}", it.code.sha256);
    let mut members = json!({
        "FunctionName": id.name.as_str(),
        "FunctionArn": id.arn(qualifier),
        "Runtime": it.runtime,
        "Role": it.role,
        "Handler": it.handler,
        "CodeSize": it.code.bytes,
        "Description": it.description,
        "Timeout": it.timeout_seconds,
        "MemorySize": it.memory_mib,
        "LastModified": modified(it.modified_at_ms),
        "CodeSha256": it.code.sha256,
        "Version": version.to_string(),
        "TracingConfig": { "Mode": it.tracing },
        "RevisionId": it.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [it.architecture],
        "EphemeralStorage": { "Size": it.ephemeral_mib },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "RuntimeVersionConfig": { "RuntimeVersionArn": runtime_arn },
        "LoggingConfig": logging(id, it.logging.as_ref()),
    });
    if !it.environment.0.is_empty() {
        members["Environment"] = json!({ "Variables": it.environment.0 });
    }
    if let Some(target) = &it.dead_letter_target {
        members["DeadLetterConfig"] = json!({ "TargetArn": target });
    }
    members
}

/// With what is so if nothing else was said.
fn logging(id: &FunctionId, said: Option<&Logging>) -> Value {
    let group = said.and_then(|said| said.group.clone());
    let group = group.unwrap_or_else(|| format!("/aws/lambda/{}", id.name));
    let mut members = json!({ "LogFormat": "Text", "LogGroup": group });
    if let Some(said) = said {
        // Levels are those of JSON: text has none by default.
        let default = (said.format == "JSON").then(|| "INFO".to_owned());
        members["LogFormat"] = json!(said.format);
        for (name, level) in [
            ("ApplicationLogLevel", &said.application_level),
            ("SystemLogLevel", &said.system_level),
        ] {
            if let Some(level) = level.as_ref().or(default.as_ref()) {
                members[name] = json!(level);
            }
        }
    }
    members
}

/// GetFunction. The service gives an address where the code can be had; there is none here.
pub fn function(shown: &Shown, function: &Function) -> Value {
    let mut members = json!({
        "Configuration": configuration(shown),
        "Code": { "RepositoryType": "Local" },
    });
    if !function.tags().is_empty() {
        members["Tags"] = json!(function.tags());
    }
    if let Some(reserved) = function.reserved_concurrency() {
        members["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
    }
    members
}

/// The version of a function in a list: named with its number where versions are listed.
pub fn listed(function: &Function, version: &Qualifier, is_qualified: bool) -> Option<Value> {
    let (_, it) = function.versions().find(|(there, _)| there == version)?;
    let qualifier = Some(version).filter(|_| is_qualified);
    Some(of_version(function.id(), qualifier, version, it))
}

/// A list under a name, and where its rest begins.
pub fn page(name: &str, items: Vec<Value>, marker: Option<String>) -> Value {
    let mut members = Map::new();
    members.insert(name.to_owned(), Value::Array(items));
    if let Some(marker) = marker {
        members.insert("NextMarker".to_owned(), Value::String(marker));
    }
    Value::Object(members)
}

/// An alias.
pub fn alias(id: &FunctionId, name: &str, alias: &Alias) -> Value {
    let mut members = json!({
        "AliasArn": format!("{id}:{name}"),
        "Name": name,
        "FunctionVersion": alias.version.qualifier().to_string(),
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    });
    if let Some((version, weight)) = alias.additional {
        let weights = json!({ version.to_string(): weight });
        members["RoutingConfig"] = json!({ "AdditionalVersionWeights": weights });
    }
    members
}

/// GetPolicy.
pub fn policy(policy: &Policy) -> Value {
    json!({ "Policy": policy.text(), "RevisionId": policy.revision_id() })
}

/// Settings of asynchronous invocations.
pub fn invoke_config(id: &FunctionId, qualifier: &Qualifier, config: &InvokeConfig) -> Value {
    let destination = |arn: &Option<String>| match arn {
        Some(arn) => json!({ "Destination": arn }),
        None => json!({}),
    };
    let mut members = json!({
        // Seconds, with their thousandths.
        "LastModified": config.modified_at_ms as f64 / 1000.0,
        "FunctionArn": id.arn(Some(qualifier)),
        "DestinationConfig": {
            "OnSuccess": destination(&config.on_success),
            "OnFailure": destination(&config.on_failure),
        },
    });
    if let Some(attempts) = config.retry_attempts {
        members["MaximumRetryAttempts"] = json!(attempts);
    }
    if let Some(seconds) = config.event_age_seconds {
        members["MaximumEventAgeInSeconds"] = json!(seconds);
    }
    members
}

/// `2026-01-02T03:04:05.678+0000`
fn modified(ms: u64) -> String {
    Timestamp::from_ms(ms).to_iso8601().replace('Z', "+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_shown_as_it_was_asked_for_or_with_its_defaults() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:resize";
        let (id, _) = FunctionId::parse_arn(arn).unwrap();
        let own = "/aws/lambda/resize";
        assert_eq!(logging(&id, None), json!({ "LogFormat": "Text", "LogGroup": own }));
        let mut said = Logging {
            format: "JSON".to_owned(),
            application_level: Some("DEBUG".to_owned()),
            system_level: None,
            group: None,
        };
        let levels = json!({
            "LogFormat": "JSON",
            "LogGroup": own,
            "ApplicationLogLevel": "DEBUG",
            "SystemLogLevel": "INFO",
        });
        assert_eq!(logging(&id, Some(&said)), levels);
        said = Logging {
            format: "Text".to_owned(),
            application_level: None,
            group: Some("rooms".to_owned()),
            ..said
        };
        let text = json!({ "LogFormat": "Text", "LogGroup": "rooms" });
        assert_eq!(logging(&id, Some(&said)), text);
    }
}
