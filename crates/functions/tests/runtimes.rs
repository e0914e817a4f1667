//! Functions by AWS's own runtimes, unchanged: Python, Node, Go and Rust. `conformance/functions/run`
//! builds them, and names in `FUNCTIONS_REQUIRED` those that have to be there. Without it, what was
//! not built is skipped.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{PATIENCE, ask, invocation, log, payload, runs, until};
use tempfile::TempDir;
use tidings_functions::{FunctionError, FunctionSpec, Host, HostConfig, Invocation, Invoked};

struct Stage {
    host: Arc<Host>,
    spec: FunctionSpec,
    scratch: TempDir,
}

/// A host with the function in a language, if that was built.
fn stage(language: &str) -> Option<Stage> {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let conformance = conformance.canonicalize().unwrap();
    let (sources, built) = (conformance.join("functions"), conformance.join(".env/functions"));
    let (runtime, handler, folder, program) = match language {
        "python" => {
            ("python3.13", "app.handler", sources.join("python"), built.join("python/bin/python"))
        }
        "node" => {
            let ric = sources.join("node/node_modules/.bin/aws-lambda-ric");
            ("nodejs22.x", "index.handler", sources.join("node"), ric)
        }
        "go" => ("provided.al2023", "", built.join("go"), built.join("go/bootstrap")),
        _ => ("provided.al2023", "", built.join("rust/debug"), built.join("rust/debug/bootstrap")),
    };
    if !is_built(language, &program) {
        return None;
    }
    let scratch = TempDir::new().unwrap();
    let mut config = HostConfig::new(scratch.path().join("scratch"));
    config.init_timeout = PATIENCE;
    // Node itself is found as whoever runs the tests finds it.
    config.path = std::env::var("PATH").unwrap();
    let program = program.to_str().unwrap();
    config.runtimes.set("python*", [program, "-m", "awslambdaric", "{handler}"]);
    config.runtimes.set("nodejs*", [program, "{handler}"]);
    let mut spec = support::spec(&folder);
    spec.runtime = runtime.to_owned();
    spec.handler = handler.to_owned();
    spec.environment.clear();
    Some(Stage { host: Host::new(config), spec, scratch })
}

fn is_built(language: &str, program: &Path) -> bool {
    let required = std::env::var("FUNCTIONS_REQUIRED").unwrap_or_default();
    let there = program.exists() || program.is_symlink();
    assert!(there || !required.split(',').any(|name| name == language), "{language} is not built");
    if !there {
        eprintln!("skipped: {language} is not built, which conformance/functions/run does");
    }
    there
}

impl Stage {
    async fn invoke(&self, event: Value) -> Invoked {
        self.invoke_within(PATIENCE, event).await
    }

    async fn invoke_within(&self, timeout: Duration, event: Value) -> Invoked {
        let spec = Arc::new(FunctionSpec { timeout, ..self.spec.clone() });
        self.host.invoke(&spec, None, invocation(&event)).await.unwrap()
    }

    async fn pid(&self) -> u64 {
        payload(&self.invoke(ask("about")).await)["pid"].as_u64().unwrap()
    }
}

fn failed(invoked: &Invoked, message: &str) {
    assert_eq!(invoked.function_error, Some(FunctionError::Unhandled), "{}", log(invoked));
    let said = payload(invoked);
    assert!(said["errorMessage"].as_str().unwrap().ends_with(message), "{said}");
    assert!(said["errorType"].is_string(), "{said}");
}

/// What holds for a function whatever it was written in.
async fn behaves(language: &str) {
    let Some(stage) = stage(language) else { return };
    succeeds(&stage).await;
    fails(&stage).await;
    ends(&stage, language).await;
    stage.host.stop().await;
    assert_eq!(stage.host.processes(), (0, 0));
}

async fn succeeds(stage: &Stage) {
    let event = json!({ "do": "echo", "rooms": [1, 2.5, null], "text": "Zimmer \u{1f511}" });
    let invoked = stage.invoke(event.clone()).await;
    assert_eq!((invoked.function_error, payload(&invoked)), (None, event), "{}", log(&invoked));
    assert!(invoked.init_duration.is_some());

    let spec = Arc::new(stage.spec.clone());
    let about = Invocation {
        client_context: Some(client_context()),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        ..invocation(&ask("about"))
    };
    let request_id = about.request_id.clone();
    let invoked = stage.host.invoke(&spec, None, about).await.unwrap();
    let about = payload(&invoked);
    assert_eq!(about["requestId"], request_id);
    assert_eq!(about["arn"], stage.spec.arn);
    assert_eq!((&about["name"], &about["version"]), (&json!("rooms"), &json!("$LATEST")));
    let remaining_ms = about["remainingMs"].as_i64().unwrap();
    assert!(remaining_ms > 0 && remaining_ms <= 30_000, "{remaining_ms}");
    assert_eq!(invoked.init_duration, None);
    assert_eq!(about["pid"], stage.pid().await);

    let done = json!({ "messageId": "m-1", "body": "done" });
    let failed = json!({ "messageId": "m-2", "body": "fail" });
    let event = json!({ "do": "batch", "Records": [done, failed] });
    let batch = payload(&stage.invoke(event).await);
    assert_eq!(batch, json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }] }));
}

/// As mobile SDKs send it, complete.
fn client_context() -> String {
    let client = json!({
        "installation_id": "1",
        "app_title": "Zimmer \u{1f511}",
        "app_version_name": "1.0",
        "app_version_code": "1",
        "app_package_name": "rooms",
    });
    json!({ "client": client, "custom": { "floor": "2" }, "env": { "locale": "de" } }).to_string()
}

async fn fails(stage: &Stage) {
    let pid = stage.pid().await;
    failed(&stage.invoke(ask("fail")).await, "no such room");
    assert_eq!(stage.pid().await, pid, "a failure does not end the process");
    let large = stage.invoke(ask("large")).await;
    failed(&large, "exceeded maximum allowed payload size (6291556 bytes).");
    assert_eq!(stage.invoke(ask("echo")).await.function_error, None);
}

async fn ends(stage: &Stage, language: &str) {
    let child = payload(&stage.invoke(ask("child")).await).as_u64().unwrap();
    assert!(runs(child));
    let pid = stage.pid().await;
    failed(&stage.invoke(ask("crash")).await, "Runtime exited with error: exit status 1");
    until("the child is gone", || !runs(child) && !runs(pid)).await;

    for what in ["hang", "print"] {
        // Started before, so that the time of the start is not part of it.
        let pid = stage.pid().await;
        let invoked = stage.invoke_within(Duration::from_secs(1), ask(what)).await;
        failed(&invoked, "Task timed out after 1.00 seconds");
        assert!(invoked.log_tail.len() <= 4096);
        assert_eq!(log(&invoked).contains("noise"), what == "print", "{language}");
        until("it is gone", || !runs(pid)).await;
    }
    assert_eq!(stage.invoke(ask("echo")).await.function_error, None);
}

#[tokio::test]
async fn python() {
    behaves("python").await;
}

#[tokio::test]
async fn node() {
    behaves("node").await;
}

#[tokio::test]
async fn go() {
    behaves("go").await;
}

#[tokio::test]
async fn rust() {
    behaves("rust").await;
}

/// A handler that cannot be found is said by the runtime, before it asks for an event.
#[tokio::test]
async fn a_handler_that_is_not_there() {
    for language in ["python", "node"] {
        let Some(mut stage) = stage(language) else { continue };
        stage.spec.handler = "missing.handler".to_owned();
        let invoked = stage.invoke(ask("echo")).await;
        assert_eq!(invoked.function_error, Some(FunctionError::Unhandled));
        let said = payload(&invoked);
        let error_type = said["errorType"].as_str().unwrap();
        assert!(error_type.starts_with("Runtime.ImportModuleError"), "{said}");
        stage.host.stop().await;
    }
}

/// What root can have: processes of a user that has nothing to do with the server.
#[tokio::test]
async fn functions_of_another_user() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(mut stage) = stage("go") else { return };
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = TempDir::new().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::copy(stage.spec.folder.join("bootstrap"), place.path().join("bootstrap")).unwrap();
    for path in [place.path(), stage.scratch.path()] {
        std::fs::set_permissions(path, open.clone()).unwrap();
    }
    stage.spec.folder = place.path().to_owned();
    let mut config = stage.host.config().clone();
    config.user = Some((12_345, 23_456));
    stage.host = Host::new(config);
    succeeds(&stage).await;
    let pid = stage.pid().await;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("\nUid:\t12345\t12345\t12345\t12345\n"), "{status}");
    assert!(status.contains("\nGroups:\t \n"), "{status}");
    let child = payload(&stage.invoke(ask("child")).await).as_u64().unwrap();
    stage.host.stop().await;
    until("both are gone", || !runs(child) && !runs(pid)).await;
}
