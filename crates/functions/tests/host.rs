//! A host and a runtime that does what it is told: results, failures, and what a process is given.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Stage, ask, log, payload, runs, until};
use tidings_functions::limits::LOG_TAIL_BYTES_MAX;
use tidings_functions::{FunctionError, InvokeFault, Invoked};

/// Not a test: what the host starts as a function's runtime.
#[test]
fn plays_a_runtime() {
    support::fake_runtime::play_if_asked();
}

fn message(invoked: &Invoked) -> String {
    assert_eq!(invoked.function_error, Some(FunctionError::Unhandled));
    payload(invoked)["errorMessage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_result_and_a_process_that_is_kept() {
    let stage = Stage::new();
    let first = stage.invoke(ask("who")).await.unwrap();
    assert_eq!(first.function_error, None);
    assert!(first.init_duration.is_some());
    stage.processes(1, 1).await;
    let second = stage.invoke(ask("who")).await.unwrap();
    assert_eq!(second.init_duration, None);
    assert_eq!(payload(&first)["pid"], payload(&second)["pid"]);
    assert_eq!(payload(&second)["served"], 2);
    stage.host.stop().await;
    assert_eq!(stage.host.processes(), (0, 0));
    assert_eq!(stage.invoke(ask("who")).await.unwrap_err(), InvokeFault::Stopping);
}

#[tokio::test]
async fn an_event_and_its_headers() {
    let stage = Stage::new();
    let event = json!({ "do": "echo", "text": "Zimmer \u{1f511}" });
    assert_eq!(payload(&stage.invoke(event.clone()).await.unwrap()), event);

    let headers = payload(&stage.invoke(ask("headers")).await.unwrap());
    let headers: BTreeMap<String, String> =
        serde_json::from_value::<Vec<(String, String)>>(headers)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], stage.spec.arn);
    assert_eq!(headers["content-type"], "application/json");
    assert!(headers["lambda-runtime-deadline-ms"].parse::<u64>().unwrap() > 1_700_000_000_000);
    assert!(headers["lambda-runtime-aws-request-id"].starts_with("00000000-"));
}

#[tokio::test]
async fn what_a_function_prints_and_the_lines_around_it() {
    let stage = Stage::new();
    stage.invoke(ask("who")).await.unwrap();
    let event = json!({ "do": "print", "text": "room 12" });
    let log = log(&stage.invoke(event).await.unwrap());
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("START RequestId: 00000000-"), "{log}");
    assert!(lines[0].ends_with(" Version: $LATEST"), "{log}");
    assert_eq!(lines[1..3], ["room 12", "and on standard error"]);
    assert!(lines[3].starts_with("END RequestId: 00000000-"), "{log}");
    let report: Vec<&str> = lines[4].split('\t').collect();
    assert!(report[0].starts_with("REPORT RequestId: 00000000-"), "{log}");
    assert!(report[1].starts_with("Duration: ") && report[1].ends_with(" ms"), "{log}");
    assert!(report[2].starts_with("Billed Duration: ") && report[2].ends_with(" ms"), "{log}");
    assert_eq!(report[3], "Memory Size: 128 MB");
    assert!(report[4].starts_with("Max Memory Used: ") && report[4] != "Max Memory Used: 0 MB");
    assert_eq!(lines.len(), 5);
}

#[tokio::test]
async fn printing_much_or_without_end_is_bounded() {
    let stage = Stage::new();
    for what in ["print-much", "print-without-end"] {
        let invoked = stage.invoke(ask(what)).await.unwrap();
        assert_eq!(invoked.function_error, None);
        assert!(invoked.log_tail.len() <= LOG_TAIL_BYTES_MAX);
        let log = log(&invoked);
        assert!(log.lines().last().unwrap().starts_with("REPORT RequestId: "), "{log}");
        assert_eq!(what == "print-much", log.contains("xxx"), "{log}");
    }
    // The noise goes on beside the next invocations.
    for _ in 0..20 {
        let invoked = stage.invoke(ask("who")).await.unwrap();
        assert_eq!(invoked.function_error, None);
        assert!(log(&invoked).lines().last().unwrap().starts_with("REPORT RequestId: "));
    }
    stage.host.stop().await;
}

#[tokio::test]
async fn errors_of_a_function_are_passed_on() {
    let stage = Stage::new();
    for (said, error) in [
        ("Unhandled", FunctionError::Unhandled),
        ("Function.NoRoom", FunctionError::Unhandled),
        ("Handled", FunctionError::Handled),
    ] {
        let event = json!({ "do": "error", "type": said });
        let invoked = stage.invoke(event).await.unwrap();
        assert_eq!(invoked.function_error, Some(error), "{said}");
        assert_eq!(payload(&invoked)["errorMessage"], "no room");
    }
    // The process is none the worse for it.
    assert_eq!(payload(&stage.invoke(ask("who")).await.unwrap())["served"], 4);
}

#[tokio::test]
async fn a_process_that_ends_is_told_of_and_replaced() {
    let stage = Stage::new();
    let exited = |code: i64| json!({ "do": "exit", "code": code });
    for (event, text) in [
        (exited(1), "Runtime exited with error: exit status 1"),
        (exited(0), "Runtime exited without providing a reason"),
        (ask("killed"), "Runtime exited with error: signal: killed"),
    ] {
        let invoked = stage.invoke(event).await.unwrap();
        let message = message(&invoked);
        assert!(message.starts_with("RequestId: 00000000-"), "{message}");
        assert!(message.ends_with(&format!(" Error: {text}")), "{message}");
        assert_eq!(payload(&invoked)["errorType"], "Runtime.ExitError");
        assert!(log(&invoked).contains("Status: error\tError Type: Runtime.ExitError"));
        assert_eq!(stage.host.processes(), (0, 0));
    }
    let invoked = stage.invoke(exited(1)).await.unwrap();
    assert!(log(&invoked).contains("last words"), "{}", log(&invoked));
    assert_eq!(payload(&stage.invoke(ask("who")).await.unwrap())["served"], 1);
}

#[tokio::test]
async fn an_answer_counts_though_its_process_ends() {
    let stage = Stage::new();
    for _ in 0..3 {
        let invoked = stage.invoke(ask("answer-and-exit")).await.unwrap();
        assert_eq!((invoked.function_error, payload(&invoked)), (None, json!("done")));
    }
    stage.processes(0, 0).await;
}

#[tokio::test]
async fn over_time_everything_is_killed() {
    let mut stage = Stage::new();
    // Warm, so that the time of its start is not part of it.
    stage.invoke(ask("who")).await.unwrap();
    stage.processes(1, 1).await;
    stage.spec.timeout = Duration::from_secs(1);
    let event = json!({ "do": "child-and-hang", "child": stage.path("child") });
    let invoked = stage.invoke(event).await.unwrap();
    assert!(message(&invoked).ends_with(" Error: Task timed out after 1.00 seconds"));
    assert_eq!(payload(&invoked)["errorType"], "Sandbox.Timedout");
    let log = log(&invoked);
    assert!(log.contains(" Task timed out after 1.00 seconds\nEND RequestId: "), "{log}");
    assert!(log.contains("\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\t"), "{log}");
    assert!(log.contains("\tStatus: timeout"), "{log}");
    let child = support::number_in(&stage.path("child")).await;
    until("the child is gone", || !runs(child)).await;
}

#[tokio::test]
async fn a_child_does_not_outlive_its_process() {
    let stage = Stage::new();
    let event = json!({ "do": "child-and-crash", "child": stage.path("child") });
    let invoked = stage.invoke(event).await.unwrap();
    assert!(message(&invoked).ends_with("exit status 1"));
    let child = support::number_in(&stage.path("child")).await;
    until("the child is gone", || !runs(child)).await;
}

#[tokio::test]
async fn a_result_may_have_six_megabytes() {
    let stage = Stage::new();
    let invoked = stage.invoke(ask("large")).await.unwrap();
    assert_eq!(payload(&invoked)["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(
        message(&invoked),
        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    );
    assert_eq!(payload(&stage.invoke(ask("who")).await.unwrap())["served"], 2);
}

#[tokio::test]
async fn a_result_may_be_streamed_and_fail_on_the_way() {
    let stage = Stage::new();
    let invoked = stage.invoke(ask("streams")).await.unwrap();
    assert_eq!((invoked.function_error, payload(&invoked)), (None, json!({ "rooms": 12 })));
    let invoked = stage.invoke(ask("streams-and-fails")).await.unwrap();
    assert_eq!(message(&invoked), "half way");
}

#[tokio::test]
async fn what_a_runtime_may_not_ask() {
    let stage = Stage::new();
    let invoked = stage.invoke(ask("misbehave")).await.unwrap();
    assert_eq!(
        payload(&invoked),
        json!([
            [403, "InvalidStateTransition"],
            [400, "InvalidRequestID"],
            [400, "InvalidRequestID"],
            [403, "InvalidStateTransition"],
            [404, "NotFound"],
            [404, "NotFound"],
            [400, "InvalidFunctionResponseMode"],
            "then"
        ])
    );
    assert_eq!(payload(&stage.invoke(ask("who")).await.unwrap())["served"], 2);
}

#[tokio::test]
async fn a_start_that_fails_is_tried_again_within_the_invocation() {
    let stage = Stage::new();
    let starts = stage.path("starts");
    let count = || fs::read_to_string(&starts).unwrap().lines().count();
    let stage = stage.init(&format!("crash {starts}"));
    let invoked = stage.invoke(ask("who")).await.unwrap();
    assert!(message(&invoked).ends_with("Runtime exited with error: exit status 3"));
    assert_eq!(count(), 2);
    let text = log(&invoked);
    assert!(text.contains("INIT_REPORT Init Duration: "), "{text}");
    assert!(text.contains("\tPhase: init\tStatus: error\tError Type: Runtime.ExitError"), "{text}");
    assert_eq!(text.matches("cannot start").count(), 2, "{text}");

    let stage = stage.init(&format!("error {starts}"));
    let invoked = stage.invoke(ask("who")).await.unwrap();
    assert_eq!(message(&invoked), "no module");
    assert_eq!(count(), 4);
}

#[tokio::test]
async fn a_start_that_takes_too_long() {
    let stage = Stage::with(|config| config.init_timeout = Duration::from_millis(1500));
    let mut stage = stage.init("hang");
    stage.spec.timeout = Duration::from_secs(1);
    let invoked = stage.invoke(ask("who")).await.unwrap();
    assert!(message(&invoked).ends_with("Task timed out after 1.00 seconds"));
    assert!(log(&invoked).contains("Phase: init\tStatus: timeout"));

    // The second start is part of the invocation, and may take as long as that.
    let starts = stage.path("starts");
    let mut stage = stage.init(&format!("hang-once {starts}"));
    stage.spec.timeout = support::PATIENCE;
    let invoked = stage.invoke(ask("who")).await.unwrap();
    assert_eq!(invoked.function_error, None);
    assert_eq!(invoked.init_duration, None);
}

#[tokio::test]
async fn what_a_function_prints_is_written_where_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let mut stage = Stage::with(|config| config.logs = Some(logs.clone()));
    stage.spec.arn = "arn:aws:lambda:eu-west-1:111122223333:function:rooms:live".to_owned();
    let first = stage.invoke(ask("who")).await.unwrap();
    let second = stage.invoke(ask("who")).await.unwrap();
    stage.host.stop().await;
    let text = fs::read_to_string(logs.join("111122223333/eu-west-1/rooms.log")).unwrap();
    for invoked in [&first, &second] {
        assert!(text.contains(&log(invoked)), "{text}");
    }
    assert_eq!(text.matches("\nREPORT RequestId: ").count(), 2, "{text}");
}

#[tokio::test]
async fn what_cannot_be_started() {
    let mut stage = Stage::with(|config| {
        config.runtimes.set("ruby*", ["no-such-program", "{handler}"]);
        config.runtimes.set("java*", ["/no/such/program"]);
        config.runtimes.set("dotnet*", ["/etc/passwd"]);
    });
    stage.spec.runtime = "provided.al2023".to_owned();
    let bootstrap = stage.path("bootstrap");
    let invoked = stage.invoke(json!(1)).await.unwrap();
    // Nobody outside learns where the folder is.
    let missing = "Couldn't find valid bootstrap(s): [/var/task/bootstrap]";
    assert!(message(&invoked).ends_with(missing));
    assert_eq!(payload(&invoked)["errorType"], "Runtime.InvalidEntrypoint");

    fs::write(&bootstrap, "#!/bin/sh\nexit 5\n").unwrap();
    let invoked = stage.invoke(json!(1)).await.unwrap();
    assert!(message(&invoked).ends_with("fork/exec /var/task/bootstrap: permission denied"));
    assert!(!log(&invoked).contains(&bootstrap));

    for (runtime, problem) in [
        ("ruby3.3", "started by no-such-program, which is in no folder of PATH"),
        ("java21", "started by /no/such/program, which is not there"),
        ("dotnet8", "started by /etc/passwd, which cannot be executed: permission denied"),
        ("go1.x", "the runtime go1.x is not configured here"),
    ] {
        stage.spec.runtime = runtime.to_owned();
        let fault = stage.invoke(json!(1)).await.unwrap_err();
        let told = "The runtime or runtime version specified is not supported.";
        assert_eq!(fault.to_string(), told, "the rest is the operator's business");
        match fault {
            InvokeFault::InvalidRuntime { problem: said } => {
                assert!(said.contains(problem), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stage.host.processes(), (0, 0));
}

#[tokio::test]
async fn a_process_has_only_its_own_variables() {
    let mut stage = Stage::new();
    stage.spec.environment.insert("ROOMS".to_owned(), "12".to_owned());
    let variables = payload(&stage.invoke(ask("variables")).await.unwrap());
    let variables: BTreeMap<String, String> =
        serde_json::from_value::<Vec<(String, String)>>(variables).unwrap().into_iter().collect();
    assert_eq!(variables["ROOMS"], "12");
    assert_eq!(variables["_HANDLER"], "app.handler");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "rooms");
    // Cargo gives many to this program.
    let ours = std::env::vars().filter(|(name, _)| name.starts_with("CARGO")).count();
    assert!(ours > 0);
    assert_eq!(variables.keys().filter(|name| name.starts_with("CARGO")).count(), 0);
    assert!(!variables.contains_key("HOME"));
}

#[tokio::test]
async fn a_process_has_none_of_our_descriptors() {
    let stage = Stage::new();
    let _file = fs::File::create(stage.path("open")).unwrap();
    // Another process, with its endpoint and its pipe, is there as well.
    let mut other = stage.spec.clone();
    other.arn = other.arn.replace("rooms", "guests");
    let event = support::invocation(&ask("who"));
    stage.host.invoke(&other.into(), None, event).await.unwrap();
    let found = payload(&stage.invoke(ask("descriptors")).await.unwrap());
    let found: Vec<u32> = serde_json::from_value(found).unwrap();
    let strange: Vec<&u32> =
        found.iter().filter(|&&number| number > 2 && !inherited(number)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(found.starts_with(&[0, 1, 2]));
}

/// Whether a descriptor was given to this program by who started it, to be passed on.
fn inherited(number: u32) -> bool {
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & CLOSE_ON_EXEC == 0)
}

#[tokio::test]
async fn a_process_has_limits() {
    let stage = Stage::with(|config| config.memory_allowance_bytes = Some(1024 * 1024 * 1024));
    let limits = payload(&stage.invoke(ask("limits")).await.unwrap());
    let limits = limits.as_str().unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max data size"), ((1024 + 128) * 1024 * 1024).to_string());
    assert_eq!(limit("Max open files"), "1024");
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max file size"), (512 * 1024 * 1024).to_string());
}

#[tokio::test]
async fn memory_beyond_the_limit_is_not_to_be_had() {
    let stage = Stage::with(|config| config.memory_allowance_bytes = Some(64 * 1024 * 1024));
    let allocate = |mib: u64| json!({ "do": "allocate", "mib": mib });
    assert_eq!(stage.invoke(allocate(100)).await.unwrap().function_error, None);
    let invoked = stage.invoke(allocate(400)).await.unwrap();
    assert!(message(&invoked).ends_with("Runtime exited with error: signal: aborted"));
}

/// Only root may start processes of another user.
#[tokio::test]
async fn a_process_can_be_another_users() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = another_users(
        "#!/bin/sh\nid -u; id -G; echo mine >$TMPDIR/file && cat $TMPDIR/file\n\
                  ulimit -n; ulimit -c; ulimit -f; ulimit -d\nexit 7\n",
    );
    let invoked = stage.invoke(json!(1)).await.unwrap();
    assert!(message(&invoked).ends_with("exit status 7"));
    let printed = "12345\n23456\nmine\n1024\n0\n1048576\n655360\n";
    assert!(log(&invoked).contains(printed), "{}", log(&invoked));
}

/// A function that is a script, and whose processes are of another user.
fn another_users(script: &str) -> Stage {
    use std::os::unix::fs::PermissionsExt as _;

    let mut stage = Stage::with(|config| {
        config.user = Some((12_345, 23_456));
        config.stop_timeout = Duration::ZERO;
    });
    stage.spec.runtime = "provided.al2023".to_owned();
    let bootstrap = stage.path("bootstrap");
    fs::write(&bootstrap, script).unwrap();
    for path in [stage.folder.path(), bootstrap.as_ref()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    stage
}

/// The endpoint of a process is for its user. That it is for that one, `runtimes.rs` shows.
#[tokio::test]
async fn others_may_not_use_an_endpoint() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = another_users(
        "#!/bin/sh\necho ${AWS_LAMBDA_RUNTIME_API#*:} >port.new && mv port.new port; sleep 600\n",
    );
    let running = stage.begin(json!(1));
    let port = support::number_in(&stage.path("port")).await;
    let mut stream = TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    let asked =
        stream.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: l\r\n\r\n");
    let reading = tokio::task::spawn_blocking(move || {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    assert_eq!(reading.await.unwrap(), b"", "{asked:?}");
    stage.host.stop().await;
    assert!(running.await.unwrap().is_err());
}

#[tokio::test]
async fn a_process_has_a_folder_of_its_own_for_as_long_as_it_lives() {
    let stage = Stage::new();
    fs::create_dir_all(stage.path("scratch/process-7/left")).unwrap();
    fs::create_dir_all(stage.path("scratch/others")).unwrap();
    let places: Value = payload(&stage.invoke(ask("places")).await.unwrap());
    assert_eq!(places["working"], stage.folder.path().to_str().unwrap());
    assert_eq!(places["mode"], 0o700);
    let scratch = places["scratch"].as_str().unwrap();
    assert!(scratch.starts_with(&stage.path("scratch")), "{scratch}");
    assert!(fs::metadata(scratch).is_ok());
    stage.host.stop().await;
    assert!(fs::metadata(scratch).is_err());
    assert!(fs::metadata(stage.path("scratch/process-7")).is_err());
    assert!(fs::metadata(stage.path("scratch/others")).is_ok());
}
