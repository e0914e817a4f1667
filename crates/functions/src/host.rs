//! The host: functions as local processes.

use std::path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OnceCell};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout, timeout_at};
use tracing::warn;

use crate::complaints::Complaints;
use crate::descriptors::warn_of_inherited_descriptors;
use crate::pool::{Claim, Pool};
use crate::prepared::Prepared;
use crate::process::{Process, Starter, clear_scratch};
use crate::run::run;
use crate::{FunctionSpec, HostConfig, Invocation, InvokeFault, Invoked};

/// How long a process that has just answered may take to ask for more, before another one is
/// started instead.
const SOON: Duration = Duration::from_millis(100);

/// No waiting is longer than this, whatever is configured.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How long processes that have been killed may take to be gone.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs functions. Made once; every method may be called from anywhere within one tokio runtime.
/// Dropped without [`stop`](Self::stop), it kills what runs.
#[derive(Debug)]
pub struct Host {
    pub(crate) shared: Arc<Shared>,
    /// Done with the first invocation, which finds a runtime to do it in.
    begun: OnceCell<()>,
}

/// What the host's tasks share with it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<HostConfig>,
    pool: Mutex<Pool>,
    /// Wakes those who wait for a process.
    freed: Notify,
    waiting: Mutex<usize>,
    starter: Starter,
    complaints: Complaints,
}

impl Shared {
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        // Every change of the pool is one call that leaves it whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn starter(&self) -> &Starter {
        &self.starter
    }

    /// Something has changed that others wait for.
    pub(crate) fn freed(&self) {
        self.freed.notify_waiters();
    }
}

/// A place in the pool. Dropped, the place is free and its process is killed.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) shared: Arc<Shared>,
    pub(crate) number: u64,
    pub(crate) process: Option<Arc<Process>>,
}

impl Place {
    /// Leaves the place to the pool, where its process idles now.
    pub(crate) fn leave(mut self) {
        self.process = None;
        self.number = 0;
        self.shared.freed();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        // Numbers begin at 1.
        if self.number != 0 {
            self.shared.pool().remove(self.number);
            self.shared.freed();
        }
    }
}

impl Host {
    /// A host that has not started anything yet.
    pub fn new(config: HostConfig) -> Arc<Self> {
        let mut config = config;
        // Processes have another working directory. It fails for an empty path only, which fails later.
        config.scratch = path::absolute(&config.scratch).unwrap_or_default();
        config.init_timeout = config.init_timeout.min(WAIT_MAX);
        config.wait_timeout = config.wait_timeout.min(WAIT_MAX);
        let config = Arc::new(config);
        let starter = Starter::new(Arc::clone(&config));
        let shared = Shared {
            pool: Mutex::new(Pool::new(config.processes_max)),
            config,
            freed: Notify::new(),
            waiting: Mutex::new(0),
            starter,
            complaints: Complaints::default(),
        };
        Arc::new(Self { shared: Arc::new(shared), begun: OnceCell::new() })
    }

    /// How this host was configured.
    pub fn config(&self) -> &HostConfig {
        &self.shared.config
    }

    /// How many processes there are, and how many of them wait for an invocation.
    pub fn processes(&self) -> (usize, usize) {
        self.shared.pool().count()
    }

    /// Runs `spec` with one event, in a process that idles or a new one, and waits for the outcome.
    /// Who stops waiting does not stop the function. What keeps a function from being run and is the
    /// operator's to mend goes to the log.
    ///
    /// `reserved_concurrency` bounds how many invocations of the function (all its versions) run at
    /// once: whoever comes when they do is refused at once, as on AWS. When the host has no process
    /// left, an invocation waits ([`HostConfig::wait_timeout`]).
    pub async fn invoke(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved_concurrency: Option<u32>,
        invocation: Invocation,
    ) -> Result<Invoked, InvokeFault> {
        let prepared = Prepared::new(spec, invocation)?;
        let invoked = self.invoke_prepared(spec, reserved_concurrency, prepared).await;
        invoked.inspect_err(|fault| self.shared.complaints.tell(&spec.arn, fault))
    }

    async fn invoke_prepared(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved_concurrency: Option<u32>,
        prepared: Prepared,
    ) -> Result<Invoked, InvokeFault> {
        self.begin().await?;
        let place = self.place(spec, reserved_concurrency).await?;
        let running = tokio::spawn(run(place, Arc::clone(spec), prepared));
        running.await.unwrap_or(Err(InvokeFault::Interrupted))
    }

    /// Makes what all processes need, once.
    async fn begin(&self) -> Result<(), InvokeFault> {
        let begin = async {
            let scratch = self.shared.config.scratch.clone();
            let folder = scratch.display().to_string();
            let cleared = spawn_blocking(move || clear_scratch(&scratch)).await;
            cleared.unwrap_or_else(|lost| Err(lost.into())).map_err(|error| {
                let problem = format!("the folder for temporary files, {folder}: {error}");
                InvokeFault::Unavailable { problem }
            })?;
            warn_of_inherited_descriptors();
            tokio::spawn(expire(Arc::downgrade(&self.shared)));
            Ok(())
        };
        self.begun.get_or_try_init(|| begin).await.map(|&()| ())
    }

    /// Finds a place for an invocation, or waits for one.
    async fn place(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
    ) -> Result<Place, InvokeFault> {
        let shared = &self.shared;
        let place = |number, process| Place { shared: Arc::clone(shared), number, process };
        let asked_at = tokio::time::Instant::now();
        let mut soon_until = asked_at + SOON;
        let wait_until = asked_at + shared.config.wait_timeout;
        let mut turn = None;
        loop {
            let freed = shared.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let patient = tokio::time::Instant::now() < soon_until;
            let claim = shared.pool().claim(spec, reserved, patient);
            let (until, bound) = match claim {
                Claim::Warm(number, process) => return Ok(place(number, Some(process))),
                Claim::Cold(number, gone) => {
                    if let Some(gone) = gone {
                        gone.kill();
                    }
                    return Ok(place(number, None));
                }
                Claim::Stopping => return Err(InvokeFault::Stopping),
                Claim::Refused(reason) => return Err(InvokeFault::TooManyRequests { reason }),
                Claim::Soon => (soon_until, None),
                Claim::Full(reason) => (wait_until, Some(reason)),
            };
            if turn.is_none() {
                turn = Waiting::begin(shared);
            }
            let woken = turn.is_some() && timeout_at(until, freed).await.is_ok();
            match bound {
                Some(reason) if !woken => return Err(InvokeFault::TooManyRequests { reason }),
                None if !woken => soon_until = asked_at,
                _ => {}
            }
        }
    }

    /// Ends the processes of functions that `stale` says yes to: idle ones at once, others after
    /// what they do now. For code or configuration that changed, and for functions that are
    /// deleted. Returns when the idle ones are gone, so that their folder can be deleted if nothing
    /// else runs in it.
    pub async fn retire(&self, stale: impl Fn(&FunctionSpec) -> bool) {
        let gone = self.shared.pool().retire(stale);
        self.shared.freed();
        end_all(gone).await;
    }

    /// Removes what a function printed from the disk, where that is written: for one that is deleted.
    pub async fn forget(&self, function_arn: &str) {
        let Some(logs) = self.shared.starter.logs.clone() else { return };
        let function_arn = function_arn.to_owned();
        // It waits while there is much to write.
        let _ = spawn_blocking(move || logs.remove(&function_arn)).await;
    }

    /// Ends all processes: idle ones at once, others when they are done, or after
    /// [`HostConfig::stop_timeout`]. Returns when none is left. From then on nothing is invoked.
    pub async fn stop(&self) {
        let shared = &self.shared;
        let idle = shared.pool().stop();
        shared.freed();
        end_all(idle).await;
        let done = async {
            loop {
                let freed = shared.freed.notified();
                tokio::pin!(freed);
                freed.as_mut().enable();
                if shared.pool().count().0 == 0 {
                    return;
                }
                freed.await;
            }
        };
        tokio::pin!(done);
        if timeout(shared.config.stop_timeout, &mut done).await.is_err() {
            for process in shared.pool().processes() {
                process.kill();
            }
            if timeout(END_TIMEOUT, done).await.is_err() {
                warn!("functions do not end although they were killed");
            }
        }
        // Those that were killed earlier may still be on their way.
        if timeout(END_TIMEOUT, shared.starter.alive.closed()).await.is_err() {
            warn!("processes of functions are still there although they were killed");
        }
        if let Some(logs) = &shared.starter.logs
            && timeout(END_TIMEOUT, logs.written()).await.is_err()
        {
            warn!("what functions printed last is not written: the disk does not keep up");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for process in self.shared.pool().stop() {
            process.kill();
        }
        for process in self.shared.pool().processes() {
            process.kill();
        }
    }
}

async fn end_all(processes: Vec<Arc<Process>>) {
    for process in &processes {
        process.kill();
    }
    for process in &processes {
        if timeout(END_TIMEOUT, process.ended()).await.is_err() {
            warn!("a process of a function does not end although it was killed");
        }
    }
}

/// One of those who wait, of whom there are only so many.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Option<Self> {
        let mut waiting = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if *waiting >= shared.config.waiting_max {
            return None;
        }
        *waiting += 1;
        Some(Self(shared))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

/// Ends processes that idle for too long, for as long as the host is there.
async fn expire(shared: Weak<Shared>) {
    loop {
        let Some(host) = shared.upgrade() else { return };
        let idle_expiry = host.config.idle_expiry;
        let gone = Instant::now().checked_sub(idle_expiry).map(|bound| host.pool().expire(bound));
        for process in gone.into_iter().flatten() {
            process.kill();
            host.freed();
        }
        drop(host);
        sleep((idle_expiry / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))).await;
    }
}
