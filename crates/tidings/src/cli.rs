//! The command line.

use clap::{Parser, Subcommand};

use crate::bench::BenchArguments;
use crate::client::Connection;
use crate::explain::ExplainArguments;
use crate::functions::FunctionCommand;
use crate::principals::{AccessKeyCommand, GroupCommand, PolicyChange, RoleCommand, UserCommand};
use crate::settings::{
    Arguments, ChangeMasterKey, RootKeyArguments, TestEmailArguments, TestLambdaArguments,
    TestPushArguments, TestSmsArguments,
};

/// A self-hosted messaging service that speaks the Amazon SNS and SQS protocols.
#[derive(Parser, Debug)]
#[command(name = "tidings", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Starts the server.
    ///
    /// Every flag is also a key of the configuration file (without the dashes in front) and a
    /// variable of the environment. A flag goes before the environment, the environment before the
    /// file, the file before the default.
    Serve(Box<Arguments>),
    /// Makes a master key, or changes the one that a data folder is sealed under.
    MasterKey {
        #[command(subcommand)]
        command: MasterKeyCommand,
    },
    /// Makes access keys for the root user of an account.
    RootKey {
        #[command(subcommand)]
        command: RootKeyCommand,
    },
    /// Tries out how messages leave the server.
    Courier {
        #[command(subcommand)]
        command: CourierCommand,
    },
    /// Makes, lists, invokes and deletes functions.
    Function {
        #[command(flatten)]
        connection: Connection,
        #[command(subcommand)]
        command: FunctionCommand,
    },
    /// Makes, lists and deletes the users of an account.
    User {
        #[command(flatten)]
        connection: Connection,
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Makes, lists, disables, deletes and rotates access keys.
    AccessKey {
        #[command(flatten)]
        connection: Connection,
        #[command(subcommand)]
        command: AccessKeyCommand,
    },
    /// Makes, lists and deletes groups, and says who is in them.
    Group {
        #[command(flatten)]
        connection: Connection,
        #[command(subcommand)]
        command: GroupCommand,
    },
    /// Makes, lists and deletes roles.
    Role {
        #[command(flatten)]
        connection: Connection,
        #[command(subcommand)]
        command: RoleCommand,
    },
    /// Says what policies come to, and sets those of users, groups and roles.
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Puts load on a server, ours or another's, and says how fast it is and what it lost
    ///
    /// Makes queues and topics of its own on the server, and deletes them at the end, also after
    /// Ctrl-C. The status is 0 if nothing is wrong with what was checked; 1 if a message was lost or
    /// came to the wrong queue, if one of a FIFO queue came twice or out of order, or if the load came
    /// to nothing. How to read what it says: docs/benchmarking.md.
    Bench(Box<BenchArguments>),
}

#[derive(Subcommand, Debug)]
pub(crate) enum MasterKeyCommand {
    /// Prints a new random key, to be kept outside of the data folder
    New,
    /// Seals a data folder under another key, while no server uses it
    ///
    /// The key until now is found by the settings that the server has. The new one is read from one
    /// of --new-master-key-file, --new-master-key-command and the variable TIDINGS_NEW_MASTER_KEY.
    /// A folder that was used without a master key is sealed from the next start on.
    Change(ChangeMasterKey),
}

#[derive(Subcommand, Debug)]
pub(crate) enum CourierCommand {
    /// Sends one message, without a server, and says what came of it
    Test {
        #[command(subcommand)]
        test: CourierTest,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum CourierTest {
    /// By the mail server
    ///
    /// The settings are those of `tidings serve`, from its configuration file, its variables, or here.
    /// The status is 0 if the mail server took the message.
    Email(Box<TestEmailArguments>),
    /// By a service of mobile push
    ///
    /// The settings are those of `tidings serve`, from its configuration file, its variables, or here;
    /// the credentials are those of the platform application. The status is 0 if the service took the
    /// message.
    Push(Box<TestPushArguments>),
    /// By the gateway for text messages
    ///
    /// The settings are those of `tidings serve`, from its configuration file, its variables, or here.
    /// The status is 0 if the gateway took the message. A gateway that allows one session at a time
    /// refuses the test while the server has it.
    Sms(Box<TestSmsArguments>),
    /// By a service that runs functions elsewhere
    ///
    /// The settings are those of `tidings serve`: the tables [[functions.elsewhere]] of its
    /// configuration file. The status is 0 if the service took the event.
    Lambda(Box<TestLambdaArguments>),
}

#[derive(Subcommand, Debug)]
pub(crate) enum RootKeyCommand {
    /// Makes an access key for the root user, while no server uses the data folder
    ///
    /// For when the one of the first start is lost. The folder and its master key are found by the
    /// settings that the server has. An account that is not there yet is made.
    New(RootKeyArguments),
}

#[derive(Subcommand, Debug)]
pub(crate) enum PolicyCommand {
    /// Says why a request is allowed or denied, and what came of every statement
    ///
    /// The policies are read from files. The status is 0 if the request is allowed, 3 if it is denied,
    /// and 1 if it cannot be said: a file cannot be read, or has no policy in it.
    Explain(Box<ExplainArguments>),
    #[command(flatten)]
    Change(Box<PolicyChange>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
