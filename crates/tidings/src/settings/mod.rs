//! What can be configured, and where each value comes from.

mod change_master_key;
mod email;
mod environment;
mod external_kms;
mod folder;
mod functions;
mod layers;
mod listeners;
mod resolve;
mod root_key;
mod test_email;
mod test_lambda;
mod values;

pub(crate) use change_master_key::ChangeMasterKey;
pub(crate) use environment::unknown_variables;
pub(crate) use layers::Arguments;
pub(crate) use resolve::Resolved;
pub(crate) use root_key::{RootKeyArguments, WantedRootKey};
pub(crate) use test_email::TestEmailArguments;
pub(crate) use test_lambda::TestLambdaArguments;
