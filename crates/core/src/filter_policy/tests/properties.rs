//! What holds for whatever policy and message.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::super::scalar::Scalar;
use super::super::{Branch, FilterPolicy, FilterPolicyScope};
use super::{attribute, for_body};

const SCOPES: [FilterPolicyScope; 2] =
    [FilterPolicyScope::MessageAttributes, FilterPolicyScope::MessageBody];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |f| f.is_finite()).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

/// JSON of any form, with the words of policies in it.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "prefix",
        "suffix",
        "equals-ignore-case",
        "wildcard",
        "anything-but",
        "numeric",
        "exists",
        "cidr",
        "$or",
        "a",
        "a.b",
        "",
        "=",
        "<",
        "<=",
        ">",
        ">=",
        "10.0.0.0/8",
        "*",
        r"\",
    ];
    let word = select(words.to_vec());
    let leaf = prop_oneof![scalar(), word.clone().prop_map(Value::from)];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&str, Value)>) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

proptest! {
    #[test]
    fn nothing_panics(policy in anything(), body in anything(), text in ".{0,40}") {
        let keyed = json!({"a": policy});
        for json in [policy.to_string(), keyed.to_string(), text] {
            for scope in SCOPES {
                match FilterPolicy::parse(&json, scope) {
                    Ok(policy) => {
                        let body = body.to_string();
                        let attributes =
                            [attribute("a", "String.Array", &body), attribute("a.b", "Number", &body)];
                        policy.matches_body(&body);
                        policy.matches_attributes(&attributes);
                        prop_assert_eq!(policy.text(), json.as_str());
                    }
                    Err(fault) => prop_assert!(!fault.to_string().is_empty()),
                }
            }
        }
    }

    #[test]
    fn a_policy_of_exact_values_matches_them(
        values in prop::collection::vec(scalar(), 1..6),
        keys in prop::collection::btree_set("[a-z]{1,3}", 1..4),
    ) {
        let policy: Map<_, _> = keys
            .iter()
            .map(|key| (key.clone(), Value::from(values[..values.len().min(5)].to_vec())))
            .collect();
        let policy = FilterPolicy::parse(&Value::from(policy).to_string(), FilterPolicyScope::MessageBody);
        for value in &values[..values.len().min(5)] {
            let body: Map<_, _> = keys.iter().map(|key| (key.clone(), value.clone())).collect();
            prop_assert!(policy.as_ref().unwrap().matches_body(&Value::from(body).to_string()));
        }
    }

    #[test]
    fn exact_attributes_match_themselves(text in "[^\"\\\\]{0,20}", number in any::<i64>()) {
        let policy = json!({"text": [text], "number": [number], "array": [text]}).to_string();
        let policy = FilterPolicy::parse(&policy, FilterPolicyScope::MessageAttributes).unwrap();
        let (number, array) = (number.to_string(), json!([null, text]).to_string());
        let attributes = [
            attribute("text", "String", &text),
            attribute("number", "Number", &number),
            attribute("array", "String.Array", &array),
        ];
        prop_assert!(policy.matches_attributes(&attributes));
        prop_assert!(!policy.matches_attributes(&attributes[..2]));
    }

    /// For one value: the texts and numbers that `anything-but` excludes are those listed.
    #[test]
    fn anything_but_is_the_opposite(
        texts in prop::collection::vec("[ab]{0,2}", 1..4),
        value in prop_oneof![scalar(), "[ab]{0,2}".prop_map(Value::from)],
    ) {
        let body = json!({"key": value}).to_string();
        let listed = for_body(&json!({"key": texts})).matches_body(&body);
        let excluded = for_body(&json!({"key": [{"anything-but": texts}]})).matches_body(&body);
        prop_assert_ne!(listed, excluded);
        for operator in ["prefix", "suffix", "equals-ignore-case", "wildcard"] {
            let operand = format!("a{}", texts[0]);
            let found = for_body(&json!({"key": [{ operator: operand }]})).matches_body(&body);
            let other =
                for_body(&json!({"key": [{"anything-but": { operator: operand }}]})).matches_body(&body);
            prop_assert_ne!(found, other);
        }
    }

    /// Bounds and equality agree with those of the numbers, where five digits tell them apart.
    #[test]
    fn numeric_agrees_with_numbers(wanted in -10_000..10_000_i32, given in -10_000..10_000_i32, digits in 0..6_i32) {
        let scale = 10_f64.powi(digits);
        let matches = |operator: &str| {
            let policy = json!({"key": [{"numeric": [operator, f64::from(wanted) / scale]}]});
            for_body(&policy).matches_body(&json!({"key": f64::from(given) / scale}).to_string())
        };
        prop_assert_eq!(matches("="), given == wanted);
        prop_assert_eq!(matches("<"), given < wanted);
        prop_assert_eq!(matches("<="), given <= wanted);
        prop_assert_eq!(matches(">"), given > wanted);
        prop_assert_eq!(matches(">="), given >= wanted);
    }

    /// A wildcard pattern against one that tries everything.
    #[test]
    fn wildcards_agree_with_trying_everything(
        parts in prop::collection::vec("[ab]{0,2}", 1..4),
        text in "[ab]{0,7}",
    ) {
        // Parts in between are not empty: there are no two wildcards in a row.
        let last = parts.len() - 1;
        let keep = |index: usize, part: &str| {
            if part.is_empty() && index > 0 && index < last { "a".to_owned() } else { part.to_owned() }
        };
        let parts: Vec<String> = parts.iter().enumerate().map(|(i, part)| keep(i, part)).collect();
        let pattern = parts.join("*");
        let policy = for_body(&json!({"key": [{"wildcard": pattern}]}));
        prop_assert_eq!(
            policy.matches_body(&json!({"key": text}).to_string()),
            fits(pattern.as_bytes(), text.as_bytes()),
            "{} and {}", pattern, text
        );
    }

    /// The sets of choices against the definition: every choice of values is tried.
    #[test]
    fn bodies_agree_with_trying_everything(policy in nested_policy(), body in nested_body()) {
        let policy = for_body(&policy);
        let values = values_of(&body);
        let expected = policy.branches.iter().any(|branch| holds(branch, 0, &mut Vec::new(), &values));
        prop_assert_eq!(policy.matches_body(&body.to_string()), expected, "{} and {}", policy.text(), body);
    }
}

fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
        Some((byte, rest)) => text.first() == Some(byte) && fits(rest, &text[1..]),
    }
}

fn nested_policy() -> impl Strategy<Value = Value> {
    let patterns = [
        json!([1]),
        json!(["x"]),
        json!([1, "x"]),
        json!([{"exists": true}]),
        json!([{"exists": false}]),
        json!([{"exists": false}, 1]),
        json!([{"anything-but": 1}]),
    ];
    let patterns = select(patterns.to_vec());
    let keys = || select(&["a", "b", "a.b"][..]);
    let flat = prop::collection::btree_map(keys(), patterns, 1..3)
        .prop_map(|members| object(members.into_iter().collect()));
    let nested = prop::collection::btree_map(keys(), flat.clone(), 1..3)
        .prop_map(|members| object(members.into_iter().collect()));
    let or = (flat.clone(), flat.clone(), flat.clone())
        .prop_map(|(one, another, third)| json!({"$or": [one, {"a": another}], "b": third}));
    let fits = |policy: &Value| FilterPolicy::parse(&policy.to_string(), SCOPES[1]).is_ok();
    prop_oneof![flat, nested, or].prop_filter("within the limits", fits)
}

fn nested_body() -> impl Strategy<Value = Value> {
    let leaf = select(vec![json!(1), json!("x"), json!(null), json!([]), json!({})]);
    let inner = leaf.prop_recursive(4, 24, 3, |inner| {
        let members =
            prop::collection::vec((select(&["a", "b", "a.b", "c"][..]), inner.clone()), 1..4);
        prop_oneof![
            prop::collection::vec(inner, 1..4).prop_map(Value::from),
            members.prop_map(object),
        ]
    });
    prop::collection::vec((select(&["a", "b", "a.b"][..]), inner), 0..4).prop_map(object)
}

/// A value of a body: its path, and the elements that it is in, each as array and index.
struct Leaf<'v> {
    path: String,
    elements: Vec<(*const Value, usize)>,
    value: Scalar<'v>,
}

fn values_of(body: &Value) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    collect(body, None, &[], &mut leaves);
    leaves
}

fn collect<'v>(
    part: &'v Value,
    path: Option<&str>,
    elements: &[(*const Value, usize)],
    leaves: &mut Vec<Leaf<'v>>,
) {
    match part {
        Value::Object(members) => {
            for (key, member) in members {
                let path = path.map_or_else(|| key.clone(), |path| format!("{path}.{key}"));
                collect(member, Some(&path), elements, leaves);
            }
        }
        Value::Array(inner) => {
            for (index, element) in inner.iter().enumerate() {
                let here = [elements, &[(std::ptr::from_ref(part), index)]].concat();
                collect(element, path, &here, leaves);
            }
        }
        value => leaves.push(Leaf {
            path: path.unwrap_or_default().to_owned(),
            elements: elements.to_vec(),
            value: Scalar::from_json(value).unwrap(),
        }),
    }
}

/// No two are in different elements of one array.
fn go_together(one: &Leaf<'_>, other: &Leaf<'_>) -> bool {
    one.elements.iter().all(|(array, index)| {
        other
            .elements
            .iter()
            .all(|(other_array, other_index)| array != other_array || index == other_index)
    })
}

/// Whether the conditions from `next` on can be fulfilled besides what is chosen already, and then
/// all that want no value have none that goes together with what is chosen.
fn holds<'v>(
    branch: &Branch,
    next: usize,
    chosen: &mut Vec<Option<&'v Leaf<'v>>>,
    leaves: &'v [Leaf<'v>],
) -> bool {
    let Some(condition) = branch.conditions.get(next) else {
        return branch.conditions.iter().zip(&*chosen).all(|(condition, choice)| {
            choice.is_some()
                || (condition.patterns.iter().any(|pattern| pattern.matches_absence())
                    && !leaves.iter().any(|leaf| {
                        leaf.path == *condition.path
                            && chosen.iter().flatten().all(|chosen| go_together(leaf, chosen))
                    }))
        });
    };
    let fitting = leaves.iter().filter(|leaf| {
        leaf.path == *condition.path
            && condition.patterns.iter().any(|pattern| pattern.matches(&leaf.value))
    });
    let choices: Vec<_> = fitting.map(Some).chain([None]).collect();
    choices.into_iter().any(|choice| {
        if choice.is_some_and(|leaf| !chosen.iter().flatten().all(|other| go_together(leaf, other)))
        {
            return false;
        }
        chosen.push(choice);
        let found = holds(branch, next + 1, chosen, leaves);
        chosen.pop();
        found
    })
}
