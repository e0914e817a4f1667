//! A server in this process, over a folder of its own, whose clock stands still until it is moved.

use std::net::SocketAddr;

use tempfile::TempDir;
use tidings_broker::{Broker, Clock, Entropy, Options};
use tidings_core::names::{AccountId, Region};
use tidings_core::time::Timestamp;
use tidings_couriers::signing::Signer;
use tidings_couriers::{CourierConfig, Couriers};
use tidings_server::{
    Auth, Config, Limits, ListenAddress, ListenerConfig, Outbound, SHUTDOWN_TIMEOUT, Server,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::sns::Sns;
use super::sqs::{ACCOUNT, Protocol, Sqs};
use crate::support::{Client, within};

/// When every test begins: 2027-01-15T08:00:00Z.
pub const START_MS: u64 = 1_800_000_000_000;

pub const REGION: &str = "us-east-1";

/// A running server.
pub struct Service {
    pub addr: SocketAddr,
    pub clock: Clock,
    pub broker: Broker,
    /// Goes on across restarts: no id comes twice.
    entropy: Entropy,
    couriers: CourierConfig,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Service {
    pub async fn start() -> Self {
        Self::delivering_by(CourierConfig::default()).await
    }

    /// A server whose couriers go where its test wants them to go.
    pub async fn delivering_by(couriers: CourierConfig) -> Self {
        let clock = Clock::manual(Timestamp::from_ms(START_MS));
        Self::over(tempfile::tempdir().unwrap(), clock, Entropy::seeded(7), couriers).await
    }

    async fn over(
        folder: TempDir,
        clock: Clock,
        entropy: Entropy,
        couriers: CourierConfig,
    ) -> Self {
        let options = Options {
            clock: clock.clone(),
            entropy: entropy.clone(),
            ..Options::new(folder.path())
        };
        let (broker, _) = Broker::open(options).unwrap();
        let config = Config {
            listeners: vec![ListenerConfig::plain(ListenAddress::Tcp("127.0.0.1:0".into()))],
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::parse(REGION).unwrap(),
            public_url: None,
            limits: Limits::default(),
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        };
        let outbound = Outbound {
            couriers: Couriers::new(&couriers).unwrap(),
            signer: Signer::in_data_folder(folder.path()),
        };
        let server = Server::bind(config, broker.clone(), outbound, Auth::Off).await.unwrap();
        let addr = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { addr, clock, broker, entropy, couriers, folder, stop, running }
    }

    /// A client that speaks this protocol.
    pub async fn speak(&self, protocol: Protocol) -> Sqs {
        let client = Client::connect(self.addr).await;
        Sqs::new(protocol, self.addr, self.clock.clone(), client)
    }

    /// A client of SNS.
    pub async fn sns(&self) -> Sns {
        Sns::new(self.addr, self.clock.clone(), Client::connect(self.addr).await)
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.halt().await;
    }

    /// Stops the server and starts another over what it left.
    pub async fn restart(self) -> Self {
        let (clock, entropy, couriers) =
            (self.clock.clone(), self.entropy.clone(), self.couriers.clone());
        Self::over(self.halt().await, clock, entropy, couriers).await
    }

    async fn halt(self) -> TempDir {
        // A server that is gone already has nobody to hear it.
        let _ = self.stop.send(());
        within(self.running).await.unwrap();
        within(self.broker.close()).await;
        self.folder
    }
}
