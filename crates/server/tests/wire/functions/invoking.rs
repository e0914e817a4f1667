//! Invoke, in its three types.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tidings_server::Limits;

use super::hosting;
use crate::harness::{FUNCTIONS, Protocol, Service, Setting};

#[tokio::test]
async fn a_function_answers_and_its_errors_are_answers() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let answered = lambda.invoke("resize", r#"{"room":7}"#).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.json(), json!({ "event": { "room": 7 }, "greeting": "hello" }));
    assert_eq!(answered.header("x-amz-executed-version"), "$LATEST");
    assert_eq!(answered.header("x-amz-function-error"), "-");
    assert_eq!(answered.header("x-amz-log-result"), "-");

    let path = format!("{FUNCTIONS}/resize/invocations");
    let failed = lambda.http("POST", &path, &[("X-Amz-Log-Type", "Tail")], r#""fail""#).await;
    assert_eq!(failed.status, 200);
    assert_eq!(failed.header("x-amz-function-error"), "Unhandled");
    assert_eq!(failed.json()["errorMessage"], "as told");
    let log = STANDARD.decode(failed.header("x-amz-log-result")).unwrap();
    let log = String::from_utf8(log).unwrap();
    let id = failed.header("x-amzn-requestid");
    for line in [format!("START RequestId: {id}"), format!("seen {id}"), "REPORT".to_owned()] {
        assert!(log.contains(&line), "{line}: {log}");
    }
    service.stop().await;
}

#[tokio::test]
async fn events_of_functions_that_take_long_leave_other_requests_their_memory() {
    const ROOM: u32 = 256 << 10;
    let limits = Limits {
        body_bytes_max: ROOM,
        bodies_bytes_max: ROOM,
        body_timeout: Duration::from_secs(5),
        ..Limits::default()
    };
    let service = Service::set(Setting { functions: true, limits, ..Setting::default() }).await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let folder = tempfile::tempdir().unwrap();
    let mut waiting = Vec::new();
    for n in 0..2 {
        // Two of them would leave nobody anything.
        let wait = folder.path().join(format!("over-{n}"));
        let event = json!({ "wait": wait, "x": "x".repeat(200 << 10) }).to_string();
        let mut lambda = service.lambda().await;
        waiting.push(tokio::spawn(async move { lambda.invoke("resize", &event).await.status }));
        // Those that are not under way would take memory in passing.
        let begun = folder.path().join(format!("over-{n}.begun"));
        while !begun.exists() {
            assert!(!waiting[n].is_finished());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let mut sqs = service.speak(Protocol::Json).await;
    let queue = sqs.queue("orders", json!({})).await;
    let body = "x".repeat(200 << 10);
    sqs.ok("SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
    for (n, waiting) in waiting.into_iter().enumerate() {
        assert!(!waiting.is_finished(), "it waits for its file");
        std::fs::write(folder.path().join(format!("over-{n}")), "").unwrap();
        assert_eq!(waiting.await.unwrap(), 200);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_dry_run_only_says_whether_it_could_be() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let dry = [("X-Amz-Invocation-Type", "DryRun")];
    let path = |name: &str| format!("{FUNCTIONS}/{name}/invocations");
    let answered = lambda.http("POST", &path("resize"), &dry, "{}").await;
    assert_eq!((answered.status, answered.body.as_str()), (204, ""));
    let absent = lambda.http("POST", &path("resize:7"), &dry, "{}").await;
    assert_eq!(absent.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_invoked_is_refused() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let path = format!("{FUNCTIONS}/resize/invocations");
    for (event, headers, status, name) in [
        ("{", &[][..], 400, "InvalidRequestContentException"),
        ("{}", &[("X-Amz-Invocation-Type", "Later")][..], 400, "ValidationException"),
        ("{}", &[("X-Amz-Client-Context", "*")][..], 400, "InvalidRequestContentException"),
    ] {
        let refused = lambda.http("POST", &path, headers, event).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert_eq!(refused.header("x-amzn-errortype"), name);
    }
    let long = format!("\"{}\"", "a".repeat(1 << 20));
    let refused = lambda.http("POST", &path, &[("X-Amz-Invocation-Type", "Event")], &long).await;
    assert_eq!(
        (refused.status, refused.header("x-amzn-errortype")),
        (413, "RequestTooLargeException")
    );
    assert_eq!(lambda.invoke("resize", &long).await.status, 200, "this one is waited for");

    let concurrency = "/2017-10-31/functions/resize/concurrency";
    let none = json!({ "ReservedConcurrentExecutions": 0 });
    lambda.ok(200, "PUT", concurrency, none).await;
    let throttled = lambda.invoke("resize", "{}").await;
    assert_eq!(throttled.status, 429);
    let expected = json!({
        "Type": "User",
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "message": "Rate Exceeded.",
    });
    assert_eq!(throttled.json(), expected);
    service.stop().await;
}
