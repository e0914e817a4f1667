//! ListTopics.

use tidings_core::command::TopicCommand;
use tidings_core::limits;
use tidings_core::names::TopicArn;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::page;
use crate::query::Fields;
use crate::response::{Members, Output};

/// What is asked of the core.
///
/// # Errors
/// InvalidParameter if the token is none of ours.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    Ok(TopicCommand::ListTopics {
        account: caller.account,
        region: caller.region.clone(),
        after: page::topic_before(fields)?,
        max: limits::TOPIC_LIST_RESULTS,
    })
}

/// The output of ListTopics.
#[derive(Debug)]
pub struct ListTopicsOutput {
    /// In order.
    pub topics: Vec<TopicArn>,
    /// Whether the page is not the last.
    pub more: bool,
}

impl Output for ListTopicsOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("Topics", &self.topics, |members, arn| {
            members.text("TopicArn", &arn.to_string());
        });
        if let Some(last) = self.topics.last().filter(|_| self.more) {
            members.text("NextToken", &page::topic_token(&last.name));
        }
    }

    fn size_hint(&self) -> usize {
        128 * self.topics.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{assert_written, command, refused, topic};

    const ACTION: SnsAction = SnsAction::ListTopics;

    #[test]
    fn a_page_is_asked_for() {
        for (form, after) in [
            ("", "None"),
            ("NextToken=", "None"),
            ("NextToken=c3RvY2s%3D", r#"Some(TopicName("stock"))"#),
        ] {
            let expected = format!(
                "ListTopics {{ account: 000000000042, region: Region(\"eu-west-1\"), \
                 after: {after}, max: 100 }}"
            );
            assert_eq!(command(ACTION, form), Ok(expected));
        }
        assert_eq!(command(ACTION, "NextToken=x"), Err(refused("NextToken")));
    }

    #[test]
    fn a_page_is_written() {
        let member =
            "<member><TopicArn>arn:aws:sns:eu-west-1:000000000042:stock</TopicArn></member>";
        let output = ListTopicsOutput { topics: vec![topic(), topic()], more: false };
        assert_written(ACTION, &output, &format!("<Topics>{member}{member}</Topics>"));
        let output = ListTopicsOutput { topics: vec![topic()], more: true };
        let members = format!("<Topics>{member}</Topics><NextToken>c3RvY2s=</NextToken>");
        assert_written(ACTION, &output, &members);
        let none = ListTopicsOutput { topics: Vec::new(), more: false };
        assert_written(ACTION, &none, "<Topics/>");
    }
}
