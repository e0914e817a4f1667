//! Actions on one key that need no more than its name, or little more.

use serde::Deserialize;
use tidings_keys::{Change, KeyFault, limits};

use super::checks::Checks;
use super::request::KmsRequest;
use crate::text::Text;

/// The input of the actions that take a key, perhaps with a description or a number of days.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct KeyInput<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    pending_window_in_days: Option<i64>,
    rotation_period_in_days: Option<i64>,
}

impl KeyInput<'_> {
    /// A change of a key that is told no more than which.
    pub(super) fn change(
        self,
        change: impl FnOnce(String) -> Change,
    ) -> Result<KmsRequest, KeyFault> {
        self.key().map(|key| KmsRequest::change(change(key)))
    }

    /// The key.
    pub(super) fn key(self) -> Result<String, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        checks.finish()?;
        Ok(key)
    }

    pub(super) fn update_description(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let bounds = (0, limits::DESCRIPTION_CHARS_MAX);
        let description = checks.text("description", self.description, bounds);
        checks.finish()?;
        Ok(KmsRequest::change(Change::UpdateKeyDescription { key, description }))
    }

    pub(super) fn schedule_deletion(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let days = self.pending_window_in_days;
        let window_days =
            days_within(&mut checks, "pendingWindowInDays", days, limits::PENDING_WINDOW_DAYS);
        checks.finish()?;
        Ok(KmsRequest::change(Change::ScheduleKeyDeletion { key, window_days }))
    }

    pub(super) fn enable_rotation(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let days = self.rotation_period_in_days;
        let period_days =
            days_within(&mut checks, "rotationPeriodInDays", days, limits::ROTATION_PERIOD_DAYS);
        checks.finish()?;
        Ok(KmsRequest::change(Change::EnableKeyRotation { key, period_days }))
    }
}

fn days_within(
    checks: &mut Checks,
    member: &str,
    days: Option<i64>,
    (min, max, default): (u32, u32, u32),
) -> u32 {
    match days {
        Some(days) => checks.number(member, days, (min, max)),
        None => default,
    }
}
