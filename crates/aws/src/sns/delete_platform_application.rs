//! DeletePlatformApplication.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::Change;

use super::caller::Caller;
use super::get_platform_application_attributes::application;
use crate::query::Fields;

/// What is asked.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the application.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    Ok(Change::DeleteApplication { application: application(fields, caller)? })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{APPLICATION, APPLICATION_ARN, command, missing};

    #[test]
    fn the_application_is_all_that_is_asked() {
        let action = SnsAction::DeletePlatformApplication;
        assert_eq!(command(action, ""), Err(missing(&["platformApplicationArn"])));
        let asked = command(action, &format!("PlatformApplicationArn={APPLICATION}"));
        let expected = format!("DeleteApplication {{ application: {APPLICATION_ARN} }}");
        assert_eq!(asked, Ok(expected));
    }
}
