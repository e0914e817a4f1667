//! Changes of endpoints.

use tidings_core::names::Uuid;
use tidings_core::push_platform::PushPlatform;
use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;

use crate::application::Application;
use crate::arn::{ApplicationArn, EndpointArn};
use crate::attributes::{Attributes, ENABLED, invalid_value, too_long, truth, unknown};
use crate::change::{Decision, Output, Random};
use crate::endpoint::{BaiduIds, CHANNEL_ID, Endpoint, TOKEN, USER_DATA, USER_ID};
use crate::event::{Event, EventKind};
use crate::limits::{
    APPLE_TOKEN_CHARS_MAX, BAIDU_ID_BYTES_MAX, TOKEN_BYTES_MAX, USER_DATA_BYTES_MAX,
};
use crate::platforms::Platforms;
use crate::saved::{EntryName, SavedEndpoint};

impl Platforms {
    /// An endpoint that is there already is as good as a new one, if all its attributes are the same.
    /// API reference of SNS, CreatePlatformEndpoint. Clients read the ARN out of the error's text.
    pub(super) fn create_endpoint(
        &self,
        arn: ApplicationArn,
        given: Given,
        random: &Random,
    ) -> Result<Decision, TopicRejection> {
        let Given { token, user_data, attributes, now } = given;
        let application = self.application(&arn)?;
        let token = check_token(arn.platform, &token).map_err(|problem| {
            TopicRejection::parameter(format_args!("Token Reason: {problem}"))
        })?;
        let user_data = user_data.unwrap_or_default();
        check_user_data(&user_data).map_err(|problem| {
            TopicRejection::parameter(format_args!("CustomUserData Reason: {problem}"))
        })?;
        let (user_data, is_enabled) = (user_data.into_boxed_str(), true);
        let (kept, token_set_at, baidu) = (token.clone(), now, None);
        let mut endpoint = Endpoint { token: kept, token_set_at, user_data, is_enabled, baidu };
        change(&mut endpoint, arn.platform, &attributes, now)?;
        // The parameter says which token it is.
        endpoint.token = token;
        if let Some(id) = self.endpoint_by_token(application, &endpoint.token) {
            let there = EndpointArn { application: arn, id };
            let kept = self.endpoint(&there)?;
            // Apps say it again at every start: that is no news, and nothing to be written.
            return if kept.is_shown_as(&endpoint) {
                Ok(Decision::nothing(Output::Endpoint(there)))
            } else {
                Err(taken(&there))
            };
        }
        self.check_room(arn.account, None, &endpoint).map_err(|problem| {
            TopicRejection::parameter(format_args!("Token Reason: {problem}"))
        })?;
        let arn = EndpointArn { application: arn, id: random.uuid() };
        let write = SavedEndpoint::write(application.number, arn.id, &endpoint);
        let event = Event::of(EventKind::EndpointCreated, application, &arn);
        Ok(Decision::write(write, Output::Endpoint(arn)).telling(event))
    }

    pub(super) fn set_endpoint_attributes(
        &self,
        arn: &EndpointArn,
        attributes: &Attributes,
        now: Timestamp,
    ) -> Result<Decision, TopicRejection> {
        let mut endpoint = self.endpoint(arn)?.clone();
        let application = self.application(&arn.application)?;
        change(&mut endpoint, arn.application.platform, attributes, now)?;
        let other = self.endpoint_by_token(application, &endpoint.token);
        if let Some(id) = other.filter(|id| *id != arn.id) {
            return Err(taken(&EndpointArn { application: arn.application.clone(), id }));
        }
        let account = arn.application.account;
        self.check_room(account, self.endpoint(arn).ok(), &endpoint).map_err(|problem| {
            TopicRejection::parameter(format_args!("Attributes Reason: {problem}"))
        })?;
        Ok(self.update(application, arn, &endpoint))
    }

    /// What is not there is deleted already.
    pub(super) fn delete_endpoint(&self, arn: &EndpointArn) -> Decision {
        let there = self.endpoint(arn).and_then(|_| self.application(&arn.application));
        let Ok(application) = there else { return Decision::nothing(Output::Done) };
        let entry = EntryName::Endpoint(application.number, arn.id);
        let event = Event::of(EventKind::EndpointDeleted, application, arn);
        Decision::write(entry.remove(), Output::Done).telling(event)
    }

    pub(super) fn disable_endpoint(
        &self,
        arn: &EndpointArn,
        token: &str,
        since: Option<Timestamp>,
    ) -> Decision {
        let is_older = |endpoint: &Endpoint| since.is_none_or(|at| endpoint.token_set_at <= at);
        let found = self.with_token(arn, token).filter(|(_, endpoint)| is_older(endpoint));
        let Some((application, endpoint)) = found else {
            return Decision::nothing(Output::Done);
        };
        self.update(application, arn, &Endpoint { is_enabled: false, ..endpoint.clone() })
    }

    pub(super) fn replace_token(
        &self,
        arn: &EndpointArn,
        token: &str,
        new: &str,
        now: Timestamp,
    ) -> Decision {
        let Some((application, endpoint)) = self.with_token(arn, token) else {
            return Decision::nothing(Output::Done);
        };
        let endpoint = endpoint.clone();
        // One that is no token would be of no use to anybody.
        let Ok(token) = check_token(arn.application.platform, new) else {
            return Decision::nothing(Output::Done);
        };
        let other = self.endpoint_by_token(application, &token).filter(|id: &Uuid| *id != arn.id);
        let updated = match other {
            Some(_) => Endpoint { is_enabled: false, ..endpoint },
            None => Endpoint { token, token_set_at: now, ..endpoint },
        };
        self.update(application, arn, &updated)
    }

    /// An endpoint and its application, if it has this token.
    fn with_token(&self, arn: &EndpointArn, token: &str) -> Option<(&Application, &Endpoint)> {
        let application = self.application(&arn.application).ok()?;
        let endpoint = self.endpoint(arn).ok()?;
        (endpoint.token() == token).then_some((application, endpoint))
    }

    fn update(
        &self,
        application: &Application,
        arn: &EndpointArn,
        endpoint: &Endpoint,
    ) -> Decision {
        let there = self.endpoint(arn).ok();
        if there.is_some_and(|there| there == endpoint) {
            return Decision::nothing(Output::Done);
        }
        let write = SavedEndpoint::write(application.number, arn.id, endpoint);
        let is_news = !there.is_some_and(|there| there.is_shown_as(endpoint));
        let event = is_news.then(|| Event::of(EventKind::EndpointUpdated, application, arn));
        Decision::write(write, Output::Done).telling(event.flatten())
    }
}

/// What CreatePlatformEndpoint is given, and when.
pub(super) struct Given {
    pub(super) token: String,
    pub(super) user_data: Option<String>,
    pub(super) attributes: Attributes,
    pub(super) now: Timestamp,
}

/// Gives an endpoint the attributes of a request.
fn change(
    endpoint: &mut Endpoint,
    platform: PushPlatform,
    attributes: &Attributes,
    now: Timestamp,
) -> Result<(), TopicRejection> {
    for (name, value) in attributes.iter() {
        let invalid = |problem: String| invalid_value(name, problem);
        match name {
            TOKEN => {
                endpoint.token = check_token(platform, value).map_err(invalid)?;
                endpoint.token_set_at = now;
            }
            USER_DATA => {
                check_user_data(value).map_err(invalid)?;
                endpoint.user_data = value.into();
            }
            ENABLED => endpoint.is_enabled = truth(value)?,
            CHANNEL_ID | USER_ID if platform == PushPlatform::Baidu => {
                if value.len() > BAIDU_ID_BYTES_MAX {
                    return Err(invalid(too_long(BAIDU_ID_BYTES_MAX)));
                }
                let ids = endpoint.baidu.get_or_insert_with(Box::<BaiduIds>::default);
                let id = if name == USER_ID { &mut ids.user_id } else { &mut ids.channel_id };
                *id = value.into();
            }
            _ => return Err(unknown(name)),
        }
    }
    Ok(())
}

/// The token as it is kept, or what is wrong with it, in recorded words.
fn check_token(platform: PushPlatform, token: &str) -> Result<Box<str>, String> {
    if token.is_empty() {
        return Err("cannot be empty".to_owned());
    }
    if platform.is_apple() {
        let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || token.len() > APPLE_TOKEN_CHARS_MAX {
            return Err(format!(
                "iOS device tokens must be no more than {APPLE_TOKEN_CHARS_MAX} hexadecimal \
                 characters"
            ));
        }
        return Ok(token.to_ascii_lowercase().into());
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(too_long(TOKEN_BYTES_MAX));
    }
    Ok(token.into())
}

fn check_user_data(user_data: &str) -> Result<(), String> {
    match user_data.len() > USER_DATA_BYTES_MAX {
        true => Err(too_long(USER_DATA_BYTES_MAX)),
        false => Ok(()),
    }
}

fn taken(there: &EndpointArn) -> TopicRejection {
    TopicRejection::parameter(format_args!(
        "Token Reason: Endpoint {there} already exists with the same Token, but different \
         attributes."
    ))
}
