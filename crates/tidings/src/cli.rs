//! The command line.

use clap::{Parser, Subcommand};

use crate::settings::Arguments;

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
    Serve(Arguments),
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
