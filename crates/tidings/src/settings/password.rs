//! Passwords for servers of others. They are no flags: everybody on a machine can see those.

use std::path::Path;

use tidings_couriers::read_secret_file;

use super::resolve::{SettingsError, refused};

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
        match (file, variable) {
            (Some(_), Some(_)) => {
                let problem = format!("there is also {}: only one of them can be", self.variable);
                refused(self.file_key, problem)
            }
            (Some(path), None) => match first_line(path) {
                Ok(password) => Ok(Some(password)),
                Err(error) => refused(self.file_key, format!("{}: {error}", path.display())),
            },
            (None, variable) => Ok(variable),
        }
    }
}

fn first_line(path: &Path) -> Result<String, String> {
    let bytes = read_secret_file(path, PASSWORD_BYTES_MAX).map_err(|error| error.to_string())?;
    let text = str::from_utf8(&bytes).map_err(|_| "it is no text in UTF-8")?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err("it is empty".to_owned()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_a_file_that_nobody_else_reads() {
        use std::fs::{self, Permissions};
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (text, mode, expected) in [
            ("s3cret\nmore", 0o600, "s3cret"),
            ("s3cret", 0o640, "it can be read by others (mode 0640)"),
            ("\ns3cret", 0o600, "it is empty"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = first_line(&path).unwrap_or_else(|error| error);
            assert!(read.starts_with(expected), "{read}");
        }
    }
}
