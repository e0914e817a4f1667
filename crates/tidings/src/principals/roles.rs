//! `tidings role`.

use std::error::Error;
use std::io::Write;

use super::arguments::RoleCommand;
use super::policies::read_document;
use super::shown;
use crate::client::Client;

pub(super) fn run(
    client: &Client,
    command: RoleCommand,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match command {
        RoleCommand::Create { name, trust, path, description } => {
            let trust = read_document(&trust)?;
            let mut parameters =
                vec![("RoleName", name.as_str()), ("AssumeRolePolicyDocument", &trust)];
            parameters.extend(path.as_deref().map(|path| ("Path", path)));
            parameters.extend(description.as_deref().map(|text| ("Description", text)));
            let result = client.call("CreateRole", &parameters)?;
            let role = result.child("Role");
            let arn = role.map_or("", |role| role.text_of("Arn"));
            shown::made(out, is_json, role, &format!("Made the role {arn}."))?;
        }
        RoleCommand::List => {
            let roles = client.list("ListRoles", &[], "Roles")?;
            let columns = [("NAME", "RoleName"), ("MADE", "CreateDate"), ("ARN", "Arn")];
            shown::list(out, is_json, &roles, &columns)?;
        }
        RoleCommand::Delete { name } => {
            client.call("DeleteRole", &[("RoleName", &name)])?;
            shown::done(out, is_json, &format!("Deleted the role {name}."))?;
        }
    }
    Ok(())
}
