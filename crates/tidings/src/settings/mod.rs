//! What can be configured, and where each value comes from.

mod change_master_key;
mod email;
mod environment;
mod external_kms;
mod folder;
mod functions;
mod layered;
mod layers;
mod listeners;
mod password;
mod push;
mod resolve;
mod root_key;
mod server_url;
mod sms;
mod test_email;
mod test_lambda;
mod test_push;
mod test_sms;
mod values;

pub(crate) use change_master_key::ChangeMasterKey;
pub(crate) use environment::unknown_variables;
pub(crate) use layers::Arguments;
pub(crate) use resolve::Resolved;
pub(crate) use root_key::{RootKeyArguments, WantedRootKey};
pub(crate) use test_email::TestEmailArguments;
pub(crate) use test_lambda::TestLambdaArguments;
pub(crate) use test_push::{PushTest, TestPushArguments};
pub(crate) use test_sms::TestSmsArguments;
