//! GetPlatformApplicationAttributes. Its output is [`AttributesOutput`](super::AttributesOutput).

use tidings_core::rejection::TopicRejection;
use tidings_platforms::ApplicationArn;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// Which application is asked for.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the application.
pub fn application(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<ApplicationArn, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "PlatformApplicationArn");
    required.check()?;
    caller.application(&arn)
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{APPLICATION, APPLICATION_ARN, command, missing};

    #[test]
    fn the_application_is_all_that_is_asked() {
        let action = SnsAction::GetPlatformApplicationAttributes;
        assert_eq!(command(action, ""), Err(missing(&["platformApplicationArn"])));
        let asked = command(action, &format!("PlatformApplicationArn={APPLICATION}"));
        assert_eq!(asked, Ok(APPLICATION_ARN.to_owned()));
    }
}
