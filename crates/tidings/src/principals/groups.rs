//! `tidings group`.

use std::error::Error;
use std::io::Write;

use super::arguments::GroupCommand;
use super::shown;
use crate::client::Client;

pub(super) fn run(
    client: &Client,
    command: GroupCommand,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match command {
        GroupCommand::Create { name, path } => {
            let mut parameters = vec![("GroupName", name.as_str())];
            parameters.extend(path.as_deref().map(|path| ("Path", path)));
            let result = client.call("CreateGroup", &parameters)?;
            let group = result.child("Group");
            let arn = group.map_or("", |group| group.text_of("Arn"));
            shown::made(out, is_json, group, &format!("Made the group {arn}."))?;
        }
        GroupCommand::List => {
            let groups = client.list("ListGroups", &[], "Groups")?;
            let columns = [("NAME", "GroupName"), ("MADE", "CreateDate"), ("ARN", "Arn")];
            shown::list(out, is_json, &groups, &columns)?;
        }
        GroupCommand::Delete { name } => {
            client.call("DeleteGroup", &[("GroupName", &name)])?;
            shown::done(out, is_json, &format!("Deleted the group {name}."))?;
        }
        GroupCommand::Add { name, user } => {
            client.call("AddUserToGroup", &[("GroupName", &name), ("UserName", &user)])?;
            shown::done(out, is_json, &format!("{user} is in {name} now."))?;
        }
        GroupCommand::Remove { name, user } => {
            client.call("RemoveUserFromGroup", &[("GroupName", &name), ("UserName", &user)])?;
            shown::done(out, is_json, &format!("{user} is not in {name} any more."))?;
        }
    }
    Ok(())
}
