//! Variables that look like settings and are none.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::{Args, Command};

use super::layers::Arguments;
use super::{email, sms};
use crate::master_key::{THE_KEY, THE_NEW_KEY};

/// The variables that begin with `TIDINGS_` and set nothing, by name: misspelt, or made by an
/// orchestrator that announces a service called tidings (`TIDINGS_PORT`). The second is why they
/// are not an error.
pub(crate) fn unknown_variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<String> {
    let command = Arguments::augment_args(Command::new("serve"));
    let mut known: BTreeSet<_> =
        command.get_arguments().filter_map(|flag| flag.get_env()).collect();
    // Keys are no flags: everybody on a machine can see those.
    known.extend([THE_KEY.variable, THE_NEW_KEY.variable].map(OsStr::new));
    known.extend(super::external_kms::VARIABLES.map(OsStr::new));
    known.extend([email::PASSWORD, sms::PASSWORD].map(|place| OsStr::new(place.variable)));
    // For the commands that are a client; whoever uses both sets it for both.
    known.insert(OsStr::new("TIDINGS_ENDPOINT_URL"));
    let mut unknown: Vec<String> = environment
        .filter(|(name, _)| !known.contains(name.as_os_str()))
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("TIDINGS_"))
        .collect();
    unknown.sort();
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_setting_and_is_none_is_named() {
        let names = [
            "TIDINGS_REGOIN",
            "TIDINGS_REGION",
            "PATH",
            "TIDINGS_CONFIG",
            "TIDINGS_PORT",
            "TIDINGS_MASTER_KEY",
            "TIDINGS_EMAIL_PASSWORD",
            "TIDINGS_SMS_PASSWORD",
            "TIDINGS_ENDPOINT_URL",
        ];
        let environment = names.into_iter().map(|name| (name.into(), "x".into()));
        assert_eq!(unknown_variables(environment), ["TIDINGS_PORT", "TIDINGS_REGOIN"]);
    }
}
