//! Requests as boto3 and aws-cli send them, and what comes of them.

use serde_json::{Value, json};
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_lambda::{LambdaCode, Qualifier, Scope};

use super::*;
use crate::action::{Action, Head, LambdaAction, Protocol, Service};
use crate::refusal::{Refusal, WireError};

fn scope() -> Scope {
    Scope {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
    }
}

fn read(method: &str, target: &str, body: &str) -> Result<LambdaRequest, Refusal> {
    read_with(method, target, body, &InvokeHeaders::default())
}

fn read_with(
    method: &str,
    target: &str,
    body: &str,
    headers: &InvokeHeaders,
) -> Result<LambdaRequest, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (body, scope) = (body.as_bytes(), &scope());
    LambdaRequest::read(&Asked { method, path, query, headers, body, scope })
}

fn code(read: Result<LambdaRequest, Refusal>) -> (&'static str, u16) {
    let refusal = read.unwrap_err();
    let code = crate::Code::of(&refusal, Service::Lambda);
    (code.shape, code.status)
}

#[test]
fn operations_are_named_by_method_and_path() {
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Aresize";
    let tags = format!("/2017-03-31/tags/{arn}");
    for (method, path, action, function, part) in [
        ("POST", "/2015-03-31/functions", "CreateFunction", "", ""),
        ("GET", "/2015-03-31/functions/", "ListFunctions", "", ""),
        ("GET", "/2015-03-31/functions/resize", "GetFunction", "resize", ""),
        ("POST", "/2015-03-31/functions/resize/invocations", "Invoke", "resize", ""),
        ("DELETE", "/2015-03-31/functions/a/policy/s", "RemovePermission", "a", "s"),
        ("PUT", "/2015-03-31/functions/a/aliases/live", "UpdateAlias", "a", "live"),
        ("POST", "/2014-11-13/functions/a/invoke-async/", "InvokeAsync", "a", ""),
        (
            "GET",
            "/2019-09-25/functions/a/event-invoke-config/list",
            "ListFunctionEventInvokeConfigs",
            "a",
            "",
        ),
        ("GET", &tags, "ListTags", "arn:aws:lambda:us-east-1:111122223333:function:resize", ""),
    ] {
        let route = Route::find(method, path).unwrap_or_else(|| panic!("{method} {path}"));
        assert_eq!(route.action.name(), action);
        assert_eq!((&*route.function, &*route.part), (function, part));
        assert_eq!(Protocol::of_path(path), Some(Protocol::Json));
        let head = Head { method, path, query: "", target: None, scope_service: Some("lambda") };
        assert_eq!(Service::of(Protocol::Json, &head, b""), Service::Lambda);
        let found = Action::find(Service::Lambda, Protocol::Json, &head, b"").unwrap();
        assert_eq!(found, Action::Lambda(LambdaAction::of_name(action).unwrap()));
    }
    for (method, path) in [
        ("PATCH", "/2015-03-31/functions/a"),
        ("GET", "/2015-03-31/functions/a/b"),
        ("GET", "/2015-03-31/functions/%zz"),
        ("GET", "/2015-03-31/functions/%ff"),
        ("GET", "/2015-03-31/layers"),
        ("GET", "/2099-03-31/functions"),
    ] {
        assert_eq!(Route::find(method, path), None, "{method} {path}");
        let head = Head { method, path, query: "", target: None, scope_service: None };
        let error = Action::find(Service::Lambda, Protocol::Json, &head, b"").unwrap_err();
        assert!(matches!(error, WireError::InvalidAction { .. }));
    }
    for path in ["/", "/000000000000/orders", "/2015-03-31", "/2015-03-3x/functions", "/health"] {
        assert!(!is_rest_path(path), "{path}");
    }
}

#[test]
fn a_function_comes_with_its_code() {
    let body = json!({
        "FunctionName": "resize",
        "Runtime": "provided.al2023",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Handler": "bootstrap",
        "Code": { "ZipFile": "UEsDBA==" },
        "Timeout": 30,
        "Publish": true,
        "Environment": { "Variables": { "KEY": "value" } },
        "Tags": { "team": "rooms" },
        "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] },
        "Layers": null,
        "KMSKeyArn": "",
        "SnapStart": { "ApplyOn": "None" },
        "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "rooms", "SystemLogLevel": "WARN" },
    });
    let read = read("POST", "/2015-03-31/functions", &body.to_string()).unwrap();
    let LambdaRequest::CreateFunction(create) = read else { panic!("{read:?}") };
    assert_eq!(create.zip, b"PK\x03\x04");
    assert_eq!(create.function.name.as_str(), "resize");
    assert_eq!(create.settings.timeout_seconds, Some(30));
    assert_eq!(create.settings.environment.unwrap().0["KEY"], "value");
    assert_eq!(create.tags, [("team".to_owned(), "rooms".to_owned())]);
    let logging = create.settings.logging.unwrap();
    assert_eq!((&*logging.format, logging.group.as_deref()), ("JSON", Some("rooms")));
    assert_eq!((logging.application_level, logging.system_level), (None, Some("WARN".to_owned())));
    assert!(create.publish);
}

#[test]
fn what_is_not_served_is_said_at_once() {
    let with = |member: &str, value: Value| {
        let mut body = json!({ "FunctionName": "f", "Code": { "ZipFile": "" } });
        body[member] = value;
        code(read("POST", "/2015-03-31/functions", &body.to_string()))
    };
    let refused = ("InvalidParameterValueException", 400);
    for (member, value) in [
        ("Code", json!({ "S3Bucket": "b", "S3Key": "k" })),
        ("Code", json!({ "ImageUri": "i" })),
        ("Code", json!({})),
        ("PackageType", json!("Image")),
        ("VpcConfig", json!({ "SubnetIds": ["subnet-1"] })),
        ("Layers", json!(["arn"])),
        ("FileSystemConfigs", json!([{ "Arn": "a" }])),
        ("KMSKeyArn", json!("arn:aws:kms:us-east-1:111122223333:key/k")),
        ("SnapStart", json!({ "ApplyOn": "PublishedVersions" })),
        ("DeadLetterConfig", json!({ "TargetArn": "arn:aws:s3:::b" })),
        ("FunctionName", json!("f:1")),
        ("FunctionName", json!("999988887777:function:f")),
    ] {
        assert_eq!(with(member, value.clone()), refused, "{member} {value}");
    }
    let invalid = ("ValidationException", 400);
    for (member, value) in [
        ("FunctionName", json!("a b")),
        ("FunctionName", Value::Null),
        ("Code", Value::Null),
        ("Architectures", json!(["arm64", "x86_64"])),
    ] {
        assert_eq!(with(member, value.clone()), invalid, "{member} {value}");
    }
    let malformed = ("InvalidRequestContentException", 400);
    assert_eq!(with("Timeout", json!("30")), malformed);
    assert_eq!(with("Code", json!({ "ZipFile": "*" })), malformed);
    assert_eq!(code(read("POST", "/2015-03-31/functions", "[]")), malformed);
}

#[test]
fn an_invocation_says_how() {
    let target = "/2015-03-31/functions/resize/invocations?Qualifier=live";
    let headers = |kind: Option<&str>, log: Option<&str>, context: Option<&str>| InvokeHeaders {
        invocation_type: kind.map(str::to_owned),
        log_type: log.map(str::to_owned),
        client_context: context.map(str::to_owned),
    };
    let invoke = |headers: InvokeHeaders| read_with("POST", target, "{}", &headers);
    let LambdaRequest::Invoke(plain) = invoke(InvokeHeaders::default()).unwrap() else { panic!() };
    assert_eq!(plain.kind, InvocationType::RequestResponse);
    assert_eq!(plain.function.qualifier, Some(Qualifier::Alias("live".into())));
    let read = invoke(headers(Some("Event"), Some("Tail"), Some("e30="))).unwrap();
    let LambdaRequest::Invoke(event) = read else { panic!() };
    assert_eq!((event.kind, event.wants_log), (InvocationType::Event, true));
    assert_eq!(event.client_context.as_deref(), Some("{}"));
    let invalid = ("ValidationException", 400);
    assert_eq!(code(invoke(headers(Some("Later"), None, None))), invalid);
    assert_eq!(code(invoke(headers(None, Some("All"), None))), invalid);
    for context in ["*", "W10=", "e30", &"e".repeat(4000)] {
        let refused = code(invoke(headers(None, None, Some(context))));
        assert_eq!(refused.0, LambdaCode::InvalidRequestContent.name(), "{context}");
    }
}

#[test]
fn lists_are_asked_for_in_pages() {
    let target = "/2015-03-31/functions/?MaxItems=7&Marker=resize&FunctionVersion=ALL";
    let read_list = |target| match read("GET", target, "").unwrap() {
        LambdaRequest::ListFunctions { all_versions, page } => (all_versions, page),
        other => panic!("{other:?}"),
    };
    let wanted = PageWanted { after: Some("resize".to_owned()), max: 7 };
    assert_eq!(read_list(target), (true, wanted));
    let first = PageWanted { after: None, max: 50 };
    assert_eq!(read_list("/2015-03-31/functions/"), (false, first.clone()));
    assert_eq!(read_list("/2015-03-31/functions/?MaxItems=10000"), (false, first));
    for max in ["0", "-1", "10001", "x"] {
        let read = read("GET", &format!("/2015-03-31/functions/?MaxItems={max}"), "");
        assert_eq!(code(read), ("ValidationException", 400));
    }
}

#[test]
fn aliases_permissions_and_settings_are_read() {
    let body = r#"{"Name":"live","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}}"#;
    let LambdaRequest::CreateAlias { name, alias, .. } =
        read("POST", "/2015-03-31/functions/f/aliases", body).unwrap()
    else {
        panic!()
    };
    assert_eq!((&*name, alias.version.as_deref()), ("live", Some("1")));
    assert_eq!(alias.additional, Some(Some(("2".to_owned(), 0.5))));
    let body = r#"{"RoutingConfig":{"AdditionalVersionWeights":{}}}"#;
    let LambdaRequest::UpdateAlias { alias, .. } =
        read("PUT", "/2015-03-31/functions/f/aliases/live", body).unwrap()
    else {
        panic!()
    };
    assert_eq!(alias.additional, Some(None));
    let body = r#"{"MaximumRetryAttempts":0,"DestinationConfig":{"OnFailure":{"Destination":"a"},"OnSuccess":{}}}"#;
    let LambdaRequest::PutFunctionEventInvokeConfig { change, replace, .. } =
        read("PUT", "/2019-09-25/functions/f/event-invoke-config", body).unwrap()
    else {
        panic!()
    };
    assert!(replace);
    assert_eq!((change.retry_attempts, change.event_age_seconds), (Some(0), None));
    assert_eq!((change.on_failure.as_deref(), change.on_success.as_deref()), (Some("a"), Some("")));
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Af";
    let LambdaRequest::UntagResource { keys, .. } =
        read("DELETE", &format!("/2017-03-31/tags/{arn}?tagKeys=a&tagKeys=b%20c"), "").unwrap()
    else {
        panic!()
    };
    assert_eq!(keys, ["a", "b c"]);
    let missing = read("POST", "/2015-03-31/functions/f/policy", r#"{"Action":"lambda:*"}"#);
    assert_eq!(code(missing), ("ValidationException", 400));
    let negative = r#"{"ReservedConcurrentExecutions":-1}"#;
    let negative = read("PUT", "/2017-10-31/functions/f/concurrency", negative);
    assert_eq!(code(negative), ("ValidationException", 400));
}

#[test]
fn errors_are_named_in_a_header() {
    use tidings_lambda::LambdaFault;
    let told = |refusal: Refusal| {
        let answer = refusal.answer(Service::Lambda, Protocol::Json, Uuid::from_random(0));
        let [("x-amzn-errortype", name)] = &*answer.headers else { panic!("{answer:?}") };
        assert_eq!(answer.content_type, "application/json");
        (answer.status, name.clone(), String::from_utf8(answer.body.into()).unwrap())
    };
    let absent = LambdaFault::no_function("arn");
    assert_eq!(
        told(absent.into()),
        (
            404,
            "ResourceNotFoundException".to_owned(),
            r#"{"Type":"User","Message":"Function not found: arn"}"#.to_owned()
        )
    );
    let throttled = LambdaFault {
        reason: Some("ReservedFunctionConcurrentInvocationLimitExceeded"),
        ..LambdaFault::new(LambdaCode::TooManyRequests, "Rate Exceeded.")
    };
    let body = concat!(
        r#"{"Type":"User","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","#,
        r#""message":"Rate Exceeded."}"#
    );
    assert_eq!(
        told(throttled.into()),
        (429, "TooManyRequestsException".to_owned(), body.to_owned())
    );
    let (status, name, body) = told(WireError::InternalFailure.into());
    assert_eq!((status, &*name), (500, "ServiceException"));
    assert!(body.starts_with(r#"{"Type":"Service","Message":"#), "{body}");
    for (error, status, name) in [
        (WireError::TooLarge, 413, "RequestTooLargeException"),
        (WireError::Throttled, 429, "TooManyRequestsException"),
        (WireError::AccessDenied("no".into()), 403, "AccessDeniedException"),
        (
            WireError::Unauthentic(tidings_sigv4::AuthFault::Mismatch),
            403,
            "InvalidSignatureException",
        ),
    ] {
        let told = told(error.into());
        assert_eq!((told.0, &*told.1), (status, name));
    }
}
