use super::*;
use crate::context::ContextValue;

fn name_is_ann(key: &str) -> Option<ContextValue<'static>> {
    match key {
        "aws:username" => Some(ContextValue::text("Ann*")),
        "aws:tagkeys" => Some(ContextValue::many(["a", "b"])),
        _ => None,
    }
}

fn matches(template: &str, reading: Reading, text: &str) -> bool {
    Template::of(split(template, reading, true).unwrap(), reading).matches(text, &name_is_ann)
}

#[test]
fn variables_are_filled_in() {
    for (template, text, expected) in [
        ("q-${aws:username}", "q-Ann*", true),
        ("q-${AWS:UserName}", "q-Ann*", true),
        ("q-${aws:username}", "q-Annabel", false),
        ("q-${aws:username}-*", "q-Ann*-7", true),
        ("${*}", "*", true),
        ("${*}", "a", false),
        ("${?}${$}", "?$", true),
        ("${aws:PrincipalTag/team, 'none'}", "none", true),
        ("${aws:PrincipalTag/team,'a } b'}", "a } b", true),
        ("${aws:PrincipalTag/team}", "", false),
        ("${aws:TagKeys}", "a", false),
        ("$", "$", true),
    ] {
        assert_eq!(matches(template, Reading::Wild, text), expected, "{template} {text}");
    }
    assert!(matches("${aws:username}", Reading::Folded, "ann*"));
}

#[test]
fn a_variable_has_a_form() {
    for text in ["${", "a${aws:username", "${}", "${ , 'x'}", "${a, x}", "${a, 'x}", "${a${b}}"] {
        assert!(split(text, Reading::Wild, true).is_err(), "{text}");
        assert!(split(text, Reading::Wild, false).is_ok(), "{text}");
    }
}

#[test]
fn only_those_without_default_are_needed() {
    let parts = split("${a}${b, 'x'}${c}", Reading::Exact, true).unwrap();
    let template = Template::of(parts, Reading::Exact);
    assert_eq!(template.needs().collect::<Vec<_>>(), ["a", "c"]);
    assert!(!resolves("a", &name_is_ann));
    assert!(resolves("aws:username", &name_is_ann));
}
