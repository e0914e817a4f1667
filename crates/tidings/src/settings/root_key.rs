//! What `tidings root-key new` is told.

use std::path::PathBuf;

use clap::Args;
use tidings_core::names::{AccountId, Region};

use super::layers::{Arguments, Settings};
use super::resolve::SettingsError;
use super::values::{Account, RegionName};
use crate::master_key::Source;

/// The settings of the server that say which folder, which key and which account.
#[derive(Args, Debug, Default)]
pub(crate) struct RootKeyArguments {
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder [default: ./tidings-data]
    #[arg(long, value_name = "FOLDER", env = "TIDINGS_DATA")]
    data: Option<PathBuf>,
    /// File with the master key [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Command that prints the master key [default: none]
    #[arg(long, value_name = "COMMAND", env = "TIDINGS_MASTER_KEY_COMMAND")]
    master_key_command: Option<String>,
    /// The account whose root user it is for [default: 000000000000]
    #[arg(long, env = "TIDINGS_ACCOUNT")]
    account: Option<Account>,
    /// Region that the printed lines configure [default: us-east-1]
    #[arg(long, env = "TIDINGS_REGION")]
    region: Option<RegionName>,
    /// Removes the access keys that the root user has
    #[arg(long)]
    replace: bool,
}

/// Whose key is to be made, and where.
#[derive(Debug)]
pub(crate) struct WantedRootKey {
    pub(crate) data: PathBuf,
    /// `None`: the one in the data folder.
    pub(crate) master_key: Option<Source>,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) replace: bool,
}

impl RootKeyArguments {
    /// Reads the server's file, if one is named, and settles what is to be done.
    pub(crate) fn resolve(self) -> Result<WantedRootKey, SettingsError> {
        let settings = Settings {
            data: self.data,
            master_key_file: self.master_key_file,
            master_key_command: self.master_key_command,
            account: self.account,
            region: self.region,
            ..Settings::default()
        };
        let settings = Arguments { config: self.config, settings }.over_file()?;
        Ok(WantedRootKey {
            data: settings.data_folder(),
            master_key: settings.master_key()?,
            account: settings.account_id(),
            region: settings.region(),
            replace: self.replace,
        })
    }
}
