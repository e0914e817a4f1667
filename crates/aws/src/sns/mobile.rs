//! Platform applications and endpoints: which one a request names, and how they are listed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::push_platform::PushPlatform;
use tidings_core::rejection::TopicRejection;
use tidings_platforms::{ApplicationArn, EndpointArn};

use super::caller::{Caller, check_elements};
use super::page::read_token;
use crate::query::Fields;

/// Bytes of a UUID as it is written.
const UUID_CHARS: usize = 36;

impl Caller<'_> {
    /// The application that a request names by its ARN.
    ///
    /// # Errors
    /// InvalidParameter if it is no ARN of an application, or of one in another region. NotFound if
    /// the application is another account's and policies do not decide.
    pub(crate) fn application(&self, arn: &str) -> Result<ApplicationArn, TopicRejection> {
        const PARAMETER: &str = "PlatformApplicationArn";
        check_elements(PARAMETER, arn)?;
        check_slashes(PARAMETER, arn, 2)?;
        let application = ApplicationArn::parse(arn);
        let application = application.filter(|application| self.serves(&application.region));
        let application = application.ok_or_else(|| TopicRejection::parameter(PARAMETER))?;
        if !self.may_be_theirs(application.account) {
            return Err(TopicRejection::NotFound("PlatformApplication does not exist".into()));
        }
        Ok(application)
    }

    /// The endpoint that a request names by its ARN.
    ///
    /// # Errors
    /// InvalidParameter if it is no ARN of an endpoint, or of one in another region. NotFound if the
    /// endpoint is another account's and policies do not decide.
    pub(crate) fn endpoint(&self, arn: &str) -> Result<EndpointArn, TopicRejection> {
        const PARAMETER: &str = "EndpointArn";
        check_elements(PARAMETER, arn)?;
        check_slashes(PARAMETER, arn, 3)?;
        let id = arn.rsplit_once('/').map_or("", |(_, id)| id);
        if id.len() != UUID_CHARS || Uuid::parse(id).is_none() {
            return Err(TopicRejection::parameter(
                "EndpointArn Reason: ARN specifies an invalid endpointId: UUID must be encoded in \
                 exactly 36 characters.",
            ));
        }
        let endpoint = EndpointArn::parse(arn);
        let endpoint = endpoint.filter(|endpoint| self.serves(&endpoint.application.region));
        let endpoint = endpoint.ok_or_else(|| TopicRejection::parameter(PARAMETER))?;
        if !self.may_be_theirs(endpoint.application.account) {
            return Err(TopicRejection::NotFound("Endpoint does not exist".into()));
        }
        Ok(endpoint)
    }

    /// The endpoint that a message is for.
    ///
    /// # Errors
    /// InvalidParameter if it is none that can be there.
    pub(crate) fn target(&self, arn: &str) -> Result<EndpointArn, TopicRejection> {
        check_elements("TargetArn", arn)?;
        let endpoint = EndpointArn::parse(arn).filter(|endpoint| {
            let application = &endpoint.application;
            self.serves(&application.region) && self.may_be_theirs(application.account)
        });
        endpoint.ok_or_else(no_target)
    }

    fn serves(&self, region: &Region) -> bool {
        !self.is_signed || *region == *self.region
    }

    fn may_be_theirs(&self, owner: AccountId) -> bool {
        owner == self.account || self.policies_decide
    }
}

/// There is no such endpoint to publish to. As recorded.
pub fn no_target() -> TopicRejection {
    TopicRejection::parameter("TargetArn Reason: No endpoint found for the target arn specified")
}

/// As recorded.
fn check_slashes(parameter: &str, arn: &str, slashes: usize) -> Result<(), TopicRejection> {
    let resource = arn.splitn(6, ':').last().unwrap_or_default();
    if resource.matches('/').count() == slashes {
        return Ok(());
    }
    Err(TopicRejection::parameter(format_args!(
        "{parameter} Reason: Wrong number of slashes in relative portion of the ARN."
    )))
}

/// The application that the last page ended with. A token is its platform and name, in base64 so that
/// nobody makes up their own.
pub(crate) fn application_before(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<Option<ApplicationArn>, TopicRejection> {
    read_token(fields, |token| {
        let (platform, name) = std::str::from_utf8(token).ok()?.split_once('/')?;
        let (account, region) = (caller.account, caller.region.clone());
        ApplicationArn::new(account, region, PushPlatform::parse(platform)?, name)
    })
}

pub(crate) fn application_token(last: &ApplicationArn) -> String {
    STANDARD.encode(format!("{}/{}", last.platform.as_str(), last.name()))
}

/// The endpoint that the last page ended with.
pub(crate) fn endpoint_before(fields: &Fields<'_>) -> Result<Option<Uuid>, TopicRejection> {
    read_token(fields, |token| Some(Uuid::from_bytes(token.try_into().ok()?)))
}

pub(crate) fn endpoint_token(last: Uuid) -> String {
    STANDARD.encode(last.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Form;
    use crate::sns::testing::caller;

    const ID: &str = "6b0e71bd-7e97-4d97-80ce-4a0994e55286";

    fn parameter<T>(what: &str) -> Result<T, TopicRejection> {
        Err(TopicRejection::parameter(what))
    }

    #[test]
    fn an_application_is_known_by_its_arn() {
        let own = "arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel";
        assert_eq!(caller().application(own).unwrap().to_string(), own);
        let slashes = "PlatformApplicationArn Reason: Wrong number of slashes in relative portion of the ARN.";
        for (arn, text) in [
            ("", "PlatformApplicationArn Reason: no value for required parameter"),
            ("a:b", "PlatformApplicationArn Reason: An ARN must have at least 6 elements, not 2"),
            ("arn:aws:sns:eu-west-1:000000000042:hotel", slashes),
            (&format!("arn:aws:sns:eu-west-1:000000000042:endpoint/GCM/hotel/{ID}"), slashes),
            ("arn:aws:sns:eu-west-1:000000000042:app/FCM/hotel", "PlatformApplicationArn"),
            ("arn:aws:sns:us-east-1:000000000042:app/GCM/hotel", "PlatformApplicationArn"),
            ("arn:aws:sqs:eu-west-1:000000000042:app/GCM/hotel", "PlatformApplicationArn"),
        ] {
            assert_eq!(caller().application(arn), parameter(text), "{arn}");
        }
        let others = "arn:aws:sns:eu-west-1:000000000043:app/GCM/hotel";
        let none = TopicRejection::NotFound("PlatformApplication does not exist".into());
        assert_eq!(caller().application(others), Err(none));
        let judged = Caller { policies_decide: true, ..caller() };
        assert!(judged.application(others).is_ok());
    }

    #[test]
    fn an_endpoint_is_known_by_its_arn() {
        let of = |account: &str, id: &str| {
            format!("arn:aws:sns:eu-west-1:{account}:endpoint/GCM/hotel/{id}")
        };
        let own = of("000000000042", ID);
        assert_eq!(caller().endpoint(&own).unwrap().to_string(), own);
        assert_eq!(caller().target(&own).unwrap().to_string(), own);
        let bad_id = "EndpointArn Reason: ARN specifies an invalid endpointId: UUID must be encoded \
                      in exactly 36 characters.";
        for id in ["x", &format!("{ID}0"), &"x".repeat(36)] {
            assert_eq!(caller().endpoint(&of("000000000042", id)), parameter(bad_id), "{id}");
            assert_eq!(caller().target(&of("000000000042", id)), Err(no_target()), "{id}");
        }
        let slashes = "EndpointArn Reason: Wrong number of slashes in relative portion of the ARN.";
        let application = "arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel";
        assert_eq!(caller().endpoint(application), parameter(slashes));
        assert_eq!(caller().target(application), Err(no_target()));
        let others = of("000000000043", ID);
        let none = TopicRejection::NotFound("Endpoint does not exist".into());
        assert_eq!(caller().endpoint(&others), Err(none));
        assert_eq!(caller().target(&others), Err(no_target()));
    }

    #[test]
    fn only_our_tokens_are_read() {
        let arn = "arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel";
        let application = ApplicationArn::parse(arn).unwrap();
        let id = Uuid::parse(ID).unwrap();
        let read = |token: &str| {
            let form = format!("NextToken={}", token.replace('=', "%3D").replace('+', "%2B"));
            let form = Form::read(form.as_bytes(), "").unwrap();
            let fields = form.fields();
            (application_before(&fields, &caller()), endpoint_before(&fields))
        };
        assert_eq!(read(""), (Ok(None), Ok(None)));
        let token = application_token(&application);
        assert_eq!(read(&token), (Ok(Some(application)), parameter("NextToken")));
        assert_eq!(read(&endpoint_token(id)), (parameter("NextToken"), Ok(Some(id))));
        assert_eq!(read("x"), (parameter("NextToken"), parameter("NextToken")));
    }
}
