//! The service that has the keys of queues and topics, if this server has not.

use std::path::Path;

use tidings_couriers::{ServiceCredentials, read_secret_file};
use tidings_server::{ExternalKmsConfig, KMS_TIMEOUT};
use tidings_sigv4::SecretKey;
use zeroize::Zeroizing;

use super::layers::Settings;
use super::resolve::{SettingsError, refused};
use crate::client::profile::Profile;

const ID: &str = "TIDINGS_KMS_ACCESS_KEY_ID";
const SECRET: &str = "TIDINGS_KMS_SECRET_ACCESS_KEY";
const TOKEN: &str = "TIDINGS_KMS_SESSION_TOKEN";

/// Variables that are no settings: there is no flag for a secret.
pub(super) const VARIABLES: [&str; 3] = [ID, SECRET, TOKEN];

/// More than any such file has.
const FILE_BYTES_MAX: u64 = 64 << 10;

impl Settings {
    /// `None`: this server has the keys. `variable` looks into the environment; an empty one is not
    /// set.
    pub(super) fn external_kms(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<ExternalKmsConfig>, SettingsError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(endpoint) = &self.kms_endpoint else {
            let set = [
                ("kms-region", self.kms_region.is_some()),
                ("kms-credentials-file", self.kms_credentials_file.is_some()),
                ("kms-roots", self.kms_roots.is_some()),
            ];
            return match set.into_iter().find(|(_, is_set)| *is_set) {
                Some((key, _)) => refused(key, "needs kms-endpoint beside it"),
                None => Ok(None),
            };
        };
        let credentials = match (&self.kms_credentials_file, variable(ID), variable(SECRET)) {
            (Some(_), None, None) if variable(TOKEN).is_some() => {
                return refused("kms-credentials-file", "TIDINGS_KMS_SESSION_TOKEN is set too");
            }
            (Some(path), None, None) => read_credentials("kms-credentials-file", path)?,
            (Some(_), ..) => {
                let problem = "credentials are in the environment too: only one can say them";
                return refused("kms-credentials-file", problem);
            }
            (None, Some(access_key_id), Some(secret)) => ServiceCredentials {
                access_key_id,
                secret: SecretKey::new(secret),
                session_token: variable(TOKEN).map(Zeroizing::new),
            },
            (None, None, None) => {
                let problem = "needs credentials: set TIDINGS_KMS_ACCESS_KEY_ID and \
                               TIDINGS_KMS_SECRET_ACCESS_KEY, or name a kms-credentials-file";
                return refused("kms-endpoint", problem);
            }
            (None, Some(_), None) => {
                return refused(ID, "is set without TIDINGS_KMS_SECRET_ACCESS_KEY");
            }
            (None, None, Some(_)) => {
                return refused(SECRET, "is set without TIDINGS_KMS_ACCESS_KEY_ID");
            }
        };
        Ok(Some(ExternalKmsConfig {
            endpoint: endpoint.0.clone(),
            region: self.kms_region.clone().map_or_else(|| self.region(), |region| region.0),
            credentials,
            extra_roots: self.kms_roots.clone(),
            timeout: KMS_TIMEOUT,
        }))
    }
}

/// The profile `default` of a file that nobody else may read.
pub(super) fn read_credentials(
    key: &'static str,
    path: &Path,
) -> Result<ServiceCredentials, SettingsError> {
    let shown = path.display();
    let bytes = match read_secret_file(path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) => return refused(key, format!("{shown}: {error}")),
    };
    let Ok(text) = str::from_utf8(&bytes) else {
        return refused(key, format!("{shown}: it is no text in UTF-8"));
    };
    let profile = Profile::parse(text, |section| section == "default");
    let value = |name: &str| profile.get(name).filter(|value| !value.is_empty());
    let (Some(id), Some(secret)) = (value("aws_access_key_id"), value("aws_secret_access_key"))
    else {
        let problem = "has no aws_access_key_id and aws_secret_access_key under [default]";
        return refused(key, format!("{shown} {problem}"));
    };
    Ok(ServiceCredentials {
        access_key_id: id.to_owned(),
        secret: SecretKey::new(secret.to_owned()),
        session_token: value("aws_session_token").map(|token| token.to_owned().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &[(&str, &str)] = &[(ID, "AKIDEXAMPLE"), (SECRET, "hunter2")];

    fn resolve(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<Option<ExternalKmsConfig>, String> {
        let settings: Settings = toml::from_str(text).map_err(|error| error.to_string())?;
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        settings.external_kms(variable).map_err(|error| error.to_string())
    }

    #[test]
    fn a_service_needs_an_endpoint_and_credentials() {
        assert!(resolve("", BOTH).unwrap().is_none());
        let text = "kms-endpoint = 'https://kms.example.com'\nregion = 'eu-west-1'\n";
        let config = resolve(text, BOTH).unwrap().unwrap();
        assert_eq!(config.endpoint.to_string(), "https://kms.example.com");
        assert_eq!(config.region.as_str(), "eu-west-1");
        assert_eq!(config.credentials.access_key_id, "AKIDEXAMPLE");
        assert!(!format!("{config:?}").contains("hunter2"));
        let other = format!("{text}kms-region = 'eu-west-2'\n");
        assert_eq!(resolve(&other, BOTH).unwrap().unwrap().region.as_str(), "eu-west-2");
        for (text, variables, part) in [
            (text, &[][..], "TIDINGS_KMS_ACCESS_KEY_ID"),
            (text, &BOTH[..1], SECRET),
            (text, &BOTH[1..], ID),
            (text, &[(ID, ""), (SECRET, "")], "needs credentials"),
            ("kms-region = 'eu-west-1'", BOTH, "kms-endpoint"),
            ("kms-endpoint = 'http://kms.example.com'", BOTH, "https://"),
        ] {
            let error = resolve(text, variables).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
    }
}
