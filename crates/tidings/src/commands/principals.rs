//! `tidings user`, `access-key`, `group`, `role` and `policy`: a client of a server.

use std::error::Error;
use std::io;

use crate::client::{Client, Connection};
use crate::principals::{Principals, run};

/// Asks the server that is configured.
pub(crate) fn principals(connection: &Connection, asked: Principals) -> Result<(), Box<dyn Error>> {
    let client = Client::open(connection)?;
    run(&client, asked, connection.is_json(), &mut io::stdout().lock())
}
