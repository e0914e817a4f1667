//! Profiles in the files that the AWS tools share. AWS SDKs and Tools Reference Guide, "Shared
//! config and credentials files".

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The settings of one profile; empty if there is none. Later ones go before earlier ones.
#[derive(Default)]
pub(crate) struct Profile(Vec<(String, Zeroizing<String>)>);

/// A file that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub(crate) struct ProfileError {
    path: PathBuf,
    source: io::Error,
}

impl Profile {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name == key)?;
        Some(value.as_str())
    }

    /// Reads the sections that `is_of` says are the profile's.
    pub(crate) fn parse(text: &str, is_of: impl Fn(&str) -> bool) -> Self {
        let mut profile = Self::default();
        let mut is_in = false;
        for line in text.lines() {
            let is_nested = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
                is_in = is_of(section.trim());
                continue;
            }
            // What is nested belongs to a setting of one service.
            let Some((key, value)) = line.split_once('=').filter(|_| is_in && !is_nested) else {
                continue;
            };
            let value = value.split_once(" #").map_or(value, |(value, _)| value).trim();
            profile.0.push((key.trim().to_ascii_lowercase(), Zeroizing::new(value.to_owned())));
        }
        profile
    }
}

/// What the credentials file says of a profile, and where that is.
pub(super) fn credentials(name: &str) -> Result<(Profile, PathBuf), ProfileError> {
    let path = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    Ok((Profile::parse(&read(&path)?, |section| section == name), path))
}

/// What the configuration file says of it.
pub(super) fn config(name: &str) -> Result<Profile, ProfileError> {
    let text = read(&path("AWS_CONFIG_FILE", "config"))?;
    let is_of = |section: &str| match section.strip_prefix("profile ") {
        Some(named) => named.trim() == name,
        None => section == "default" && name == "default",
    };
    Ok(Profile::parse(&text, is_of))
}

fn path(variable: &str, file: &str) -> PathBuf {
    let given = env::var_os(variable).filter(|value| !value.is_empty());
    given.map_or_else(|| env::home_dir().unwrap_or_default().join(".aws").join(file), PathBuf::from)
}

/// Empty if there is no such file.
fn read(path: &Path) -> Result<Zeroizing<String>, ProfileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Zeroizing::default()),
        Err(source) => Err(ProfileError { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_settings_of_the_section_count() {
        let text = "\
# a comment
aws_access_key_id = nobody's
[default]
aws_access_key_id=AKIADEFAULT
[ tidings ] ; a comment
aws_access_key_id = AKIAONE
AWS_Secret_Access_Key =  a=b/c+d # a comment
s3 =
  region = nested
[other]
region = eu-west-1
[tidings]
aws_access_key_id = AKIATWO
";
        let tidings = Profile::parse(text, |section| section == "tidings");
        assert_eq!(tidings.get("aws_access_key_id"), Some("AKIATWO"));
        assert_eq!(tidings.get("aws_secret_access_key"), Some("a=b/c+d"));
        assert_eq!(tidings.get("region"), None);
        assert!(Profile::parse(text, |section| section == "none").get("region").is_none());
    }
}
