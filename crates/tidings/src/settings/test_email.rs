//! What `tidings courier test email` is told.

use std::path::PathBuf;

use clap::Args;
use tidings_couriers::EmailConfig;

use super::email::EmailSettings;
use super::layers::{Arguments, Settings};
use super::resolve::SettingsError;

/// Where the message goes, and the server's settings of e-mail.
#[derive(Args, Debug, Default)]
pub(crate) struct TestEmailArguments {
    /// Address that gets the message
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    email: EmailSettings,
}

impl TestEmailArguments {
    /// The address, and how mail is sent; `None` if nothing says so.
    pub(crate) fn resolve(self) -> Result<(String, Option<EmailConfig>), SettingsError> {
        let settings = Settings { email: self.email, ..Settings::default() };
        let settings = Arguments { config: self.config, settings }.over_file()?;
        Ok((self.to, settings.email.resolve()?))
    }
}
