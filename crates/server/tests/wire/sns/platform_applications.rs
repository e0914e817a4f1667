//! Platform applications: made, changed, listed, deleted.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, REGION, Service, Sns, with_topics};

/// An application of ADM, whose credentials may be anything.
fn create(name: &str) -> Value {
    json!({
        "Name": name,
        "Platform": "ADM",
        "Attributes": { "PlatformPrincipal": "client", "PlatformCredential": "hunter2" },
    })
}

async fn application(sns: &mut Sns, name: &str) -> String {
    let output = sns.ok("CreatePlatformApplication", create(name)).await;
    let arn = output["PlatformApplicationArn"].as_str().unwrap().to_owned();
    assert_eq!(arn, format!("arn:aws:sns:{REGION}:{ACCOUNT}:app/ADM/{name}"));
    arn
}

#[tokio::test]
async fn an_application_is_made_changed_and_deleted() {
    with_topics(async |sns| {
        let arn = application(sns, "hotel").await;
        assert_eq!(application(sns, "hotel").await, arn, "the same again");
        let of = json!({ "PlatformApplicationArn": arn });
        let shown = sns.ok("GetPlatformApplicationAttributes", of.clone()).await;
        assert_eq!(shown, json!({ "Attributes": { "Enabled": "true" } }));

        let topic = sns.topic("events").await;
        let role = "arn:aws:iam::000000000000:role/log";
        let attributes = json!({
            "EventEndpointCreated": topic,
            "FailureFeedbackRoleArn": role,
            "SuccessFeedbackSampleRate": "5",
        });
        let set = json!({ "PlatformApplicationArn": arn, "Attributes": attributes });
        assert_eq!(sns.ok("SetPlatformApplicationAttributes", set).await, Value::Null);
        let mut expected = attributes;
        expected["Enabled"] = json!("true");
        let shown = sns.ok("GetPlatformApplicationAttributes", of.clone()).await;
        assert_eq!(shown, json!({ "Attributes": expected }));
        let listed = sns.ok("ListPlatformApplications", json!({})).await;
        let one = json!({ "PlatformApplicationArn": arn, "Attributes": expected });
        assert_eq!(listed, json!({ "PlatformApplications": [one] }));

        let refusal = sns.refused("CreatePlatformApplication", create("hotel")).await;
        let text = "Invalid parameter: Name Reason: An application with the same name but different \
                    properties already exists";
        refusal.assert_is("InvalidParameter", text, "it has more attributes by now");

        assert_eq!(sns.ok("DeletePlatformApplication", of.clone()).await, Value::Null);
        assert_eq!(sns.ok("DeletePlatformApplication", of.clone()).await, Value::Null);
        let refusal = sns.refused("GetPlatformApplicationAttributes", of).await;
        refusal.assert_is("NotFound", "PlatformApplication does not exist", "it is gone");
    })
    .await;
}

#[tokio::test]
async fn requests_have_their_form() {
    with_topics(async |sns| {
        let arn = application(sns, "hotel").await;
        let invalid = |text: &str| format!("Invalid parameter: {text}");
        let with = |name: &str, value: Value| {
            let mut input = create("motel");
            input[name] = value;
            input
        };
        let fcm = |credential: &str| {
            json!({
                "Name": "a",
                "Platform": "GCM",
                "Attributes": { "PlatformCredential": credential },
            })
        };
        for (input, code, text) in [
            (json!({}), "ValidationError", "3 validation errors detected: *".to_owned()),
            (with("Name", json!("")), "InvalidParameter", invalid(" Reason: cannot be empty")),
            (
                with("Name", json!("a b")),
                "InvalidParameter",
                invalid("a b Reason: must contain only characters *"),
            ),
            (
                with("Platform", json!("FCM")),
                "InvalidParameter",
                invalid("Platform Reason: FCM is not supported"),
            ),
            (
                with("Attributes", json!({})),
                "ValidationError",
                "1 validation error detected: Value null at 'attributes' *".to_owned(),
            ),
            (
                with("Attributes", json!({ "PlatformPrincipal": "client" })),
                "InvalidParameter",
                invalid(
                    "Attributes Reason: PlatformPrincipal attribute provided without \
                     PlatformCredential",
                ),
            ),
            (
                with("Attributes", json!({ "Platform": "x" })),
                "InvalidParameter",
                invalid(
                    "Attributes Reason: Invalid value for attribute: PlatformCredential: cannot be \
                     empty",
                ),
            ),
            (
                fcm("{\"project_id\":\"hotel\"}"),
                "InvalidParameter",
                invalid("Attributes Reason: Platform credentials are invalid: the service account *"),
            ),
        ] {
            let refusal = sns.refused("CreatePlatformApplication", input.clone()).await;
            refusal.assert_is(code, &text, &input.to_string());
        }
        let set = |name: &str, value: &str| {
            json!({ "PlatformApplicationArn": arn, "Attributes": { name: value } })
        };
        for (input, text) in [
            (
                set("SuccessFeedbackSampleRate", "101"),
                "Attributes Reason: Invalid value for attribute: SuccessFeedbackSampleRate: 101 \
                 value provided is not an integer between 0-100",
            ),
            (set("Unknown", "1"), "Attributes Reason: Invalid attribute name: Unknown"),
        ] {
            let refusal = sns.refused("SetPlatformApplicationAttributes", input).await;
            refusal.assert_is("InvalidParameter", &invalid(text), "");
        }
        for (arn, code, text) in [
            (
                "hotel".to_owned(),
                "InvalidParameter",
                "Invalid parameter: PlatformApplicationArn Reason: An ARN must have at least 6 \
                 elements, not 1",
            ),
            (
                arn.replace("/hotel", ""),
                "InvalidParameter",
                "Invalid parameter: PlatformApplicationArn Reason: Wrong number of slashes in \
                 relative portion of the ARN.",
            ),
            (
                arn.replace(REGION, "eu-west-1"),
                "InvalidParameter",
                "Invalid parameter: PlatformApplicationArn",
            ),
            (format!("{arn}s"), "NotFound", "PlatformApplication does not exist"),
            (
                arn.replace(ACCOUNT, "111122223333"),
                "NotFound",
                "PlatformApplication does not exist",
            ),
        ] {
            for action in ["GetPlatformApplicationAttributes", "ListEndpointsByPlatformApplication"]
            {
                let input = json!({ "PlatformApplicationArn": arn });
                sns.refused(action, input).await.assert_is(code, text, &arn);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn applications_come_in_pages() {
    with_topics(async |sns| {
        for number in 0..101 {
            application(sns, &format!("hotel{number:03}")).await;
        }
        let first = sns.ok("ListPlatformApplications", json!({})).await;
        let of = |page: &Value| page["PlatformApplications"].as_array().unwrap().clone();
        assert_eq!(of(&first).len(), 100);
        let next = json!({ "NextToken": first["NextToken"] });
        let second = sns.ok("ListPlatformApplications", next).await;
        assert_eq!(of(&second).len(), 1);
        assert!(of(&second)[0]["PlatformApplicationArn"].as_str().unwrap().ends_with("hotel100"));
        assert_eq!(second.get("NextToken"), None);
        let elsewhere = sns
            .caller("AKIDEXAMPLE", "eu-west-1")
            .await
            .ok("ListPlatformApplications", json!({}))
            .await;
        assert_eq!(of(&elsewhere).len(), 0);
        let refusal = sns.refused("ListPlatformApplications", json!({ "NextToken": "x" })).await;
        refusal.assert_is("InvalidParameter", "Invalid parameter: NextToken", "");
    })
    .await;
}

#[tokio::test]
async fn all_is_there_after_a_restart() {
    let service = Service::start().await;
    let mut sns = service.sns().await;
    let arn = application(&mut sns, "hotel").await;
    let create = json!({ "PlatformApplicationArn": arn, "Token": "token", "CustomUserData": "7" });
    let endpoint = sns.ok("CreatePlatformEndpoint", create.clone()).await;
    drop(sns);
    let service = service.restart().await;
    let mut sns = service.sns().await;
    assert_eq!(application(&mut sns, "hotel").await, arn, "with the same credentials");
    assert_eq!(sns.ok("CreatePlatformEndpoint", create).await, endpoint);
    drop(sns);
    service.stop().await;
}
