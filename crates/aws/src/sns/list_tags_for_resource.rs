//! ListTagsForResource.

use tidings_core::command::{Pairs, TopicCommand};
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::tag_resource::resource;
use crate::query::Fields;
use crate::response::{Members, Output};

/// What is asked of the core.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the topic, but
/// ResourceNotFound if it is another account's.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "ResourceArn");
    required.check()?;
    Ok(TopicCommand::TopicTags { arn: resource(caller, &arn)? })
}

/// The output of ListTagsForResource.
#[derive(Debug)]
pub struct ListTagsForResourceOutput {
    /// The topic's tags.
    pub tags: Pairs,
}

impl Output for ListTagsForResourceOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("Tags", &self.tags, |members, (key, value)| {
            members.text("Key", key);
            members.text("Value", value);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, assert_written, command, missing};

    const ACTION: SnsAction = SnsAction::ListTagsForResource;

    #[test]
    fn the_topic_is_all_that_is_asked() {
        let asked = command(ACTION, &format!("ResourceArn={TOPIC}"));
        assert_eq!(asked, Ok(format!("TopicTags {{ arn: {ARN} }}")));
        assert_eq!(command(ACTION, ""), Err(missing(&["resourceArn"])));
    }

    #[test]
    fn tags_are_written() {
        let tags = vec![("a".to_owned(), "1".to_owned()), ("b&".to_owned(), String::new())];
        let members = "<Tags><member><Key>a</Key><Value>1</Value></member><member><Key>b&amp;</Key>\
                       <Value></Value></member></Tags>";
        assert_written(ACTION, &ListTagsForResourceOutput { tags }, members);
        let none = ListTagsForResourceOutput { tags: Vec::new() };
        assert_written(ACTION, &none, "<Tags/>");
    }
}
