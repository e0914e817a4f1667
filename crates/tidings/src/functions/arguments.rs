//! What the commands about functions can be told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub(crate) enum FunctionCommand {
    /// Makes a function of a folder or an archive
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        code: CodeArguments,
        /// What runs it, such as provided.al2023, python3.13 or nodejs22.x
        #[arg(long)]
        runtime: String,
        /// What of the code is called, such as app.handler
        #[arg(long, default_value = "bootstrap")]
        handler: String,
        /// The ARN of its role, which gives it no credentials [default: one of the name
        /// `function`, of the account 000000000000]
        #[arg(long, value_name = "ARN", default_value = "arn:aws:iam::000000000000:role/function")]
        role: String,
        /// How long an invocation may take
        #[arg(long, value_name = "SECONDS", default_value_t = 3)]
        timeout: u32,
        /// How much memory a process of it may have, in MiB
        #[arg(long, value_name = "MIB", default_value_t = 128)]
        memory: u32,
        /// A variable of its environment; can be said again
        #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
        variables: Vec<(String, String)>,
    },
    /// Gives a function other code
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        code: CodeArguments,
    },
    /// Lists the functions
    List,
    /// Invokes a function and shows what it answers
    ///
    /// The status is 0 if the function answered, and 1 if it failed.
    Invoke {
        /// Its name, perhaps with a version or alias behind a colon
        name: String,
        /// The event, as JSON
        #[arg(long, value_name = "JSON", default_value = "{}")]
        payload: String,
        /// Does not wait for the answer: the event is queued
        #[arg(long)]
        event: bool,
        /// Shows the end of the log, too
        #[arg(long, conflicts_with = "event")]
        log: bool,
    },
    /// Deletes a function with all its versions
    Delete {
        /// Its name
        name: String,
    },
}

/// Where the code is.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct CodeArguments {
    /// Folder with the code
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Archive (zip) with the code
    #[arg(long, value_name = "FILE")]
    pub(crate) zip: Option<PathBuf>,
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("a variable is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
