//! What batches have in common: entries with ids, and an answer for each.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use tidings_core::limits;
use tidings_core::rejection::Rejection;

use crate::error_codes::Code;
use crate::json::Object;
use crate::response::{Members, Output};
use crate::text::Text;

/// The entries of a batch, as given: the ten that are looked at, and how many there were.
#[derive(Debug)]
pub(crate) struct Entries<T> {
    first: Vec<T>,
    total: usize,
}

impl<T> Entries<T> {
    /// All that a form has.
    pub(crate) fn new(entries: Vec<T>) -> Self {
        Self { total: entries.len(), first: entries }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Entries<T>, A::Error> {
        let mut first = Vec::new();
        while first.len() < limits::BATCH_ENTRIES_MAX {
            let Some(Object(entry)) = array.next_element()? else { break };
            first.push(entry);
        }
        let mut total = first.len();
        if total == limits::BATCH_ENTRIES_MAX {
            while array.next_element::<IgnoredAny>()?.is_some() {
                total += 1;
            }
        }
        Ok(Entries { first, total })
    }
}

/// An entry of a batch.
pub(crate) trait Entry {
    /// What the service's model calls the entry.
    const NAME: &'static str;

    /// The entry's id, as given.
    fn id(&mut self) -> Option<Text<'_>>;
}

/// Checks a batch as a whole: it has 1 to 10 entries, whose ids have their form and differ. Gives
/// each entry with its id.
///
/// # Errors
/// EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct;
/// MissingParameter if there is no list of entries, or an entry without an id.
pub(crate) fn check<T: Entry>(entries: Option<Entries<T>>) -> Result<Vec<(String, T)>, Rejection> {
    let Some(Entries { first, total }) = entries else {
        return Err(Rejection::MissingParameter("Entries".to_owned()));
    };
    if total == 0 {
        return Err(Rejection::EmptyBatchRequest(T::NAME));
    }
    if total > limits::BATCH_ENTRIES_MAX {
        return Err(Rejection::TooManyEntriesInBatchRequest { entries: total });
    }
    let mut checked: Vec<(String, T)> = Vec::with_capacity(total);
    for (at, mut entry) in first.into_iter().enumerate() {
        let id = entry.id().ok_or_else(|| Rejection::MissingParameter(member::<T>(at, "Id")))?;
        let id = id.into_string();
        if !is_id(&id) {
            return Err(Rejection::InvalidBatchEntryId);
        }
        if checked.iter().any(|(other, _)| *other == id) {
            return Err(Rejection::BatchEntryIdsNotDistinct { id });
        }
        checked.push((id, entry));
    }
    Ok(checked)
}

/// How errors name the member of an entry: `SendMessageBatchRequestEntry.1.MessageBody`.
pub(crate) fn member<T: Entry>(at: usize, name: &str) -> String {
    format!("{}.{}.{name}", T::NAME, at + 1)
}

/// 1 to 80 letters, digits, hyphens and underscores.
fn is_id(id: &str) -> bool {
    (1..=limits::BATCH_ENTRY_ID_CHARS_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// What is known of a batch's entries before the core has seen those that passed.
#[derive(Debug)]
pub struct Outcome<K> {
    entries: Vec<(String, Result<K, Rejection>)>,
}

impl<K> Outcome<K> {
    /// Parts what was made of the entries: what goes to the core, and what is kept for the answer.
    pub(crate) fn part<C>(
        entries: impl IntoIterator<Item = (String, Result<(C, K), Rejection>)>,
    ) -> (Vec<C>, Self) {
        let mut passed = Vec::new();
        let keep = |(id, checked): (String, Result<(C, K), Rejection>)| {
            let kept = checked.map(|(goes, kept)| {
                passed.push(goes);
                kept
            });
            (id, kept)
        };
        let entries = entries.into_iter().map(keep).collect();
        (passed, Self { entries })
    }

    /// Joins in what the core says of the entries that passed, in their order.
    ///
    /// # Panics
    /// If there is not an answer for each: the core gives as many as it was asked for.
    pub fn settle<R>(self, answers: Vec<Result<R, Rejection>>) -> BatchOutput<(K, R)> {
        let mut answers = answers.into_iter();
        let mut output = BatchOutput { successful: Vec::new(), failed: Vec::new() };
        for (id, kept) in self.entries {
            let settled = kept.and_then(|kept| {
                let answer = answers.next().expect("the core answers every entry that it is given");
                answer.map(|answer| (kept, answer))
            });
            match settled {
                Ok(result) => output.successful.push((id, result)),
                Err(rejection) => output.failed.push((id, rejection)),
            }
        }
        output
    }
}

/// The output of a batch: what became of each entry, by id.
#[derive(Debug)]
pub struct BatchOutput<R> {
    successful: Vec<(String, R)>,
    failed: Vec<(String, Rejection)>,
}

impl<R> BatchOutput<R> {
    /// What succeeded, in the order of the entries.
    pub(crate) fn successful(&self) -> &[(String, R)] {
        &self.successful
    }

    /// What failed, in the order of the entries.
    pub(crate) fn failed(&self) -> &[(String, Rejection)] {
        &self.failed
    }

    /// `element` is what XML calls a successful entry.
    pub(crate) fn write_entries(
        &self,
        members: &mut Members<'_>,
        element: &str,
        mut write_rest: impl FnMut(&mut Members<'_>, &R),
    ) {
        members.structures("Successful", element, &self.successful, |members, (id, result)| {
            members.text("Id", id);
            write_rest(members, result);
        });
        members.structures("Failed", "BatchResultErrorEntry", &self.failed, |members, failed| {
            let (id, rejection) = failed;
            let code = Code::of_rejection(rejection);
            members.text("Id", id);
            members.boolean("SenderFault", code.is_senders_fault());
            members.text("Code", code.query);
            members.text("Message", &rejection.to_string());
        });
    }
}

/// A batch whose successful entries have nothing but their ids to tell.
pub trait Acknowledged {
    /// What XML calls a successful entry.
    const ELEMENT: &'static str;
}

impl<A: Acknowledged> Output for BatchOutput<(A, ())> {
    fn write(&self, members: &mut Members<'_>) {
        self.write_entries(members, A::ELEMENT, |_, _| ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[derive(serde::Deserialize, Default, Debug)]
    #[serde(rename_all = "PascalCase", default)]
    struct Sample<'a> {
        #[serde(borrow)]
        id: Option<Text<'a>>,
    }

    impl Entry for Sample<'_> {
        const NAME: &'static str = "SampleEntry";

        fn id(&mut self) -> Option<Text<'_>> {
            self.id.take()
        }
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Given<'a> {
        #[serde(borrow)]
        given: Option<Entries<Sample<'a>>>,
    }

    fn check_json(body: &str) -> Result<Vec<String>, Rejection> {
        let Given { given } = json::read(body.as_bytes()).unwrap();
        Ok(check(given)?.into_iter().map(|(id, _)| id).collect())
    }

    fn of_ids(ids: &[&str]) -> String {
        let entries: Vec<_> = ids.iter().map(|id| format!("{{\"Id\":\"{id}\"}}")).collect();
        format!("{{\"given\":[{}]}}", entries.join(","))
    }

    #[test]
    fn ids_have_their_form_and_differ() {
        let long = "i".repeat(80);
        let ids = ["a", "A", "0", "-_", &long];
        assert_eq!(check_json(&of_ids(&ids)).unwrap(), ids);
        let too_long = "i".repeat(81);
        for bad in ["", "a b", "a.b", "é", &too_long] {
            assert_eq!(check_json(&of_ids(&["a", bad])), Err(Rejection::InvalidBatchEntryId));
        }
        let twice = Rejection::BatchEntryIdsNotDistinct { id: "a".into() };
        assert_eq!(check_json(&of_ids(&["a", "b", "a"])), Err(twice));
        let missing = Rejection::MissingParameter("SampleEntry.2.Id".into());
        assert_eq!(check_json(r#"{"given":[{"Id":"a"},{}]}"#), Err(missing));
    }

    #[test]
    fn a_batch_has_one_to_ten_entries() {
        let ids: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(check_json(&of_ids(&ids[..10])).unwrap().len(), 10);
        for entries in [11, 3000] {
            let too_many = Rejection::TooManyEntriesInBatchRequest { entries };
            assert_eq!(check_json(&of_ids(&ids[..entries])), Err(too_many));
        }
        assert_eq!(check_json(&of_ids(&[])), Err(Rejection::EmptyBatchRequest("SampleEntry")));
        let missing = || Err(Rejection::MissingParameter("Entries".into()));
        assert_eq!(check_json("{}"), missing());
        assert_eq!(check_json(r#"{"given":null}"#), missing());
    }

    #[test]
    fn answers_find_their_entries() {
        let entries = [
            ("a".to_owned(), Ok((1, 'a'))),
            ("b".to_owned(), Err(Rejection::InvalidMessageContents)),
            ("c".to_owned(), Ok((3, 'c'))),
            ("d".to_owned(), Ok((4, 'd'))),
        ];
        let (passed, outcome) = Outcome::part(entries);
        assert_eq!(passed, [1, 3, 4]);
        let output =
            outcome.settle(vec![Ok("one"), Err(Rejection::MessageNotInflight), Ok("four")]);
        assert_eq!(
            output.successful,
            [("a".to_owned(), ('a', "one")), ("d".to_owned(), ('d', "four"))]
        );
        assert_eq!(
            output.failed,
            [
                ("b".to_owned(), Rejection::InvalidMessageContents),
                ("c".to_owned(), Rejection::MessageNotInflight)
            ]
        );
    }
}
