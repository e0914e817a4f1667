//! The one binary of Tidings.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bench;
mod cli;
mod client;
mod commands;
mod explain;
mod functions;
mod master_key;
mod principals;
mod settings;

use std::process::ExitCode;

use clap::Parser;
use tidings_couriers::causes;

use crate::principals::Principals;

/// What one thread allocates is freed by another here as a rule: a request's bytes by the writer, its
/// answer by a worker. The system's allocator takes a lock for that, and threads wait for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match cli::Cli::parse().command {
        cli::Command::Serve(arguments) => commands::serve(*arguments).map(done),
        cli::Command::MasterKey { command } => commands::master_key(command).map(done),
        cli::Command::RootKey { command } => commands::root_key(command).map(done),
        cli::Command::Courier { command } => commands::courier(command).map(done),
        cli::Command::Function { connection, command } => {
            commands::function(&connection, command).map(done)
        }
        cli::Command::User { connection, command } => {
            commands::principals(&connection, Principals::User(command)).map(done)
        }
        cli::Command::AccessKey { connection, command } => {
            commands::principals(&connection, Principals::AccessKey(command)).map(done)
        }
        cli::Command::Group { connection, command } => {
            commands::principals(&connection, Principals::Group(command)).map(done)
        }
        cli::Command::Role { connection, command } => {
            commands::principals(&connection, Principals::Role(command)).map(done)
        }
        cli::Command::Policy { command } => commands::policy(command),
        cli::Command::Bench(arguments) => commands::bench(*arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tidings: {error}");
            for cause in causes(&*error).skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
