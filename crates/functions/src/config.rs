//! What the operator says about hosted functions.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::Runtimes;
use crate::limits::INIT_TIMEOUT;

/// How functions are run.
#[derive(Clone)]
pub struct HostConfig {
    /// How each runtime is started.
    pub runtimes: Runtimes,
    /// Where each process gets a folder of its own for temporary files, which goes with it. It is
    /// made if it is not there, and what is in it when the host starts is deleted.
    pub scratch: PathBuf,
    /// Where all that functions print is written, in a file for each function,
    /// `ACCOUNT/REGION/NAME.log`, of bounded size. `None`: nowhere.
    pub logs: Option<PathBuf>,
    /// Processes at the same time, of all functions together, idle ones among them.
    pub processes_max: usize,
    /// How long a process is kept for the next invocation.
    pub idle_expiry: Duration,
    /// How long an invocation waits for a process when all of them are at work.
    pub wait_timeout: Duration,
    /// Invocations that wait for a process at the same time.
    pub waiting_max: usize,
    /// How long a process may start before that counts as part of its first invocation.
    pub init_timeout: Duration,
    /// How long running invocations may go on when the host is stopped.
    pub stop_timeout: Duration,
    /// What a process may map for data beyond the function's own memory size, in bytes: runtimes
    /// map more than they use. `None`: memory is not limited.
    pub memory_allowance_bytes: Option<u64>,
    /// User and group that processes run as. Needs the server to be root; `None`: as the server.
    pub user: Option<(u32, u32)>,
    /// Where runtimes and functions look for programs: the variable `PATH`.
    pub path: String,
    /// Further variables for all functions, such as `AWS_ENDPOINT_URL`. A function's own win.
    pub environment: BTreeMap<String, String>,
}

/// Without the values of variables.
impl fmt::Debug for HostConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostConfig")
            .field("runtimes", &self.runtimes)
            .field("scratch", &self.scratch)
            .field("processes_max", &self.processes_max)
            .field("user", &self.user)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}

impl HostConfig {
    /// The defaults, with temporary files below `scratch`.
    pub fn new(scratch: PathBuf) -> Self {
        Self {
            runtimes: Runtimes::default(),
            scratch,
            logs: None,
            processes_max: 64,
            idle_expiry: Duration::from_secs(5 * 60),
            wait_timeout: Duration::from_secs(5),
            waiting_max: 256,
            init_timeout: INIT_TIMEOUT,
            stop_timeout: Duration::from_secs(5),
            memory_allowance_bytes: Some(512 * 1024 * 1024),
            user: None,
            path: "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned(),
            environment: BTreeMap::new(),
        }
    }
}
