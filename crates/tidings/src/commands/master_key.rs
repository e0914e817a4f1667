//! `tidings master-key`: makes a key, and changes the one of a data folder.

use std::error::Error;
use std::io::{self, Write};

use tidings_broker::{Entropy, change_master_key};
use tidings_seal::MasterKey;

use crate::cli::MasterKeyCommand;
use crate::settings::ChangeMasterKey;

/// Does what was asked for.
pub(crate) fn master_key(command: MasterKeyCommand) -> Result<(), Box<dyn Error>> {
    match command {
        MasterKeyCommand::New => new(),
        MasterKeyCommand::Change(arguments) => change(arguments),
    }
}

/// Prints a key and nothing else, for a file or a secret store.
fn new() -> Result<(), Box<dyn Error>> {
    let key = MasterKey::new(Entropy::system().bytes());
    let mut out = io::stdout().lock();
    out.write_all(key.reveal().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

fn change(arguments: ChangeMasterKey) -> Result<(), Box<dyn Error>> {
    let change = arguments.resolve()?;
    let data = &change.data;
    let old = change.old.map(|source| source.read(data)).transpose()?;
    let new = change.new.read(data)?;
    let before = change_master_key(data, old.as_ref(), &new)?;
    let (folder, after) = (data.display(), new.fingerprint());
    writeln!(
        io::stdout(),
        "{folder} is sealed under the master key {after} now, and no longer under {before}.\n\
         Copies that were made before, backups among them, are still opened by {before}."
    )?;
    Ok(())
}
