//! The table `[push]`: where the services of mobile push are, for gateways of one's own.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::time::Duration;

use tidings_core::limits::PUSH_ATTEMPT_SECONDS_MAX;
use tidings_couriers::PushConfig;

use super::layered::layered;
use super::resolve::SettingsError;

layered! {
/// Each is a key of the table, a flag with `push-` before it, and a variable.
pub(crate) struct PushSettings {
    /// APNs [default: Apple's]
    #[arg(id = "push-apns-url", long, value_name = "URL", env = "TIDINGS_PUSH_APNS_URL")]
    apns_url: String,
    /// The sandbox of APNs [default: Apple's]
    #[arg(
        id = "push-apns-sandbox-url",
        long,
        value_name = "URL",
        env = "TIDINGS_PUSH_APNS_SANDBOX_URL"
    )]
    apns_sandbox_url: String,
    /// FCM [default: Google's]
    #[arg(id = "push-fcm-url", long, value_name = "URL", env = "TIDINGS_PUSH_FCM_URL")]
    fcm_url: String,
    /// Where access tokens for FCM come from [default: what the service account says]
    #[arg(id = "push-fcm-token-url", long, value_name = "URL", env = "TIDINGS_PUSH_FCM_TOKEN_URL")]
    fcm_token_url: String,
    /// ADM [default: Amazon's]
    #[arg(id = "push-adm-url", long, value_name = "URL", env = "TIDINGS_PUSH_ADM_URL")]
    adm_url: String,
    /// Where access tokens for ADM come from [default: Amazon's]
    #[arg(id = "push-adm-token-url", long, value_name = "URL", env = "TIDINGS_PUSH_ADM_TOKEN_URL")]
    adm_token_url: String,
    /// PEM file with authorities that these may have certificates of, beside the public ones
    /// [default: none]
    #[arg(id = "push-roots", long, value_name = "FILE", env = "TIDINGS_PUSH_ROOTS")]
    roots: PathBuf,
    /// How long an attempt to push a message may take, 50 at most [default: 20]
    #[arg(
        id = "push-timeout-seconds",
        long,
        value_name = "SECONDS",
        env = "TIDINGS_PUSH_TIMEOUT_SECONDS"
    )]
    timeout_seconds: NonZeroU32,
    /// Messages under way to all services at once [default: 256]
    #[arg(
        id = "push-messages-max",
        long,
        value_name = "N",
        env = "TIDINGS_PUSH_MESSAGES_MAX"
    )]
    messages_max: NonZeroU16,
}
}

impl PushSettings {
    /// How push services are reached.
    pub(crate) fn resolve(self) -> Result<PushConfig, SettingsError> {
        let standard = PushConfig::default();
        let seconds = u64::from(self.timeout_seconds.map_or(0, NonZeroU32::get));
        if seconds > PUSH_ATTEMPT_SECONDS_MAX {
            let problem = format!("{PUSH_ATTEMPT_SECONDS_MAX} seconds are the most");
            return Err(SettingsError::Value { key: "push-timeout-seconds", problem });
        }
        let config = PushConfig {
            apns_url: self.apns_url.unwrap_or(standard.apns_url),
            apns_sandbox_url: self.apns_sandbox_url.unwrap_or(standard.apns_sandbox_url),
            fcm_url: self.fcm_url.unwrap_or(standard.fcm_url),
            fcm_token_url: self.fcm_token_url,
            adm_url: self.adm_url.unwrap_or(standard.adm_url),
            adm_token_url: self.adm_token_url.unwrap_or(standard.adm_token_url),
            extra_roots: self.roots,
            attempt_timeout: match seconds {
                0 => PushConfig::ATTEMPT_TIMEOUT,
                seconds => Duration::from_secs(seconds),
            },
            concurrency_max: self
                .messages_max
                .map_or(PushConfig::CONCURRENCY, |max| max.get().into()),
        };
        let problem = |fault: tidings_couriers::PushSetupError| SettingsError::Value {
            key: "push",
            problem: fault.to_string(),
        };
        config.check().map_err(problem)?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_settings_the_services_themselves_are_asked() {
        assert_eq!(PushSettings::default().resolve().unwrap(), PushConfig::default());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let refused = |settings: PushSettings| settings.resolve().unwrap_err().to_string();
        let url =
            |url: &str| PushSettings { apns_url: Some(url.to_owned()), ..PushSettings::default() };
        assert!(refused(url("push.example.com")).contains("apns-url"));
        assert!(url("https://push.example.com:2197").resolve().is_ok());
        let seconds =
            PushSettings { timeout_seconds: NonZeroU32::new(51), ..PushSettings::default() };
        assert!(refused(seconds).contains("50 seconds are the most"));
    }
}
