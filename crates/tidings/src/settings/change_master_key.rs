//! What `tidings master-key change` is told.

use std::path::PathBuf;

use clap::Args;

use super::folder::FolderArguments;
use super::layers::Settings;
use super::resolve::SettingsError;
use crate::master_key::{Source, THE_NEW_KEY};

/// The folder, its key until now, and the new key.
#[derive(Args, Debug, Default)]
pub(crate) struct ChangeMasterKey {
    #[command(flatten)]
    folder: FolderArguments,
    /// File with the new key
    #[arg(long, value_name = "FILE", env = "TIDINGS_NEW_MASTER_KEY_FILE")]
    new_master_key_file: Option<PathBuf>,
    /// Command that prints the new key; run without a shell
    #[arg(long, value_name = "COMMAND", env = "TIDINGS_NEW_MASTER_KEY_COMMAND")]
    new_master_key_command: Option<String>,
}

/// Which key is to take the place of which.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) data: PathBuf,
    /// `None`: the one in the data folder.
    pub(crate) old: Option<Source>,
    pub(crate) new: Source,
}

impl ChangeMasterKey {
    /// Reads the server's file, if one is named, and settles what is to be done.
    pub(crate) fn resolve(self) -> Result<Change, SettingsError> {
        let variable = std::env::var_os(THE_NEW_KEY.variable);
        let (file, command) = (self.new_master_key_file, self.new_master_key_command);
        let new = Source::choose(THE_NEW_KEY, file, command, variable.as_deref())?;
        let new = new.ok_or_else(|| SettingsError::Value {
            key: THE_NEW_KEY.file,
            problem: format!(
                "say what the new key is: this, {} or {}",
                THE_NEW_KEY.command, THE_NEW_KEY.variable
            ),
        })?;
        let settings = self.folder.over_file(Settings::default())?;
        Ok(Change { data: settings.data_folder(), old: settings.master_key()?, new })
    }
}
