//! Data protection policies: what makes a text one. A policy is kept and read back as it was given.
//!
//! Developer guide of SNS, "Amazon SNS message data protection". Of the service's words only those
//! about the direction are known.

use serde_json::{Map, Value};

use crate::limits;
use crate::rejection::TopicRejection;

const VERSION: &str = "2021-06-01";
const MANAGED_IDENTIFIER: &str = "arn:aws:dataprotection::aws:data-identifier/";

/// Checks that a text is a data protection policy: a name, the version `2021-06-01` and at least
/// one statement with a direction, principals, identifiers and one operation; no member that is
/// unknown; at most one audit; at most 30,720 characters. An identifier is the ARN of a managed one
/// or the name of a custom one; whether there is a managed one of this name, and whether a custom
/// one's expression compiles, is not looked at.
///
/// # Errors
/// InvalidParameter.
pub fn check(text: &str) -> Result<(), TopicRejection> {
    policy(text).map_err(|reason| {
        TopicRejection::parameter(format!("DataProtectionPolicy Reason: {reason}"))
    })
}

type Members = Map<String, Value>;

fn policy(text: &str) -> Result<(), String> {
    let max = limits::DATA_PROTECTION_POLICY_CHARS_MAX;
    if text.chars().count() > max {
        return Err(format!("Policy must have at most {max} characters"));
    }
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err("Policy must be a JSON object".into());
    };
    only(&policy, "Policy", &["Name", "Description", "Version", "Statement", "Configuration"])?;
    text_of(&policy, "Policy", "Name")?;
    optional_text(&policy, "Policy", "Description")?;
    if policy.get("Version").and_then(Value::as_str) != Some(VERSION) {
        return Err(format!("Policy Version must be {VERSION}"));
    }
    let custom = custom_identifiers(&policy)?;
    let mut audits = 0;
    for value in list(&policy, "Policy", "Statement")? {
        let members = object(value, "Statement")?;
        audits += usize::from(statement(members, &custom)? == "Audit");
    }
    if audits > 1 {
        return Err("Policy must have at most one statement with Operation Audit".into());
    }
    Ok(())
}

/// Checks a statement and says which operation it has.
fn statement<'a>(statement: &'a Members, custom: &[&str]) -> Result<&'a str, String> {
    let known = ["Sid", "DataDirection", "Principal", "DataIdentifier", "Operation"];
    only(statement, "Statement", &known)?;
    optional_text(statement, "Statement", "Sid")?;
    let direction = statement.get("DataDirection").and_then(Value::as_str);
    if !matches!(direction, Some("Inbound" | "Outbound")) {
        return Err("Statement DataDirection must be either Inbound or Outbound".into());
    }
    let is_principal =
        |value: &Value| value.as_str().is_some_and(|text| text == "*" || text.starts_with("arn:"));
    if !list(statement, "Statement", "Principal")?.iter().all(is_principal) {
        return Err("Statement Principal must have only ARNs, or *".into());
    }
    let is_identifier = |value: &Value| {
        value.as_str().is_some_and(|text| {
            custom.contains(&text)
                || text.strip_prefix(MANAGED_IDENTIFIER).is_some_and(|name| !name.is_empty())
        })
    };
    if !list(statement, "Statement", "DataIdentifier")?.iter().all(is_identifier) {
        return Err("Statement DataIdentifier must have only data identifiers".into());
    }
    operation(statement)
}

fn operation(statement: &Members) -> Result<&str, String> {
    let operations = object_of(statement, "Statement", "Operation")?;
    let mut operations = operations.iter();
    let (Some((name, value)), None) = (operations.next(), operations.next()) else {
        return Err("Statement Operation must have exactly one operation".into());
    };
    let members = object(value, name)?;
    match name.as_str() {
        "Audit" => audit(members)?,
        "Deidentify" => deidentify(members)?,
        "Deny" => only(members, name, &[])?,
        _ => return Err("Statement Operation must be Audit, Deidentify or Deny".into()),
    }
    Ok(name)
}

fn audit(audit: &Members) -> Result<(), String> {
    only(audit, "Audit", &["SampleRate", "FindingsDestination", "NoFindingsDestination"])?;
    let rate = text_of(audit, "Audit", "SampleRate")?;
    let digits = !rate.is_empty() && rate.bytes().all(|b| b.is_ascii_digit());
    if !digits || !rate.parse().is_ok_and(|rate| limits::AUDIT_SAMPLE_RATE.contains(&rate)) {
        let (least, most) = limits::AUDIT_SAMPLE_RATE.into_inner();
        return Err(format!("Audit SampleRate must be an integer between {least}-{most}"));
    }
    for destinations in ["FindingsDestination", "NoFindingsDestination"] {
        if audit.contains_key(destinations) {
            check_destinations(object_of(audit, "Audit", destinations)?, destinations)?;
        }
    }
    Ok(())
}

fn check_destinations(destinations: &Members, name: &str) -> Result<(), String> {
    let kinds = [("CloudWatchLogs", "LogGroup"), ("Firehose", "DeliveryStream"), ("S3", "Bucket")];
    only(destinations, name, &kinds.map(|(kind, _)| kind))?;
    for (kind, member) in kinds {
        if destinations.contains_key(kind) {
            let destination = object_of(destinations, name, kind)?;
            only(destination, kind, &[member])?;
            text_of(destination, kind, member)?;
        }
    }
    Ok(())
}

fn deidentify(deidentify: &Members) -> Result<(), String> {
    match (deidentify.get("MaskConfig"), deidentify.get("RedactConfig")) {
        (Some(mask), None) if deidentify.len() == 1 => {
            let mask = object(mask, "MaskConfig")?;
            only(mask, "MaskConfig", &["MaskWithCharacter"])?;
            let character = text_of(mask, "MaskConfig", "MaskWithCharacter")?;
            if character.chars().count() != 1 {
                return Err("MaskConfig MaskWithCharacter must be one character".into());
            }
            Ok(())
        }
        (None, Some(redact)) if deidentify.len() == 1 => {
            only(object(redact, "RedactConfig")?, "RedactConfig", &[])
        }
        _ => Err("Deidentify must have either MaskConfig or RedactConfig".into()),
    }
}

/// The names of the policy's own identifiers.
fn custom_identifiers(policy: &Members) -> Result<Vec<&str>, String> {
    if !policy.contains_key("Configuration") {
        return Ok(Vec::new());
    }
    let configuration = object_of(policy, "Policy", "Configuration")?;
    only(configuration, "Configuration", &["CustomDataIdentifier"])?;
    list(configuration, "Configuration", "CustomDataIdentifier")?
        .iter()
        .map(|identifier| {
            let identifier = object(identifier, "CustomDataIdentifier")?;
            only(identifier, "CustomDataIdentifier", &["Name", "Regex"])?;
            text_of(identifier, "CustomDataIdentifier", "Regex")?;
            text_of(identifier, "CustomDataIdentifier", "Name")
        })
        .collect()
}

fn only(members: &Members, of: &str, known: &[&str]) -> Result<(), String> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("{of} has an unknown member {name}")),
        None => Ok(()),
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Members, String> {
    value.as_object().ok_or_else(|| format!("{what} must be a JSON object"))
}

fn object_of<'a>(members: &'a Members, of: &str, name: &str) -> Result<&'a Members, String> {
    object(members.get(name).unwrap_or(&Value::Null), &format!("{of} {name}"))
}

fn list<'a>(members: &'a Members, of: &str, name: &str) -> Result<&'a [Value], String> {
    match members.get(name).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(format!("{of} {name} must be a list of at least one value")),
    }
}

fn text_of<'a>(members: &'a Members, of: &str, name: &str) -> Result<&'a str, String> {
    match members.get(name).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("{of} {name} must be a text")),
    }
}

fn optional_text(members: &Members, of: &str, name: &str) -> Result<(), String> {
    match members.get(name) {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(format!("{of} {name} must be a text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EMAIL: &str = "arn:aws:dataprotection::aws:data-identifier/EmailAddress";

    fn policy_with(operation: Value) -> Value {
        json!({
            "Name": "basic",
            "Description": "Basic types of sensitive data",
            "Version": "2021-06-01",
            "Statement": [{
                "Sid": "inbound",
                "DataDirection": "Inbound",
                "Principal": ["*", "arn:aws:iam::123456789012:user/a"],
                "DataIdentifier": [EMAIL],
                "Operation": operation,
            }],
        })
    }

    /// The policy with the member at the path replaced, added, or (by null) removed.
    fn changed(path: &str, value: Value) -> Value {
        let mut policy = policy_with(json!({ "Deny": {} }));
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = policy.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            parent.remove(name)
        } else {
            parent.insert(name.into(), value)
        };
        policy
    }

    fn refused(policy: &Value) -> String {
        let Err(TopicRejection::InvalidParameter(text)) = check(&policy.to_string()) else {
            panic!("taken: {policy}");
        };
        text.strip_prefix("Invalid parameter: DataProtectionPolicy Reason: ").unwrap().to_owned()
    }

    #[test]
    fn the_documented_operations_are_taken() {
        let destinations = json!({
            "CloudWatchLogs": { "LogGroup": "/aws/vendedlogs/a" },
            "Firehose": { "DeliveryStream": "stream" },
            "S3": { "Bucket": "bucket" },
        });
        for operation in [
            json!({ "Deny": {} }),
            json!({ "Deidentify": { "MaskConfig": { "MaskWithCharacter": "#" } } }),
            json!({ "Deidentify": { "RedactConfig": {} } }),
            json!({ "Audit": { "SampleRate": "0" } }),
            json!({ "Audit": {
                "SampleRate": "99",
                "FindingsDestination": destinations,
                "NoFindingsDestination": {},
            } }),
        ] {
            assert_eq!(check(&policy_with(operation.clone()).to_string()), Ok(()), "{operation}");
        }
        for (path, value) in [
            ("/Description", Value::Null),
            ("/Statement/0/Sid", Value::Null),
            ("/Statement/0/DataDirection", json!("Outbound")),
        ] {
            assert_eq!(check(&changed(path, value).to_string()), Ok(()), "{path}");
        }
    }

    #[test]
    fn identifiers_are_managed_ones_or_the_policys_own() {
        let own = json!({ "CustomDataIdentifier": [{ "Name": "Badge", "Regex": "B-[0-9]+" }] });
        let mut policy = changed("/Configuration", own);
        policy["Statement"][0]["DataIdentifier"] = json!(["Badge", EMAIL]);
        assert_eq!(check(&policy.to_string()), Ok(()));
        policy["Statement"][0]["DataIdentifier"] = json!(["Other"]);
        assert_eq!(refused(&policy), "Statement DataIdentifier must have only data identifiers");
        policy["Configuration"]["CustomDataIdentifier"][0]["Regex"] = json!("");
        assert_eq!(refused(&policy), "CustomDataIdentifier Regex must be a text");
    }

    #[test]
    fn other_forms_are_refused() {
        let direction = "Statement DataDirection must be either Inbound or Outbound";
        for (path, value, text) in [
            ("/Name", Value::Null, "Policy Name must be a text"),
            ("/Name", json!(""), "Policy Name must be a text"),
            ("/Description", json!(1), "Policy Description must be a text"),
            ("/Version", json!("2012-10-17"), "Policy Version must be 2021-06-01"),
            ("/Version", Value::Null, "Policy Version must be 2021-06-01"),
            ("/Extra", json!(1), "Policy has an unknown member Extra"),
            ("/Statement", json!([]), "Policy Statement must be a list of at least one value"),
            ("/Statement", json!({}), "Policy Statement must be a list of at least one value"),
            ("/Statement", json!([1]), "Statement must be a JSON object"),
            ("/Configuration", json!([]), "Policy Configuration must be a JSON object"),
            ("/Configuration", json!({ "a": 1 }), "Configuration has an unknown member a"),
            ("/Statement/0/Extra", json!(1), "Statement has an unknown member Extra"),
            ("/Statement/0/Sid", json!(1), "Statement Sid must be a text"),
            ("/Statement/0/DataDirection", json!("Inbxound"), direction),
            ("/Statement/0/DataDirection", Value::Null, direction),
            (
                "/Statement/0/Principal",
                json!("*"),
                "Statement Principal must be a list of at least one value",
            ),
            (
                "/Statement/0/Principal",
                json!(["me"]),
                "Statement Principal must have only ARNs, or *",
            ),
            (
                "/Statement/0/DataIdentifier",
                json!([MANAGED_IDENTIFIER]),
                "Statement DataIdentifier must have only data identifiers",
            ),
        ] {
            assert_eq!(refused(&changed(path, value)), text, "{path}");
        }
        for bad in [json!([]), json!(null), json!("text")] {
            assert_eq!(refused(&bad), "Policy must be a JSON object");
        }
    }

    #[test]
    fn other_operations_are_refused() {
        let one = "Statement Operation must have exactly one operation";
        let rate = "Audit SampleRate must be an integer between 0-99";
        let either = "Deidentify must have either MaskConfig or RedactConfig";
        for (operation, text) in [
            (Value::Null, "Statement Operation must be a JSON object"),
            (json!({}), one),
            (json!({ "Deny": {}, "Audit": { "SampleRate": "1" } }), one),
            (json!({ "Allow": {} }), "Statement Operation must be Audit, Deidentify or Deny"),
            (json!({ "Deny": { "a": 1 } }), "Deny has an unknown member a"),
            (json!({ "Deny": null }), "Deny must be a JSON object"),
            (json!({ "Audit": {} }), "Audit SampleRate must be a text"),
            (json!({ "Audit": { "SampleRate": "100" } }), rate),
            (json!({ "Audit": { "SampleRate": "+1" } }), rate),
            (json!({ "Audit": { "SampleRate": 1 } }), "Audit SampleRate must be a text"),
            (json!({ "Audit": { "SampleRate": "1", "a": 1 } }), "Audit has an unknown member a"),
            (
                json!({ "Audit": { "SampleRate": "1", "FindingsDestination": { "a": 1 } } }),
                "FindingsDestination has an unknown member a",
            ),
            (
                json!({ "Audit": { "SampleRate": "1", "FindingsDestination": { "S3": {} } } }),
                "S3 Bucket must be a text",
            ),
            (json!({ "Deidentify": {} }), either),
            (json!({ "Deidentify": { "MaskConfig": {}, "RedactConfig": {} } }), either),
            (
                json!({ "Deidentify": { "MaskConfig": { "MaskWithCharacter": "##" } } }),
                "MaskConfig MaskWithCharacter must be one character",
            ),
            (
                json!({ "Deidentify": { "RedactConfig": { "a": 1 } } }),
                "RedactConfig has an unknown member a",
            ),
        ] {
            assert_eq!(refused(&policy_with(operation)), text);
        }
    }

    #[test]
    fn a_policy_has_one_audit() {
        let mut policy = policy_with(json!({ "Audit": { "SampleRate": "1" } }));
        let statement = policy["Statement"][0].clone();
        policy["Statement"].as_array_mut().unwrap().push(statement);
        let text = "Policy must have at most one statement with Operation Audit";
        assert_eq!(refused(&policy), text);
    }

    #[test]
    fn a_policy_has_at_most_30720_characters() {
        let name_of = |length: usize| changed("/Name", json!("ä".repeat(length)));
        let rest = name_of(1).to_string().chars().count() - 1;
        assert_eq!(check(&name_of(30_720 - rest).to_string()), Ok(()));
        let text = "Policy must have at most 30720 characters";
        assert_eq!(refused(&name_of(30_721 - rest)), text);
    }
}
