//! Which service has the keys, and who asks it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tidings_core::names::Region;
use tidings_couriers::{ServiceCredentials, ServiceEndpoint};

/// A service that speaks the API of KMS and has the keys of queues and topics.
#[derive(Clone, Debug)]
pub struct ExternalKmsConfig {
    /// Where it is.
    pub endpoint: KmsEndpoint,
    /// The region that requests are signed for.
    pub region: Region,
    /// Who asks it.
    pub credentials: ServiceCredentials,
    /// PEM file with authorities that its certificate may be from, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long it may take to connect and to answer, together.
    pub timeout: Duration,
}

/// How long the service may take unless somebody says otherwise.
pub const KMS_TIMEOUT: Duration = Duration::from_secs(5);

/// The service's URL: `https://` and a host, or `http://` and a host that is this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KmsEndpoint(pub(super) ServiceEndpoint);

impl FromStr for KmsEndpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "an endpoint is https:// and a host, without a path, such as \
                       https://kms.eu-west-1.amazonaws.com";
        let endpoint: ServiceEndpoint = text.parse().map_err(|_| refused)?;
        if !endpoint.is_encrypted() && !is_this_machine(endpoint.host()) {
            return Err(
                "over http:// whoever listens on the network gets every data key: that is only for \
                 a service on this machine. Use https://",
            );
        }
        Ok(Self(endpoint))
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

impl fmt::Display for KmsEndpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_or_on_this_machine() {
        for (text, host) in [
            ("https://kms.eu-west-1.amazonaws.com", "kms.eu-west-1.amazonaws.com"),
            ("https://10.0.0.5:8443/", "10.0.0.5:8443"),
            ("http://localhost:4566", "localhost:4566"),
            ("http://127.0.0.1:4566", "127.0.0.1:4566"),
            ("http://[::1]:4566", "[::1]:4566"),
        ] {
            let endpoint = text.parse::<KmsEndpoint>().unwrap();
            assert!(endpoint.to_string().ends_with(host), "{text}");
            assert_eq!(endpoint.to_string(), text.trim_end_matches('/'));
        }
        for text in [
            "",
            "kms.example.com",
            "ftp://kms.example.com",
            "https://",
            "https://kms.example.com/path",
            "https://kms.example.com/?x",
            "https://user:secret@kms.example.com",
            "http://kms.example.com",
            "http://10.0.0.5:4566",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
        ] {
            assert!(text.parse::<KmsEndpoint>().is_err(), "{text}");
        }
    }
}
