//! `tidings access-key`.

use std::error::Error;
use std::io::{self, Write};

use super::arguments::{AccessKeyCommand, KeyHolder};
use super::shown;
use crate::client::{Client, Element};

pub(super) fn run(
    client: &Client,
    command: AccessKeyCommand,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match command {
        AccessKeyCommand::Create { of } => create(client, &of.user, is_json, out)?,
        AccessKeyCommand::List { of: KeyHolder { user } } => {
            let keys = list(client, &user)?;
            let columns = [("ID", "AccessKeyId"), ("STATUS", "Status"), ("MADE", "CreateDate")];
            shown::list(out, is_json, &keys, &columns)?;
        }
        AccessKeyCommand::Disable { of, id } => {
            set_status(client, &of.user, &id, "Inactive")?;
            shown::done(out, is_json, &format!("{id} is disabled."))?;
        }
        AccessKeyCommand::Enable { of, id } => {
            set_status(client, &of.user, &id, "Active")?;
            shown::done(out, is_json, &format!("{id} is enabled."))?;
        }
        AccessKeyCommand::Delete { of, id } => {
            client.call("DeleteAccessKey", &[("UserName", &of.user), ("AccessKeyId", &id)])?;
            shown::done(out, is_json, &format!("{id} is deleted."))?;
        }
        AccessKeyCommand::Rotate { of, disable_old } => {
            rotate(client, &of.user, disable_old, is_json, out)?;
        }
    }
    Ok(())
}

fn list(client: &Client, user: &str) -> Result<Vec<Element>, Box<dyn Error>> {
    Ok(client.list("ListAccessKeys", &[("UserName", user)], "AccessKeyMetadata")?)
}

fn set_status(client: &Client, user: &str, id: &str, status: &str) -> Result<(), Box<dyn Error>> {
    let parameters = [("UserName", user), ("AccessKeyId", id), ("Status", status)];
    client.call("UpdateAccessKey", &parameters)?;
    Ok(())
}

fn create(
    client: &Client,
    user: &str,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let result = client.call("CreateAccessKey", &[("UserName", user)])?;
    let key = result.child("AccessKey").ok_or("the server made a key and did not show it")?;
    match is_json {
        true => writeln!(out, "{}", key.to_json())?,
        false => show(out, user, key, client.region())?,
    }
    // Nobody can be shown it again: whatever comes after must not keep it back.
    Ok(out.flush()?)
}

fn show(out: &mut impl Write, user: &str, key: &Element, region: &str) -> io::Result<()> {
    let (id, secret) = (key.text_of("AccessKeyId"), key.text_of("SecretAccessKey"));
    write!(
        out,
        "\
This is an access key of {user}. It is not shown again. Keep it:

    aws configure set aws_access_key_id {id} --profile {user}
    aws configure set aws_secret_access_key {secret} --profile {user}
    aws configure set region {region} --profile {user}

"
    )
}

/// The new key first: at no time is there none.
fn rotate(
    client: &Client,
    user: &str,
    disable_old: bool,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let old = list(client, user)?;
    create(client, user, is_json, out)?;
    for key in &old {
        let id = key.text_of("AccessKeyId");
        if disable_old {
            set_status(client, user, id, "Inactive")?;
            shown::done(out, is_json, &format!("{id} is disabled."))?;
        } else {
            let line = format!("{id} is still good. When it is not used any more, disable it.");
            shown::done(out, is_json, &line)?;
        }
    }
    Ok(())
}
