//! An app on a device.

use tidings_core::names::Uuid;
use tidings_core::time::Timestamp;

use crate::attributes::ENABLED;

/// An endpoint of an application. Small, as there are many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub(crate) token: Box<str>,
    /// When somebody last said that this is its token. The beginning of time for those of an earlier
    /// release.
    pub(crate) token_set_at: Timestamp,
    pub(crate) user_data: Box<str>,
    pub(crate) is_enabled: bool,
    /// Of endpoints of Baidu.
    pub(crate) baidu: Option<Box<BaiduIds>>,
}

/// What Baidu knows a device by.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct BaiduIds {
    pub(crate) channel_id: Box<str>,
    pub(crate) user_id: Box<str>,
}

/// Some of an application's endpoints.
#[derive(Clone, Debug)]
pub struct EndpointPage {
    /// By id.
    pub endpoints: Vec<(Uuid, Endpoint)>,
    /// Whether more follow.
    pub more: bool,
}

pub(crate) const TOKEN: &str = "Token";
pub(crate) const USER_DATA: &str = "CustomUserData";
pub(crate) const CHANNEL_ID: &str = "ChannelId";
pub(crate) const USER_ID: &str = "UserId";

impl Endpoint {
    /// What the push service knows the app on the device by.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether anything is sent to it.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether callers see no difference.
    pub(crate) fn is_shown_as(&self, other: &Endpoint) -> bool {
        let Self { token, token_set_at: _, user_data, is_enabled, baidu } = self;
        (token, user_data, is_enabled, baidu)
            == (&other.token, &other.user_data, &other.is_enabled, &other.baidu)
    }

    /// What GetEndpointAttributes shows. An attribute without a value is not there.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let baidu = self.baidu.as_deref();
        let baidu = baidu.map_or([None, None], |ids| {
            [Some((CHANNEL_ID, &ids.channel_id)), Some((USER_ID, &ids.user_id))]
        });
        let texts = [Some((TOKEN, &self.token)), Some((USER_DATA, &self.user_data))];
        let texts = texts.into_iter().chain(baidu).flatten().filter(|(_, text)| !text.is_empty());
        let enabled = (ENABLED, self.is_enabled.to_string());
        std::iter::once(enabled).chain(texts.map(|(name, text)| (name, text.to_string()))).collect()
    }
}
