//! Attributes of applications and of endpoints, as requests give them, and what they may be.

use std::fmt;

use tidings_core::names::TopicArn;
use tidings_core::rejection::TopicRejection;

use crate::arn::ApplicationArn;
use crate::limits::{CREDENTIAL_BYTES_MAX, SETTING_BYTES_MAX};

/// Names and values, in the order given; of one that comes twice the last value counts. Some of them
/// are secrets, so only names print.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Attributes(Vec<(String, String)>);

impl From<Vec<(String, String)>> for Attributes {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl Attributes {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(its_name, _)| its_name == name)
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attributes")?;
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

pub(crate) const PRINCIPAL: &str = "PlatformPrincipal";
pub(crate) const CREDENTIAL: &str = "PlatformCredential";
pub(crate) const TEAM_ID: &str = "ApplePlatformTeamID";
pub(crate) const BUNDLE_ID: &str = "ApplePlatformBundleID";
pub(crate) const ENABLED: &str = "Enabled";
pub(crate) const SUCCESS_ROLE: &str = "SuccessFeedbackRoleArn";
pub(crate) const FAILURE_ROLE: &str = "FailureFeedbackRoleArn";
pub(crate) const SAMPLE_RATE: &str = "SuccessFeedbackSampleRate";

/// Attributes of applications that are kept and shown as they were given. API reference of SNS,
/// SetPlatformApplicationAttributes.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Setting(&'static str, Kind);

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Topic,
    Role,
    Percentage,
    Text,
}

const SETTINGS: [Setting; 9] = [
    Setting("EventEndpointCreated", Kind::Topic),
    Setting("EventEndpointDeleted", Kind::Topic),
    Setting("EventEndpointUpdated", Kind::Topic),
    Setting("EventDeliveryFailure", Kind::Topic),
    Setting(SUCCESS_ROLE, Kind::Role),
    Setting(FAILURE_ROLE, Kind::Role),
    Setting(SAMPLE_RATE, Kind::Percentage),
    Setting(TEAM_ID, Kind::Text),
    Setting(BUNDLE_ID, Kind::Text),
];

impl Setting {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        SETTINGS.into_iter().find(|Self(its_name, _)| *its_name == name)
    }

    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// Checks a value, which is not empty.
    pub(crate) fn check(
        self,
        value: &str,
        application: &ApplicationArn,
    ) -> Result<(), TopicRejection> {
        let Self(name, kind) = self;
        let problem = match kind {
            Kind::Topic if !is_topic_beside(value, application) => {
                "must be the ARN of a topic of the same account and region".to_owned()
            }
            Kind::Role if !is_role(value) => "must be the ARN of a role".to_owned(),
            Kind::Percentage if percentage(value).is_none() => {
                format!("{value} value provided is not an integer between 0-100")
            }
            _ if value.len() > SETTING_BYTES_MAX => too_long(SETTING_BYTES_MAX),
            _ => return Ok(()),
        };
        Err(invalid_value(name, problem))
    }
}

pub(crate) fn percentage(value: &str) -> Option<u8> {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|percent| is_number && *percent <= 100)
}

fn is_role(value: &str) -> bool {
    value.starts_with("arn:") && value.contains(":iam::") && value.contains(":role/")
}

fn is_topic_beside(value: &str, application: &ApplicationArn) -> bool {
    TopicArn::parse(value).is_some_and(|topic| {
        topic.account == application.account
            && topic.region == application.region
            && !topic.name.is_fifo()
    })
}

/// PlatformPrincipal or PlatformCredential.
pub(crate) fn check_secret(name: &str, value: &str) -> Result<(), TopicRejection> {
    if value.is_empty() {
        return Err(invalid_value(name, "cannot be empty"));
    }
    if value.len() > CREDENTIAL_BYTES_MAX {
        return Err(invalid_value(name, too_long(CREDENTIAL_BYTES_MAX)));
    }
    Ok(())
}

/// Enabled.
pub(crate) fn truth(value: &str) -> Result<bool, TopicRejection> {
    let is = |text: &str| value.eq_ignore_ascii_case(text);
    match (is("true"), is("false")) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(invalid_value(ENABLED, "must be true or false")),
    }
}

/// There is no such attribute.
pub(crate) fn unknown(name: &str) -> TopicRejection {
    TopicRejection::parameter(format_args!("Attributes Reason: Invalid attribute name: {name}"))
}

pub(crate) fn invalid_value(name: &str, problem: impl fmt::Display) -> TopicRejection {
    TopicRejection::parameter(format_args!(
        "Attributes Reason: Invalid value for attribute: {name}: {problem}"
    ))
}

pub(crate) fn too_long(bytes: usize) -> String {
    format!("must be at most {bytes} bytes long in UTF-8 encoding")
}
