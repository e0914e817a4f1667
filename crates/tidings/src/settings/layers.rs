//! Every setting, defined once: as a flag, a variable of the environment and a key of the file.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::email::EmailSettings;
use super::functions::FunctionSettings;
use super::listeners::ListenerSettings;
use super::push::PushSettings;
use super::sms::SmsSettings;
use super::values::{
    Account, Address, AuditLevelName, Auth, ClientCertificatesMode, KmsUrl, LogLevel, Names,
    PublicUrl, Ranges, RegionName, RegionNames, TlsMode,
};

/// What `tidings serve` can be told on its command line.
#[derive(Args, Debug, Default)]
pub(crate) struct Arguments {
    /// A TOML file with settings; see docs/configuration.md
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// One layer of settings: what the command line and the environment say (clap puts these two
/// together), or what the file says. What a layer is silent about is `None`.
#[derive(Args, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address to listen on, or unix: and the path of a socket; port 0 takes any free port [default:
    /// 127.0.0.1:4566]
    #[arg(long, value_name = "HOST:PORT", env = "TIDINGS_LISTEN")]
    pub(crate) listen: Option<Address>,
    /// `dev` speaks TLS with a certificate of a local authority that the server makes and keeps in
    /// the data folder [default: off]
    #[arg(long, env = "TIDINGS_TLS")]
    pub(crate) tls: Option<TlsMode>,
    /// PEM file with the certificate to speak TLS with, and those that it rests on
    #[arg(long, value_name = "FILE", env = "TIDINGS_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// PEM file with the private key of that certificate
    #[arg(long, value_name = "FILE", env = "TIDINGS_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// PEM file with the authorities that vouch for clients [default: clients are not asked for
    /// certificates]
    #[arg(long, value_name = "FILE", env = "TIDINGS_TLS_CLIENT_CA")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a client may show no certificate, where clients are asked for one [default: required]
    #[arg(long, env = "TIDINGS_TLS_CLIENT_CERTIFICATES")]
    pub(crate) tls_client_certificates: Option<ClientCertificatesMode>,
    /// Names, beside localhost and the machine's, that the certificate of `tls = dev` is for, with
    /// commas between [default: none]
    #[arg(long, value_name = "NAMES", env = "TIDINGS_TLS_NAMES")]
    pub(crate) tls_names: Option<Names>,
    /// Names of hosts, with commas between, that an authority is asked to certify by ACME. Who sets
    /// this agrees to the authority's terms of service [default: none]
    #[arg(long, value_name = "NAMES", env = "TIDINGS_ACME_DOMAINS")]
    pub(crate) acme_domains: Option<Names>,
    /// Where the authority can write to [default: none]
    #[arg(long, value_name = "ADDRESS", env = "TIDINGS_ACME_EMAIL")]
    pub(crate) acme_email: Option<String>,
    #[allow(rustdoc::bare_urls, reason = "the help shows it as it is")]
    /// Directory of the authority [default: https://acme-v02.api.letsencrypt.org/directory]
    #[arg(long, value_name = "URL", env = "TIDINGS_ACME_DIRECTORY")]
    pub(crate) acme_directory: Option<String>,
    /// PEM file with authorities that the directory's own certificate may be from, beside the public
    /// ones [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_ACME_ROOTS")]
    pub(crate) acme_roots: Option<PathBuf>,
    /// Ways in, in place of the one that `listen` and `tls` make. Only in the file.
    #[arg(skip)]
    pub(crate) listener: Option<Vec<ListenerSettings>>,
    /// Folder that everything is kept in; created if it is missing [default: ./tidings-data]
    #[arg(long, value_name = "FOLDER", env = "TIDINGS_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// File with the key that seals all that is kept, for this user only to read; the key itself can be
    /// in the environment as TIDINGS_MASTER_KEY [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Command that prints that key; run without a shell [default: none]
    #[arg(long, value_name = "COMMAND", env = "TIDINGS_MASTER_KEY_COMMAND")]
    pub(crate) master_key_command: Option<String>,
    /// A service that speaks the API of KMS and has the keys of queues and topics; its credentials are
    /// in the environment as TIDINGS_KMS_ACCESS_KEY_ID, TIDINGS_KMS_SECRET_ACCESS_KEY and
    /// TIDINGS_KMS_SESSION_TOKEN, or in a file [default: this server has them]
    #[arg(long, value_name = "URL", env = "TIDINGS_KMS_ENDPOINT")]
    pub(crate) kms_endpoint: Option<KmsUrl>,
    /// Region that requests to that service are signed for [default: the server's]
    #[arg(long, env = "TIDINGS_KMS_REGION")]
    pub(crate) kms_region: Option<RegionName>,
    /// File with credentials for that service, as the AWS tools write them, for this user only to read
    /// [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_KMS_CREDENTIALS_FILE")]
    pub(crate) kms_credentials_file: Option<PathBuf>,
    /// PEM file with authorities that the service's certificate may be from, beside the public ones
    /// [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_KMS_ROOTS")]
    pub(crate) kms_roots: Option<PathBuf>,
    /// Region of requests that are not signed for one [default: us-east-1]
    #[arg(long, env = "TIDINGS_REGION")]
    pub(crate) region: Option<RegionName>,
    /// Regions that requests may be signed for, with commas between [default: any]
    #[arg(long, value_name = "REGIONS", env = "TIDINGS_REGIONS")]
    pub(crate) regions: Option<RegionNames>,
    /// Account that the first access key is for, and that requests without one belong to [default:
    /// 000000000000]
    #[arg(long, env = "TIDINGS_ACCOUNT")]
    pub(crate) account: Option<Account>,
    /// Whether signatures and permissions are checked [default: on]
    #[arg(long, env = "TIDINGS_AUTH")]
    pub(crate) auth: Option<Auth>,
    /// Lets a server with `auth = off` listen where others than this machine can reach it [default:
    /// false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", env = "TIDINGS_INSECURE")]
    pub(crate) insecure: Option<bool>,
    /// File to which is written who asked for what, and whether it was allowed and why, as lines of
    /// JSON [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_AUDIT_LOG")]
    pub(crate) audit_log: Option<PathBuf>,
    /// What is written there [default: changes]
    #[arg(long, env = "TIDINGS_AUDIT_LEVEL")]
    pub(crate) audit_level: Option<AuditLevelName>,
    /// What queue URLs begin with [default: http:// or https:// and the host that the client used]
    #[arg(long, value_name = "URL", env = "TIDINGS_PUBLIC_URL")]
    pub(crate) public_url: Option<PublicUrl>,
    /// How long the name of a deleted queue cannot be used again [default: 60]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_QUEUE_DELETE_COOLDOWN_SECONDS")]
    pub(crate) queue_delete_cooldown_seconds: Option<u32>,
    /// How long after a purge the queue cannot be purged again [default: 60]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_PURGE_COOLDOWN_SECONDS")]
    pub(crate) purge_cooldown_seconds: Option<u32>,
    /// Addresses of HTTP endpoints that are delivered to although they are not public, as ranges such
    /// as 10.0.0.0/8 with commas between [default: the machine itself while only it can connect]
    #[arg(long, value_name = "RANGES", env = "TIDINGS_ENDPOINT_ALLOW")]
    pub(crate) endpoint_allow: Option<Ranges>,
    /// Addresses of HTTP endpoints that are never delivered to [default: none]
    #[arg(long, value_name = "RANGES", env = "TIDINGS_ENDPOINT_DENY")]
    pub(crate) endpoint_deny: Option<Ranges>,
    /// PEM file with authorities that HTTPS endpoints may have certificates of, beside the public
    /// ones [default: none]
    #[arg(long, value_name = "FILE", env = "TIDINGS_ENDPOINT_ROOTS")]
    pub(crate) endpoint_roots: Option<PathBuf>,
    /// How mail is sent: the table `[email]` of the file.
    #[command(flatten)]
    #[serde(default)]
    pub(crate) email: EmailSettings,
    /// Where push services are: the table `[push]` of the file.
    #[command(flatten)]
    #[serde(default)]
    pub(crate) push: PushSettings,
    /// How text messages are sent: the table `[sms]` of the file.
    #[command(flatten)]
    #[serde(default)]
    pub(crate) sms: SmsSettings,
    /// Functions: the table `[functions]` of the file.
    #[command(flatten)]
    #[serde(default)]
    pub(crate) functions: FunctionSettings,
    /// PEM file with the private key that messages of topics are signed with [default: one that the
    /// server makes and keeps in the data folder]
    #[arg(long, value_name = "FILE", env = "TIDINGS_SIGNING_KEY")]
    pub(crate) signing_key: Option<PathBuf>,
    /// PEM file with the certificate of the signing key
    #[arg(long, value_name = "FILE", env = "TIDINGS_SIGNING_CERTIFICATE")]
    pub(crate) signing_certificate: Option<PathBuf>,
    /// Filter policies that the subscriptions of one topic may have [default: 200]
    #[arg(long, value_name = "N", env = "TIDINGS_FILTER_POLICIES_PER_TOPIC")]
    pub(crate) filter_policies_per_topic: Option<u32>,
    /// Filter policies that the subscriptions of one account may have [default: 10000]
    #[arg(long, value_name = "N", env = "TIDINGS_FILTER_POLICIES_PER_ACCOUNT")]
    pub(crate) filter_policies_per_account: Option<u32>,
    /// Connections open at once; one more is answered 503 [default: 10000]
    #[arg(long, value_name = "N", env = "TIDINGS_CONNECTIONS_MAX")]
    pub(crate) connections_max: Option<NonZeroU32>,
    /// Connections open at once from one address; one more is closed [default: as many as all together]
    #[arg(long, value_name = "N", env = "TIDINGS_CONNECTIONS_PER_ADDRESS_MAX")]
    pub(crate) connections_per_address_max: Option<NonZeroU32>,
    /// Requests under way at once on one HTTP/2 connection [default: 100]
    #[arg(long, value_name = "N", env = "TIDINGS_HTTP2_STREAMS_MAX")]
    pub(crate) http2_streams_max: Option<NonZeroU32>,
    /// Bytes in a request's first line and headers [default: 65536]
    #[arg(long, value_name = "BYTES", env = "TIDINGS_HEADER_BYTES_MAX")]
    pub(crate) header_bytes_max: Option<u32>,
    /// Bytes in a request's body [default: 8388608]
    #[arg(long, value_name = "BYTES", env = "TIDINGS_BODY_BYTES_MAX")]
    pub(crate) body_bytes_max: Option<NonZeroU32>,
    /// Bytes in the bodies of all requests under way [default: 268435456]
    #[arg(long, value_name = "BYTES", env = "TIDINGS_BODIES_BYTES_MAX")]
    pub(crate) bodies_bytes_max: Option<NonZeroU32>,
    /// How long a connection may take to agree on TLS, and to send its PROXY header [default: 10]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_HANDSHAKE_TIMEOUT_SECONDS")]
    pub(crate) handshake_timeout_seconds: Option<NonZeroU32>,
    /// How long a connection may take until its next request is there [default: 120]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_IDLE_TIMEOUT_SECONDS")]
    pub(crate) idle_timeout_seconds: Option<NonZeroU32>,
    /// How long a request's body may take to arrive [default: 60]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_BODY_TIMEOUT_SECONDS")]
    pub(crate) body_timeout_seconds: Option<NonZeroU32>,
    /// Requests a second of one principal; more is answered by the errors that clients slow down at
    /// [default: any number]
    #[arg(long, value_name = "N", env = "TIDINGS_PRINCIPAL_REQUESTS_PER_SECOND_MAX")]
    pub(crate) principal_requests_per_second_max: Option<NonZeroU32>,
    /// Requests of one principal that are under way at once, waiting receives included [default: any
    /// number]
    #[arg(long, value_name = "N", env = "TIDINGS_PRINCIPAL_REQUESTS_MAX")]
    pub(crate) principal_requests_max: Option<NonZeroU32>,
    /// How long a client may leave an answer unread [default: 30]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_WRITE_TIMEOUT_SECONDS")]
    pub(crate) write_timeout_seconds: Option<NonZeroU32>,
    /// How long a shutdown waits for requests under way [default: 25]
    #[arg(long, value_name = "SECONDS", env = "TIDINGS_SHUTDOWN_TIMEOUT_SECONDS")]
    pub(crate) shutdown_timeout_seconds: Option<u32>,
    /// What is logged, to standard error [default: info]
    #[arg(long, env = "TIDINGS_LOG_LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
}

impl Settings {
    /// This layer, with `below` showing through where it is silent.
    pub(crate) fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            tls: self.tls.or(below.tls),
            tls_certificate: self.tls_certificate.or(below.tls_certificate),
            tls_key: self.tls_key.or(below.tls_key),
            tls_client_ca: self.tls_client_ca.or(below.tls_client_ca),
            tls_client_certificates: self.tls_client_certificates.or(below.tls_client_certificates),
            tls_names: self.tls_names.or(below.tls_names),
            acme_domains: self.acme_domains.or(below.acme_domains),
            acme_email: self.acme_email.or(below.acme_email),
            acme_directory: self.acme_directory.or(below.acme_directory),
            acme_roots: self.acme_roots.or(below.acme_roots),
            listener: self.listener.or(below.listener),
            data: self.data.or(below.data),
            master_key_file: self.master_key_file.or(below.master_key_file),
            master_key_command: self.master_key_command.or(below.master_key_command),
            kms_endpoint: self.kms_endpoint.or(below.kms_endpoint),
            kms_region: self.kms_region.or(below.kms_region),
            kms_credentials_file: self.kms_credentials_file.or(below.kms_credentials_file),
            kms_roots: self.kms_roots.or(below.kms_roots),
            region: self.region.or(below.region),
            regions: self.regions.or(below.regions),
            account: self.account.or(below.account),
            auth: self.auth.or(below.auth),
            insecure: self.insecure.or(below.insecure),
            audit_log: self.audit_log.or(below.audit_log),
            audit_level: self.audit_level.or(below.audit_level),
            public_url: self.public_url.or(below.public_url),
            queue_delete_cooldown_seconds: self
                .queue_delete_cooldown_seconds
                .or(below.queue_delete_cooldown_seconds),
            purge_cooldown_seconds: self.purge_cooldown_seconds.or(below.purge_cooldown_seconds),
            endpoint_allow: self.endpoint_allow.or(below.endpoint_allow),
            endpoint_deny: self.endpoint_deny.or(below.endpoint_deny),
            endpoint_roots: self.endpoint_roots.or(below.endpoint_roots),
            email: self.email.over(below.email),
            push: self.push.over(below.push),
            sms: self.sms.over(below.sms),
            functions: self.functions.over(below.functions),
            signing_key: self.signing_key.or(below.signing_key),
            signing_certificate: self.signing_certificate.or(below.signing_certificate),
            filter_policies_per_topic: self
                .filter_policies_per_topic
                .or(below.filter_policies_per_topic),
            filter_policies_per_account: self
                .filter_policies_per_account
                .or(below.filter_policies_per_account),
            connections_max: self.connections_max.or(below.connections_max),
            connections_per_address_max: self
                .connections_per_address_max
                .or(below.connections_per_address_max),
            http2_streams_max: self.http2_streams_max.or(below.http2_streams_max),
            header_bytes_max: self.header_bytes_max.or(below.header_bytes_max),
            body_bytes_max: self.body_bytes_max.or(below.body_bytes_max),
            bodies_bytes_max: self.bodies_bytes_max.or(below.bodies_bytes_max),
            handshake_timeout_seconds: self
                .handshake_timeout_seconds
                .or(below.handshake_timeout_seconds),
            idle_timeout_seconds: self.idle_timeout_seconds.or(below.idle_timeout_seconds),
            body_timeout_seconds: self.body_timeout_seconds.or(below.body_timeout_seconds),
            principal_requests_per_second_max: self
                .principal_requests_per_second_max
                .or(below.principal_requests_per_second_max),
            principal_requests_max: self.principal_requests_max.or(below.principal_requests_max),
            write_timeout_seconds: self.write_timeout_seconds.or(below.write_timeout_seconds),
            shutdown_timeout_seconds: self
                .shutdown_timeout_seconds
                .or(below.shutdown_timeout_seconds),
            log_level: self.log_level.or(below.log_level),
        }
    }
}
