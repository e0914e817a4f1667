//! The listener: connections in, tasks out, and an orderly end.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tidings_broker::Broker;
use tidings_couriers::signing::Signer;
use tidings_couriers::{Couriers, Gateway, SmsNotice};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use crate::authenticate::Auth;
use crate::body::Bodies;
use crate::config::Config;
use crate::connection::Common;
use crate::event_sources::Feed;
use crate::keys::KeyService;
use crate::lambda::Lambda;
use crate::listener::{
    BindError, BoundAddress, BoundListener, Crowd, Entrance, Entrances, Listener,
};
use crate::mobile::MobilePush;
use crate::request::Shared;
use crate::shutdown::{self, Stopping};
use crate::sms::{self, Sms};
use crate::throttle::Throttle;
use crate::tls::KeptKeys;
use crate::{acme, connection, deliveries, event_sources};

/// A listening server. [`Server::bind`] it, then [`Server::run`] it; close the broker afterwards.
///
/// ```no_run
/// # use tidings_broker::Broker;
/// # use tidings_server::{Auth, BindError, Config, Outbound, Server};
/// # async fn example(config: Config, broker: Broker, outbound: Outbound) -> Result<(), BindError> {
/// let server = Server::bind(config, broker.clone(), outbound, Auth::Off).await?;
/// println!("listening on {}", server.local_addr());
/// server.run(std::future::pending()).await;
/// broker.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Server {
    entrances: Entrances,
    shared: Arc<Shared>,
    reloader: Reloader,
    /// What text messages go out by, and what comes back.
    gateway: Option<(Gateway, mpsc::Receiver<SmsNotice>)>,
}

/// Has a running server read the files of its certificates again. It does so by itself when they
/// have changed, a few seconds later. Cheap to clone.
#[derive(Clone, Default)]
pub struct Reloader(Arc<Notify>);

impl Reloader {
    /// Asks for it. Files that cannot be used are logged, and those from before are used on.
    pub fn reload(&self) {
        self.0.notify_one();
    }
}

/// What goes out of a server by itself: deliveries to endpoints, signed.
pub struct Outbound {
    /// Who delivers.
    pub couriers: Couriers,
    /// What published messages are signed with.
    pub signer: Signer,
}

/// Clients that are being turned away at once. Beyond that they are cut off unheard.
const TURNED_AWAY_MAX: usize = 100;

/// How long to wait when no connection can be taken for want of file handles or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the gateway for text messages may take to answer that we leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// How often the files of certificates are looked at.
const CERTIFICATES_LOOK: Duration = Duration::from_secs(5);

impl Server {
    /// Listens. Clients can connect from now on, and are answered once the server runs.
    ///
    /// # Errors
    /// An address is none, is in use, or is not ours; certificates cannot be used. What was opened
    /// before is closed again.
    pub async fn bind(
        config: Config,
        broker: Broker,
        outbound: Outbound,
        auth: Auth,
    ) -> Result<Self, BindError> {
        let kept = KeptKeys::of(&broker);
        let mut entrances = Vec::with_capacity(config.listeners.len());
        for listener in &config.listeners {
            entrances.push(Entrance::open(listener.clone(), kept.clone()).await?);
        }
        let entrances = Entrances::new(entrances);
        let bodies = Bodies::new(&config.limits);
        let Outbound { mut couriers, signer } = outbound;
        let gateway = couriers.take_gateway();
        let sms = Arc::new(Sms::open(broker.clone(), config.sms.clone()).await?);
        let signer = Arc::new(signer);
        let throttle = Throttle::new(config.limits.principal);
        let shared = Shared {
            config,
            broker,
            bodies,
            signer,
            couriers,
            sms,
            auth,
            throttle,
            kms: None,
            mobile: None,
            lambda: None,
        };
        let shared = Arc::new(shared);
        Ok(Self { entrances, shared, reloader: Reloader::default(), gateway })
    }

    /// Says who has the keys of queues and topics. Of keys that are kept here, it answers as KMS
    /// does, and does what is due for them as time passes.
    pub fn with_kms(mut self, keys: impl Into<KeyService>) -> Self {
        let shared = Arc::get_mut(&mut self.shared);
        let shared = shared.expect("nothing is served before the server runs");
        shared.kms = Some(match keys.into() {
            KeyService::Embedded(kms) => KeyService::Embedded(kms.serving(&shared.auth)),
            external @ KeyService::External(_) => external,
        });
        self
    }

    /// Says where platform applications and endpoints are kept.
    pub fn with_mobile_push(mut self, mobile: MobilePush) -> Self {
        let shared = Arc::get_mut(&mut self.shared);
        shared.expect("nothing is served before the server runs").mobile = Some(mobile);
        self
    }

    /// Has it run functions: it answers as Lambda does.
    pub fn with_functions(mut self, lambda: Lambda) -> Self {
        let shared = Arc::get_mut(&mut self.shared);
        shared.expect("nothing is served before the server runs").lambda = Some(lambda);
        self
    }

    /// Where the first listener on an address listens; the port that was found free if port 0 was
    /// asked for. `0.0.0.0:0` if all of them are Unix sockets.
    pub fn local_addr(&self) -> SocketAddr {
        let address = self.entrances.bound().find_map(|bound| match bound.address {
            BoundAddress::Tcp(address) => Some(address),
            BoundAddress::Unix(_) => None,
        });
        address.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into())
    }

    /// Where it listens, in the order of the configuration.
    pub fn local_addrs(&self) -> Vec<BoundListener> {
        self.entrances.bound().cloned().collect()
    }

    /// What has it read its certificates again.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves until `shutdown` is ready, then stops in order: no new connections; what is under way
    /// is finished, receives that wait are answered with no messages; whatever still runs after
    /// [`Config::shutdown_timeout`] is cut off.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopping) = shutdown::channel();
        let mut connections = JoinSet::new();
        let deliveries = self.start_deliveries(&stopping);
        let event_sources = self.start_event_sources(&stopping);
        let Self { mut entrances, shared, reloader, gateway } = self;
        let text_messages = gateway.map(|gateway| TextMessages::start(&shared, gateway));
        for listener in entrances.listeners().cloned() {
            tokio::spawn(acme::keep(listener, stopping.clone()));
        }
        let listeners = entrances.listeners().cloned().collect();
        tokio::spawn(keep_certificates(listeners, reloader, stopping.clone()));
        if let Some(kms) = &shared.kms {
            tokio::spawn(kms.own().clone().keep(shared.broker.clone(), stopping.clone()));
        }
        if let Some(lambda) = &shared.lambda {
            tokio::spawn(lambda.clone().keep(stopping.clone()));
        }
        let limits = &shared.config.limits;
        let common = Common {
            crowd: Crowd::new(limits.connections_per_address_max),
            places: Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS))),
            stopping,
            shared: Arc::clone(&shared),
        };
        accept(&mut entrances, shutdown, &common, &mut connections).await;
        drop(entrances);
        stop.begin();
        drain(connections, shared.config.shutdown_timeout).await;
        if let Some(deliveries) = deliveries {
            let _ = deliveries.await;
        }
        if let Some(text_messages) = text_messages {
            text_messages.stop().await;
        }
        shared.sms.settle().await;
        if let Some(event_sources) = event_sources {
            let _ = event_sources.await;
        }
        // Last, so that what clients wait for could end.
        if let Some(lambda) = &shared.lambda {
            lambda.stop().await;
        }
    }

    /// Delivers what the broker has for endpoints, unless another server over it does.
    fn start_deliveries(&self, stopping: &Stopping) -> Option<JoinHandle<()>> {
        let attempts = self.shared.broker.deliveries()?;
        let shared = Arc::clone(&self.shared);
        let base_url = self.own_url().into();
        let deliveries = deliveries::run(shared, base_url, attempts, stopping.clone());
        Some(tokio::spawn(deliveries))
    }

    /// Gives messages of queues to functions, where functions are run.
    fn start_event_sources(&self, stopping: &Stopping) -> Option<JoinHandle<()>> {
        let Shared { lambda, broker, kms, signer, config, auth, .. } = &*self.shared;
        let lambda = lambda.clone()?;
        let feed = Feed {
            broker: broker.clone(),
            keys: kms.clone(),
            signer: Arc::clone(signer),
            base_url: self.own_url().into(),
            sources: lambda.sources(),
            invoke: lambda,
            policies_decide: !matches!(auth, Auth::Off),
            room: Feed::<Lambda>::room(),
            finish_within: config.shutdown_timeout,
        };
        Some(tokio::spawn(event_sources::run(Arc::new(feed), stopping.clone())))
    }

    /// What leads back to this server: as configured, or else as far as it knows itself, through
    /// its first listener.
    fn own_url(&self) -> String {
        let configured = self.shared.config.public_url.as_ref();
        let of_first = || self.entrances.listeners().next()?.config.public_url.as_ref();
        if let Some(public_url) = configured.or_else(of_first) {
            return public_url.clone();
        }
        self.entrances.bound().next().map_or_else(|| "http://localhost".to_owned(), own_url)
    }
}

/// The session with the gateway for text messages, and whoever listens to what it says.
struct TextMessages {
    stop: oneshot::Sender<()>,
    session: JoinHandle<()>,
    hearing: JoinHandle<()>,
}

impl TextMessages {
    fn start(
        shared: &Arc<Shared>,
        (gateway, notices): (Gateway, mpsc::Receiver<SmsNotice>),
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let session = gateway.run(async {
            // Whoever drops it wants it to stop, too.
            let _ = stopped.await;
        });
        let hearing = sms::hear(Arc::clone(&shared.sms), notices);
        Self { stop, session: tokio::spawn(session), hearing: tokio::spawn(hearing) }
    }

    /// Takes leave of the gateway, if it lets us. What it told before is kept; what it did not hear an
    /// answer to, it tells again.
    async fn stop(self) {
        let Self { stop, mut session, mut hearing } = self;
        let _ = stop.send(());
        let both = async {
            let _ = (&mut session).await;
            let _ = (&mut hearing).await;
        };
        if tokio::time::timeout(LEAVE_WITHIN, both).await.is_err() {
            info!("the gateway for text messages did not answer the farewell in time");
            session.abort();
            hearing.abort();
        }
    }
}

/// Takes connections until `shutdown` is ready.
async fn accept(
    entrances: &mut Entrances,
    shutdown: impl Future<Output = ()>,
    common: &Common,
    connections: &mut JoinSet<()>,
) {
    let connections_max = common.shared.config.limits.connections_max;
    let mut shutdown = std::pin::pin!(shutdown);
    let mut turned_away = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = poll_fn(|context| entrances.poll_accept(context)) => accepted,
            Some(_) = connections.join_next() => continue,
            Some(_) = turned_away.join_next() => continue,
        };
        match accepted {
            Ok(arrival) if connections.len() >= connections_max => {
                if turned_away.len() < TURNED_AWAY_MAX {
                    turned_away.spawn(connection::turn_away(arrival));
                }
            }
            Ok(arrival) => {
                connections.spawn(connection::serve(arrival, common.clone()));
            }
            Err(error) => after_failed_accept(&error).await,
        }
    }
}

/// Reads certificates again when their files have changed, and when it is asked for.
async fn keep_certificates(
    listeners: Vec<Arc<Listener>>,
    reloader: Reloader,
    mut stopping: Stopping,
) {
    let listeners: Arc<[_]> =
        listeners.into_iter().filter(|listener| listener.tls.is_some()).collect();
    let mut look = interval(CERTIFICATES_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !listeners.is_empty() {
        let is_demanded = tokio::select! {
            _ = look.tick() => false,
            () = reloader.0.notified() => true,
            () = stopping.begun() => return,
        };
        let listeners = Arc::clone(&listeners);
        // Reading files can wait for a disk.
        let reading = tokio::task::spawn_blocking(move || {
            for listener in &*listeners {
                if let Some(tls) = &listener.tls {
                    tls.reload(&listener.config.id, is_demanded);
                }
            }
        });
        let _ = reading.await;
    }
}

/// Waits for connections to end, and ends those that do not.
async fn drain(mut connections: JoinSet<()>, timeout: Duration) {
    info!(connections = connections.len(), "stopping: no new connections, finishing requests");
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(timeout, all_ended).await.is_err() {
        warn!(connections = connections.len(), "cut off requests that did not finish in time");
        connections.shutdown().await;
    }
}

/// A client that gave up while it waited to be taken is its own affair. Anything else is a shortage
/// here: taking the next one at once would fail alike and keep a core busy.
async fn after_failed_accept(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        debug!("a client left before its connection was taken: {error}");
    } else {
        warn!("cannot take a connection: {error}");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// Where a listener is, as it is on this machine itself if it listens on all addresses.
fn own_url(bound: &BoundListener) -> String {
    match &bound.address {
        BoundAddress::Tcp(address) if address.ip().is_unspecified() => {
            let scheme = if bound.is_tls { "https" } else { "http" };
            format!("{scheme}://localhost:{}", address.port())
        }
        BoundAddress::Tcp(_) => bound.to_string(),
        BoundAddress::Unix(_) => "http://localhost".to_owned(),
    }
}
