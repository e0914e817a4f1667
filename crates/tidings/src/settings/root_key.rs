//! What `tidings root-key new` is told.

use std::path::PathBuf;

use clap::Args;
use tidings_core::names::{AccountId, Region};

use super::folder::FolderArguments;
use super::layers::Settings;
use super::resolve::SettingsError;
use super::values::{Account, RegionName};
use crate::master_key::Source;

/// The folder, its key, and the account.
#[derive(Args, Debug, Default)]
pub(crate) struct RootKeyArguments {
    #[command(flatten)]
    folder: FolderArguments,
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
        let others = Settings { account: self.account, region: self.region, ..Settings::default() };
        let settings = self.folder.over_file(others)?;
        Ok(WantedRootKey {
            data: settings.data_folder(),
            master_key: settings.master_key()?,
            account: settings.account_id(),
            region: settings.region(),
            replace: self.replace,
        })
    }
}
