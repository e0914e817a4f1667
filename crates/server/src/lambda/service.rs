//! Functions, where their code lies, and what runs them.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tidings_broker::{Broker, Keys};
use tidings_core::register::RegisterWrite;
use tidings_functions::{FunctionSpec, Host, HostConfig};
use tidings_lambda::{Code, Functions, LambdaCode, LambdaFault, PREFIX, Reference};
use tokio::sync::Semaphore;

use super::code::CodeStore;
use super::errors::ErrorBook;
use super::room::Room;
use crate::event_sources::EventSourceService;
use crate::plane::{LoadError, Plane, Registered};
use crate::shutdown::Stopping;

/// Functions that this server runs. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Lambda(pub(super) Arc<Hosted>);

/// What there is of functions.
pub(super) struct Hosted {
    pub(super) plane: Arc<Plane<Functions>>,
    code: Arc<CodeStore>,
    pub(super) host: Arc<Host>,
    pub(super) errors: ErrorBook,
    /// Which queues' messages functions get.
    pub(super) sources: EventSourceService,
    /// Memory of those who wait for their function's answer.
    pub(super) room: Room,
    /// Whose archive is unpacked now.
    uploads: Arc<Semaphore>,
}

/// Why functions cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// The register cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The folder for code cannot be used.
    #[error("the folder for the code of functions: {0}")]
    Folder(#[from] io::Error),
}

/// What lies in the data folder.
const FOLDER: &str = "functions";

/// Archives that are unpacked at once: each takes its bytes twice.
const UPLOADS_MAX: usize = 2;

/// How often it is looked whether there is code that nothing needs.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

impl Registered for Functions {
    const PREFIX: &'static str = PREFIX;

    fn load(entries: &[(String, Arc<[u8]>)], _: &Keys) -> Result<Self, String> {
        let entries = entries.iter().map(|(name, value)| (name.as_str(), &**value));
        Functions::load(entries).map_err(|fault| fault.to_string())
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        Functions::apply(self, writes).map_err(|fault| fault.to_string())
    }
}

impl Lambda {
    /// Reads which functions there are. `data` is the data folder: their code lies in it.
    ///
    /// # Errors
    /// [`LambdaError`]
    pub async fn open(broker: Broker, data: &Path, host: HostConfig) -> Result<Self, LambdaError> {
        let folder = below(data, "code");
        let code = tokio::task::spawn_blocking(move || CodeStore::open(folder)).await;
        let code = Arc::new(code.map_err(io::Error::other)??);
        let errors = ErrorBook::open(broker.clone()).await?;
        let sources = EventSourceService::open(broker.clone()).await?;
        let plane = Plane::open(broker).await?;
        let host = Host::new(host);
        let (room, uploads) = (Room::default(), Arc::new(Semaphore::new(UPLOADS_MAX)));
        Ok(Self(Arc::new(Hosted { plane, code, host, errors, sources, room, uploads })))
    }

    /// Where functions have a folder for what is temporary, below the data folder.
    pub fn scratch(data: &Path) -> PathBuf {
        below(data, "tmp")
    }

    /// Where what functions print is written, below the data folder, if it is.
    pub fn logs(data: &Path) -> PathBuf {
        below(data, "logs")
    }

    /// Removes code that nothing needs, as time passes, until the server stops; then ends what runs.
    pub(crate) async fn keep(self, mut stopping: Stopping) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                _ = sweep.tick() => {}
                () = stopping.begun() => break,
            }
            let needed = self.0.plane.look().needed_code();
            let code = Arc::clone(&self.0.code);
            let _ = tokio::task::spawn_blocking(move || code.sweep(&needed)).await;
        }
    }

    /// The event source mappings.
    pub(crate) fn sources(&self) -> EventSourceService {
        self.0.sources.clone()
    }

    /// Ends the processes of functions.
    pub(crate) async fn stop(&self) {
        self.0.host.stop().await;
    }
}

impl Hosted {
    /// Keeps an archive, as long as it is claimed or a function needs it.
    pub(super) async fn keep_code(
        self: &Arc<Self>,
        zip: Vec<u8>,
    ) -> Result<ClaimedCode, LambdaFault> {
        let turn = Arc::clone(&self.uploads).acquire_owned().await.map_err(|_| lost())?;
        let needed = self.plane.look().needed_code();
        let hosted = Arc::clone(self);
        let keep = move || {
            // Kept until it is done, whoever waits for it.
            let _turn = turn;
            let code = hosted.code.keep(&zip, &needed)?;
            Ok(ClaimedCode { code, hosted })
        };
        tokio::task::spawn_blocking(keep).await.map_err(|_| lost())?
    }

    /// Lets code go that a request brought, unless a function needs it.
    async fn release_code(self: Arc<Self>, code: Code) {
        // A write that is still under way has its turn before this.
        let turn = self.plane.change(|_| Ok::<_, Infallible>((Vec::new(), ())));
        if turn.await.is_err() {
            return;
        }
        let is_needed = {
            let (plane, sha256) = (Arc::clone(&self.plane), code.sha256.clone());
            move || plane.look().needs_code(&sha256)
        };
        let release = move || self.code.release(&code, is_needed);
        let _ = tokio::task::spawn_blocking(release).await;
    }

    /// What the host needs to know to run a version. Its `revision` is that of the version, so that
    /// two versions behind one alias have processes of their own.
    pub(super) async fn spec(
        &self,
        reference: &Reference,
        invocable: &tidings_lambda::Invocable,
    ) -> Result<Arc<FunctionSpec>, LambdaFault> {
        let (code, wanted) = (Arc::clone(&self.code), invocable.configuration.code.clone());
        let folder = tokio::task::spawn_blocking(move || code.folder_of(&wanted)).await;
        let folder = folder.map_err(|_| lost())??;
        let it = &invocable.configuration;
        Ok(Arc::new(FunctionSpec {
            arn: reference.arn(),
            name: reference.id.name.to_string(),
            version: invocable.version.to_string(),
            runtime: it.runtime.clone(),
            handler: it.handler.clone(),
            folder,
            environment: it.environment.0.clone(),
            timeout: Duration::from_secs(it.timeout_seconds.into()),
            memory_mib: it.memory_mib,
            region: reference.id.scope.region.as_str().to_owned(),
            revision: revision(&invocable.version, &it.revision_id),
        }))
    }

    /// Ends processes of what a function no longer is.
    pub(super) async fn retire_old(&self, function: &tidings_lambda::FunctionId) {
        let current: Vec<String> = match self.plane.look().find(function) {
            Ok(function) => function
                .versions()
                .map(|(version, it)| revision(&version, &it.revision_id))
                .collect(),
            Err(_) => Vec::new(),
        };
        let arn = function.to_string();
        let is_of_it = |spec: &FunctionSpec| {
            let rest = spec.arn.strip_prefix(arn.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        self.host.retire(|spec| is_of_it(spec) && !current.contains(&spec.revision)).await;
    }
}

/// Code that a request brings. When that is over, whichever way, it stays only if a function needs it.
pub(super) struct ClaimedCode {
    pub(super) code: Code,
    hosted: Arc<Hosted>,
}

impl Drop for ClaimedCode {
    fn drop(&mut self) {
        let release = Arc::clone(&self.hosted).release_code(self.code.clone());
        // Without a runtime the server is over, and the next start sweeps.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(release);
        }
    }
}

/// A folder for functions in the data folder. Absolute, since processes run elsewhere.
fn below(data: &Path, name: &str) -> PathBuf {
    let folder = data.join(FOLDER).join(name);
    std::path::absolute(&folder).unwrap_or(folder)
}

fn revision(version: &tidings_lambda::Qualifier, revision_id: &str) -> String {
    format!("{version} {revision_id}")
}

/// A task was lost: the runtime stops, or a fault of ours ended it.
fn lost() -> LambdaFault {
    LambdaFault::new(LambdaCode::Service, "The request could not be carried out.")
}
