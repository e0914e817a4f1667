//! Passwords for servers of others. They are no flags: everybody on a machine can see those.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::resolve::SettingsError;

/// More than any password has.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Where a password can be.
#[derive(Copy, Clone)]
pub(super) struct Place {
    /// The variable of the environment.
    pub(super) variable: &'static str,
    /// The key of the setting that names a file.
    pub(super) file_key: &'static str,
}

impl Place {
    /// The variable's value, if it is set to anything.
    pub(super) fn in_environment(self) -> Option<String> {
        std::env::var(self.variable).ok().filter(|password| !password.is_empty())
    }

    /// The password, from the file's first line or the variable; `None` if it is in neither.
    ///
    /// # Errors
    /// It is in both, or the file cannot be read.
    pub(super) fn read(
        self,
        file: Option<&Path>,
        variable: Option<String>,
    ) -> Result<Option<String>, SettingsError> {
        let refused = |problem| Err(SettingsError::Value { key: self.file_key, problem });
        match (file, variable) {
            (Some(_), Some(_)) => {
                refused(format!("there is also {}: only one of them can be", self.variable))
            }
            (Some(path), None) => match first_line(path) {
                Ok(password) => Ok(Some(password)),
                Err(error) => refused(format!("cannot read {}: {error}", path.display())),
            },
            (None, variable) => Ok(variable),
        }
    }
}

fn first_line(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(PASSWORD_BYTES_MAX).read_to_string(&mut text)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(io::Error::other("it is empty")),
    }
}
