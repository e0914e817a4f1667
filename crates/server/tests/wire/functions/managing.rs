//! Functions, versions, aliases and settings, as aws-cli and Terraform read them back.

use serde_json::{Value, json};

use super::hosting;
use crate::harness::{FUNCTIONS, Service, new_function, with, zip};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:resize";

#[tokio::test]
async fn a_function_is_read_back_as_it_was_made() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    let made = lambda.function("resize").await;
    for (member, value) in [
        ("FunctionName", json!("resize")),
        ("FunctionArn", json!(ARN)),
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("bootstrap")),
        ("Timeout", json!(20)),
        ("MemorySize", json!(128)),
        ("Version", json!("$LATEST")),
        ("State", json!("Active")),
        ("LastUpdateStatus", json!("Successful")),
        ("PackageType", json!("Zip")),
        ("Architectures", json!(["x86_64"])),
        ("LastModified", json!("2027-01-15T08:00:00.000+0000")),
        ("Environment", json!({ "Variables": { "GREETING": "hello" } })),
        ("EphemeralStorage", json!({ "Size": 512 })),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    let one = format!("{FUNCTIONS}/resize");
    let got = lambda.ok(200, "GET", &one, Value::Null).await;
    assert_eq!(got["Configuration"], made);
    let configuration = lambda.ok(200, "GET", &format!("{one}/configuration"), Value::Null).await;
    assert_eq!(configuration, made);
    let by_arn = format!("{FUNCTIONS}/{}", ARN.replace(':', "%3A"));
    assert_eq!(lambda.ok(200, "GET", &by_arn, Value::Null).await["Configuration"], made);
    let listed = lambda.ok(200, "GET", &format!("{FUNCTIONS}/"), Value::Null).await;
    assert_eq!(listed, json!({ "Functions": [made] }));
    let again = lambda.refused("POST", FUNCTIONS, new_function("resize")).await;
    let text = "Function already exist: resize".to_owned();
    assert_eq!(again, (409, "ResourceConflictException".to_owned(), text));

    let signing = "/2020-06-30/functions/resize/code-signing-config";
    let signing = lambda.ok(200, "GET", signing, Value::Null).await;
    assert_eq!(signing["FunctionName"], "resize");
    lambda.ok(204, "DELETE", &one, Value::Null).await;
    let gone = lambda.refused("GET", &one, Value::Null).await;
    let text = format!("Function not found: {ARN}");
    assert_eq!(gone, (404, "ResourceNotFoundException".to_owned(), text));
    service.stop().await;
}

#[tokio::test]
async fn what_was_made_is_there_after_a_restart() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    let made = lambda.function("resize").await;
    let service = service.restart().await;
    let mut lambda = service.lambda().await;
    let one = format!("{FUNCTIONS}/resize/configuration");
    assert_eq!(lambda.ok(200, "GET", &one, Value::Null).await, made);
    let invoked = lambda.invoke("resize", "7").await;
    assert_eq!(invoked.json(), json!({ "event": 7, "greeting": "hello" }));
    service.stop().await;
}

#[tokio::test]
async fn code_of_what_was_refused_does_not_stay() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let folder = service.data_folder().join("functions/code");
    let kept = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(kept(), 2, "the archive, and what was in it");
    let code = format!("{FUNCTIONS}/resize/code");
    for n in 0..3 {
        let zip = zip(&n.to_string());
        let stale = json!({ "ZipFile": zip, "RevisionId": "stale" });
        assert_eq!(lambda.refused("PUT", &code, stale).await.0, 412);
        lambda.ok(200, "PUT", &code, json!({ "ZipFile": zip, "DryRun": true })).await;
        let again = with(new_function("resize"), json!({ "Code": { "ZipFile": zip } }));
        assert_eq!(lambda.refused("POST", FUNCTIONS, again).await.0, 409);
    }
    for _ in 0..500 {
        if kept() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(kept(), 2);
    assert_eq!(lambda.invoke("resize", "1").await.status, 200);
    // What is taken stays.
    lambda.ok(200, "PUT", &code, json!({ "ZipFile": zip("0") })).await;
    assert_eq!(lambda.invoke("resize", "1").await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn code_and_settings_change_and_versions_do_not() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    let made = lambda.function("resize").await;
    let one = format!("{FUNCTIONS}/resize");
    let versions = format!("{one}/versions");
    let first = lambda.ok(201, "POST", &versions, json!({})).await;
    assert_eq!(
        (&first["Version"], &first["FunctionArn"]),
        (&json!("1"), &json!(format!("{ARN}:1")))
    );
    let input = json!({ "ZipFile": zip("two"), "RevisionId": made["RevisionId"] });
    let changed = lambda.ok(200, "PUT", &format!("{one}/code"), input.clone()).await;
    assert_ne!(changed["CodeSha256"], made["CodeSha256"]);
    let stale = lambda.refused("PUT", &format!("{one}/code"), input).await;
    assert_eq!((stale.0, &*stale.1), (412, "PreconditionFailedException"));
    let input = json!({ "Timeout": 30, "Environment": { "Variables": { "GREETING": "again" } } });
    let changed = lambda.ok(200, "PUT", &format!("{one}/configuration"), input).await;
    assert_eq!(changed["Timeout"], 30);
    assert_eq!(lambda.invoke("resize", "1").await.json()["greeting"], "again");
    assert_eq!(lambda.invoke("resize:1", "1").await.json()["greeting"], "hello");
    let listed = lambda.ok(200, "GET", &versions, Value::Null).await;
    let numbers: Vec<&Value> =
        listed["Versions"].as_array().unwrap().iter().map(|it| &it["Version"]).collect();
    assert_eq!(numbers, ["$LATEST", "1"]);

    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    let alias = lambda.ok(201, "POST", &format!("{one}/aliases"), alias).await;
    assert_eq!(alias["AliasArn"], format!("{ARN}:live"));
    let in_use = lambda.refused("DELETE", &format!("{one}?Qualifier=1"), Value::Null).await;
    assert_eq!(in_use.1, "ResourceConflictException");
    let live = lambda.invoke("resize:live", "1").await;
    assert_eq!(live.header("x-amz-executed-version"), "1");
    let update = json!({ "FunctionVersion": "$LATEST", "Description": "newest" });
    let alias = lambda.ok(200, "PUT", &format!("{one}/aliases/live"), update).await;
    assert_eq!(lambda.ok(200, "GET", &format!("{one}/aliases/live"), Value::Null).await, alias);
    let live = lambda.invoke("resize:live", "1").await;
    assert_eq!(live.header("x-amz-executed-version"), "$LATEST");
    lambda.ok(204, "DELETE", &format!("{one}/aliases/live"), Value::Null).await;
    let gone = lambda.refused("GET", &format!("{one}/aliases/live"), Value::Null).await;
    assert_eq!(gone.2, format!("Cannot find alias arn: {ARN}:live"));
    service.stop().await;
}

#[tokio::test]
async fn settings_of_functions_come_and_go() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    lambda.function("resize").await;
    let reserved = json!({ "ReservedConcurrentExecutions": 7 });
    let put = "/2017-10-31/functions/resize/concurrency";
    assert_eq!(lambda.ok(200, "PUT", put, reserved.clone()).await, reserved);
    let get = "/2019-09-30/functions/resize/concurrency";
    assert_eq!(lambda.ok(200, "GET", get, Value::Null).await, reserved);
    lambda.ok(204, "DELETE", put, Value::Null).await;
    assert_eq!(lambda.ok(200, "GET", get, Value::Null).await, json!({}));

    let config = "/2019-09-25/functions/resize/event-invoke-config";
    let none = lambda.refused("GET", config, Value::Null).await;
    assert_eq!(none.2, format!("The function {ARN}:$LATEST doesn't have an EventInvokeConfig"));
    let made = lambda.ok(200, "PUT", config, json!({ "MaximumRetryAttempts": 1 })).await;
    assert_eq!(made["LastModified"], 1_800_000_000.0);
    assert_eq!(made["DestinationConfig"], json!({ "OnSuccess": {}, "OnFailure": {} }));
    assert_eq!(lambda.ok(200, "GET", config, Value::Null).await, made);
    let listed = lambda.ok(200, "GET", &format!("{config}/list"), Value::Null).await;
    assert_eq!(listed, json!({ "FunctionEventInvokeConfigs": [made] }));
    lambda.ok(204, "DELETE", config, Value::Null).await;

    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    lambda.ok(204, "POST", &tags, json!({ "Tags": { "a": "1", "b": "2" } })).await;
    lambda.ok(204, "DELETE", &format!("{tags}?tagKeys=a"), Value::Null).await;
    assert_eq!(lambda.ok(200, "GET", &tags, Value::Null).await, json!({ "Tags": { "b": "2" } }));
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_function_is_refused() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    let with = |more: Value| with(new_function("resize"), more);
    for (input, status, name) in [
        (with(json!({ "Runtime": "cobol" })), 400, "ValidationException"),
        (with(json!({ "Timeout": 901 })), 400, "ValidationException"),
        (with(json!({ "Code": { "ZipFile": "AAAA" } })), 400, "InvalidParameterValueException"),
        (with(json!({ "Code": { "S3Bucket": "b" } })), 400, "InvalidParameterValueException"),
        (json!([]), 400, "InvalidRequestContentException"),
    ] {
        let refused = lambda.refused("POST", FUNCTIONS, input).await;
        assert_eq!((refused.0, &*refused.1), (status, name), "{}", refused.2);
    }
    let unknown = lambda.refused("GET", "/2015-03-31/layers", Value::Null).await;
    assert_eq!((unknown.0, &*unknown.1), (404, "UnknownOperationException"));
    let none = lambda.ok(200, "GET", &format!("{FUNCTIONS}/"), Value::Null).await;
    assert_eq!(none, json!({ "Functions": [] }));
    service.stop().await;
}

#[tokio::test]
async fn a_long_archive_has_room_that_other_bodies_have_not() {
    let service = hosting().await;
    let mut lambda = service.lambda().await;
    // Nothing that deflates, and more than the 8 MiB that a body may have.
    let mut state = 1_u64;
    let noise: String = (0..9 << 20)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + u8::try_from(state >> 33 & 0x3f).unwrap())
        })
        .collect();
    let input = with(new_function("resize"), json!({ "Code": { "ZipFile": zip(&noise) } }));
    assert!(input.to_string().len() > 8 << 20);
    lambda.ok(201, "POST", FUNCTIONS, input).await;
    service.stop().await;
}

#[tokio::test]
async fn a_server_that_runs_no_functions_says_so() {
    let service = Service::start().await;
    let mut lambda = service.lambda().await;
    let refused = lambda.refused("GET", &format!("{FUNCTIONS}/"), Value::Null).await;
    assert_eq!((refused.0, &*refused.1), (403, "AccessDeniedException"));
    assert!(refused.2.contains("hosting in [functions]"), "{}", refused.2);
    service.stop().await;
}
