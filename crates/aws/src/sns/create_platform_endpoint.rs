//! CreatePlatformEndpoint.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::{Change, EndpointArn};

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;
use crate::response::{Members, Output};
use crate::text::Text;

/// What is asked.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the application.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "PlatformApplicationArn");
    let token = required.text(fields, "Token");
    required.check()?;
    Ok(Change::CreateEndpoint {
        application: caller.application(&arn)?,
        token: token.into_string(),
        user_data: fields.text("CustomUserData").map(Text::into_string),
        attributes: pairs::attributes(fields).into(),
    })
}

/// The output of CreatePlatformEndpoint.
#[derive(Debug)]
pub struct CreatePlatformEndpointOutput {
    /// The endpoint's name in full.
    pub arn: EndpointArn,
}

impl Output for CreatePlatformEndpointOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("EndpointArn", &self.arn.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{
        APPLICATION, APPLICATION_ARN, ENDPOINT, assert_written, command, missing,
    };

    const ACTION: SnsAction = SnsAction::CreatePlatformEndpoint;

    #[test]
    fn an_endpoint_is_asked_for() {
        assert_eq!(command(ACTION, ""), Err(missing(&["platformApplicationArn", "token"])));
        let expected = |user_data: &str, attributes: &str| {
            Ok(format!(
                "CreateEndpoint {{ application: {APPLICATION_ARN}, token: \"t\", user_data: \
                 {user_data}, attributes: Attributes{attributes} }}"
            ))
        };
        let form = format!("PlatformApplicationArn={APPLICATION}&Token=t");
        assert_eq!(command(ACTION, &form), expected("None", "[]"));
        let form = format!(
            "{form}&CustomUserData=guest&Attributes.entry.1.key=Enabled\
             &Attributes.entry.1.value=true"
        );
        assert_eq!(command(ACTION, &form), expected("Some(\"guest\")", "[\"Enabled\"]"));
    }

    #[test]
    fn the_endpoint_is_named_in_full() {
        let output = CreatePlatformEndpointOutput { arn: EndpointArn::parse(ENDPOINT).unwrap() };
        assert_written(ACTION, &output, &format!("<EndpointArn>{ENDPOINT}</EndpointArn>"));
    }
}
