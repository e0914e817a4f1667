//! From the layers to one value for each setting.

use std::io;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidings_core::names::{AccountId, Region};
use tidings_core::shard;
use tidings_couriers::{AddressRanges, CourierConfig};
use tidings_server::{
    AcmeConfig, AuditLevel, CertificateFiles, Config, DevelopmentCertificates, ExternalKmsConfig,
    HEADER_BYTES_LEAST, HostConfig, Limits, ListenerConfig, Quota, SHUTDOWN_TIMEOUT,
};
use tracing::level_filters::LevelFilter;

use super::functions::DeclaredSettings;
use super::layers::{Arguments, Settings};
use super::listeners::ListenerSettings;
use super::values::{AuditLevelName, Auth, LogLevel};
use crate::master_key::{MasterKeyError, Source, THE_KEY};

/// How requests are authenticated.
#[derive(Clone, Debug)]
pub(crate) struct AuthSettings {
    /// The regions that they may be signed for; empty for any.
    pub(crate) regions: Vec<Region>,
    /// Where decisions are written down, and which.
    pub(crate) audit: Option<(PathBuf, AuditLevel)>,
}

/// What the server is started with.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) server: Config,
    pub(crate) data: PathBuf,
    /// Where the master key comes from, if one is configured.
    pub(crate) master_key: Option<Source>,
    /// The service that has the keys of queues and topics, if this server has not.
    pub(crate) kms: Option<ExternalKmsConfig>,
    /// How requests are authenticated, if they are.
    pub(crate) auth: Option<AuthSettings>,
    pub(crate) shard: shard::Settings,
    pub(crate) couriers: CourierConfig,
    /// How functions are run, if they are.
    pub(crate) functions: Option<HostConfig>,
    /// Functions that are made at the start.
    pub(crate) declared: Vec<DeclaredSettings>,
    /// The names of the certificate for development, if there is to be one.
    pub(crate) development: Option<Vec<String>>,
    /// The signing key and its certificate, if they are given.
    pub(crate) signing: Option<[PathBuf; 2]>,
    pub(crate) log_level: LevelFilter,
}

impl Resolved {
    /// Whether there are certificates that somebody else renews.
    pub(crate) fn has_certificate_files(&self) -> bool {
        let development = DevelopmentCertificates::in_data_folder(&self.data).files;
        let mut all = self.server.listeners.iter().filter_map(|listener| listener.tls.as_ref());
        all.any(|tls| {
            let from_authority = tls.acme.as_ref().map(AcmeConfig::files);
            let is_own = |files: &CertificateFiles| {
                *files == development || Some(files) == from_authority.as_ref()
            };
            tls.certificates.iter().any(|files| !is_own(files))
        })
    }
}

/// Why the server cannot be started as it is configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("cannot read the configuration file {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The text names the key, the line, and what would be right.
    #[error("the configuration file {} is not valid\n{error}", .path.display())]
    Invalid { path: PathBuf, error: toml::de::Error },
    #[error("{key}: {problem}")]
    Value { key: &'static str, problem: String },
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
}

/// A setting that cannot be as it is.
pub(super) fn refused<T>(
    key: &'static str,
    problem: impl Into<String>,
) -> Result<T, SettingsError> {
    Err(SettingsError::Value { key, problem: problem.into() })
}

impl Arguments {
    /// Reads the file, if one is named, and settles every value.
    pub(crate) fn resolve(self) -> Result<Resolved, SettingsError> {
        self.over_file()?.resolve()
    }

    /// What is set, whatever it means.
    pub(super) fn over_file(self) -> Result<Settings, SettingsError> {
        let file = match &self.config {
            Some(path) => read_file(path)?,
            None => Settings::default(),
        };
        Ok(self.settings.over(file))
    }
}

fn read_file(path: &Path) -> Result<Settings, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| SettingsError::Invalid { path: path.to_owned(), error })
}

impl Settings {
    fn resolve(self) -> Result<Resolved, SettingsError> {
        let limits = self.limits()?;
        let (data, master_key) = (self.data_folder(), self.master_key()?);
        let kms = self.external_kms(|name| std::env::var(name).ok())?;
        let (account, region) = (self.account_id(), self.region());
        let listeners = self.listeners(&data)?;
        let auth = self.auth(listeners.configs.iter().all(ListenerConfig::is_local))?;
        let development = listeners.is_development.then(|| self.development_names());
        let cool_down_ms = |given: Option<u32>, default: u64| {
            given.map_or(default, |seconds| u64::from(seconds) * 1000)
        };
        let default = shard::Settings::default();
        let shard = shard::Settings {
            delete_cool_down_ms: cool_down_ms(
                self.queue_delete_cooldown_seconds,
                default.delete_cool_down_ms,
            ),
            purge_cool_down_ms: cool_down_ms(
                self.purge_cooldown_seconds,
                default.purge_cool_down_ms,
            ),
            filter_policies_per_topic: self
                .filter_policies_per_topic
                .map_or(default.filter_policies_per_topic, to_usize),
            filter_policies_per_account: self
                .filter_policies_per_account
                .map_or(default.filter_policies_per_account, to_usize),
            enforces_policies: auth.is_some(),
        };
        let signing = match (self.signing_key, self.signing_certificate) {
            (Some(key), Some(certificate)) => Some([key, certificate]),
            (None, None) => None,
            (Some(_), None) => {
                let problem = "needs signing-certificate beside it".to_owned();
                return Err(SettingsError::Value { key: "signing-key", problem });
            }
            (None, Some(_)) => {
                let problem = "needs signing-key beside it".to_owned();
                return Err(SettingsError::Value { key: "signing-certificate", problem });
            }
        };
        let (sms, sms_terms) = self.sms.resolve()?.unzip();
        let couriers = CourierConfig {
            allow: match self.endpoint_allow {
                Some(ranges) => ranges.0,
                None if self.public_url.is_some() => AddressRanges::default(),
                None => own_addresses(&listeners.configs),
            },
            deny: self.endpoint_deny.map(|ranges| ranges.0).unwrap_or_default(),
            extra_roots: self.endpoint_roots,
            email: self.email.resolve()?,
            push: self.push.resolve()?,
            sms,
            lambda: self.functions.elsewhere(CourierConfig::default().attempt_timeout)?,
            ..CourierConfig::default()
        };
        let functions = self.functions.host(&data)?;
        let declared = self.functions.function.unwrap_or_default();
        let server = Config {
            listeners: listeners.configs,
            account,
            region,
            public_url: self.public_url.map(|url| url.0),
            limits,
            sms: sms_terms.unwrap_or_default(),
            shutdown_timeout: self
                .shutdown_timeout_seconds
                .map_or(SHUTDOWN_TIMEOUT, |seconds| Duration::from_secs(seconds.into())),
        };
        Ok(Resolved {
            server,
            data,
            development,
            master_key,
            kms,
            auth,
            shard,
            couriers,
            functions,
            declared,
            signing,
            log_level: self.log_level.unwrap_or(LogLevel::Info).filter(),
        })
    }

    /// What else the certificate for development is for, beside the machine's own names.
    fn development_names(&self) -> Vec<String> {
        let named = self.tls_names.iter().flat_map(|names| names.0.iter().cloned());
        let tables = self.listener.iter().flatten();
        let urls = self.public_url.iter().chain(tables.filter_map(ListenerSettings::public_url));
        named.chain(urls.map(|url| url.host().to_owned())).collect()
    }

    /// `None`: they are not. Then only this machine may be able to connect, unless that is meant.
    fn auth(&self, is_local: bool) -> Result<Option<AuthSettings>, SettingsError> {
        if self.auth.unwrap_or(Auth::On) == Auth::On {
            let level = self.audit_level.unwrap_or(AuditLevelName::Changes).level();
            return Ok(Some(AuthSettings {
                regions: self.regions.clone().map_or_else(Vec::new, |regions| regions.0),
                audit: self.audit_log.clone().map(|path| (path, level)),
            }));
        }
        let refused =
            |key, problem: &str| Err(SettingsError::Value { key, problem: problem.to_owned() });
        if self.audit_log.is_some() {
            return refused("audit-log", "there is nothing to write there with auth = off");
        }
        if !is_local && self.insecure != Some(true) {
            return refused(
                "auth",
                "with `off`, whoever can connect may do everything, and others than this machine \
                 can connect. Listen on a loopback address, or say --insecure too",
            );
        }
        Ok(None)
    }

    pub(super) fn data_folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| "tidings-data".into())
    }

    pub(super) fn account_id(&self) -> AccountId {
        self.account.map_or_else(default_account, |account| account.0)
    }

    pub(super) fn region(&self) -> Region {
        self.region.clone().map_or_else(default_region, |region| region.0)
    }

    pub(super) fn master_key(&self) -> Result<Option<Source>, SettingsError> {
        let (file, command) = (self.master_key_file.clone(), self.master_key_command.clone());
        let variable = std::env::var_os(THE_KEY.variable);
        Ok(Source::choose(THE_KEY, file, command, variable.as_deref())?)
    }

    fn limits(&self) -> Result<Limits, SettingsError> {
        let default = Limits::default();
        let number = |given: Option<NonZeroU32>, default| given.map_or(default, NonZeroU32::get);
        let seconds = |given: Option<NonZeroU32>, default| {
            given.map_or(default, |given| Duration::from_secs(given.get().into()))
        };
        let limits = Limits {
            connections_max: self.connections_max.map_or(default.connections_max, to_usize),
            connections_per_address_max: self
                .connections_per_address_max
                .and_then(|max| NonZeroUsize::new(to_usize(max))),
            http2_streams_max: number(self.http2_streams_max, default.http2_streams_max),
            header_bytes_max: self.header_bytes_max.map_or(default.header_bytes_max, to_usize),
            body_bytes_max: number(self.body_bytes_max, default.body_bytes_max),
            bodies_bytes_max: number(self.bodies_bytes_max, default.bodies_bytes_max),
            handshake_timeout: seconds(self.handshake_timeout_seconds, default.handshake_timeout),
            idle_timeout: seconds(self.idle_timeout_seconds, default.idle_timeout),
            body_timeout: seconds(self.body_timeout_seconds, default.body_timeout),
            write_timeout: seconds(self.write_timeout_seconds, default.write_timeout),
            principal: Quota {
                requests_per_second: self.principal_requests_per_second_max,
                requests_under_way: self.principal_requests_max,
            },
        };
        if limits.header_bytes_max < HEADER_BYTES_LEAST {
            let problem = format!("must be {HEADER_BYTES_LEAST} bytes at least");
            return Err(SettingsError::Value { key: "header-bytes-max", problem });
        }
        if limits.bodies_bytes_max < limits.body_bytes_max {
            let problem =
                format!("must be body-bytes-max ({} bytes) at least", limits.body_bytes_max);
            return Err(SettingsError::Value { key: "bodies-bytes-max", problem });
        }
        Ok(limits)
    }
}

fn to_usize(number: impl Into<u32>) -> usize {
    // Tokio runs on no platform with less than 32 bits.
    number.into() as usize
}

/// Where only the machine itself can connect, nobody else can have it call itself: its own
/// addresses are endpoints like others. Elsewhere, and behind a proxy, they are not, unless the
/// operator says so.
fn own_addresses(listeners: &[ListenerConfig]) -> AddressRanges {
    let is_own =
        listeners.iter().all(|listener| listener.is_local() && listener.public_url.is_none());
    let own = if is_own { &["127.0.0.0/8", "::1/128"][..] } else { &[] };
    AddressRanges::from_entries(own).expect("two ranges, written as ranges are")
}

fn default_account() -> AccountId {
    AccountId::parse("000000000000").expect("twelve digits")
}

fn default_region() -> Region {
    Region::parse("us-east-1").expect("letters, digits and hyphens")
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
