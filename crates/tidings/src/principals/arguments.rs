//! What the commands about principals can be told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::client::Connection;

#[derive(Subcommand, Debug)]
pub(crate) enum UserCommand {
    /// Makes a user, who may do nothing yet
    Create {
        /// Its name
        name: String,
        /// Its path, such as /team/
        #[arg(long)]
        path: Option<String>,
    },
    /// Lists the users
    List,
    /// Deletes a user without access keys, policies and groups
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum AccessKeyCommand {
    /// Makes an access key and shows its secret, once. A user has two at most
    Create {
        #[command(flatten)]
        of: KeyHolder,
    },
    /// Lists access keys, without their secrets
    List {
        #[command(flatten)]
        of: KeyHolder,
    },
    /// Refuses requests that are signed with a key, until it is enabled again
    Disable {
        #[command(flatten)]
        of: KeyHolder,
        /// The access key id
        id: String,
    },
    /// Lets a key that was disabled sign again
    Enable {
        #[command(flatten)]
        of: KeyHolder,
        /// The access key id
        id: String,
    },
    /// Deletes an access key
    Delete {
        #[command(flatten)]
        of: KeyHolder,
        /// The access key id
        id: String,
    },
    /// Makes another access key and shows it; the old one stays until it is disabled
    Rotate {
        #[command(flatten)]
        of: KeyHolder,
        /// Disables the old one at once
        #[arg(long)]
        disable_old: bool,
    },
}

/// Whose access keys.
#[derive(Args, Debug)]
pub(crate) struct KeyHolder {
    /// The user's name
    #[arg(long, value_name = "NAME")]
    pub(super) user: String,
}

#[derive(Subcommand, Debug)]
pub(crate) enum GroupCommand {
    /// Makes a group
    Create {
        /// Its name
        name: String,
        /// Its path, such as /team/
        #[arg(long)]
        path: Option<String>,
    },
    /// Lists the groups
    List,
    /// Deletes a group without users and policies
    Delete {
        /// Its name
        name: String,
    },
    /// Puts a user into a group
    Add {
        /// The group's name
        name: String,
        /// The user's name
        #[arg(long, value_name = "NAME")]
        user: String,
    },
    /// Takes a user out of a group
    Remove {
        /// The group's name
        name: String,
        /// The user's name
        #[arg(long, value_name = "NAME")]
        user: String,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum RoleCommand {
    /// Makes a role, which may do nothing yet
    Create {
        /// Its name
        name: String,
        /// The policy that says who may assume it
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        /// Its path, such as /jobs/
        #[arg(long)]
        path: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Lists the roles
    List,
    /// Deletes a role without policies
    Delete {
        /// Its name
        name: String,
    },
}

/// What `tidings policy` does but explain.
#[derive(Subcommand, Debug)]
pub(crate) enum PolicyChange {
    /// Gives a user, group or role a policy of its own, or puts another in its place
    Put {
        #[command(flatten)]
        of: Holding,
        /// What the policy is called
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The policy
        file: PathBuf,
    },
    /// Takes a policy of its own away from a user, group or role
    Delete {
        #[command(flatten)]
        of: Holding,
        /// What the policy is called
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Lists the policies of a user, group or role: its own, and those that are attached
    List {
        #[command(flatten)]
        of: Holding,
    },
    /// Attaches a managed policy to a user, group or role
    Attach {
        #[command(flatten)]
        of: Holding,
        /// The ARN of the policy, such as arn:aws:iam::aws:policy/AmazonSQSFullAccess
        #[arg(long, value_name = "ARN")]
        policy: String,
    },
    /// Detaches a managed policy
    Detach {
        #[command(flatten)]
        of: Holding,
        /// The ARN of the policy
        #[arg(long, value_name = "ARN")]
        policy: String,
    },
}

impl PolicyChange {
    /// How the server is reached.
    pub(crate) fn connection(&self) -> &Connection {
        match self {
            Self::Put { of, .. }
            | Self::Delete { of, .. }
            | Self::List { of }
            | Self::Attach { of, .. }
            | Self::Detach { of, .. } => &of.connection,
        }
    }
}

/// Whose policies, on which server.
#[derive(Args, Debug)]
pub(crate) struct Holding {
    #[command(flatten)]
    pub(super) holder: PolicyHolder,
    #[command(flatten)]
    connection: Connection,
}

/// Whose policies: one of these.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct PolicyHolder {
    /// The user's name
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// The group's name
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// The role's name
    #[arg(long, value_name = "NAME")]
    pub(super) role: Option<String>,
}
