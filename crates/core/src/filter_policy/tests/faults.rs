//! What is no policy, and how the service says so.

use serde_json::Value;

use super::super::FilterPolicyFault;
use super::fault;

/// Checks the text for a policy written without space, and that space changes nothing.
#[track_caller]
fn check(policy: &str, reason: &str, column: usize) {
    let expected = format!(
        "FilterPolicy: {reason}\n at [Source: (String)\"{policy}\"; line: 1, column: {column}]"
    );
    assert_eq!(fault(policy).to_string(), expected);
    let value: Value = serde_json::from_str(policy).unwrap();
    assert_eq!(fault(&serde_json::to_string_pretty(&value).unwrap()).to_string(), expected);
}

/// Checks what is listed for "key" alone, where the column is not known from the service.
#[track_caller]
fn check_reason(patterns: &str, reason: &str) {
    let text = fault(&format!(r#"{{"key":[{patterns}]}}"#)).to_string();
    let first_line = text.lines().next().unwrap();
    assert_eq!(first_line, format!("FilterPolicy: {reason}"), "{patterns}");
}

/// All of these to the letter as recorded from the service.
#[test]
fn recorded_texts() {
    check(r#"{"key":[["value"]]}"#, "Match value must be String, number, true, false, or null", 10);
    check(r#"{"key":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator", 31);
    check(
        r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#,
        "Only one key allowed in match expression",
        37,
    );
    check(r#"{"key_a":"value_one"}"#, r#""key_a" must be an object or an array"#, 11);
    check(r#"{"key":{"suffix":"value"}}"#, r#""suffix" must be an object or an array"#, 19);
    check(
        r#"{"key":{"suffix":"value","prefix":"value"}}"#,
        r#""suffix" must be an object or an array"#,
        19,
    );
    check(
        r#"{"key":{"not-an-operator":"value"}}"#,
        r#""not-an-operator" must be an object or an array"#,
        28,
    );
}

#[test]
fn recorded_texts_about_texts() {
    let reason = "suffix match pattern must be a string";
    check(r#"{"key":[{"suffix":100}]}"#, reason, 22);
    check(r#"{"key":[{"suffix":null}]}"#, reason, 23);
    check(r#"{"key":[{"suffix":[]}]}"#, reason, 20);
    check(r#"{"key":[{"suffix":["test","test2"]}]}"#, reason, 20);
}

#[test]
fn recorded_texts_about_existence() {
    let reason = "exists match pattern must be either true or false.";
    check(r#"{"key":[{"exists":null}]}"#, reason, 23);
    check(r#"{"key":[{"exists":"no"}]}"#, reason, 20);
}

#[test]
fn recorded_texts_about_anything_but() {
    check(
        r#"{"key":[{"anything-but":{"wrong-operator":null}}]}"#,
        "Unsupported anything-but pattern: wrong-operator",
        47,
    );
    check(
        r#"{"key":[{"anything-but":{"exists":false}}]}"#,
        "Unsupported anything-but pattern: exists",
        40,
    );
    check(
        r#"{"key":[{"anything-but":{"prefix":false}}]}"#,
        "prefix match pattern must be a string",
        40,
    );
}

#[test]
fn recorded_texts_about_numbers() {
    let check = |terms: &str, reason: &str, column| {
        check(&format!(r#"{{"key":[{{"numeric":[{terms}]}}]}}"#), reason, column);
    };
    check("", "Invalid member in numeric match: ]", 22);
    check(r#""operator""#, "Unrecognized numeric range operator: operator", 32);
    check(r#"1,"<=""#, "Invalid member in numeric match: 1", 22);
    check(r#""=","000""#, "Value of equals must be numeric", 26);
    check(r#"">=""#, "Value of >= must be numeric", 26);
    check(r#""<",100,">",10"#, "Too many elements in numeric expression", 30);
    check(r#"">=",1,">",2"#, "Bad numeric range operator: >", 31);
    check(r#"">",3,"<",1"#, "Bottom must be less than top", 33);
    check(r#"">",20,"<=""#, "Value of <= must be numeric", 33);
    check(r#"">",20,30"#, "Bad value in numeric range: 30", 30);
    check(r#"">",20,"test""#, "Bad numeric range operator: test", 34);
    check(r#"">","20","<","30""#, "Value of > must be numeric", 26);
    check(r#"">",20,"<","30""#, "Value of < must be numeric", 33);
    check(r#"">",20,"<",30,"<",50"#, "Too many terms in numeric range expression", 36);
}

/// The words recorded; that no place is given is not.
#[test]
fn texts_about_blocks_of_addresses() {
    let check = |block: &str, reason: &str| {
        let policy = format!(r#"{{"key":[{{"cidr":"{block}"}}]}}"#);
        assert_eq!(fault(&policy).to_string(), format!("FilterPolicy: {reason}"), "{block}");
    };
    let malformed = "Malformed CIDR, one '/' required";
    for block in ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0//"] {
        check(block, malformed);
    }
    check("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer");
    check("10.0.0.0/ 8", "Malformed CIDR, mask bits must be an integer");
    check("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative");
    check("10.0.0.0/32", "IPv4 mask bits must be < 32");
    check("::/128", "IPv6 mask bits must be < 128");
    check("10.0.0/24", "Nonstandard IP address: 10.0.0");
    check("10.0.0.256/24", "Nonstandard IP address: 10.0.0.256");
    check("/24", "Nonstandard IP address: ");
    check("host/24", "Nonstandard IP address: host");
    check_reason(r#"{"cidr":["10.0.0.0/8"]}"#, "prefix match pattern must be a string");
}

#[test]
fn what_is_no_policy_at_all() {
    for (policy, column) in [("[]", 2), ("\"x\"", 2), ("5", 2), ("null", 5), ("true", 5)] {
        check(policy, "Filter is not an object", column);
    }
    for policy in
        ["", "{", "{invalidjson}", "{\"key\":[\"x\"]} more", "{\"key\":['x']}", "{\"key\":[01]}"]
    {
        let fault = fault(policy);
        assert!(matches!(fault, FilterPolicyFault::NotJson(_)), "{policy}");
        assert!(fault.to_string().starts_with("FilterPolicy: failed to parse JSON. "), "{fault}");
    }
}

#[test]
fn empty_arrays_and_objects() {
    check(r#"{"key":[]}"#, "Empty arrays are not allowed", 10);
    check(r#"{"a":["x"],"key":[]}"#, "Empty arrays are not allowed", 20);
    check(r#"{"key":{}}"#, "Empty objects are not allowed", 10);
    check(r#"{"$or":[{"a":["x"]},{}]}"#, "Empty objects are not allowed", 23);
    check(r#"{"key":[{}]}"#, "Match expression name not found", 11);
    check_reason(r#"{"anything-but":{}}"#, "Anything-But expression name not found");
    check_reason(r#"{"anything-but":{"prefix":[]}}"#, "Empty arrays are not allowed");
}

#[test]
fn keys_without_a_list() {
    for value in ["\"x\"", "1", "true", "null"] {
        let text = fault(&format!("{{\"a\":[1],\"b\":{{\"c\":{value}}}}}")).to_string();
        assert!(text.starts_with("FilterPolicy: \"c\" must be an object or an array\n"), "{text}");
    }
    check(r#"{"$or":"x"}"#, r#""$or" must be an object or an array"#, 9);
}

/// The words of the vendor's matcher, not seen from the service.
#[test]
fn texts_of_the_matcher() {
    let operand = "Value of anything-but must be an array or single string/number value.";
    let element = "Inside anything but list, start|null|boolean is not supported.";
    let mixed = "Inside anything but list, either all values are number or string, mixed type is \
                 not supported";
    let range = "Value must be between -1.0E9 and 1.0E9, inclusive";
    check_reason(r#"{"anything-but":true}"#, operand);
    check_reason(r#"{"anything-but":null}"#, operand);
    check_reason(r#"{"anything-but":["a",null]}"#, element);
    check_reason(r#"{"anything-but":[["a"]]}"#, element);
    check_reason(r#"{"anything-but":[{"prefix":"a"}]}"#, element);
    check_reason(r#"{"anything-but":["a",1]}"#, mixed);
    check_reason(r#"{"anything-but":[]}"#, mixed);
    check_reason(r#"{"anything-but":1000000001}"#, range);
    check_reason(r#"{"anything-but":[1,-1000000001]}"#, range);
    check_reason(r#"{"numeric":["=",1000000001]}"#, range);
    check_reason(r#"{"numeric":[">",-1000000001]}"#, range);
    check_reason(r#"{"numeric":[">",0,"<",1000000001]}"#, range);
    check_reason(r#"{"anything-but":{"prefix":""}}"#, "Null prefix/suffix not allowed");
    check_reason(r#"{"anything-but":{"suffix":["a",""]}}"#, "Null prefix/suffix not allowed");
    check_reason(r#"{"anything-but":{"wildcard":1}}"#, "wildcard match pattern must be a string");
    check_reason(r#"{"anything-but":{"suffix":["a",1]}}"#, "suffix match pattern must be a string");
    check_reason(r#"{"numeric":"=1"}"#, "Value of numeric must be an array.");
    check_reason(r#"{"numeric":5}"#, "Value of numeric must be an array.");
    check_reason(r#"{"wildcard":"a**b"}"#, "Consecutive wildcard characters at pos 2");
    check_reason(r#"{"wildcard":"a\\b"}"#, "Invalid escape character at pos 2");
    check_reason(r#"{"wildcard":"a\\"}"#, "Invalid escape character at pos 2");
    check_reason(
        r#"{"anything-but":{"wildcard":["a","**"]}}"#,
        "Consecutive wildcard characters at pos 1",
    );
    check_reason(
        r#"{"prefix":{"equals-ignore-case":"a"}}"#,
        "prefix match pattern must be a string",
    );
    check_reason(
        r#"{"equals-ignore-case":1}"#,
        "equals-ignore-case match pattern must be a string",
    );
    check_reason(r#"{"wildcard":null}"#, "wildcard match pattern must be a string");
    check_reason(r#"{"exactly":"a"}"#, "Unrecognized match type exactly");
}

#[test]
fn a_second_operator() {
    let one_key = "Only one key allowed in match expression";
    let too_many = "Too many elements in numeric expression";
    check_reason(r#"{"exists":true,"prefix":"a"}"#, one_key);
    check_reason(r#"{"cidr":"10.0.0.0/8","prefix":"a"}"#, one_key);
    check_reason(r#"{"equals-ignore-case":"a","b":1}"#, one_key);
    check_reason(r#"{"numeric":["=",1],"prefix":"a"}"#, too_many);
    check_reason(r#"{"anything-but":"a","prefix":"a"}"#, too_many);
    check_reason(r#"{"anything-but":{"prefix":"a","suffix":"a"}}"#, too_many);
    // The first is looked at before.
    check_reason(r#"{"prefix":1,"suffix":"a"}"#, "prefix match pattern must be a string");
}

#[test]
fn more_about_numbers() {
    check_reason(r#"{"numeric":["=",1,2]}"#, "Too many elements in numeric expression");
    check_reason(r#"{"numeric":["<=",1,"<",2]}"#, "Too many elements in numeric expression");
    check_reason(r#"{"numeric":[">",1,"<",1]}"#, "Bottom must be less than top");
    check_reason(r#"{"numeric":[">=",1,"<=",1.000001]}"#, "Bottom must be less than top");
    check_reason(r#"{"numeric":[null]}"#, "Invalid member in numeric match: null");
    check_reason(r#"{"numeric":[["="]]}"#, "Invalid member in numeric match: [");
    check_reason(r#"{"numeric":[{}]}"#, "Invalid member in numeric match: {");
    check_reason(r#"{"numeric":["="]}"#, "Value of equals must be numeric");
    check_reason(r#"{"numeric":["<",null]}"#, "Value of < must be numeric");
    check_reason(r#"{"numeric":["==",1]}"#, "Unrecognized numeric range operator: ==");
    check_reason(r#"{"numeric":[">",1,[]]}"#, "Bad value in numeric range: [");
}

/// An `$or` that is none is a key, and what it lists are no match expressions.
#[test]
fn an_or_that_is_none() {
    check(r#"{"$or":[{"a":["x"]}]}"#, "Unrecognized match type a", 15);
    check(
        r#"{"$or":[{"numeric":123},{"prefix":"abc"}]}"#,
        "Value of numeric must be an array.",
        23,
    );
    check(r#"{"$or":[{"a":["x"]},"b"]}"#, "Unrecognized match type a", 15);
}

/// The place behind characters that are written in several ways.
#[test]
fn columns_count_what_the_service_writes() {
    // A surrogate pair and an escape are two columns each.
    let policy = "{\"\u{1f600}\":[\"\\u0022\\n\",\"\u{fc}\"],\"k\":5}";
    let text = fault(policy).to_string();
    let written = "{\"\u{1f600}\":[\"\\\"\\n\",\"\u{fc}\"],\"k\":5}";
    assert!(text.ends_with(&format!("\"{written}\"; line: 1, column: 25]")), "{text}");
}

#[test]
fn a_long_policy_is_quoted_in_part() {
    let policy = format!("{{\"{}\":5}}", "k".repeat(600));
    let text = fault(&policy).to_string();
    let quoted =
        format!("(String)\"{}\"[truncated 106 chars]; line: 1, column: 606]", &policy[..500]);
    assert!(text.ends_with(&quoted), "{text}");
}
