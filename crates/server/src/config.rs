//! What a server is told when it starts. Where the values come from (flags, environment, a file)
//! is the binary's business; `docs/configuration.md` lists them for people.

use std::num::NonZeroUsize;
use std::time::Duration;

use tidings_core::names::{AccountId, Region};

use crate::listener::ListenerConfig;
use crate::sms::SmsTerms;
use crate::throttle::Quota;

/// Everything that a [`Server`](crate::Server) needs to know beside its broker.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients come in. The first one is the server's own idea of where it is.
    pub listeners: Vec<ListenerConfig>,
    /// The account of callers whose access key id is not an account number itself.
    pub account: AccountId,
    /// The region of requests that carry no credential scope.
    pub region: Region,
    /// What queue URLs begin with, such as `https://sqs.example.com`, without a slash at the end,
    /// unless the listener has its own. `None`: the listener's scheme and the host that the client
    /// used.
    pub public_url: Option<String>,
    /// What one client, or all together, may use.
    pub limits: Limits,
    /// On which terms accounts send text messages.
    pub sms: SmsTerms,
    /// How long a shutdown waits for the requests that are under way.
    pub shutdown_timeout: Duration,
}

/// Bounds on what clients may use. Together they bound the server's memory.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once. One more is answered 503, which the SDKs retry on.
    pub connections_max: usize,
    /// Connections open at once from one address, as a trusted balancer tells it; an IPv6 address
    /// counts as its network of 64 bits. `None`: as many as [`Limits::connections_max`].
    pub connections_per_address_max: Option<NonZeroUsize>,
    /// Requests under way at once on one connection, if it speaks HTTP/2. All such connections
    /// together have as many as there may be connections; one more is answered 503.
    pub http2_streams_max: u32,
    /// Bytes in a request's first line and headers together; more is answered 431. At least
    /// [`HEADER_BYTES_LEAST`].
    pub header_bytes_max: usize,
    /// Bytes in a request's body; more is answered 413. A batch of 1 MiB escaped as JSON takes up
    /// to 6 MiB.
    pub body_bytes_max: u32,
    /// Bytes in the bodies of all the requests that are under way. A request's share grows with
    /// what has come of its body, and waits for others to be answered. One body at a time may go
    /// beyond it. At least [`Limits::body_bytes_max`].
    pub bodies_bytes_max: u32,
    /// How long a connection may take to say where it comes from (PROXY protocol) and to agree on
    /// TLS.
    pub handshake_timeout: Duration,
    /// How long a connection may take to send its next request, headers included. Longer than the
    /// SDKs keep idle connections (Go: 90 s), so that a client rarely sends into a closed one.
    pub idle_timeout: Duration,
    /// How long a request may take to get its share of memory and to send its body. One that has
    /// sent 64 KiB has to send as much again every 10 seconds.
    pub body_timeout: Duration,
    /// How long a client may leave an answer unread.
    pub write_timeout: Duration,
    /// What one principal may ask; an anonymous caller counts by its address.
    pub principal: Quota,
}

/// The least that [`Limits::header_bytes_max`] can be: what hyper reads at once.
pub const HEADER_BYTES_LEAST: usize = 8192;

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_address_max: None,
            http2_streams_max: 100,
            header_bytes_max: 64 << 10,
            body_bytes_max: 8 << 20,
            bodies_bytes_max: 256 << 20,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            body_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            principal: Quota::default(),
        }
    }
}

/// How long a shutdown waits unless configured otherwise: less than the 30 s after which
/// orchestrators kill.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);
