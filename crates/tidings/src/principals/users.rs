//! `tidings user`.

use std::error::Error;
use std::io::Write;

use super::arguments::UserCommand;
use super::shown;
use crate::client::Client;

pub(super) fn run(
    client: &Client,
    command: UserCommand,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match command {
        UserCommand::Create { name, path } => {
            let mut parameters = vec![("UserName", name.as_str())];
            parameters.extend(path.as_deref().map(|path| ("Path", path)));
            let result = client.call("CreateUser", &parameters)?;
            let user = result.child("User");
            let arn = user.map_or("", |user| user.text_of("Arn"));
            shown::made(out, is_json, user, &format!("Made the user {arn}."))?;
        }
        UserCommand::List => {
            let users = client.list("ListUsers", &[], "Users")?;
            let columns = [("NAME", "UserName"), ("MADE", "CreateDate"), ("ARN", "Arn")];
            shown::list(out, is_json, &users, &columns)?;
        }
        UserCommand::Delete { name } => {
            client.call("DeleteUser", &[("UserName", &name)])?;
            shown::done(out, is_json, &format!("Deleted the user {name}."))?;
        }
    }
    Ok(())
}
