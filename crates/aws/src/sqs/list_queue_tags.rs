//! ListQueueTags.

use serde::Deserialize;
use tidings_core::command::{Command, Pairs};

use super::caller::Caller;
use super::pairs::TAG;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of ListQueueTags.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListQueueTags<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
}

impl<'a> Input<'a> for ListQueueTags<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { queue_url: fields.text("QueueUrl") })
    }
}

impl ListQueueTags<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        Ok(Command::QueueTags { arn: caller.queue(self.queue_url.as_deref())? })
    }
}

/// The output of ListQueueTags.
#[derive(Debug)]
pub struct ListQueueTagsOutput {
    /// The queue's tags.
    pub tags: Pairs,
}

impl Output for ListQueueTagsOutput {
    fn write(&self, members: &mut Members<'_>) {
        let tags = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        members.map("Tags", TAG, tags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, assert_written, queue_command};

    #[test]
    fn the_queue_is_all_that_is_asked() {
        let command = queue_command(SqsAction::ListQueueTags, "", "").unwrap();
        assert_eq!(command, format!("QueueTags {{ arn: {ARN} }}"));
    }

    #[test]
    fn tags_are_written() {
        let tags = vec![("a".to_owned(), "1".to_owned()), ("b&".to_owned(), String::new())];
        assert_written(
            SqsAction::ListQueueTags,
            &ListQueueTagsOutput { tags },
            r#"{"Tags":{"a":"1","b&":""}}"#,
            "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b&amp;</Key><Value></Value></Tag>",
        );
        let none = ListQueueTagsOutput { tags: Vec::new() };
        assert_written(SqsAction::ListQueueTags, &none, "{}", "");
    }
}
