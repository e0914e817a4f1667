//! Event patterns: which messages of a queue the function behind an event source mapping wants.
//!
//! They are written as filter policies are, and mean the same, but look at the whole record that the
//! function would get, in which the message's body is one member among others. What a pattern may
//! cost is bounded in another way than a filter policy: by its length, by the keys that have to
//! hold together, and by how many alternatives its `$or`s make.
//!
//! Developer guide of Lambda, "Control which events Lambda sends to your function" and "Using event
//! filtering with an Amazon SQS event source".

use serde_json::{Map, Value};

use super::compile::Clause;
use super::{Branch, FilterPolicyFault, body, branches, compile, complexity, exact, fault};
use crate::limits;

/// A pattern for records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventPattern {
    /// One of these has to hold.
    branches: Box<[Branch]>,
    body: BodyForm,
}

/// What a pattern takes the body for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum BodyForm {
    /// It says nothing of it.
    Unnamed,
    /// JSON, in which it has keys.
    Json,
    /// A text.
    Text,
    /// Its alternatives differ.
    Either,
}

/// A record as patterns see it.
#[derive(Clone, PartialEq, Debug)]
pub struct PatternedEvent {
    /// With the body as the text that it is.
    with_text: Value,
    /// With the body read; `None` if it is neither a JSON object nor an array.
    with_json: Option<Value>,
}

const BODY: &str = "body";

impl PatternedEvent {
    /// The record that consists of these members and this body.
    pub fn new(mut members: Map<String, Value>, body: &str) -> Self {
        let json = serde_json::from_str(body).ok().filter(is_structured);
        let with_json = json.map(|json| {
            let mut members = members.clone();
            members.insert(BODY.to_owned(), json);
            Value::Object(members)
        });
        members.insert(BODY.to_owned(), body.into());
        Self { with_text: Value::Object(members), with_json }
    }
}

/// A number or a word alone is a text to whoever sent it, as likely as not.
fn is_structured(json: &Value) -> bool {
    json.is_object() || json.is_array()
}

impl EventPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A [`FilterPolicyFault`] if it is none, is too long or asks for too much.
    pub fn parse(json: &str) -> Result<Self, FilterPolicyFault> {
        if json.chars().count() > limits::EVENT_PATTERN_CHARS_MAX {
            return Err(FilterPolicyFault::TooLarge);
        }
        let pattern: Value = serde_json::from_str(json)
            .map_err(|error| FilterPolicyFault::NotJson(error.to_string()))?;
        let clauses =
            compile::compile(&pattern).map_err(|misfit| fault::malformed(&pattern, &misfit))?;
        if alternatives(&clauses) > limits::EVENT_PATTERN_ALTERNATIVES_MAX
            || complexity::wildcard_points_of(&clauses) > limits::FILTER_POLICY_WILDCARD_POINTS_MAX
        {
            return Err(FilterPolicyFault::TooComplex);
        }
        let branches = exact(branches(&clauses));
        if branches.iter().any(|it| it.conditions.len() > limits::EVENT_PATTERN_KEYS_MAX) {
            return Err(FilterPolicyFault::TooManyKeys);
        }
        Ok(Self { branches, body: body_form(&pattern) })
    }

    /// Whether the record is wanted.
    ///
    /// A pattern with keys below `body` wants none whose body is not JSON, and one with texts in its
    /// place none whose body is, whatever else they say.
    pub fn matches(&self, event: &PatternedEvent) -> bool {
        let PatternedEvent { with_text, with_json } = event;
        match (self.body, with_json) {
            (BodyForm::Unnamed, _) => self.holds_for(with_text),
            (BodyForm::Json | BodyForm::Either, Some(record)) => self.holds_for(record),
            (BodyForm::Text | BodyForm::Either, None) => self.holds_for(with_text),
            (BodyForm::Json, None) | (BodyForm::Text, Some(_)) => false,
        }
    }

    fn holds_for(&self, record: &Value) -> bool {
        self.branches.iter().any(|branch| body::matches(branch, record))
    }
}

/// How many branches the clauses make.
fn alternatives(clauses: &[Clause]) -> u64 {
    clauses.iter().fold(1, |product: u64, clause| match clause {
        Clause::Key { .. } => product,
        Clause::Or(alternatives) => product.saturating_mul(
            alternatives.iter().fold(0, |sum: u64, it| sum.saturating_add(self::alternatives(it))),
        ),
    })
}

fn body_form(pattern: &Value) -> BodyForm {
    let Value::Object(members) = pattern else { return BodyForm::Unnamed };
    let of_member = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        (BODY, Value::Object(_)) => BodyForm::Json,
        (BODY, _) => BodyForm::Text,
        ("$or", Value::Array(patterns)) => all_forms(patterns.iter().map(body_form)),
        (key, _) if key.starts_with("body.") => BodyForm::Json,
        _ => BodyForm::Unnamed,
    };
    all_forms(members.iter().map(of_member))
}

fn all_forms(forms: impl Iterator<Item = BodyForm>) -> BodyForm {
    forms.fold(BodyForm::Unnamed, |all, form| match (all, form) {
        (BodyForm::Unnamed, form) | (form, BodyForm::Unnamed) => form,
        (all, form) if all == form => form,
        _ => BodyForm::Either,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(body: &str) -> PatternedEvent {
        let members = json!({
            "messageId": "m",
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {"kind": {"stringValue": "urgent", "dataType": "String"}},
            "eventSource": "aws:sqs",
        });
        let Value::Object(members) = members else { unreachable!("it is one") };
        PatternedEvent::new(members, body)
    }

    fn matches(pattern: &Value, body: &str) -> bool {
        EventPattern::parse(&pattern.to_string()).unwrap().matches(&event(body))
    }

    #[test]
    fn operators_are_those_of_filter_policies() {
        let body = r#"{"n":7,"s":"London","z":null,"e":"","l":["a","b"],"o":{"p":{"q":true}}}"#;
        for (pattern, expected) in [
            (json!({}), true),
            (json!({"body": {"n": [7]}}), true),
            (json!({"body": {"n": [{"numeric": [">", 5, "<=", 7]}]}}), true),
            (json!({"body": {"n": [{"numeric": ["<", 7]}]}}), false),
            (json!({"body": {"s": ["Paris", "London"]}}), true),
            (json!({"body": {"s": [{"equals-ignore-case": "london"}]}}), true),
            (json!({"body": {"s": [{"prefix": "Lon"}]}}), true),
            (json!({"body": {"s": [{"suffix": "don"}]}}), true),
            (json!({"body": {"s": [{"anything-but": ["Paris"]}]}}), true),
            (json!({"body": {"z": [null]}}), true),
            (json!({"body": {"e": [""]}}), true),
            (json!({"body": {"l": ["b"]}}), true),
            (json!({"body": {"o": {"p": {"q": [true]}}}}), true),
            (json!({"body": {"missing": [{"exists": false}]}}), true),
            (json!({"body": {"n": [{"exists": false}]}}), false),
            (json!({"body": {"n": [7], "s": ["Paris"]}}), false),
            (json!({"body": {"$or": [{"n": [8]}, {"s": ["London"]}]}}), true),
            (json!({"body": {"$or": [{"n": [8]}, {"s": ["Paris"]}]}}), false),
        ] {
            assert_eq!(matches(&pattern, body), expected, "{pattern}");
        }
    }

    #[test]
    fn texts_and_json_are_told_apart() {
        let (json_keys, text) = (json!({"body": {"a": ["x"]}}), json!({"body": ["x"]}));
        let absent = json!({"body": {"b": [{"exists": false}]}});
        let starts = json!({"body": [{"prefix": "x"}]});
        assert!(matches(&json_keys, r#"{"a":"x"}"#));
        assert!(matches(&absent, r#"{"a":"x"}"#));
        assert!(!matches(&absent, "x"), "no JSON has no keys that could be absent");
        assert!(matches(&text, "x"));
        assert!(matches(&starts, "x marks the spot"));
        assert!(!matches(&json!({"body": [{"exists": true}]}), r#"{"a":"x"}"#));
        assert!(!matches(&json!({"body": [{"anything-but": "y"}]}), r#"["x"]"#));
        assert!(matches(&json!({"body": ["7"]}), "7"), "a number alone is a text");
    }

    #[test]
    fn alternatives_may_take_the_body_for_either() {
        let either = json!({"$or": [{"body": ["x"]}, {"body": {"a": [1]}}]});
        assert!(matches(&either, "x"));
        assert!(matches(&either, r#"{"a":1}"#));
        assert!(!matches(&either, r#"{"a":2}"#));
        assert!(!matches(&either, "y"));
    }

    #[test]
    fn what_says_nothing_of_the_body_takes_any() {
        let urgent = json!({"messageAttributes": {"kind": {"stringValue": ["urgent"]}}});
        for body in ["x", r#"{"a":1}"#] {
            assert!(matches(&urgent, body));
            assert!(!matches(&json!({"messageId": ["n"]}), body));
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in
            ["", "x", "[]", "\"body\"", r#"{"body":"x"}"#, r#"{"body":{}}"#, r#"{"body":[]}"#]
        {
            EventPattern::parse(text).unwrap_err();
        }
        EventPattern::parse(&json!({"body": {"a": [{"resembles": "x"}]}}).to_string()).unwrap_err();
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        let long = |chars: usize| {
            let empty = r#"{"body":[""]}"#;
            format!(r#"{{"body":["{}"]}}"#, "é".repeat(chars - empty.len()))
        };
        EventPattern::parse(&long(limits::EVENT_PATTERN_CHARS_MAX)).unwrap();
        let too_long = EventPattern::parse(&long(limits::EVENT_PATTERN_CHARS_MAX + 1));
        assert_eq!(too_long, Err(FilterPolicyFault::TooLarge));

        let keys = |count| {
            let keys: Map<_, _> = (0..count).map(|n| (format!("k{n}"), json!(["v"]))).collect();
            json!({"body": keys}).to_string()
        };
        EventPattern::parse(&keys(limits::EVENT_PATTERN_KEYS_MAX)).unwrap();
        let too_many = EventPattern::parse(&keys(limits::EVENT_PATTERN_KEYS_MAX + 1));
        assert_eq!(too_many, Err(FilterPolicyFault::TooManyKeys));

        let mut nested = json!({"x": ["v"]});
        for n in 0..64 {
            nested = json!({"$or": [{"a": [n]}, {"b": [n]}], "deeper": nested});
        }
        let too_complex = EventPattern::parse(&nested.to_string());
        assert_eq!(too_complex, Err(FilterPolicyFault::TooComplex));
    }
}
