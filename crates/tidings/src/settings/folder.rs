//! What commands are told that open a data folder without a server.

use std::path::PathBuf;

use clap::Args;

use super::layers::{Arguments, Settings};
use super::resolve::SettingsError;

/// The settings of the server that say which folder and which key.
#[derive(Args, Debug, Default)]
pub(super) struct FolderArguments {
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder [default: ./tidings-data]
    #[arg(long, value_name = "FOLDER", env = "TIDINGS_DATA")]
    data: Option<PathBuf>,
    /// File with the folder's master key [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Command that prints the folder's master key [default: none]
    #[arg(long, value_name = "COMMAND", env = "TIDINGS_MASTER_KEY_COMMAND")]
    master_key_command: Option<String>,
}

impl FolderArguments {
    /// These settings and some others, over those of the server's file, if one is named.
    pub(super) fn over_file(self, others: Settings) -> Result<Settings, SettingsError> {
        let settings = Settings {
            data: self.data,
            master_key_file: self.master_key_file,
            master_key_command: self.master_key_command,
            ..others
        };
        Arguments { config: self.config, settings }.over_file()
    }
}
