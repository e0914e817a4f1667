//! What is configured for a listener.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use tidings_access::PolicyDocument;
use tidings_couriers::AddressRanges;

use crate::tls::TlsConfig;

/// The id of the listener that is there without any being configured.
pub const DEFAULT_LISTENER: &str = "default";

/// Who may open a Unix socket unless configured otherwise: its owner and the group.
pub const SOCKET_MODE: u32 = 0o660;

/// Characters in an endpoint policy, white space included, as AWS has it.
pub const ENDPOINT_POLICY_CHARACTERS_MAX: usize = 20_480;

/// One way in.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// What it is called, in the log and in what is built on it. Unique.
    pub id: String,
    /// Where it listens.
    pub address: ListenAddress,
    /// What queue URLs given out here begin with, without a slash at the end. `None`:
    /// [`Config::public_url`](crate::Config::public_url), or the host that the client used.
    pub public_url: Option<String>,
    /// How it proves who it is. `None`: it speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Whom it believes about where a connection comes from. `None`: every connection comes from
    /// its client.
    pub proxy: Option<ProxyProtocol>,
    /// The private endpoints that lead here. Without [`ProxyProtocol::has_endpoint_id`] one at most,
    /// which every connection is then through.
    pub endpoints: Vec<Arc<PrivateEndpoint>>,
}

impl ListenerConfig {
    /// A plain listener and nothing else.
    pub fn plain(address: ListenAddress) -> Self {
        Self {
            id: DEFAULT_LISTENER.to_owned(),
            address,
            public_url: None,
            tls: None,
            proxy: None,
            endpoints: Vec::new(),
        }
    }

    /// Whether only this machine can connect, as far as the configuration shows: not through a
    /// balancer either.
    pub fn is_local(&self) -> bool {
        self.address.is_local() && self.proxy.is_none()
    }
}

/// Where a listener is to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListenAddress {
    /// `HOST:PORT`. Port 0 takes any free port; see [`Server::local_addrs`](crate::Server).
    Tcp(String),
    /// `unix:/path`. The file is made; one that is left over from a server that has ended is
    /// replaced.
    Unix {
        /// The socket's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl ListenAddress {
    /// Whether only this machine can connect, as far as the address shows: a loopback address, or a
    /// Unix socket.
    pub fn is_local(&self) -> bool {
        let Self::Tcp(address) = self else { return true };
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

/// `unix:` and a path, or else a host and a port.
impl FromStr for ListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some("") => Err("a Unix socket is unix: and the path of its file"),
            Some(path) => Ok(Self::Unix { path: path.into(), mode: SOCKET_MODE }),
            None => Ok(Self::Tcp(text.to_owned())),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => formatter.write_str(address),
            Self::Unix { path, .. } => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// Balancers in front of a listener that announce each connection's client by PROXY protocol,
/// version 2. A connection from elsewhere, or without the header, is closed.
#[derive(Clone, Debug)]
pub struct ProxyProtocol {
    /// The balancers' addresses.
    pub trusted: AddressRanges,
    /// Whether the header also says which of [`ListenerConfig::endpoints`] the connection is through
    /// (type 0xEA, as AWS has it). One that is unknown is closed; a connection whose header names
    /// none is through none. Otherwise what the header says of it is passed over.
    pub has_endpoint_id: bool,
}

/// A private (interface) endpoint: requests through it have `aws:SourceVpce` and `aws:VpcSourceIp`,
/// and no `aws:SourceIp`.
#[derive(Clone, Debug)]
pub struct PrivateEndpoint {
    /// `vpce-…`.
    pub id: String,
    /// The network that it is in, `vpc-…`.
    pub network: Option<String>,
    /// What may be done through it, beside what the other policies say. `None`: everything.
    pub policy: Option<PolicyDocument>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_port_or_a_path() {
        let unix = ListenAddress::Unix { path: "/run/t.sock".into(), mode: 0o660 };
        for (text, address, is_local) in [
            ("unix:/run/t.sock", Some(unix), true),
            ("127.0.0.1:1", Some(ListenAddress::Tcp("127.0.0.1:1".into())), true),
            ("localhost:1", Some(ListenAddress::Tcp("localhost:1".into())), true),
            ("[::1]:1", Some(ListenAddress::Tcp("[::1]:1".into())), true),
            ("[::ffff:127.0.0.1]:1", Some(ListenAddress::Tcp("[::ffff:127.0.0.1]:1".into())), true),
            ("0.0.0.0:1", Some(ListenAddress::Tcp("0.0.0.0:1".into())), false),
            ("sqs.example.com:1", Some(ListenAddress::Tcp("sqs.example.com:1".into())), false),
            ("unix:", None, false),
        ] {
            let parsed = text.parse::<ListenAddress>().ok();
            assert_eq!(parsed, address, "{text}");
            if let Some(parsed) = parsed {
                assert_eq!(parsed.is_local(), is_local, "{text}");
                assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
