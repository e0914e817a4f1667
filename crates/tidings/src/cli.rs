//! The command line.

use clap::{Parser, Subcommand};

use crate::settings::{Arguments, ChangeMasterKey};

/// A self-hosted messaging service that speaks the Amazon SNS and SQS protocols.
#[derive(Parser, Debug)]
#[command(name = "tidings", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Starts the server.
    ///
    /// Every flag is also a key of the configuration file (without the dashes in front) and a
    /// variable of the environment. A flag goes before the environment, the environment before the
    /// file, the file before the default.
    Serve(Box<Arguments>),
    /// Makes a master key, or changes the one that a data folder is sealed under.
    MasterKey {
        #[command(subcommand)]
        command: MasterKeyCommand,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum MasterKeyCommand {
    /// Prints a new random key, to be kept outside of the data folder
    New,
    /// Seals a data folder under another key, while no server uses it
    ///
    /// The key until now is found by the settings that the server has. The new one is read from one
    /// of --new-master-key-file, --new-master-key-command and the variable TIDINGS_NEW_MASTER_KEY.
    Change(ChangeMasterKey),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
