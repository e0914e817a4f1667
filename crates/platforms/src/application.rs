//! A platform application.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings_core::delivery::DeliveryLogging;
use tidings_core::names::TopicArn;

use crate::arn::ApplicationArn;
use crate::attributes::{
    BUNDLE_ID, ENABLED, FAILURE_ROLE, SAMPLE_RATE, SUCCESS_ROLE, TEAM_ID, percentage,
};
use crate::credentials::{Checked, Credentials, Proposed};
use crate::event::EventKind;

/// An app, as a push service knows it, and how messages for it are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    pub(crate) arn: ApplicationArn,
    /// What its endpoints are kept under. Another application of the same name has another.
    pub(crate) number: u32,
    /// How often its credentials have changed.
    pub(crate) revision: u32,
    pub(crate) is_enabled: bool,
    /// Attributes that are shown as they were given, by name.
    pub(crate) settings: BTreeMap<&'static str, String>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) checked: Checked,
}

/// Some of an account's applications in a region.
#[derive(Clone, Debug)]
pub struct ApplicationPage {
    /// By platform and name.
    pub applications: Vec<Arc<Application>>,
    /// Whether more follow.
    pub more: bool,
}

impl Application {
    /// Its ARN.
    pub fn arn(&self) -> &ApplicationArn {
        &self.arn
    }

    /// Whether anything is sent for it.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// What it proves to its push service that it is; none if it never got any.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Changes with its credentials, and is another one for another application of the same name:
    /// whatever was made with earlier credentials is not to be used with these.
    pub fn revision(&self) -> u64 {
        u64::from(self.number) << 32 | u64::from(self.revision)
    }

    /// ApplePlatformTeamID.
    pub fn team_id(&self) -> Option<&str> {
        self.setting(TEAM_ID)
    }

    /// ApplePlatformBundleID.
    pub fn bundle_id(&self) -> Option<&str> {
        self.setting(BUNDLE_ID)
    }

    /// The topic that is told of such events.
    pub fn topic_of(&self, kind: EventKind) -> Option<TopicArn> {
        TopicArn::parse(self.setting(kind.attribute())?)
    }

    /// What is logged of deliveries. Successes only with a role and a share, failures with a role:
    /// developer guide of SNS, "Amazon SNS mobile app attributes".
    pub fn logging(&self) -> DeliveryLogging {
        let percent = self.setting(SAMPLE_RATE).and_then(percentage).unwrap_or_default();
        let logs_successes = self.setting(SUCCESS_ROLE).is_some();
        DeliveryLogging {
            success_percent: if logs_successes { percent } else { 0 },
            failures: self.setting(FAILURE_ROLE).is_some(),
        }
    }

    /// What GetPlatformApplicationAttributes shows: everything but the credentials.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut shown = vec![(ENABLED, self.is_enabled.to_string())];
        shown.extend(self.settings.iter().map(|(name, value)| (*name, value.clone())));
        let Checked { method, certificate_expires_at } = &self.checked;
        shown.extend(method.map(|method| ("AuthenticationMethod", method.as_str().to_owned())));
        let expires_at = certificate_expires_at.clone();
        shown.extend(expires_at.map(|at| ("AppleCertificateExpiryDate", at)));
        shown
    }

    pub(crate) fn proposed<'a>(&'a self, credentials: &'a Credentials) -> Proposed<'a> {
        Proposed {
            platform: self.arn.platform,
            principal: credentials.principal(),
            credential: credentials.credential(),
            team_id: self.team_id(),
            bundle_id: self.bundle_id(),
        }
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}
