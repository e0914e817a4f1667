//! What `tidings courier test sms` is told.

use std::path::PathBuf;

use clap::Args;
use tidings_core::phone_number::PhoneNumber;
use tidings_couriers::SmsConfig;

use super::layers::{Arguments, Settings};
use super::resolve::SettingsError;
use super::sms::SmsSettings;

/// Where the message goes, and the server's settings of text messages.
#[derive(Args, Debug, Default)]
pub(crate) struct TestSmsArguments {
    /// Number that gets the message, such as +15550100
    #[arg(value_name = "NUMBER")]
    to: String,
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    sms: SmsSettings,
}

impl TestSmsArguments {
    /// The number, and how text messages are sent; `None` if nothing says so.
    pub(crate) fn resolve(self) -> Result<(PhoneNumber, Option<SmsConfig>), SettingsError> {
        let problem = "it is no phone number: write it as +15550100".to_owned();
        let number = PhoneNumber::parse(&self.to);
        let number = number.ok_or(SettingsError::Value { key: "NUMBER", problem })?;
        let settings = Settings { sms: self.sms, ..Settings::default() };
        let settings = Arguments { config: self.config, settings }.over_file()?;
        Ok((number, settings.sms.resolve()?.map(|(config, _)| config)))
    }
}
