//! `tidings function`: a client of a server.

use std::error::Error;
use std::io;

use crate::client::{Client, Connection};
use crate::functions::{FunctionCommand, run};

/// Asks the server that is configured.
pub(crate) fn function(
    connection: &Connection,
    asked: FunctionCommand,
) -> Result<(), Box<dyn Error>> {
    let client = Client::open(connection)?;
    run(&client, asked, connection.is_json(), &mut io::stdout().lock())
}
