//! A message for one app on one device.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::PushPlatform;

/// A message for a push service: [`PushMessage::compose`] makes it of what was published.
#[derive(Clone, PartialEq, Eq)]
pub struct PushMessage {
    /// The service.
    pub platform: PushPlatform,
    /// Which device and app: `Token` of the endpoint.
    pub token: String,
    /// What the service gets, in JSON: APNs and ADM all of it, FCM the body of `messages:send` but
    /// for the token.
    pub payload: String,
    /// How long the service may try to deliver it, counted from [`PushMessage::published_at`]. Zero:
    /// once. None: as the payload or the service has it.
    pub ttl: Option<Duration>,
    /// When it was published.
    pub published_at: SystemTime,
    /// What APNs wants beside the payload.
    pub apns: ApnsHeaders,
    /// The message's id: the same at every attempt.
    pub message_id: String,
}

/// What APNs is told beside the payload: `AWS.SNS.MOBILE.APNS.…` attributes, or what follows from
/// the platform and the payload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApnsHeaders {
    /// `apns-push-type`.
    pub push_type: Option<String>,
    /// `apns-priority`: 1, 5 or 10.
    pub priority: Option<u8>,
    /// `apns-topic`, if it is not the one of the application's credentials.
    pub topic: Option<String>,
    /// `apns-collapse-id`: at most 64 bytes.
    pub collapse_id: Option<String>,
}

impl PushMessage {
    /// When the service may stop trying; none if nothing says. Of a message to be tried once it is
    /// the time of publishing.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.ttl.and_then(|ttl| self.published_at.checked_add(ttl))
    }

    /// How long it has waited since it was published. A clock that was put back gives nobody more time.
    pub(super) fn waited(&self, now: SystemTime) -> Duration {
        now.duration_since(self.published_at).unwrap_or_default()
    }

    /// How much of the time to live is left; `None` if nothing says how long it is. Zero if it is to
    /// be tried once.
    ///
    /// # Errors
    ///
    /// [`Expired`] if it was longer than zero and is over.
    pub(super) fn time_left(&self, now: SystemTime) -> Result<Option<Duration>, Expired> {
        match self.ttl {
            None => Ok(None),
            Some(Duration::ZERO) => Ok(Some(Duration::ZERO)),
            Some(ttl) => match ttl.checked_sub(self.waited(now)) {
                None | Some(Duration::ZERO) => Err(Expired),
                left => Ok(left),
            },
        }
    }
}

/// A message's time to live is over.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Expired;

/// Seconds since 1970; zero before that.
pub(super) fn unix_seconds(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Without the token, which lets others reach the device, and without the payload.
impl fmt::Debug for PushMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PushMessage")
            .field("platform", &self.platform)
            .field("ttl", &self.ttl)
            .field("apns", &self.apns)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_shortens_what_is_left() {
        let published_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let left = |ttl: Option<u64>, now: u64| {
            let message = PushMessage {
                platform: PushPlatform::Gcm,
                token: String::new(),
                payload: String::new(),
                ttl: ttl.map(Duration::from_secs),
                published_at,
                apns: ApnsHeaders::default(),
                message_id: String::new(),
            };
            let left = message.time_left(SystemTime::UNIX_EPOCH + Duration::from_secs(now));
            left.map(|left| left.map(|left| left.as_secs()))
        };
        assert_eq!(left(None, 9999), Ok(None));
        assert_eq!(left(Some(0), 9999), Ok(Some(0)));
        assert_eq!(left(Some(60), 1000), Ok(Some(60)));
        assert_eq!(left(Some(60), 1059), Ok(Some(1)));
        assert_eq!(left(Some(60), 1060), Err(Expired));
        assert_eq!(left(Some(60), 2000), Err(Expired));
        assert_eq!(left(Some(60), 900), Ok(Some(60)));
    }
}
