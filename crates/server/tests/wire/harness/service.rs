//! A server in this process, over a folder of its own, whose clock stands still until it is moved.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidings_access::{Kind, PolicyDocument};
use tidings_broker::{Broker, Clock, Entropy, Options};
use tidings_core::names::{AccountId, Region};
use tidings_core::shard::Settings;
use tidings_core::time::Timestamp;
use tidings_couriers::signing::Signer;
use tidings_couriers::{CourierConfig, Couriers, ServiceCredentials};
use tidings_functions::HostConfig;
use tidings_server::{
    AuditLevel, AuditLog, Auth, Config, ExternalKms, ExternalKmsConfig, Identities, KMS_TIMEOUT,
    KeyService, Kms, Lambda, Limits, ListenAddress, ListenerConfig, MobilePush, Outbound,
    PrivateEndpoint, SHUTDOWN_TIMEOUT, Server, SmsTerms,
};
use tidings_sigv4::SecretKey;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::kms::KmsClient;
use super::lambda::LambdaClient;
use super::signing::Credentials;
use super::sns::Sns;
use super::sqs::{ACCOUNT, Protocol, Sqs};
use crate::support::{Client, within};

/// When every test begins: 2027-01-15T08:00:00Z.
pub const START_MS: u64 = 1_800_000_000_000;

pub const REGION: &str = "us-east-1";

const AUDIT_LOG: &str = "audit.jsonl";

/// A running server.
pub struct Service {
    pub addr: SocketAddr,
    pub clock: Clock,
    pub broker: Broker,
    /// Goes on across restarts: no id comes twice.
    entropy: Entropy,
    couriers: CourierConfig,
    setting: Setting,
    /// The root user's access key, if this server made it.
    pub root: Option<Credentials>,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// What a server is told, as far as tests differ in it.
#[derive(Clone, Default)]
pub struct Setting {
    /// The regions served, if the server authenticates.
    pub regions: Option<Vec<Region>>,
    pub limits: Limits,
    /// The policy of the private endpoint that everybody comes through, if they do.
    pub endpoint_policy: Option<String>,
    /// The service that has the keys, if the server does not.
    pub keys: Option<ExternalKmsConfig>,
    /// On which terms text messages are sent.
    pub sms: SmsTerms,
    /// Whether it runs functions.
    pub functions: bool,
}

impl Service {
    pub async fn start() -> Self {
        Self::delivering_by(CourierConfig::default()).await
    }

    /// A server that authenticates and asks policies, for these regions; for any if there are none.
    pub async fn authenticating(regions: &[&str]) -> Self {
        let regions = regions.iter().map(|name| Region::parse(name).unwrap()).collect();
        Self::set(Setting { regions: Some(regions), ..Setting::default() }).await
    }

    /// Where its data lies.
    pub fn data_folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A server whose keys are kept by another one, as whose root user it asks.
    pub async fn with_keys_of(keeper: &Service) -> Self {
        let keys = Some(keeper.as_key_service());
        Self::set(Setting { keys, ..Setting::default() }).await
    }

    /// How other servers ask this one for keys.
    pub fn as_key_service(&self) -> ExternalKmsConfig {
        let root = self.root.as_ref().unwrap();
        ExternalKmsConfig {
            endpoint: format!("http://{}", self.addr).parse().unwrap(),
            region: Region::parse(REGION).unwrap(),
            credentials: ServiceCredentials {
                access_key_id: root.access_key_id.clone(),
                secret: SecretKey::new(root.secret.clone()),
                session_token: None,
            },
            extra_roots: None,
            timeout: KMS_TIMEOUT,
        }
    }

    /// A server that authenticates, for any region, and is told so.
    pub async fn authenticating_with(setting: Setting) -> Self {
        Self::set(Setting { regions: Some(Vec::new()), ..setting }).await
    }

    pub async fn set(setting: Setting) -> Self {
        let clock = Clock::manual(Timestamp::from_ms(START_MS));
        let (folder, entropy) = (tempfile::tempdir().unwrap(), Entropy::seeded(7));
        Self::over(folder, clock, entropy, CourierConfig::default(), setting).await
    }

    /// A server whose couriers go where its test wants them to go.
    pub async fn delivering_by(couriers: CourierConfig) -> Self {
        Self::delivering(couriers, Setting::default()).await
    }

    /// The same, told more.
    pub async fn delivering(couriers: CourierConfig, setting: Setting) -> Self {
        let clock = Clock::manual(Timestamp::from_ms(START_MS));
        let (folder, entropy) = (tempfile::tempdir().unwrap(), Entropy::seeded(7));
        Self::over(folder, clock, entropy, couriers, setting).await
    }

    async fn over(
        folder: TempDir,
        clock: Clock,
        entropy: Entropy,
        couriers: CourierConfig,
        setting: Setting,
    ) -> Self {
        let enforces_policies = setting.regions.is_some();
        let options = Options {
            clock: clock.clone(),
            entropy: entropy.clone(),
            shard: Settings { enforces_policies, ..Settings::default() },
            ..Options::new(folder.path())
        };
        let (broker, _) = Broker::open(options).unwrap();
        let config = Config {
            listeners: vec![setting.listener()],
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::parse(REGION).unwrap(),
            public_url: None,
            limits: setting.limits.clone(),
            sms: setting.sms.clone(),
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        };
        let outbound = Outbound {
            couriers: Couriers::new(&couriers).unwrap(),
            signer: Signer::in_data_folder(folder.path()),
        };
        let (auth, root) = match &setting.regions {
            None => (Auth::Off, None),
            Some(regions) => authenticator(&broker, regions.clone(), folder.path()).await,
        };
        let server = Server::bind(config, broker.clone(), outbound, auth).await.unwrap();
        let keys: KeyService = match setting.keys.clone() {
            None => Kms::open(broker.clone()).await.unwrap().into(),
            Some(elsewhere) => ExternalKms::open(elsewhere, broker.clone()).await.unwrap().into(),
        };
        let mobile = MobilePush::open(broker.clone()).await.unwrap();
        let mut server = server.with_kms(keys).with_mobile_push(mobile);
        if setting.functions {
            let host = HostConfig::new(Lambda::scratch(folder.path()));
            let lambda = Lambda::open(broker.clone(), folder.path(), host).await.unwrap();
            server = server.with_functions(lambda);
        }
        let addr = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { addr, clock, broker, entropy, couriers, setting, root, folder, stop, running }
    }

    /// The root user's client.
    pub async fn speak_as_root(&self, protocol: Protocol) -> Sqs {
        let mut sqs = self.speak(protocol).await;
        sqs.credentials.clone_from(&self.root);
        sqs
    }

    /// The root user's client of SNS.
    pub async fn sns_as_root(&self) -> Sns {
        let mut sns = self.sns().await;
        sns.credentials.clone_from(&self.root);
        sns
    }

    /// A client that speaks this protocol.
    pub async fn speak(&self, protocol: Protocol) -> Sqs {
        let client = Client::connect(self.addr).await;
        Sqs::new(protocol, self.addr, self.clock.clone(), client)
    }

    /// A client of KMS; where the server authenticates, the root user's.
    pub async fn kms(&self) -> KmsClient {
        let client = Client::connect(self.addr).await;
        KmsClient::new(self.addr, self.clock.clone(), client, self.root.clone())
    }

    /// A client of Lambda; where the server authenticates, the root user's.
    pub async fn lambda(&self) -> LambdaClient {
        LambdaClient::new(self.addr, self.clock.clone(), self.root.clone()).await
    }

    /// A client of SNS.
    pub async fn sns(&self) -> Sns {
        Sns::new(self.addr, self.clock.clone(), Client::connect(self.addr).await)
    }

    /// Whether these bytes are in any file of the data folder.
    pub fn has_on_disk(&self, bytes: &[u8]) -> bool {
        let mut left = vec![self.folder.path().to_owned()];
        while let Some(path) = left.pop() {
            if let Ok(entries) = std::fs::read_dir(&path) {
                left.extend(entries.map(|entry| entry.unwrap().path()));
            // A file may be gone, or go by another name, by the time it is looked at.
            } else if std::fs::read(path)
                .is_ok_and(|read| read.windows(bytes.len()).any(|at| at == bytes))
            {
                return true;
            }
        }
        false
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.halt().await;
    }

    /// Stops the server, which authenticated: what it wrote into its audit log.
    pub async fn audited(self) -> Vec<serde_json::Value> {
        let folder = self.halt().await;
        let text = std::fs::read_to_string(folder.path().join(AUDIT_LOG)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Stops the server and starts another over what it left.
    pub async fn restart(self) -> Self {
        let couriers = self.couriers.clone();
        self.restart_delivering_by(couriers).await
    }

    /// The same, with other couriers.
    pub async fn restart_delivering_by(self, couriers: CourierConfig) -> Self {
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let (setting, root) = (self.setting.clone(), self.root.clone());
        let again = Self::over(self.halt().await, clock, entropy, couriers, setting).await;
        assert!(again.root.is_none(), "there is somebody already");
        Self { root, ..again }
    }

    async fn halt(self) -> TempDir {
        // A server that is gone already has nobody to hear it.
        let _ = self.stop.send(());
        within(self.running).await.unwrap();
        within(self.broker.close()).await;
        self.folder
    }
}

impl Setting {
    fn listener(&self) -> ListenerConfig {
        let endpoints = self.endpoint_policy.iter().map(|text| {
            let policy = Some(PolicyDocument::parse(text, Kind::Endpoint).unwrap());
            Arc::new(PrivateEndpoint { id: "vpce-0123456789abcdef0".into(), network: None, policy })
        });
        let plain = ListenerConfig::plain(ListenAddress::Tcp("127.0.0.1:0".into()));
        ListenerConfig { endpoints: endpoints.collect(), ..plain }
    }
}

/// Who is who on a server that authenticates; the root user of the default account at first.
async fn authenticator(
    broker: &Broker,
    regions: Vec<Region>,
    folder: &Path,
) -> (Auth, Option<Credentials>) {
    let identities = Identities::open(broker.clone()).await.unwrap();
    let account = AccountId::parse(ACCOUNT).unwrap();
    let key = identities.create_first_key(broker, account).await.unwrap();
    let root = key.map(|key| Credentials {
        access_key_id: key.id,
        secret: key.secret.as_str().to_owned(),
        session_token: None,
        region: REGION.to_owned(),
    });
    let audit = AuditLog::open(&folder.join(AUDIT_LOG), AuditLevel::All).unwrap();
    (Auth::On { identities, regions, audit: Some(Arc::new(audit)) }, root)
}
