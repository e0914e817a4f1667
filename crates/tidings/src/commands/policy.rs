//! `tidings policy`: what policies come to.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use super::principals;
use crate::cli::PolicyCommand;
use crate::explain::{ExplainArguments, Question};
use crate::principals::Principals;

/// What the process ends with if the request is denied: neither success nor a mistake.
const DENIED: u8 = 3;

/// Does what was asked for.
pub(crate) fn policy(command: PolicyCommand) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        PolicyCommand::Explain(arguments) => explain(*arguments),
        PolicyCommand::Change(change) => {
            let connection = change.connection().clone();
            principals(&connection, Principals::Policy(*change))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn explain(arguments: ExplainArguments) -> Result<ExitCode, Box<dyn Error>> {
    let is_json = arguments.is_json();
    let question = Question::read(arguments)?;
    question.explained(|explanation| {
        let mut out = io::stdout().lock();
        match is_json {
            true => writeln!(out, "{}", explanation.to_json()?)?,
            false => write!(out, "{explanation}")?,
        }
        out.flush()?;
        Ok(if explanation.is_allowed() { ExitCode::SUCCESS } else { DENIED.into() })
    })
}
