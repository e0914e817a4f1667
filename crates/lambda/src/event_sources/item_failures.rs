//! Partial batch responses: which messages of a batch the function failed on.
//!
//! Developer guide, "Implementing partial batch responses". What the guide leaves open is decided so
//! that no message is deleted in doubt.

use std::collections::BTreeSet;

use serde_json::Value;

/// A message of a batch, as partial responses see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// The message's id.
    pub message_id: &'a str,
    /// Its group, in a FIFO queue.
    pub fifo_group: Option<&'a str>,
}

/// A response that counts as a failure on the whole batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the function's response names no messages of the batch as documented")]
pub struct Unusable;

/// The positions of the messages that stay in the queue; the others are done.
///
/// Nothing, `null`, an empty text, list or object, and `batchItemFailures` that is missing, `null` or
/// empty say that all are done. Of a FIFO queue, what follows a failed message in its group stays,
/// too, whatever the function says of it: otherwise it would be done before that.
///
/// # Errors
/// [`Unusable`] if the response is no JSON, or of another form, or names what is not in the batch.
pub fn item_failures(response: &[u8], items: &[Item<'_>]) -> Result<BTreeSet<usize>, Unusable> {
    if response.trim_ascii().is_empty() {
        return Ok(BTreeSet::new());
    }
    let response: Value = serde_json::from_slice(response).map_err(|_| Unusable)?;
    let named = match &response {
        Value::Null => return Ok(BTreeSet::new()),
        Value::String(text) if text.is_empty() => return Ok(BTreeSet::new()),
        Value::Array(list) if list.is_empty() => return Ok(BTreeSet::new()),
        Value::Object(members) => match members.get("batchItemFailures") {
            None | Some(Value::Null) => return Ok(BTreeSet::new()),
            Some(Value::Array(failures)) => ids(failures)?,
            Some(_) => return Err(Unusable),
        },
        _ => return Err(Unusable),
    };
    let there: BTreeSet<&str> = items.iter().map(|item| item.message_id).collect();
    if !named.is_subset(&there) {
        return Err(Unusable);
    }
    let mut groups = BTreeSet::new();
    let mut failed = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        let follows = item.fifo_group.is_some_and(|group| groups.contains(group));
        if follows || named.contains(item.message_id) {
            groups.extend(item.fifo_group);
            failed.insert(at);
        }
    }
    Ok(failed)
}

fn ids(failures: &[Value]) -> Result<BTreeSet<&str>, Unusable> {
    failures
        .iter()
        .map(|failure| failure.get("itemIdentifier").and_then(Value::as_str))
        .map(|id| id.filter(|id| !id.is_empty()).ok_or(Unusable))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: [Item<'_>; 3] = [item("a", None), item("b", None), item("c", None)];

    const fn item<'a>(message_id: &'a str, fifo_group: Option<&'a str>) -> Item<'a> {
        Item { message_id, fifo_group }
    }

    fn failed(response: &str, items: &[Item<'_>]) -> Result<Vec<usize>, Unusable> {
        item_failures(response.as_bytes(), items).map(|failed| failed.into_iter().collect())
    }

    #[test]
    fn what_says_nothing_of_failures_is_a_success() {
        for response in [
            "",
            " ",
            "null",
            "\"\"",
            "[]",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
            r#"{"statusCode":200}"#,
        ] {
            assert_eq!(failed(response, &STANDARD), Ok(vec![]), "{response}");
        }
    }

    #[test]
    fn named_messages_stay() {
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]}"#;
        assert_eq!(failed(response, &STANDARD), Ok(vec![0, 2]));
        let twice = [item("a", None), item("b", None), item("a", None)];
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#;
        assert_eq!(failed(response, &twice), Ok(vec![0, 2]), "it was received twice");
    }

    #[test]
    fn what_cannot_be_understood_is_a_failure_of_all() {
        for response in [
            "{",
            "all done",
            "\"done\"",
            "7",
            "true",
            "[1]",
            r#"{"batchItemFailures":"a"}"#,
            r#"{"batchItemFailures":["a"]}"#,
            r#"{"batchItemFailures":[{"foo":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":7}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"z"}]}"#,
        ] {
            assert_eq!(failed(response, &STANDARD), Err(Unusable), "{response}");
        }
        assert_eq!(item_failures(b"\xff", &STANDARD), Err(Unusable));
    }

    #[test]
    fn in_a_group_nothing_overtakes_what_failed() {
        let items = [
            item("a1", Some("a")),
            item("b1", Some("b")),
            item("a2", Some("a")),
            item("b2", Some("b")),
            item("a3", Some("a")),
        ];
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"a2"}]}"#;
        assert_eq!(failed(response, &items), Ok(vec![2, 4]));
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"b1"},{"itemIdentifier":"a3"}]}"#;
        assert_eq!(failed(response, &items), Ok(vec![1, 3, 4]));
    }
}
