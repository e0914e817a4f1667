//! `tidings serve`: opens the broker, listens, and stops in order.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use tidings_broker::{Broker, OpenReport, Options};
use tidings_couriers::signing::{Signer, SigningKey, seal_keys_in};
use tidings_couriers::{Couriers, with_causes};
use tidings_server::{
    AuditLevel, AuditLog, Auth, Config, DeclaredFunction, DevelopmentCertificates, ExternalKms,
    FunctionScope, Identities, KeptKeys, KeyService, Kms, Lambda, MobilePush, NewAccessKey,
    Outbound, Server,
};
use tracing::level_filters::LevelFilter;
use tracing::{info, warn};

use super::{greeting, open_files, signals};
use crate::functions::of_path;
use crate::master_key::Source;
use crate::settings::{Arguments, Resolved, unknown_variables};

/// Serves until a signal ends it.
pub(crate) fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let settings = arguments.resolve()?;
    start_log(settings.log_level);
    let unknown = unknown_variables(std::env::vars_os());
    if !unknown.is_empty() {
        warn!("no settings, and left alone: {}", unknown.join(", "));
    }
    open_files::make_room(settings.server.limits.connections_max);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(&settings));
    // What still blocks a thread now is an open that was broken off.
    runtime.shutdown_background();
    outcome
}

async fn run(settings: &Resolved) -> Result<(), Box<dyn Error>> {
    let mut shutdown = pin!(signals::shutdown()?);
    let (options, source) = (options(settings), settings.master_key.clone());
    let opening = tokio::task::spawn_blocking(|| open(options, source));
    let (broker, report) = tokio::select! {
        opened = opening => opened?.map_err(|error| error as Box<dyn Error>)?,
        // To break off here is no worse than a crash while opening, which the log survives.
        () = &mut shutdown => return Ok(()),
    };
    tell(&report);
    let (server, first_key) = match bind(settings, &broker).await {
        Ok(bound) => bound,
        Err(error) => {
            broker.close().await;
            return Err(error);
        }
    };
    let listeners = server.local_addrs();
    for listener in &listeners {
        info!(listener = listener.id, address = %listener, "listening");
    }
    if settings.has_certificate_files() {
        let reloader = server.reloader();
        signals::on_hang_up(move || reloader.reload())?;
    }
    // Nobody may be reading; the server does not depend on it.
    if settings.auth.is_none() {
        let _ = greeting::warn_of_no_authentication(&mut io::stderr(), &listeners);
    }
    let _ = greeting::greet(&mut io::stdout(), settings, &listeners, first_key.as_ref());
    drop(first_key);
    server.run(shutdown).await;
    broker.close().await;
    info!("stopped");
    Ok(())
}

/// Reads the master key, if one is configured, and opens the broker.
fn open(
    mut options: Options,
    source: Option<Source>,
) -> Result<(Broker, OpenReport), Box<dyn Error + Send + Sync>> {
    options.master_key = source.map(|source| source.read(&options.folder)).transpose()?;
    match &options.master_key {
        Some(key) => info!(master_key = %key.fingerprint(), "what is kept is sealed"),
        None => info!("no master key is configured: secrets are sealed, messages are not"),
    }
    Ok(Broker::open(options)?)
}

/// A server that listens, and the root user's access key if this is the first start.
async fn bind(
    settings: &Resolved,
    broker: &Broker,
) -> Result<(Server, Option<NewAccessKey>), Box<dyn Error>> {
    let sealer = broker.keys().content(Signer::SEALED_FOR);
    if let Some(sealer) = &sealer {
        seal_keys_in(&settings.data, sealer)?;
    }
    let keys = KeptKeys::of(broker);
    let sealed = keys.seal_in(&settings.data);
    sealed.map_err(|error| format!("the keys in the data folder cannot be sealed: {error}"))?;
    let signer = match &settings.signing {
        Some([key, certificate]) => Signer::with_key(read_signing_key(key, certificate)?),
        None => Signer::in_data_folder(&settings.data).sealed_by(sealer),
    };
    if let Some(names) = &settings.development {
        let names: Vec<_> = names.iter().cloned().chain(machine_name()).collect();
        DevelopmentCertificates::make(&settings.data, &names, &keys)?;
    }
    let outbound = Outbound { couriers: Couriers::new(&settings.couriers)?, signer };
    let config = settings.server.clone();
    let kms: KeyService = match &settings.kms {
        None => Kms::open(broker.clone()).await?.into(),
        Some(external) => {
            info!(endpoint = %external.endpoint, "keys of queues and topics are kept elsewhere");
            ExternalKms::open(external.clone(), broker.clone()).await?.into()
        }
    };
    let mobile = MobilePush::open(broker.clone()).await?;
    let lambda = match &settings.functions {
        None => None,
        Some(host) => {
            info!("functions are run here, as this server's user");
            let lambda = Lambda::open(broker.clone(), &settings.data, host.clone()).await?;
            declare(settings, broker, &lambda).await?;
            Some(lambda)
        }
    };
    let with = |server: Server| {
        let server = server.with_kms(kms).with_mobile_push(mobile);
        match lambda {
            Some(lambda) => server.with_functions(lambda),
            None => server,
        }
    };
    let Some(wanted) = &settings.auth else {
        let server = Server::bind(config, broker.clone(), outbound, Auth::Off).await?;
        return Ok((with(server), None));
    };
    let identities = Identities::open(broker.clone()).await?;
    let auth = Auth::On {
        identities: identities.clone(),
        regions: wanted.regions.clone(),
        audit: wanted.audit.as_ref().map(open_audit_log).transpose()?,
    };
    let server = Server::bind(config, broker.clone(), outbound, auth).await?;
    // Last, so that nothing can fail any more before the key is shown.
    let first_key = identities.create_first_key(broker, settings.server.account).await?;
    Ok((with(server), first_key))
}

/// Makes the functions that the configuration declares, of the server's own account and region.
async fn declare(
    settings: &Resolved,
    broker: &Broker,
    lambda: &Lambda,
) -> Result<(), Box<dyn Error>> {
    let Config { account, region, .. } = &settings.server;
    for declared in &settings.declared {
        let name = declared.name.clone();
        let cannot =
            |error: Box<dyn Error>| format!("the function {name}: {}", with_causes(&*error));
        let zip = of_path(&declared.code).map_err(|error| cannot(error.into()))?;
        let scope = FunctionScope { account: *account, region: region.clone() };
        let function = DeclaredFunction { name: name.clone(), settings: declared.settings(), zip };
        let made = lambda.declare(broker, scope, function).await;
        made.map_err(|error| cannot(error.into()))?;
        info!(function = name, "declared");
    }
    Ok(())
}

fn open_audit_log((path, level): &(PathBuf, AuditLevel)) -> Result<Arc<AuditLog>, Box<dyn Error>> {
    let log = AuditLog::open(path, *level);
    let log = log.map_err(|error| format!("the audit log {}: {error}", path.display()))?;
    Ok(Arc::new(log))
}

/// What this machine is called, if that can be in a certificate.
#[cfg(unix)]
fn machine_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_plain)).then_some(name)
}

#[cfg(not(unix))]
fn machine_name() -> Option<String> {
    None
}

fn read_signing_key(key: &Path, certificate: &Path) -> Result<SigningKey, Box<dyn Error>> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let signing_key = SigningKey::from_pem(&read(key)?, &read(certificate)?);
    let of = || format!("{} and {}", key.display(), certificate.display());
    Ok(signing_key.map_err(|error| format!("{}: {error}", of()))?)
}

fn options(settings: &Resolved) -> Options {
    Options { shard: settings.shard, ..Options::new(&settings.data) }
}

/// Tells what was found in the data folder, loudly where something was not as it should be.
fn tell(report: &OpenReport) {
    for damage in &report.damaged_snapshots {
        warn!("{damage}. An older snapshot was used in its place, and nothing is lost");
    }
    let Some(log) = &report.log else { return };
    if let Some(cut) = &log.cut {
        warn!(
            "{} ended in an append that a crash tore, at byte {}: {} bytes were cut off. They were \
             never acknowledged",
            cut.file, cut.offset, cut.bytes
        );
    }
    let took_ms = report.took.as_millis();
    if log.created {
        info!(took_ms, "made a new data folder");
    } else {
        let (segments, batches) = (log.segments, log.batches_verified);
        info!(took_ms, segments, batches, "opened the data folder");
    }
}

/// Lines for people, on standard error, with colours if that is a terminal. Standard output is
/// left to what was asked for.
fn start_log(level: LevelFilter) {
    tracing_subscriber::fmt()
        .compact()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
}
