//! A stage for tests: a host, a function in a folder, and a runtime to play it. The runtime is this
//! very test program, started with a variable that says so: no other language is needed.

#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod fake_runtime;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidings_functions::{FunctionSpec, Host, HostConfig, Invocation, InvokeFault, Invoked};

pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) host: Arc<Host>,
    pub(crate) spec: FunctionSpec,
}

/// What tests wait for at most, where something has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut HostConfig)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = HostConfig::new(folder.path().join("scratch"));
        let program = std::env::current_exe().unwrap();
        let words = [program.to_str().unwrap(), "--exact", "plays_a_runtime", "--nocapture", "-q"];
        config.runtimes.set("fake", words);
        // Beside a compiler's jobs, programs take their time to start.
        config.init_timeout = PATIENCE;
        change(&mut config);
        let spec = spec(folder.path());
        Self { host: Host::new(config), spec, folder }
    }

    /// What the fake runtime does when it starts.
    pub(crate) fn init(mut self, what: &str) -> Self {
        self.spec.environment.insert("FAKE_INIT".to_owned(), what.to_owned());
        self
    }

    pub(crate) async fn invoke(&self, event: Value) -> Result<Invoked, InvokeFault> {
        self.invoke_reserved(event, None).await
    }

    pub(crate) async fn invoke_reserved(
        &self,
        event: Value,
        reserved: Option<u32>,
    ) -> Result<Invoked, InvokeFault> {
        let spec = Arc::new(self.spec.clone());
        self.host.invoke(&spec, reserved, invocation(&event)).await
    }

    /// Begins an invocation that others run beside.
    pub(crate) fn begin(
        &self,
        event: Value,
    ) -> tokio::task::JoinHandle<Result<Invoked, InvokeFault>> {
        let (host, spec) = (Arc::clone(&self.host), Arc::new(self.spec.clone()));
        tokio::spawn(async move { host.invoke(&spec, None, invocation(&event)).await })
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Waits until there are `all` processes, `idle` of which idle.
    pub(crate) async fn processes(&self, all: usize, idle: usize) {
        until(&format!("{all} processes, {idle} idle"), || self.host.processes() == (all, idle))
            .await;
    }
}

pub(crate) fn spec(folder: &Path) -> FunctionSpec {
    FunctionSpec {
        arn: "arn:aws:lambda:eu-west-1:123456789012:function:rooms:$LATEST".to_owned(),
        name: "rooms".to_owned(),
        version: "$LATEST".to_owned(),
        runtime: "fake".to_owned(),
        handler: "app.handler".to_owned(),
        folder: folder.to_owned(),
        environment: [("FAKE_RUNTIME".to_owned(), "1".to_owned())].into(),
        timeout: PATIENCE,
        memory_mib: 128,
        region: "eu-west-1".to_owned(),
        revision: "1".to_owned(),
    }
}

pub(crate) fn invocation(event: &Value) -> Invocation {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Invocation {
        request_id: format!("00000000-0000-4000-8000-{number:012}"),
        payload: Bytes::from(event.to_string()),
        client_context: None,
        trace_id: None,
    }
}

pub(crate) fn payload(invoked: &Invoked) -> Value {
    serde_json::from_slice(&invoked.payload).unwrap()
}

pub(crate) fn log(invoked: &Invoked) -> String {
    String::from_utf8_lossy(&invoked.log_tail).into_owned()
}

pub(crate) fn ask(what: &str) -> Value {
    json!({ "do": what })
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether a process runs: one that nobody has reaped yet does not.
pub(crate) fn runs(pid: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| {
        let state = status.rsplit(')').next().unwrap_or_default().trim_start();
        !state.starts_with(['Z', 'X'])
    })
}

/// A number that a process writes into a file.
pub(crate) async fn number_in(path: &str) -> u64 {
    let read = || std::fs::read_to_string(path).ok()?.trim().parse().ok();
    until(path, || read().is_some()).await;
    read().unwrap()
}
