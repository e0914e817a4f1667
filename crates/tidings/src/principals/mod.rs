//! Users, access keys, groups, roles and policies, asked for over a server's IAM API.

mod access_keys;
mod arguments;
mod groups;
mod policies;
mod roles;
mod shown;
mod users;

use std::error::Error;
use std::io::Write;

pub(crate) use arguments::{
    AccessKeyCommand, GroupCommand, PolicyChange, RoleCommand, UserCommand,
};

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Principals {
    User(UserCommand),
    AccessKey(AccessKeyCommand),
    Group(GroupCommand),
    Role(RoleCommand),
    Policy(PolicyChange),
}

/// Asks, and tells what came of it.
pub(crate) fn run(
    client: &crate::client::Client,
    asked: Principals,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match asked {
        Principals::User(command) => users::run(client, command, is_json, out),
        Principals::AccessKey(command) => access_keys::run(client, command, is_json, out),
        Principals::Group(command) => groups::run(client, command, is_json, out),
        Principals::Role(command) => roles::run(client, command, is_json, out),
        Principals::Policy(change) => policies::run(client, change, is_json, out),
    }
}
