//! The one binary of Tidings.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod commands;
mod explain;
mod master_key;
mod settings;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let outcome = match cli::Cli::parse().command {
        cli::Command::Serve(arguments) => commands::serve(*arguments).map(done),
        cli::Command::MasterKey { command } => commands::master_key(command).map(done),
        cli::Command::RootKey { command } => commands::root_key(command).map(done),
        cli::Command::Policy { command } => commands::policy(command),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tidings: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
