//! CreatePlatformApplication.

use tidings_core::push_platform::PushPlatform;
use tidings_core::rejection::TopicRejection;
use tidings_platforms::limits::NAME_CHARS_MAX;
use tidings_platforms::{ApplicationArn, Change};

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;
use crate::response::{Members, Output};

/// What is asked. Whether the attributes are any good is decided elsewhere.
///
/// # Errors
/// ValidationError if a parameter is missing, InvalidParameter if there is no such platform or the
/// name has another form.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    let mut required = Required::default();
    let name = required.text(fields, "Name");
    let platform = required.text(fields, "Platform");
    let attributes = required.list("Attributes", pairs::attributes(fields));
    required.check()?;
    check_name(&name)?;
    let platform = platform.as_str();
    let platform = PushPlatform::parse(platform).ok_or_else(|| {
        TopicRejection::parameter(format_args!("Platform Reason: {platform} is not supported"))
    })?;
    let application = ApplicationArn::new(caller.account, caller.region.clone(), platform, &name);
    let application = application.ok_or_else(|| TopicRejection::parameter("Name"))?;
    Ok(Change::CreateApplication { application, attributes: attributes.into() })
}

/// In recorded words.
fn check_name(name: &str) -> Result<(), TopicRejection> {
    let problem = if name.is_empty() {
        "cannot be empty".to_owned()
    } else if name.chars().count() > NAME_CHARS_MAX {
        format!("must be at most {NAME_CHARS_MAX} characters long")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) {
        "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'".to_owned()
    } else {
        return Ok(());
    };
    Err(TopicRejection::parameter(format_args!("{name} Reason: {problem}")))
}

/// The output of CreatePlatformApplication.
#[derive(Debug)]
pub struct CreatePlatformApplicationOutput {
    /// The application's name in full.
    pub arn: ApplicationArn,
}

impl Output for CreatePlatformApplicationOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("PlatformApplicationArn", &self.arn.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{assert_written, command, missing, refused};

    const ACTION: SnsAction = SnsAction::CreatePlatformApplication;
    const ATTRIBUTES: &str =
        "Attributes.entry.1.key=PlatformCredential&Attributes.entry.1.value=secret";

    #[test]
    fn an_application_is_asked_for_and_its_secrets_are_not_printed() {
        let form = format!("Name=my.app-1_a&Platform=APNS_SANDBOX&{ATTRIBUTES}");
        let expected = "CreateApplication { application: ApplicationArn { account: 000000000042, \
                        region: Region(\"eu-west-1\"), platform: ApnsSandbox, name: \"my.app-1_a\" }, \
                        attributes: Attributes[\"PlatformCredential\"] }";
        assert_eq!(command(ACTION, &form), Ok(expected.to_owned()));
    }

    #[test]
    fn parameters_have_their_form() {
        assert_eq!(command(ACTION, ""), Err(missing(&["name", "platform", "attributes"])));
        let of = |name: &str, platform: &str| {
            command(ACTION, &format!("Name={name}&Platform={platform}&{ATTRIBUTES}"))
        };
        assert_eq!(of("a", "FCM"), Err(refused("Platform Reason: FCM is not supported")));
        assert_eq!(of("", "GCM"), Err(refused(" Reason: cannot be empty")));
        let long = "a".repeat(257);
        let text = format!("{long} Reason: must be at most 256 characters long");
        assert_eq!(of(&long, "GCM"), Err(refused(&text)));
        assert!(of(&long[1..], "GCM").is_ok());
        let text = "a/b Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', \
                    and '.'";
        assert_eq!(of("a/b", "GCM"), Err(refused(text)));
    }

    #[test]
    fn the_application_is_named_in_full() {
        let arn = "arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel";
        let output = CreatePlatformApplicationOutput { arn: ApplicationArn::parse(arn).unwrap() };
        let members = format!("<PlatformApplicationArn>{arn}</PlatformApplicationArn>");
        assert_written(ACTION, &output, &members);
    }
}
