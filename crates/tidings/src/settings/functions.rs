//! The table `[functions]`: functions that this server runs, and where others are.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use tidings_couriers::{LambdaConfig, RemoteFunctions};
use tidings_server::{
    FunctionEnvironment, FunctionSettings as ServerFunctionSettings, HostConfig, Lambda,
};

use super::external_kms::read_credentials;
use super::resolve::SettingsError;
use super::values::RegionName;

/// Each is a key of the table; those that can be flags have `functions-` before them.
#[derive(Args, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct FunctionSettings {
    /// Whether functions are run here: whoever may create them has programs run as this server's user
    /// [default: false]
    #[arg(
        id = "functions-hosting",
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        env = "TIDINGS_FUNCTIONS_HOSTING"
    )]
    pub(crate) hosting: Option<bool>,
    /// Processes of functions at once, all together [default: 64]
    #[arg(
        id = "functions-processes-max",
        long,
        value_name = "N",
        env = "TIDINGS_FUNCTIONS_PROCESSES_MAX"
    )]
    pub(crate) processes_max: Option<NonZeroU32>,
    /// How long a process waits for its next invocation [default: 300]
    #[arg(
        id = "functions-idle-seconds",
        long,
        value_name = "SECONDS",
        env = "TIDINGS_FUNCTIONS_IDLE_SECONDS"
    )]
    pub(crate) idle_seconds: Option<NonZeroU32>,
    /// Where functions and their runtimes look for programs [default:
    /// /usr/local/bin:/usr/bin:/bin:/opt/bin]
    #[arg(id = "functions-path", long, value_name = "FOLDERS", env = "TIDINGS_FUNCTIONS_PATH")]
    pub(crate) path: Option<String>,
    /// Whether all that functions print is written to files in the data folder, two of 4 MiB for each
    /// function at most. They are not sealed [default: false]
    #[arg(
        id = "functions-logs",
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        env = "TIDINGS_FUNCTIONS_LOGS"
    )]
    pub(crate) logs: Option<bool>,
    /// PEM file with authorities that endpoints of functions elsewhere may have certificates of, beside
    /// the public ones [default: none]
    #[arg(id = "functions-roots", long, value_name = "FILE", env = "TIDINGS_FUNCTIONS_ROOTS")]
    pub(crate) roots: Option<PathBuf>,
    /// How runtimes are started, by their identifiers. Only in the file.
    #[arg(skip)]
    pub(crate) runtimes: Option<BTreeMap<String, Vec<String>>>,
    /// Further variables for all functions. Only in the file.
    #[arg(skip)]
    pub(crate) environment: Option<BTreeMap<String, String>>,
    /// Functions elsewhere. Only in the file.
    #[arg(skip)]
    pub(crate) elsewhere: Option<Vec<ElsewhereSettings>>,
    /// Functions that are made at the start. Only in the file.
    #[arg(skip)]
    pub(crate) function: Option<Vec<DeclaredSettings>>,
}

/// A table `[[functions.function]]`: a function that is made of a folder or an archive at the start, or
/// changed if it is there and different.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct DeclaredSettings {
    /// Its name.
    pub(crate) name: String,
    /// Where its code is: a folder, or an archive.
    pub(crate) code: PathBuf,
    runtime: String,
    #[serde(default = "bootstrap")]
    handler: String,
    role: Option<String>,
    timeout_seconds: Option<u32>,
    memory_mib: Option<u32>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

fn bootstrap() -> String {
    "bootstrap".to_owned()
}

impl DeclaredSettings {
    /// How it is run.
    pub(crate) fn settings(&self) -> ServerFunctionSettings {
        let role = || "arn:aws:iam::000000000000:role/function".to_owned();
        ServerFunctionSettings {
            runtime: Some(self.runtime.clone()),
            handler: Some(self.handler.clone()),
            role: Some(self.role.clone().unwrap_or_else(role)),
            timeout_seconds: self.timeout_seconds,
            memory_mib: self.memory_mib,
            environment: Some(FunctionEnvironment(self.environment.clone())),
            ..ServerFunctionSettings::default()
        }
    }
}

/// A table `[[functions.elsewhere]]`.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ElsewhereSettings {
    /// The ARNs of functions, with `*` for any characters.
    functions: Option<String>,
    /// Where they are invoked.
    endpoint: String,
    /// The region to sign for, if it is not that of the function's ARN.
    region: Option<RegionName>,
    /// A file with the access key, as the AWS tools write it.
    credentials_file: PathBuf,
}

impl FunctionSettings {
    /// This layer, with `below` showing through where it is silent.
    pub(crate) fn over(self, below: Self) -> Self {
        Self {
            hosting: self.hosting.or(below.hosting),
            processes_max: self.processes_max.or(below.processes_max),
            idle_seconds: self.idle_seconds.or(below.idle_seconds),
            path: self.path.or(below.path),
            logs: self.logs.or(below.logs),
            roots: self.roots.or(below.roots),
            runtimes: self.runtimes.or(below.runtimes),
            environment: self.environment.or(below.environment),
            elsewhere: self.elsewhere.or(below.elsewhere),
            function: self.function.or(below.function),
        }
    }

    /// How functions are run; `None` if they are not.
    pub(crate) fn host(&self, data: &Path) -> Result<Option<HostConfig>, SettingsError> {
        if self.hosting != Some(true) {
            let set = [
                ("functions.processes-max", self.processes_max.is_some()),
                ("functions.idle-seconds", self.idle_seconds.is_some()),
                ("functions.path", self.path.is_some()),
                ("functions.logs", self.logs.is_some()),
                ("functions.runtimes", self.runtimes.is_some()),
                ("functions.environment", self.environment.is_some()),
                ("functions.function", self.function.is_some()),
            ];
            return match set.into_iter().find(|(_, is_set)| *is_set) {
                Some((key, _)) => refused(key, "needs hosting = true beside it"),
                None => Ok(None),
            };
        }
        let mut config = HostConfig::new(Lambda::scratch(data));
        if let Some(max) = self.processes_max {
            config.processes_max = usize::try_from(max.get()).unwrap_or(usize::MAX);
        }
        if let Some(seconds) = self.idle_seconds {
            config.idle_expiry = Duration::from_secs(seconds.get().into());
        }
        config.logs = (self.logs == Some(true)).then(|| Lambda::logs(data));
        if let Some(path) = &self.path {
            config.path.clone_from(path);
        }
        for (runtime, command) in self.runtimes.iter().flatten() {
            config.runtimes.set(runtime.clone(), command.iter().cloned());
        }
        config.environment = self.environment.clone().unwrap_or_default();
        Ok(Some(config))
    }

    /// Where functions are that run elsewhere; `None` if there are none.
    pub(crate) fn elsewhere(
        &self,
        attempt_timeout: Duration,
    ) -> Result<Option<LambdaConfig>, SettingsError> {
        let Some(tables) = self.elsewhere.as_ref().filter(|tables| !tables.is_empty()) else {
            return match self.roots {
                Some(_) => refused("functions.roots", "needs [[functions.elsewhere]] beside it"),
                None => Ok(None),
            };
        };
        let places = tables.iter().map(ElsewhereSettings::resolve).collect::<Result<_, _>>()?;
        Ok(Some(LambdaConfig { places, extra_roots: self.roots.clone(), attempt_timeout }))
    }
}

impl ElsewhereSettings {
    fn resolve(&self) -> Result<RemoteFunctions, SettingsError> {
        let endpoint = match self.endpoint.parse() {
            Ok(endpoint) => endpoint,
            Err(problem) => return refused("functions.elsewhere.endpoint", problem),
        };
        let key = "functions.elsewhere.credentials-file";
        let credentials = read_credentials(key, &self.credentials_file)?;
        Ok(RemoteFunctions {
            pattern: self.functions.clone().unwrap_or_else(|| "*".to_owned()),
            endpoint,
            region: self.region.clone().map(|region| region.0),
            credentials,
        })
    }
}

fn refused<T>(key: &'static str, problem: impl Into<String>) -> Result<T, SettingsError> {
    Err(SettingsError::Value { key, problem: problem.into() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn settings(text: &str) -> FunctionSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn functions_are_run_where_somebody_says_so() {
        let data = Path::new("data");
        assert!(settings("").host(data).unwrap().is_none());
        assert!(settings("hosting = false").host(data).unwrap().is_none());
        assert_eq!(settings("hosting = true").host(data).unwrap().unwrap().logs, None);
        let text = "hosting = true\nprocesses-max = 7\nidle-seconds = 9\nlogs = true\n\
                    [runtimes]\n'ruby*' = ['ruby', '{handler}']\n[environment]\nKEY = 'value'\n";
        let config = settings(text).host(data).unwrap().unwrap();
        assert_eq!((config.processes_max, config.idle_expiry.as_secs()), (7, 9));
        assert!(config.runtimes.knows("ruby3.4") && config.runtimes.knows("provided"));
        assert_eq!(config.environment["KEY"], "value");
        assert!(config.logs.unwrap().ends_with("data/functions/logs"));
        let error = settings("idle-seconds = 9").host(data).unwrap_err().to_string();
        assert!(error.contains("hosting = true"), "{error}");
    }

    #[test]
    fn functions_elsewhere_need_an_endpoint_and_credentials() {
        let timeout = Duration::from_secs(15);
        assert!(settings("").elsewhere(timeout).unwrap().is_none());
        assert!(settings("roots = 'a.pem'").elsewhere(timeout).is_err());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let secret = "[default]\naws_access_key_id = AKID\naws_secret_access_key = hunter2\n";
        fs::write(&file, secret).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let table = |endpoint: &str| {
            let file = file.display();
            let text = format!(
                "[[elsewhere]]\nfunctions = 'arn:*:live'\nendpoint = '{endpoint}'\n\
                 credentials-file = '{file}'\n"
            );
            settings(&text).elsewhere(timeout)
        };
        let config = table("https://lambda.eu-west-1.amazonaws.com").unwrap().unwrap();
        assert_eq!(config.places[0].pattern, "arn:*:live");
        assert_eq!(config.places[0].credentials.access_key_id, "AKID");
        assert!(!format!("{config:?}").contains("hunter2"));
        let error = table("lambda.example.com").unwrap_err().to_string();
        assert!(error.contains("functions.elsewhere.endpoint"), "{error}");
    }
}
