//! What is kept of applications and endpoints: entries of the register, each written whole.
//!
//! ```text
//!   push/app/ACCOUNT/REGION/PLATFORM/NAME     SavedApplication, its credentials sealed
//!   push/endpoint/NUMBER/UUID                 SavedEndpoint, of the application with that number
//! ```
//!
//! Values are JSON, so that a later release can add members. What a release removes or renames it
//! still reads.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::push_platform::PushPlatform;
use tidings_core::time::Timestamp;
use tidings_seal::{NONCE_BYTES, Sealer};
use zeroize::Zeroizing;

use crate::application::Application;
use crate::arn::ApplicationArn;
use crate::attributes::Setting;
use crate::credentials::{AuthenticationMethod, Checked, Credentials};
use crate::endpoint::{BaiduIds, Endpoint};

/// One entry of the register as it is to be: `None` removes it.
pub type Write = (String, Option<Vec<u8>>);

/// What the names of all entries begin with.
pub const PREFIX: &str = "push/";

/// What an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EntryName {
    Application(ApplicationArn),
    Endpoint(u32, Uuid),
}

impl EntryName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix(PREFIX)?.split_once('/')?;
        let mut parts = rest.split('/');
        let mut part = || parts.next();
        let name = match kind {
            "app" => {
                let (account, region) = (AccountId::parse(part()?)?, Region::parse(part()?)?);
                let platform = PushPlatform::parse(part()?)?;
                Self::Application(ApplicationArn::new(account, region, platform, part()?)?)
            }
            "endpoint" => Self::Endpoint(part()?.parse().ok()?, Uuid::parse(part()?)?),
            _ => return None,
        };
        part().is_none().then_some(name)
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Application(arn) => {
                let (region, platform) = (arn.region.as_str(), arn.platform.as_str());
                format!("{PREFIX}app/{}/{region}/{platform}/{}", arn.account, arn.name())
            }
            Self::Endpoint(number, id) => format!("{PREFIX}endpoint/{number}/{id}"),
        }
    }

    /// The entry that is to go.
    pub(crate) fn remove(&self) -> Write {
        (self.to_text(), None)
    }

    fn put(&self, value: &impl Serialize) -> Write {
        let value = serde_json::to_vec(value).expect("texts and numbers are always JSON");
        (self.to_text(), Some(value))
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SavedApplication {
    number: u32,
    revision: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_expires_at: Option<String>,
    /// What a `Sealer` made of [`Secrets`], as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Secrets<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<std::borrow::Cow<'a, str>>,
    credential: std::borrow::Cow<'a, str>,
}

impl SavedApplication {
    pub(crate) fn write(
        application: &Application,
        sealer: &Sealer,
        nonce: [u8; NONCE_BYTES],
    ) -> Write {
        let Application { arn, number, revision, is_enabled, settings, credentials, checked } =
            application;
        let seal = |credentials: &Credentials| {
            let secrets = Secrets {
                principal: credentials.principal().map(Into::into),
                credential: credentials.credential().into(),
            };
            let secrets = serde_json::to_vec(&secrets).expect("texts are always JSON");
            let sealed = sealer.seal(&context(arn, *number), &Zeroizing::new(secrets), nonce);
            STANDARD.encode(sealed)
        };
        let saved = Self {
            number: *number,
            revision: *revision,
            disabled: !is_enabled,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            method: checked.method.map(|method| method.as_str().to_owned()),
            certificate_expires_at: checked.certificate_expires_at.clone(),
            sealed: credentials.as_ref().map(seal),
        };
        EntryName::Application(arn.clone()).put(&saved)
    }

    /// `None` if it is damaged, or sealed under another master key.
    pub(crate) fn open(self, arn: ApplicationArn, sealer: &Sealer) -> Option<Application> {
        let open = |sealed: String| {
            let sealed = STANDARD.decode(sealed).ok()?;
            let opened = sealer.open(&context(&arn, self.number), &sealed)?;
            let secrets: Secrets<'_> = serde_json::from_slice(&opened).ok()?;
            let principal = secrets.principal.map(|text| Zeroizing::new(text.into_owned()));
            Some(Credentials::new(principal, Zeroizing::new(secrets.credential.into_owned())))
        };
        let credentials = match self.sealed {
            Some(sealed) => Some(open(sealed)?),
            None => None,
        };
        let method = match &self.method {
            Some(method) => Some(AuthenticationMethod::parse(method)?),
            None => None,
        };
        let certificate_expires_at = self.certificate_expires_at;
        Some(Application {
            arn,
            number: self.number,
            revision: self.revision,
            is_enabled: !self.disabled,
            settings: self.settings.into_iter().filter_map(known).collect(),
            credentials,
            checked: Checked { method, certificate_expires_at },
        })
    }
}

/// A setting of this release. One of a later release is of no use to this one.
fn known((name, value): (String, String)) -> Option<(&'static str, String)> {
    Setting::parse(&name).map(|setting| (setting.name(), value))
}

/// What sealed credentials belong to: they cannot be put to another application.
fn context(arn: &ApplicationArn, number: u32) -> Vec<u8> {
    format!("{arn} {number}").into_bytes()
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SavedEndpoint {
    token: Box<str>,
    #[serde(default)]
    token_set_at_ms: u64,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    user_data: Box<str>,
    #[serde(default, skip_serializing_if = "is_false")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<Box<str>>,
}

impl SavedEndpoint {
    pub(crate) fn write(number: u32, id: Uuid, endpoint: &Endpoint) -> Write {
        let Endpoint { token, token_set_at, user_data, is_enabled, baidu } = endpoint.clone();
        let (token_set_at_ms, disabled) = (token_set_at.as_ms(), !is_enabled);
        let (channel_id, user_id) = baidu.map(|ids| (ids.channel_id, ids.user_id)).unzip();
        let saved = Self { token, token_set_at_ms, user_data, disabled, channel_id, user_id };
        EntryName::Endpoint(number, id).put(&saved)
    }

    pub(crate) fn open(self) -> Endpoint {
        let Self { token, token_set_at_ms, user_data, disabled, channel_id, user_id } = self;
        let (token_set_at, is_enabled) = (Timestamp::from_ms(token_set_at_ms), !disabled);
        let has_ids = channel_id.is_some() || user_id.is_some();
        let baidu = has_ids.then(|| {
            let (channel_id, user_id) =
                (channel_id.unwrap_or_default(), user_id.unwrap_or_default());
            Box::new(BaiduIds { channel_id, user_id })
        });
        Endpoint { token, token_set_at, user_data, is_enabled, baidu }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_readable_names() {
        let arn = ApplicationArn::parse("arn:aws:sns:eu-west-1:000000000042:app/GCM/a.b").unwrap();
        let id = Uuid::from_random(7);
        for (entry, text) in [
            (EntryName::Application(arn), "push/app/000000000042/eu-west-1/GCM/a.b".to_owned()),
            (EntryName::Endpoint(31, id), format!("push/endpoint/31/{id}")),
        ] {
            assert_eq!(entry.to_text(), text);
            assert_eq!(EntryName::parse(&text), Some(entry));
        }
        for text in [
            "push/",
            "push/app/000000000042/eu-west-1/GCM",
            "push/app/000000000042/eu-west-1/GCM/a/b",
            "push/app/000000000042/eu-west-1/FCM/a",
            "push/endpoint/x/00000000-0000-4000-8000-000000000000",
            "push/endpoint/1/x",
            "push/thing/1",
            "keys/app",
        ] {
            assert_eq!(EntryName::parse(text), None, "{text}");
        }
    }
}
