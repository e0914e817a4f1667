//! The index against asking every policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::super::super::{FilterPolicy, FilterPolicyScope};
use super::{FilterIndex, SCOPES, assert_leaves_nothing, matching};
use crate::attributes::{AttributeValue, MessageAttribute};

/// Few, so that values meet patterns.
const TEXTS: [&str; 12] =
    ["", "a", "b", "ab", "abc", "AB", "Ä", "ä", "10.0.0.1", "10.0.0.2", "::1", r#"a"\b"#];

fn texts() -> impl Strategy<Value = Value> {
    select(&TEXTS[..]).prop_map(Value::from)
}

fn numbers() -> impl Strategy<Value = Value> {
    select(vec![json!(0), json!(1), json!(2), json!(-1), json!(1.5), json!(1e9), json!(3e9)])
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => texts(),
        3 => numbers(),
        1 => select(vec![json!(null), json!(true), json!(false)]),
    ]
}

/// Operators on texts, with operands that they may refuse.
fn text_operators() -> impl Strategy<Value = Value> {
    let operators = select(&["prefix", "suffix", "equals-ignore-case", "wildcard"][..]);
    let wildcards = select(&["*", "a*", "*b", "a*b", "*b*", "ab*c", "10.*", "a", "Ä*"][..]);
    let operands = prop_oneof![texts(), wildcards.prop_map(Value::from)];
    (operators, operands).prop_map(|(operator, operand)| json!({operator: operand}))
}

fn numeric() -> impl Strategy<Value = Value> {
    let bounds = -3..4_i32;
    (select(&["=", "<", "<=", ">", ">="][..]), bounds.clone(), any::<bool>(), bounds).prop_map(
        |(operator, from, has_end, to)| {
            let terms = match has_end && operator.starts_with('>') && from < to {
                true => json!([operator, from, "<", to]),
                false => json!([operator, from]),
            };
            json!({"numeric": terms})
        },
    )
}

fn patterns() -> impl Strategy<Value = Value> {
    let blocks = vec!["10.0.0.0/8", "10.0.0.0/31", "0.0.0.0/0", "::/127", "::/0", "11.0.0.0/8"];
    let lists = prop_oneof![
        prop::collection::vec(texts(), 1..3),
        prop::collection::vec(select(vec![json!(0), json!(1), json!(1.5)]), 1..3),
    ];
    prop_oneof![
        6 => scalars(),
        4 => text_operators(),
        3 => numeric(),
        1 => select(blocks).prop_map(|block| json!({"cidr": block})),
        1 => lists.prop_map(|list| json!({"anything-but": list})),
        1 => text_operators().prop_map(|operator| json!({"anything-but": operator})),
        2 => any::<bool>().prop_map(|exists| json!({"exists": exists})),
    ]
}

fn keys() -> impl Strategy<Value = &'static str> {
    select(&["a", "b", "a.b", "c"][..])
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

fn flat() -> impl Strategy<Value = Value> {
    let lists = prop::collection::vec(patterns(), 1..4).prop_map(Value::from);
    prop::collection::btree_map(keys(), lists, 1..4).prop_map(object)
}

fn with_alternatives() -> impl Strategy<Value = Value> {
    (prop::collection::vec(flat(), 2..4), flat()).prop_map(|(alternatives, both)| {
        let mut members = both.as_object().cloned().unwrap_or_default();
        members.insert("$or".to_owned(), alternatives.into());
        Value::Object(members)
    })
}

fn policies() -> impl Strategy<Value = Arc<FilterPolicy>> {
    let nested = prop_oneof![flat(), with_alternatives()];
    let nested = prop::collection::btree_map(keys(), nested, 1..3).prop_map(object);
    let json =
        prop_oneof![6 => flat(), 3 => with_alternatives(), 3 => nested, 1 => Just(json!({}))];
    (json, select(&SCOPES[..])).prop_filter_map("a policy", |(json, scope)| {
        let json = json.to_string();
        let parsed = FilterPolicy::parse(&json, scope);
        // Those that are nested, for instance.
        let parsed = parsed.or_else(|_| FilterPolicy::parse(&json, FilterPolicyScope::MessageBody));
        parsed.ok().map(Arc::new)
    })
}

fn bodies() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![6 => scalars(), 1 => Just(json!([])), 1 => Just(json!({}))];
    let inner = leaf.prop_recursive(4, 20, 3, |inner| {
        let members = prop::collection::vec((keys(), inner.clone()), 1..4);
        prop_oneof![
            prop::collection::vec(inner, 1..4).prop_map(Value::from),
            members.prop_map(object),
        ]
    });
    let whole = prop::collection::vec((keys(), inner), 0..5)
        .prop_map(|members| object(members).to_string());
    prop_oneof![20 => whole, 1 => select(&["", "[]", "no JSON"][..]).prop_map(str::to_owned)]
}

/// Name, type and value.
type Attribute = (&'static str, &'static str, String);

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let text = select(&TEXTS[..]).prop_map(|text| ("String", text.to_owned()));
    let odd = ["1e0", " 2", "-0", "NaN", "inf", "one", "9999999999"].map(str::to_owned);
    let number = prop_oneof![numbers().prop_map(|number| number.to_string()), select(odd.to_vec())];
    let array = prop::collection::vec(scalars(), 0..4).prop_map(|list| json!(list).to_string());
    let array = prop_oneof![8 => array, 1 => Just("no JSON".to_owned())];
    let array_types = select(&["String.Array", "Number.Array"][..]);
    let values = prop_oneof![
        4 => text,
        4 => number.prop_map(|number| ("Number", number)),
        4 => (array_types, array),
        1 => Just(("Binary", "bytes".to_owned())),
        1 => select(&TEXTS[..]).prop_map(|text| ("String.label", text.to_owned())),
    ];
    let named = (keys(), values).prop_map(|(name, (data_type, value))| (name, data_type, value));
    // A name may occur twice: then as in the plain evaluation.
    prop::collection::vec(named, 0..5)
}

fn given(attribute: &Attribute) -> MessageAttribute<'_> {
    let (name, data_type, value) = attribute;
    let value = match *data_type {
        "Binary" => AttributeValue::Binary(value.as_bytes()),
        _ => AttributeValue::Text(value),
    };
    MessageAttribute { name, data_type, value }
}

/// Puts a policy in or takes one away, among few numbers.
type Change = (u32, Option<Arc<FilterPolicy>>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((0..16_u32, prop::option::weighted(0.8, policies())), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn the_index_agrees_with_every_policy(
        rounds in prop::collection::vec((changes(), attributes(), bodies()), 1..4),
    ) {
        let mut index = FilterIndex::default();
        let mut model: BTreeMap<u32, Arc<FilterPolicy>> = BTreeMap::new();
        for (changes, attributes, body) in rounds {
            for (number, policy) in changes {
                match policy {
                    Some(policy) => {
                        index.insert(number, Arc::clone(&policy));
                        model.insert(number, policy);
                    }
                    None => prop_assert_eq!(index.remove(number), model.remove(&number)),
                }
            }
            let attributes: Vec<_> = attributes.iter().map(given).collect();
            let accepting = model.iter().filter(|(_, policy)| policy.accepts(&attributes, &body));
            let expected: Vec<u32> = accepting.map(|(number, _)| *number).collect();
            prop_assert_eq!(matching(&index, &attributes, &body), expected, "{}", body);
            prop_assert_eq!(index.len(), model.len());
        }
        model.keys().for_each(|number| drop(index.remove(*number)));
        assert_leaves_nothing(&index);
    }
}
