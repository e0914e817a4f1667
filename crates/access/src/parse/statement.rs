//! One statement.

use serde_json::{Map, Value};

use super::conditions::conditions;
use super::principals::principals;
use super::{Rules, check_members, text, texts};
use crate::condition::{Condition, templates};
use crate::document::{Effect, Listed, Statement};
use crate::fault::Fault;
use crate::principal::Principals;
use crate::template::{Reading, Template};
use crate::wildcard::Pattern;

const MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

pub(super) fn statement(value: &Value, at: &str, rules: Rules) -> Result<Statement, Fault> {
    let Value::Object(object) = value else {
        return Err(Fault::new(at, "not an object"));
    };
    check_members(object, &MEMBERS, at)?;
    let resources = resources_of(object, at, rules)?;
    let conditions = match object.get("Condition") {
        Some(value) => conditions(value, &format!("{at}.Condition"), rules)?,
        None => Box::default(),
    };
    Ok(Statement {
        sid: sid(object, at, rules)?,
        effect: effect(object, at)?,
        principals: principals_of(object, at, rules)?,
        actions: actions(object, at, rules)?,
        needs: needs(resources.as_ref(), &conditions),
        resources,
        conditions,
    })
}

fn sid(object: &Map<String, Value>, at: &str, rules: Rules) -> Result<Option<Box<str>>, Fault> {
    let at = format!("{at}.Sid");
    let sid = text(object, "Sid", &at)?;
    let is_plain = |sid: &str| sid.bytes().all(|b| b.is_ascii_alphanumeric());
    if rules.plain_sids && !sid.as_deref().is_none_or(is_plain) {
        return Err(Fault::new(at, "has other characters than letters and digits"));
    }
    Ok(sid)
}

fn effect(object: &Map<String, Value>, at: &str) -> Result<Effect, Fault> {
    match object.get("Effect").map(Value::as_str) {
        Some(Some("Allow")) => Ok(Effect::Allow),
        Some(Some("Deny")) => Ok(Effect::Deny),
        Some(_) => Err(Fault::new(format!("{at}.Effect"), "neither Allow nor Deny")),
        None => Err(Fault::new(format!("{at}.Effect"), "missing")),
    }
}

/// The one of an element and its `Not` form that is there, its place, and whether it is the latter.
fn either<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    at: &str,
) -> Result<Option<(&'a Value, String, bool)>, Fault> {
    let negated = format!("Not{name}");
    match (object.get(name), object.get(&negated)) {
        (Some(_), Some(_)) => {
            Err(Fault::new(format!("{at}.{negated}"), format!("stands beside {name}")))
        }
        (Some(value), None) => Ok(Some((value, format!("{at}.{name}"), false))),
        (None, Some(value)) => Ok(Some((value, format!("{at}.{negated}"), true))),
        (None, None) => Ok(None),
    }
}

fn principals_of(
    object: &Map<String, Value>,
    at: &str,
    rules: Rules,
) -> Result<Option<Principals>, Fault> {
    match either(object, "Principal", at)? {
        Some((_, at, _)) if !rules.has_principal => {
            Err(Fault::new(at, "not allowed in this kind of policy"))
        }
        Some((value, at, negated)) => {
            Ok(Some(Principals { negated, list: principals(value, &at, rules)? }))
        }
        None if rules.has_principal => Err(Fault::new(format!("{at}.Principal"), "missing")),
        None => Ok(None),
    }
}

fn actions(object: &Map<String, Value>, at: &str, rules: Rules) -> Result<Listed<Pattern>, Fault> {
    let Some((value, at, negated)) = either(object, "Action", at)? else {
        return Err(Fault::new(format!("{at}.Action"), "missing"));
    };
    let texts = texts(value, &at)?;
    if rules.writing.strict && !texts.iter().all(|text| is_action(text)) {
        return Err(Fault::new(at, "neither * nor service:Action"));
    }
    let pattern = |text: &String| Pattern::parse(&text.to_ascii_lowercase());
    Ok(Listed { negated, list: texts.iter().map(pattern).collect() })
}

fn is_action(text: &str) -> bool {
    let is_service = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"*?".contains(&b);
    let has_form = |(service, name): (&str, &str)| {
        let has_both = !service.is_empty() && !name.is_empty();
        has_both && service.bytes().all(is_service) && name.bytes().all(is_name)
    };
    text == "*" || text.split_once(':').is_some_and(has_form)
}

fn resources_of(
    object: &Map<String, Value>,
    at: &str,
    rules: Rules,
) -> Result<Option<Listed<Template>>, Fault> {
    match either(object, "Resource", at)? {
        Some((_, at, _)) if !rules.has_resource => {
            Err(Fault::new(at, "not allowed in this kind of policy"))
        }
        Some((value, at, negated)) => {
            let texts = texts(value, &at)?;
            if rules.writing.strict && !texts.iter().all(|text| is_resource(text)) {
                return Err(Fault::new(at, "neither * nor an ARN"));
            }
            let list = templates(&texts, Reading::Wild, rules.writing)
                .map_err(|problem| Fault::new(at, problem))?;
            Ok(Some(Listed { negated, list }))
        }
        None if rules.has_resource => Err(Fault::new(format!("{at}.Resource"), "missing")),
        None => Ok(None),
    }
}

fn is_resource(text: &str) -> bool {
    text == "*" || text.starts_with("arn:") || text.starts_with("${")
}

/// The keys without which some variable of the statement stands for nothing, each once.
fn needs(resources: Option<&Listed<Template>>, conditions: &[Condition]) -> Box<[Box<str>]> {
    let of_resources = resources.iter().flat_map(|listed| &listed.list).flat_map(Template::needs);
    let of_conditions = conditions.iter().flat_map(|condition| condition.values.needs());
    let keys: std::collections::BTreeSet<&str> = of_resources.chain(of_conditions).collect();
    keys.into_iter().map(Into::into).collect()
}
