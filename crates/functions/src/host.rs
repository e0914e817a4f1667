//! The host: functions as local processes.

use std::sync::Arc;

use crate::{FunctionSpec, HostConfig, Invocation, InvokeFault, Invoked};

/// Runs functions. Made once; every method may be called from anywhere, within a tokio runtime.
#[derive(Debug)]
pub struct Host {
    config: HostConfig,
}

impl Host {
    /// A host that has not started anything yet.
    pub fn new(config: HostConfig) -> Arc<Self> {
        Arc::new(Self { config })
    }

    /// Runs `spec` with one event, in a process that idles or a new one, and waits for the outcome.
    /// Who stops waiting does not stop the function.
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
        let _ = (spec, reserved_concurrency, invocation, &self.config);
        Err(InvokeFault::Stopping)
    }

    /// Ends the processes of functions that `stale` says yes to: idle ones at once, others after
    /// what they do now. For code or configuration that changed, and for functions that are deleted.
    pub async fn retire(&self, stale: impl Fn(&FunctionSpec) -> bool) {
        let _ = stale;
    }

    /// Ends all processes: idle ones at once, others when they are done, or after
    /// [`HostConfig::stop_timeout`]. Returns when none is left. From then on nothing is invoked.
    pub async fn stop(&self) {}
}
