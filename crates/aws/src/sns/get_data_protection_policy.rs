//! GetDataProtectionPolicy.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;
use crate::response::{Members, Output};

/// What is asked of the core.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "ResourceArn");
    required.check()?;
    Ok(TopicCommand::DataProtectionPolicy { arn: caller.topic("ResourceArn", &arn)? })
}

/// The output of GetDataProtectionPolicy.
#[derive(Debug)]
pub struct GetDataProtectionPolicyOutput {
    /// The document, if the topic has one.
    pub policy: Option<String>,
}

impl Output for GetDataProtectionPolicyOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.optional_text("DataProtectionPolicy", self.policy.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, assert_written, command, missing};

    const ACTION: SnsAction = SnsAction::GetDataProtectionPolicy;

    #[test]
    fn the_topic_is_all_that_is_asked() {
        let asked = command(ACTION, &format!("ResourceArn={TOPIC}"));
        assert_eq!(asked, Ok(format!("DataProtectionPolicy {{ arn: {ARN} }}")));
        assert_eq!(command(ACTION, ""), Err(missing(&["resourceArn"])));
    }

    #[test]
    fn the_document_is_written_if_there_is_one() {
        let output = GetDataProtectionPolicyOutput { policy: Some("{\"Name\":\"n\"}".into()) };
        let members =
            "<DataProtectionPolicy>{&quot;Name&quot;:&quot;n&quot;}</DataProtectionPolicy>";
        assert_written(ACTION, &output, members);
        assert_written(ACTION, &GetDataProtectionPolicyOutput { policy: None }, "");
    }
}
