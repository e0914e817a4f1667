//! SetPlatformApplicationAttributes.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::Change;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;

/// What is asked.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the application.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "PlatformApplicationArn");
    let attributes = required.list("Attributes", pairs::attributes(fields));
    required.check()?;
    let application = caller.application(&arn)?;
    Ok(Change::SetApplicationAttributes { application, attributes: attributes.into() })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{APPLICATION, APPLICATION_ARN, command, missing};

    #[test]
    fn attributes_of_an_application_are_set() {
        let action = SnsAction::SetPlatformApplicationAttributes;
        assert_eq!(command(action, ""), Err(missing(&["platformApplicationArn", "attributes"])));
        let form = format!(
            "PlatformApplicationArn={APPLICATION}&Attributes.entry.1.key=Enabled\
             &Attributes.entry.1.value=false"
        );
        let expected = format!(
            "SetApplicationAttributes {{ application: {APPLICATION_ARN}, attributes: \
             Attributes[\"Enabled\"] }}"
        );
        assert_eq!(command(action, &form), Ok(expected));
    }
}
