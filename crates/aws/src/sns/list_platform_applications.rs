//! ListPlatformApplications.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::{ApplicationArn, ApplicationPage};

use super::caller::Caller;
use super::mobile;
use crate::query::Fields;
use crate::response::{Members, Output};

/// The application that the last page ended with.
///
/// # Errors
/// InvalidParameter if the token is none of ours.
pub fn after(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<Option<ApplicationArn>, TopicRejection> {
    mobile::application_before(fields, caller)
}

/// The output of ListPlatformApplications.
#[derive(Debug)]
pub struct ListPlatformApplicationsOutput(pub ApplicationPage);

impl Output for ListPlatformApplicationsOutput {
    fn write(&self, members: &mut Members<'_>) {
        let Self(ApplicationPage { applications, more }) = self;
        members.member_list("PlatformApplications", applications, |members, application| {
            members.text("PlatformApplicationArn", &application.arn().to_string());
            let attributes = application.attributes();
            let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
            members.entry_map("Attributes", attributes);
        });
        if let Some(last) = applications.last().filter(|_| *more) {
            members.text("NextToken", &mobile::application_token(last.arn()));
        }
    }

    fn size_hint(&self) -> usize {
        512 * self.0.applications.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{APPLICATION, assert_written, command, platforms, refused};

    const ACTION: SnsAction = SnsAction::ListPlatformApplications;

    #[test]
    fn a_page_is_asked_for() {
        assert_eq!(command(ACTION, ""), Ok("None".to_owned()));
        let after = command(ACTION, "NextToken=R0NNL2hvdGVs").unwrap();
        assert!(after.contains("platform: Gcm, name: \"hotel\""), "{after}");
        assert_eq!(command(ACTION, "NextToken=x"), Err(refused("NextToken")));
    }

    #[test]
    fn a_page_is_written() {
        let (platforms, endpoint) = platforms();
        let application = platforms.application(&endpoint.application).unwrap().clone();
        let page = |more| ApplicationPage { applications: vec![application.clone()], more };
        let list = format!(
            "<PlatformApplications><member><PlatformApplicationArn>{APPLICATION}\
             </PlatformApplicationArn><Attributes><entry><key>Enabled</key><value>true</value>\
             </entry></Attributes></member></PlatformApplications>"
        );
        assert_written(ACTION, &ListPlatformApplicationsOutput(page(false)), &list);
        let more = format!("{list}<NextToken>R0NNL2hvdGVs</NextToken>");
        assert_written(ACTION, &ListPlatformApplicationsOutput(page(true)), &more);
        let none = ApplicationPage { applications: Vec::new(), more: false };
        let output = ListPlatformApplicationsOutput(none);
        assert_written(ACTION, &output, "<PlatformApplications/>");
    }
}
