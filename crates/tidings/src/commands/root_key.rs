//! `tidings root-key`: an access key for the root user, without a server.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use tidings_broker::{Broker, Options};
use tidings_server::{Identities, NewAccessKey, RootKeyError};

use super::greeting;
use crate::cli::RootKeyCommand;
use crate::settings::{RootKeyArguments, WantedRootKey};

/// Does what was asked for.
pub(crate) fn root_key(command: RootKeyCommand) -> Result<(), Box<dyn Error>> {
    match command {
        RootKeyCommand::New(arguments) => new(arguments),
    }
}

fn new(arguments: RootKeyArguments) -> Result<(), Box<dyn Error>> {
    let wanted = arguments.resolve()?;
    refuse_no_folder(&wanted.data)?;
    let master_key = wanted.master_key.as_ref().map(|source| source.clone().read(&wanted.data));
    let options = Options { master_key: master_key.transpose()?, ..Options::new(&wanted.data) };
    let (broker, _) = Broker::open(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let made = runtime.block_on(async {
        let made = make(&broker, &wanted).await;
        broker.close().await;
        made
    });
    let (key, removed) = made?;
    let mut out = io::stdout().lock();
    let (account, region) = (wanted.account, wanted.region.as_str());
    writeln!(out, "Account {account} in {}.", wanted.data.display())?;
    if !removed.is_empty() {
        writeln!(out, "Removed, and good no more: {}.", removed.join(", "))?;
    }
    writeln!(out)?;
    Ok(greeting::show_key(&mut out, &key, region)?)
}

async fn make(
    broker: &Broker,
    wanted: &WantedRootKey,
) -> Result<(NewAccessKey, Vec<String>), Box<dyn Error>> {
    let identities = Identities::open(broker.clone()).await?;
    let made = identities.create_root_key(broker, wanted.account, wanted.replace).await;
    made.map_err(|error| match error {
        RootKeyError::TwoAlready(_) => format!("{error}: --replace removes them").into(),
        RootKeyError::Load(error) => error.into(),
    })
}

/// A broker would make the folder; a mistyped name is likelier here.
fn refuse_no_folder(data: &Path) -> Result<(), String> {
    match data.join("FORMAT").try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} is no data folder", data.display())),
        Err(error) => Err(format!("{}: {error}", data.display())),
    }
}
