//! Values that are more than a number or a text, read alike from a flag, the environment and the
//! file.

use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;
use tidings_core::names::{AccountId, Region};
use tidings_couriers::{AddressRanges, BadRange};
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

read_from_the_file_as_from_a_flag! { Account RegionName PublicUrl Ranges }

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
}
