//! One source of a key, chosen among three.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tidings_seal::MasterKey;
use zeroize::Zeroizing;

use super::command::{self, CommandError};
use super::file::{self, FileError};

/// What the three sources of a key are called.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Named {
    pub(crate) file: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) command: &'static str,
}

/// The key that seals the data folder.
pub(crate) const THE_KEY: Named = Named {
    file: "master-key-file",
    variable: "TIDINGS_MASTER_KEY",
    command: "master-key-command",
};

/// The one that is to take its place.
pub(crate) const THE_NEW_KEY: Named = Named {
    file: "new-master-key-file",
    variable: "TIDINGS_NEW_MASTER_KEY",
    command: "new-master-key-command",
};

/// Where a key is to be read from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    /// It was in the environment.
    Given(MasterKey),
    Command(String),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error("{first} and {second}: only one of them can say what the key is")]
    Two { first: &'static str, second: &'static str },
    /// Does not show the value.
    #[error("{0} is set and is no key: a key is 64 hexadecimal digits, or 32 bytes in base64")]
    NoKeyInVariable(&'static str),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Source {
    /// The one source that is set, if any is. An empty variable is set: a start that was meant to seal
    /// must not come off without.
    pub(crate) fn choose(
        named: Named,
        file: Option<PathBuf>,
        command: Option<String>,
        variable: Option<&OsStr>,
    ) -> Result<Option<Self>, MasterKeyError> {
        let given = match variable {
            None => None,
            Some(text) => {
                let key = text.to_str().and_then(|text| MasterKey::parse(text.as_bytes()));
                Some(Self::Given(key.ok_or(MasterKeyError::NoKeyInVariable(named.variable))?))
            }
        };
        let sources = [
            (named.file, file.map(Self::File)),
            (named.variable, given),
            (named.command, command.map(Self::Command)),
        ];
        let mut set = sources.into_iter().filter_map(|(name, source)| Some((name, source?)));
        match (set.next(), set.next()) {
            (Some((first, _)), Some((second, _))) => Err(MasterKeyError::Two { first, second }),
            (first, _) => Ok(first.map(|(_, source)| source)),
        }
    }

    /// Reads the key that is to seal a data folder. A command may take half a minute.
    pub(crate) fn read(&self, data: &Path) -> Result<MasterKey, MasterKeyError> {
        match self {
            Self::File(path) => Ok(file::read(path, data)?),
            Self::Given(key) => Ok(key.clone()),
            Self::Command(command) => Ok(command::run(command)?),
        }
    }
}

/// The key in a text that was read.
pub(super) fn parse(text: &Zeroizing<Vec<u8>>) -> Option<MasterKey> {
    MasterKey::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(
        file: Option<&str>,
        command: Option<&str>,
        variable: Option<&str>,
    ) -> Result<Option<Source>, String> {
        let (file, command) = (file.map(PathBuf::from), command.map(str::to_owned));
        let variable = variable.map(OsStr::new);
        Source::choose(THE_KEY, file, command, variable).map_err(|error| error.to_string())
    }

    #[test]
    fn one_source_is_taken_and_two_are_refused() {
        let key = "ab".repeat(32);
        assert!(choose(None, None, None).unwrap().is_none());
        assert!(matches!(choose(Some("f"), None, None), Ok(Some(Source::File(_)))));
        assert!(matches!(choose(None, Some("c"), None), Ok(Some(Source::Command(_)))));
        assert!(matches!(choose(None, None, Some(&key)), Ok(Some(Source::Given(_)))));
        for (file, command, variable, names) in [
            (Some("f"), Some("c"), None, ["master-key-file", "master-key-command"]),
            (Some("f"), None, Some(&*key), ["master-key-file", "TIDINGS_MASTER_KEY"]),
            (None, Some("c"), Some(&*key), ["TIDINGS_MASTER_KEY", "master-key-command"]),
        ] {
            let refused = choose(file, command, variable).unwrap_err();
            assert!(names.iter().all(|name| refused.contains(name)), "{refused}");
        }
    }

    #[test]
    fn a_variable_that_is_no_key_is_refused_and_not_shown() {
        for value in ["", "not-a-key", "hunter2hunter2"] {
            let refused = choose(None, None, Some(value)).unwrap_err();
            assert!(refused.contains("TIDINGS_MASTER_KEY"), "{refused}");
            assert!(value.is_empty() || !refused.contains(value), "{refused}");
        }
    }

    #[test]
    fn a_key_that_was_given_is_not_shown() {
        let source = choose(None, None, Some(&"ab".repeat(32))).unwrap();
        assert_eq!(format!("{source:?}"), "Some(Given(MasterKey(..)))");
    }
}
