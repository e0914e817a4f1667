//! Ways in: from what is said of them to what the server opens.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tidings_access::{Kind, PolicyDocument};
use tidings_server::{
    AcmeConfig, CertificateFiles, ClientCertificates, DEFAULT_LISTENER, DevelopmentCertificates,
    ENDPOINT_POLICY_CHARACTERS_MAX, LETS_ENCRYPT, ListenAddress, ListenerConfig, PrivateEndpoint,
    ProxyProtocol, TlsConfig,
};

use super::layers::Settings;
use super::resolve::SettingsError;
use super::values::{Address, ClientCertificatesMode, Mode, Names, PublicUrl, Ranges, TlsMode};

/// One `[[listener]]` of the file.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ListenerSettings {
    id: String,
    listen: Address,
    socket_mode: Option<Mode>,
    public_url: Option<PublicUrl>,
    #[serde(default)]
    tls: Option<TlsMode>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    tls_client_ca: Option<PathBuf>,
    tls_client_certificates: Option<ClientCertificatesMode>,
    acme_domains: Option<Names>,
    #[serde(default)]
    certificate: Vec<CertificateSettings>,
    proxy_from: Option<Ranges>,
    #[serde(default)]
    endpoint_from_header: bool,
    #[serde(default)]
    endpoint: Vec<EndpointSettings>,
}

/// One `[[listener.certificate]]`: another certificate, for other names.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CertificateSettings {
    certificate: PathBuf,
    key: PathBuf,
}

/// One `[[listener.endpoint]]`.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct EndpointSettings {
    id: String,
    vpc: Option<String>,
    policy: Option<PathBuf>,
}

/// The listeners, and what they need beside.
pub(super) struct Listeners {
    pub(super) configs: Vec<ListenerConfig>,
    /// Whether one of them is for development.
    pub(super) is_development: bool,
}

impl Settings {
    /// The ways in: those of the file, or the one of the flags.
    pub(super) fn listeners(&self, data: &Path) -> Result<Listeners, SettingsError> {
        let Some(tables) = &self.listener else { return self.sole_listener(data) };
        for (key, is_set) in [
            ("listen", self.listen.is_some()),
            ("tls", self.tls.is_some()),
            ("tls-certificate", self.tls_certificate.is_some()),
            ("tls-key", self.tls_key.is_some()),
            ("tls-client-ca", self.tls_client_ca.is_some()),
            ("tls-client-certificates", self.tls_client_certificates.is_some()),
            ("acme-domains", self.acme_domains.is_some()),
        ] {
            if is_set {
                let problem = "the file has [[listener]] tables, where it belongs to one of them";
                return Err(SettingsError::Value { key, problem: problem.to_owned() });
            }
        }
        if tables.is_empty() {
            return Err(wrong("there is none"));
        }
        let mut ids = BTreeSet::new();
        let mut configs = Vec::with_capacity(tables.len());
        for table in tables {
            if !is_id(&table.id) {
                return Err(wrong(
                    "an id is 1 to 64 letters, digits, hyphens, dots and underlines",
                ));
            }
            if !ids.insert(&table.id) {
                return Err(of(&table.id, "another listener has the same id"));
            }
            let config = table.resolve(data, self).map_err(|problem| of(&table.id, problem))?;
            configs.push(config);
        }
        let is_development = tables.iter().any(|table| table.tls == Some(TlsMode::Dev));
        Ok(Listeners { configs, is_development })
    }

    fn sole_listener(&self, data: &Path) -> Result<Listeners, SettingsError> {
        let listen = self
            .listen
            .clone()
            .unwrap_or_else(|| Address(ListenAddress::Tcp("127.0.0.1:4566".to_owned())));
        let sole = ListenerSettings {
            id: DEFAULT_LISTENER.to_owned(),
            listen,
            socket_mode: None,
            public_url: None,
            tls: self.tls,
            tls_certificate: self.tls_certificate.clone(),
            tls_key: self.tls_key.clone(),
            tls_client_ca: self.tls_client_ca.clone(),
            tls_client_certificates: self.tls_client_certificates,
            acme_domains: self.acme_domains.clone(),
            certificate: Vec::new(),
            proxy_from: None,
            endpoint_from_header: false,
            endpoint: Vec::new(),
        };
        let config = sole.resolve(data, self).map_err(|problem| wrong(&problem))?;
        let is_development = self.tls == Some(TlsMode::Dev);
        Ok(Listeners { configs: vec![config], is_development })
    }
}

impl ListenerSettings {
    pub(super) fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }

    fn resolve(&self, data: &Path, of_all: &Settings) -> Result<ListenerConfig, String> {
        Ok(ListenerConfig {
            id: self.id.clone(),
            address: self.address()?,
            public_url: self.public_url.as_ref().map(|url| url.0.clone()),
            tls: self.tls(data, of_all)?,
            proxy: self.proxy()?,
            endpoints: self.endpoints()?,
        })
    }

    fn address(&self) -> Result<ListenAddress, String> {
        match (self.listen.0.clone(), self.socket_mode) {
            (ListenAddress::Unix { path, .. }, Some(Mode(mode))) => {
                Ok(ListenAddress::Unix { path, mode })
            }
            (ListenAddress::Tcp(_), Some(_)) => {
                Err("socket-mode is for a listener on a Unix socket".to_owned())
            }
            (address, None) => Ok(address),
        }
    }

    fn tls(&self, data: &Path, of_all: &Settings) -> Result<Option<TlsConfig>, String> {
        let named = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(CertificateFiles { certificate: certificate.clone(), key: key.clone() })
            }
            (None, None) => None,
            (Some(_), None) => return Err("tls-certificate needs tls-key beside it".to_owned()),
            (None, Some(_)) => return Err("tls-key needs tls-certificate beside it".to_owned()),
        };
        let others = self.certificate.iter().map(|files| CertificateFiles {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
        });
        let acme = self.acme(data, of_all)?;
        let development = (self.tls == Some(TlsMode::Dev))
            .then(|| DevelopmentCertificates::in_data_folder(data).files);
        let from_authority = acme.as_ref().map(AcmeConfig::files);
        let certificates: Vec<_> =
            named.into_iter().chain(others).chain(from_authority).chain(development).collect();
        let has_clients = self.tls_client_ca.is_some() || self.tls_client_certificates.is_some();
        if certificates.is_empty() {
            return match has_clients {
                true => Err("clients show certificates only over TLS".to_owned()),
                false => Ok(None),
            };
        }
        if self.tls == Some(TlsMode::Off) {
            return Err("there are certificates, and tls is off".to_owned());
        }
        Ok(Some(TlsConfig { certificates, acme, clients: self.clients()? }))
    }

    fn acme(&self, data: &Path, of_all: &Settings) -> Result<Option<AcmeConfig>, String> {
        let Some(Names(domains)) = &self.acme_domains else { return Ok(None) };
        let is_host = |name: &String| !name.contains('*') && name.parse::<IpAddr>().is_err();
        if let Some(other) = domains.iter().find(|name| !is_host(name)) {
            return Err(format!("acme-domains are names of hosts, and {other} is none"));
        }
        let directory = of_all.acme_directory.as_deref().unwrap_or(LETS_ENCRYPT);
        if !directory.starts_with("https://") {
            return Err("acme-directory is no https:// URL".to_owned());
        }
        Ok(Some(AcmeConfig {
            domains: domains.clone(),
            email: of_all.acme_email.clone(),
            directory: directory.to_owned(),
            extra_roots: of_all.acme_roots.clone(),
            folder: AcmeConfig::folder_in(data),
            name: self.id.clone(),
        }))
    }

    fn clients(&self) -> Result<Option<ClientCertificates>, String> {
        match (&self.tls_client_ca, self.tls_client_certificates) {
            (Some(authorities), mode) => Ok(Some(ClientCertificates {
                authorities: authorities.clone(),
                is_required: mode != Some(ClientCertificatesMode::Optional),
            })),
            (None, Some(_)) => Err("tls-client-certificates needs tls-client-ca".to_owned()),
            (None, None) => Ok(None),
        }
    }

    fn proxy(&self) -> Result<Option<ProxyProtocol>, String> {
        match &self.proxy_from {
            Some(ranges) if ranges.0.is_empty() => {
                Err("proxy-from has no address: nobody could connect".to_owned())
            }
            Some(ranges) => Ok(Some(ProxyProtocol {
                trusted: ranges.0.clone(),
                has_endpoint_id: self.endpoint_from_header,
            })),
            None if self.endpoint_from_header => {
                Err("endpoint-from-header needs proxy-from beside it".to_owned())
            }
            None => Ok(None),
        }
    }

    fn endpoints(&self) -> Result<Vec<Arc<PrivateEndpoint>>, String> {
        if self.endpoint.len() > 1 && !self.endpoint_from_header {
            let text = "which of several endpoints a connection is through only a balancer can \
                        say: endpoint-from-header";
            return Err(text.to_owned());
        }
        let mut ids = BTreeSet::new();
        let endpoints = self.endpoint.iter().map(|endpoint| {
            if !ids.insert(&endpoint.id) {
                return Err(format!("the endpoint {} is there twice", endpoint.id));
            }
            endpoint.resolve().map(Arc::new)
        });
        endpoints.collect()
    }
}

impl EndpointSettings {
    fn resolve(&self) -> Result<PrivateEndpoint, String> {
        let Self { id, vpc, policy } = self;
        if !is_id_of("vpce-", id) {
            return Err(format!("{id:?} is no id of an endpoint, such as vpce-0123456789abcdef0"));
        }
        if let Some(vpc) = vpc.as_ref().filter(|vpc| !is_id_of("vpc-", vpc)) {
            return Err(format!("{vpc:?} is no id of a network, such as vpc-0123456789abcdef0"));
        }
        let policy = policy.as_deref().map(read_policy).transpose()?;
        Ok(PrivateEndpoint { id: id.clone(), network: vpc.clone(), policy })
    }
}

fn read_policy(file: &Path) -> Result<PolicyDocument, String> {
    let named =
        |problem: &dyn Display| format!("the endpoint policy {}: {problem}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    let characters = text.chars().count();
    if characters > ENDPOINT_POLICY_CHARACTERS_MAX {
        let max = ENDPOINT_POLICY_CHARACTERS_MAX;
        return Err(named(&format!("it has {characters} characters; {max} are the most")));
    }
    PolicyDocument::parse(&text, Kind::Endpoint).map_err(|fault| named(&fault))
}

/// Whether it is a prefix and letters and digits after it.
fn is_id_of(prefix: &str, id: &str) -> bool {
    let rest = id.strip_prefix(prefix).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&rest.len()) && rest.bytes().all(is_plain)
}

fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
}

fn wrong(problem: &str) -> SettingsError {
    SettingsError::Value { key: "listener", problem: problem.to_owned() }
}

fn of(id: &str, problem: impl Display) -> SettingsError {
    SettingsError::Value { key: "listener", problem: format!("{id}: {problem}") }
}

#[cfg(test)]
#[path = "listeners_tests.rs"]
mod tests;
