//! What `tidings courier test lambda` is told.

use std::path::PathBuf;

use clap::Args;
use tidings_couriers::{CourierConfig, LambdaConfig};

use super::functions::FunctionSettings;
use super::layers::{Arguments, Settings};
use super::resolve::SettingsError;

/// Which function is invoked, and the server's settings of functions elsewhere.
#[derive(Args, Debug, Default)]
pub(crate) struct TestLambdaArguments {
    /// ARN of the function that gets the message
    #[arg(value_name = "ARN")]
    function: String,
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    functions: FunctionSettings,
}

impl TestLambdaArguments {
    /// The ARN, and where functions elsewhere are; `None` if nothing says so.
    pub(crate) fn resolve(self) -> Result<(String, Option<LambdaConfig>), SettingsError> {
        let settings = Settings { functions: self.functions, ..Settings::default() };
        let settings = Arguments { config: self.config, settings }.over_file()?;
        let timeout = CourierConfig::default().attempt_timeout;
        Ok((self.function, settings.functions.elsewhere(timeout)?))
    }
}
