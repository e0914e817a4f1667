//! CreateTopic.

use tidings_core::command::TopicCommand;
use tidings_core::names::{TopicArn, TopicName};
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;
use crate::response::{Members, Output};
use crate::text::Text;

/// What is asked of the core, and the topic that it is about. Whether the name's suffix agrees with
/// the attribute FifoTopic is checked there.
///
/// # Errors
/// ValidationError if the name is missing, InvalidParameter if it has another form.
pub fn command(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<(TopicCommand, TopicArn), TopicRejection> {
    let mut required = Required::default();
    let name = required.text(fields, "Name");
    required.check()?;
    let name = TopicName::parse(&name).ok_or_else(|| TopicRejection::parameter("Topic Name"))?;
    let arn = caller.own(name);
    let command = TopicCommand::CreateTopic {
        arn: arn.clone(),
        attributes: pairs::attributes(fields),
        tags: pairs::tags(fields),
        data_protection_policy: fields.text("DataProtectionPolicy").map(Text::into_string),
    };
    Ok((command, arn))
}

/// The output of CreateTopic.
#[derive(Debug)]
pub struct CreateTopicOutput {
    /// The topic's name in full.
    pub arn: TopicArn,
}

impl Output for CreateTopicOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("TopicArn", &self.arn.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{assert_written, command, missing, refused, topic};

    const ACTION: SnsAction = SnsAction::CreateTopic;

    fn create(name: &str, rest: &str) -> String {
        format!(
            "CreateTopic {{ arn: TopicArn {{ account: 000000000042, region: Region(\"eu-west-1\"), \
             name: TopicName({name:?}) }}, {rest} }}"
        )
    }

    #[test]
    fn attributes_and_tags_go_to_the_core() {
        let plain = "attributes: [], tags: [], data_protection_policy: None";
        assert_eq!(command(ACTION, "Name=stock"), Ok(create("stock", plain)));
        let longest = "t".repeat(256);
        assert_eq!(command(ACTION, &format!("Name={longest}")), Ok(create(&longest, plain)));
        let form = "Name=stock.fifo&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true\
                    &Tags.member.1.Key=k&Tags.member.1.Value=v&DataProtectionPolicy=%7B%7D";
        let rest = r#"attributes: [("FifoTopic", "true")], tags: [("k", "v")], data_protection_policy: Some("{}")"#;
        assert_eq!(command(ACTION, form), Ok(create("stock.fifo", rest)));
    }

    #[test]
    fn names_have_their_form() {
        assert_eq!(command(ACTION, ""), Err(missing(&["name"])));
        for name in ["", "a.b", "a+b", "%C3%A4", ".fifo", &"t".repeat(257)] {
            assert_eq!(
                command(ACTION, &format!("Name={name}")),
                Err(refused("Topic Name")),
                "{name}"
            );
        }
    }

    #[test]
    fn the_topic_is_named_in_full() {
        let output = CreateTopicOutput { arn: topic() };
        let members = "<TopicArn>arn:aws:sns:eu-west-1:000000000042:stock</TopicArn>";
        assert_written(ACTION, &output, members);
    }
}
