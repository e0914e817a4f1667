//! Which server is asked, and who asks: flags, the environment, and the files of the AWS tools.

use std::env;
use std::path::PathBuf;

use clap::Args;
use tidings_couriers::ServiceCredentials;
use tidings_sigv4::SecretKey;

use super::profile::{self, Profile};

/// Apart from what a command is about.
const HEADING: &str = "Server and credentials";

/// How the server is reached, and whether a program reads what is said.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Connection {
    #[command(flatten)]
    server: Server,
    /// Says it for programs, with the names that IAM has
    #[arg(long, global = true, help_heading = HEADING)]
    json: bool,
}

/// How the server is reached. What is not said here is found as the AWS CLI finds it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Server {
    /// The server [default: AWS_ENDPOINT_URL, the profile's endpoint_url, http://127.0.0.1:4566]
    #[arg(long, value_name = "URL", env = "TIDINGS_ENDPOINT_URL", global = true, help_heading = HEADING)]
    endpoint_url: Option<String>,
    /// The credentials in ~/.aws/credentials to use, before those in the environment [default:
    /// AWS_PROFILE, default]
    #[arg(long, value_name = "NAME", global = true, help_heading = HEADING)]
    profile: Option<String>,
    /// The region to sign for [default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1]
    #[arg(long, value_name = "REGION", global = true, help_heading = HEADING)]
    region: Option<String>,
    /// PEM file with authorities to trust, beside the public ones [default: AWS_CA_BUNDLE]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    ca_bundle: Option<PathBuf>,
}

/// Who asks which server.
pub(crate) struct Resolved {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) ca_bundle: Option<PathBuf>,
    pub(crate) credentials: ServiceCredentials,
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error(
        "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a \
         profile of ~/.aws/credentials by --profile"
    )]
    NoCredentials,
    #[error("the profile {0} has no access key in {path}", path = .1.display())]
    NoKeyInProfile(String, PathBuf),
    #[error("{0} is set without {1}")]
    Half(&'static str, &'static str),
    #[error(transparent)]
    Profile(#[from] profile::ProfileError),
}

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4566";

impl Connection {
    /// Whether a program reads the answer.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn resolve(&self) -> Result<Resolved, ConnectionError> {
        self.server.resolve()
    }
}

impl Server {
    /// Finds out who asks which server.
    pub(crate) fn resolve(&self) -> Result<Resolved, ConnectionError> {
        let named = self.profile.clone().or_else(|| variable("AWS_PROFILE"));
        let profile = named.as_deref().unwrap_or("default");
        let config = profile::config(profile)?;
        let or = |given: &Option<String>, variables: &[&str], key: &str| {
            let given = given.clone().filter(|given| !given.is_empty());
            let of_environment = || variables.iter().find_map(|name| variable(name));
            given.or_else(of_environment).or_else(|| config.get(key).map(str::to_owned))
        };
        let endpoint = or(&self.endpoint_url, &["AWS_ENDPOINT_URL"], "endpoint_url");
        let region = or(&self.region, &["AWS_REGION", "AWS_DEFAULT_REGION"], "region");
        let ca_bundle =
            self.ca_bundle.clone().or_else(|| variable("AWS_CA_BUNDLE").map(Into::into));
        Ok(Resolved {
            endpoint: endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()),
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            ca_bundle,
            credentials: self.credentials(profile, named.is_some())?,
        })
    }

    /// As the AWS CLI has it: a profile that is named as a flag, the environment, the profile.
    fn credentials(
        &self,
        profile: &str,
        is_named: bool,
    ) -> Result<ServiceCredentials, ConnectionError> {
        if self.profile.is_none()
            && let Some(credentials) = of_environment()?
        {
            return Ok(credentials);
        }
        let (found, path) = profile::credentials(profile)?;
        match of_profile(&found) {
            Some(credentials) => Ok(credentials),
            None if is_named => Err(ConnectionError::NoKeyInProfile(profile.to_owned(), path)),
            None => Err(ConnectionError::NoCredentials),
        }
    }
}

fn of_environment() -> Result<Option<ServiceCredentials>, ConnectionError> {
    const ID: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    match (variable(ID), variable(SECRET)) {
        (Some(id), Some(secret)) => Ok(Some(ServiceCredentials {
            access_key_id: id,
            secret: SecretKey::new(secret),
            session_token: variable("AWS_SESSION_TOKEN").map(Into::into),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConnectionError::Half(ID, SECRET)),
        (None, Some(_)) => Err(ConnectionError::Half(SECRET, ID)),
    }
}

fn of_profile(profile: &Profile) -> Option<ServiceCredentials> {
    Some(ServiceCredentials {
        access_key_id: profile.get("aws_access_key_id")?.to_owned(),
        secret: SecretKey::new(profile.get("aws_secret_access_key")?.to_owned()),
        session_token: profile.get("aws_session_token").map(|token| token.to_owned().into()),
    })
}

/// An empty variable sets nothing.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
