//! ListEndpointsByPlatformApplication.

use tidings_core::names::Uuid;
use tidings_core::rejection::TopicRejection;
use tidings_platforms::{ApplicationArn, EndpointArn, EndpointPage};

use super::caller::Caller;
use super::get_platform_application_attributes::application;
use super::mobile;
use crate::query::Fields;
use crate::response::{Members, Output};

/// Whose endpoints are asked for, and the one that the last page ended with.
///
/// # Errors
/// ValidationError if the application is missing; errors of [`Caller`] for it. InvalidParameter if the
/// token is none of ours.
pub fn asked(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<(ApplicationArn, Option<Uuid>), TopicRejection> {
    Ok((application(fields, caller)?, mobile::endpoint_before(fields)?))
}

/// The output of ListEndpointsByPlatformApplication.
#[derive(Debug)]
pub struct ListEndpointsByPlatformApplicationOutput {
    /// Whose endpoints they are.
    pub application: ApplicationArn,
    /// Some of them.
    pub page: EndpointPage,
}

impl Output for ListEndpointsByPlatformApplicationOutput {
    fn write(&self, members: &mut Members<'_>) {
        let Self { application, page: EndpointPage { endpoints, more } } = self;
        members.member_list("Endpoints", endpoints, |members, (id, endpoint)| {
            let arn = EndpointArn { application: application.clone(), id: *id };
            members.text("EndpointArn", &arn.to_string());
            let attributes = endpoint.attributes();
            let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
            members.entry_map("Attributes", attributes);
        });
        if let Some((last, _)) = endpoints.last().filter(|_| *more) {
            members.text("NextToken", &mobile::endpoint_token(*last));
        }
    }

    fn size_hint(&self) -> usize {
        768 * self.page.endpoints.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{
        APPLICATION, APPLICATION_ARN, assert_written, command, missing, platforms, refused,
    };

    const ACTION: SnsAction = SnsAction::ListEndpointsByPlatformApplication;

    #[test]
    fn a_page_is_asked_for() {
        assert_eq!(command(ACTION, ""), Err(missing(&["platformApplicationArn"])));
        let form = format!("PlatformApplicationArn={APPLICATION}");
        assert_eq!(command(ACTION, &form), Ok(format!("({APPLICATION_ARN}, None)")));
        let second = format!("{form}&NextToken=aw5xvX6XTZeAzkoJlOVShg%3D%3D");
        let id = "6b0e71bd-7e97-4d97-80ce-4a0994e55286";
        assert_eq!(command(ACTION, &second), Ok(format!("({APPLICATION_ARN}, Some({id}))")));
        assert_eq!(command(ACTION, &format!("{form}&NextToken=x")), Err(refused("NextToken")));
    }

    #[test]
    fn a_page_is_written() {
        let (platforms, endpoint) = platforms();
        let application = platforms.application(&endpoint.application).unwrap();
        let of = |more| ListEndpointsByPlatformApplicationOutput {
            application: endpoint.application.clone(),
            page: EndpointPage { more, ..platforms.list_endpoints(application, None) },
        };
        let list = format!(
            "<Endpoints><member><EndpointArn>{endpoint}</EndpointArn><Attributes><entry>\
             <key>Enabled</key><value>true</value></entry><entry><key>Token</key>\
             <value>a&amp;b</value></entry></Attributes></member></Endpoints>"
        );
        assert_written(ACTION, &of(false), &list);
        let token = mobile::endpoint_token(endpoint.id);
        assert_written(ACTION, &of(true), &format!("{list}<NextToken>{token}</NextToken>"));
    }
}
