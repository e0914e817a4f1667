//! Values that are more than a number or a text, read alike from a flag, the environment and the
//! file.

use std::net::IpAddr;
use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;
use tidings_core::names::{AccountId, Region};
use tidings_couriers::{AddressRanges, BadRange};
use tidings_server::AuditLevel;
use tidings_server::{KmsEndpoint, ListenAddress};
use tracing::level_filters::LevelFilter;

/// An account's twelve digits.
#[derive(Deserialize, Copy, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Account(pub(crate) AccountId);

/// A region's name.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct RegionName(pub(crate) Region);

/// What queue URLs begin with: scheme, host and perhaps a path, without a slash at the end.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl(pub(crate) String);

/// Where a service is that has keys.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct KmsUrl(pub(crate) KmsEndpoint);

/// Ranges of addresses, with commas between.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Ranges(pub(crate) AddressRanges);

/// Whether signatures and permissions are checked.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Auth {
    /// They are
    On,
    /// They are not: any credentials do
    Off,
}

/// Where TLS gets its certificate from, if nothing names one.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsMode {
    /// There is none: plain HTTP
    Off,
    /// From a local authority that the server makes: for development
    Dev,
}

/// Whether clients show certificates.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientCertificatesMode {
    /// Who shows none is turned away
    Required,
    /// Who shows none is let in
    Optional,
}

/// Where to listen: `HOST:PORT`, or `unix:` and a path.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Address(pub(crate) ListenAddress);

/// Permissions of a file, in octal.
#[derive(Deserialize, Copy, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Mode(pub(crate) u32);

/// Names of hosts, with commas between.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Names(pub(crate) Vec<String>);

/// Names of regions, with commas between.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct RegionNames(pub(crate) Vec<Region>);

/// What the audit log has.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AuditLevelName {
    /// What was refused
    Denied,
    /// Also what changes queues, topics, principals or keys
    Changes,
    /// Everything, each message too
    All,
}

impl AuditLevelName {
    pub(crate) fn level(self) -> AuditLevel {
        match self {
            Self::Denied => AuditLevel::Denied,
            Self::Changes => AuditLevel::Changes,
            Self::All => AuditLevel::All,
        }
    }
}

/// The least important kind of line that is logged.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogLevel {
    /// Faults of ours
    Error,
    /// What somebody should look after
    Warn,
    /// Starts, stops and what was found at the start
    Info,
    /// Every request
    Debug,
}

impl LogLevel {
    pub(crate) fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

impl FromStr for Account {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        AccountId::parse(text).map(Self).ok_or("an account is twelve digits")
    }
}

impl FromStr for RegionName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let region = Region::parse(text).map(Self);
        region.ok_or("a region is 1 to 64 lower-case letters, digits and hyphens")
    }
}

impl FromStr for RegionNames {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split(',').map(|name| name.trim().parse::<RegionName>());
        names.map(|name| name.map(|RegionName(region)| region)).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let is_plain = |host: &str| {
            !host.starts_with('/')
                && host.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"<>".contains(&b))
        };
        match host.map(|host| host.trim_end_matches('/')) {
            Some(host) if !host.is_empty() && is_plain(host) => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err("a public URL is http:// or https:// and a host"),
        }
    }
}

impl PublicUrl {
    /// The host, without its port.
    pub(crate) fn host(&self) -> &str {
        let host = self.0.split_once("://").map_or(self.0.as_str(), |(_, host)| host);
        let host = host.split_once('/').map_or(host, |(host, _)| host);
        match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((address, _)) => address,
            None => host.split_once(':').map_or(host, |(host, _)| host),
        }
    }
}

impl FromStr for KmsUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
        mode.map(Self).ok_or("permissions are octal digits such as 0660")
    }
}

impl FromStr for Names {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |name: &str| {
            let is_host_name = (1..=253).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.*".contains(&b));
            is_host_name || name.parse::<IpAddr>().is_ok()
        };
        let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let all = names.iter().all(|name| is_name(name));
        all.then_some(Self(names))
            .ok_or("names are those of hosts, or addresses, with commas between")
    }
}

impl FromStr for Ranges {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

macro_rules! read_from_the_file_as_from_a_flag {
    ($($value:ident)*) => {$(
        impl TryFrom<String> for $value {
            type Error = <$value as FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    )*};
}

pub(super) use read_from_the_file_as_from_a_flag;

read_from_the_file_as_from_a_flag! { Account RegionName RegionNames PublicUrl Ranges Address Mode Names
KmsUrl }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_have_a_scheme_and_a_host() {
        for (text, expected) in [
            ("https://sqs.example.com", Some("https://sqs.example.com")),
            ("http://localhost:4566/", Some("http://localhost:4566")),
            ("https://example.com/tidings/", Some("https://example.com/tidings")),
            ("sqs.example.com", None),
            ("ftp://example.com", None),
            ("https://", None),
            ("https:///orders", None),
            ("https://exa mple.com", None),
            ("https://example.com?x", None),
            ("", None),
        ] {
            let url = text.parse::<PublicUrl>().ok();
            assert_eq!(url.as_ref().map(|url| url.0.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn the_host_of_a_public_url_is_without_its_port() {
        for (url, host) in [
            ("https://sqs.example.com", "sqs.example.com"),
            ("https://sqs.example.com:8443/tidings", "sqs.example.com"),
            ("http://10.0.0.1:4566", "10.0.0.1"),
            ("http://[fd00::1]:4566", "fd00::1"),
        ] {
            assert_eq!(url.parse::<PublicUrl>().unwrap().host(), host);
        }
    }

    #[test]
    fn permissions_and_names_are_checked() {
        for (text, mode) in
            [("0660", Some(0o660)), ("600", Some(0o600)), ("1777", None), ("rw", None), ("", None)]
        {
            assert_eq!(text.parse::<Mode>().ok().map(|mode| mode.0), mode, "{text}");
        }
        let names = "sqs.example.com, *.example.org,10.0.0.1,fd00::1".parse::<Names>().unwrap().0;
        assert_eq!(names, ["sqs.example.com", "*.example.org", "10.0.0.1", "fd00::1"]);
        for bad in ["", "a b", "a,,b", "https://a"] {
            assert!(bad.parse::<Names>().is_err(), "{bad}");
        }
    }
}
