//! Endpoints of platform applications: made, changed, listed, deleted.

use serde_json::{Value, json};

use crate::harness::{Sns, with_topics};

async fn application(sns: &mut Sns) -> String {
    let attributes = json!({ "PlatformPrincipal": "client", "PlatformCredential": "hunter2" });
    let create = json!({ "Name": "hotel", "Platform": "ADM", "Attributes": attributes });
    let output = sns.ok("CreatePlatformApplication", create).await;
    output["PlatformApplicationArn"].as_str().unwrap().to_owned()
}

fn create(application: &str, token: &str) -> Value {
    json!({ "PlatformApplicationArn": application, "Token": token })
}

async fn endpoint(sns: &mut Sns, input: Value) -> String {
    let output = sns.ok("CreatePlatformEndpoint", input).await;
    output["EndpointArn"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_is_made_changed_and_deleted() {
    with_topics(async |sns| {
        let application = application(sns).await;
        let arn = endpoint(sns, create(&application, "token")).await;
        let prefix = format!("{}/", application.replace(":app/", ":endpoint/"));
        assert_eq!(arn.strip_prefix(&prefix).unwrap().len(), 36);
        let of = json!({ "EndpointArn": arn });
        let shown = sns.ok("GetEndpointAttributes", of.clone()).await;
        assert_eq!(shown, json!({ "Attributes": { "Enabled": "true", "Token": "token" } }));
        let attributes = json!({ "Enabled": "false", "Token": "t2", "CustomUserData": "guest" });
        let set = json!({ "EndpointArn": arn, "Attributes": attributes });
        assert_eq!(sns.ok("SetEndpointAttributes", set).await, Value::Null);
        let shown = sns.ok("GetEndpointAttributes", of.clone()).await;
        assert_eq!(shown, json!({ "Attributes": attributes }));
        let list = json!({ "PlatformApplicationArn": application });
        let listed = sns.ok("ListEndpointsByPlatformApplication", list.clone()).await;
        let one = json!({ "EndpointArn": arn, "Attributes": attributes });
        assert_eq!(listed, json!({ "Endpoints": [one] }));
        for _ in 0..2 {
            assert_eq!(sns.ok("DeleteEndpoint", of.clone()).await, Value::Null);
        }
        let refusal = sns.refused("GetEndpointAttributes", of).await;
        refusal.assert_is("NotFound", "Endpoint does not exist", "it is gone");
        let listed = sns.ok("ListEndpointsByPlatformApplication", list).await;
        assert_eq!(listed, json!({ "Endpoints": [] }));
    })
    .await;
}

#[tokio::test]
async fn creating_again_answers_with_what_is_there_or_says_where_it_is() {
    with_topics(async |sns| {
        let application = application(sns).await;
        let mut input = create(&application, "token");
        input["CustomUserData"] = json!("guest");
        let arn = endpoint(sns, input.clone()).await;
        assert_eq!(endpoint(sns, input.clone()).await, arn);
        input["Attributes"] = json!({ "Enabled": "true" });
        assert_eq!(endpoint(sns, input.clone()).await, arn);
        let text = format!(
            "Invalid parameter: Token Reason: Endpoint {arn} already exists with the same Token, but \
             different attributes."
        );
        input["CustomUserData"] = json!("another guest");
        for input in [input, create(&application, "token")] {
            let refusal = sns.refused("CreatePlatformEndpoint", input).await;
            refusal.assert_is("InvalidParameter", &text, "");
        }
    })
    .await;
}

#[tokio::test]
async fn requests_have_their_form() {
    with_topics(async |sns| {
        let application = application(sns).await;
        let with = |name: &str, value: &str| {
            let mut input = create(&application, "token");
            input["Attributes"] = json!({ name: value });
            input
        };
        let long = "x".repeat(8193);
        for (input, text) in [
            (create(&application, ""), "Token Reason: cannot be empty"),
            (
                create(&application, &long),
                "Token Reason: must be at most 8192 bytes long in UTF-8 encoding",
            ),
            (
                with("CustomUserData", &long),
                "Attributes Reason: Invalid value for attribute: CustomUserData: must be at most \
                 2048 bytes long in UTF-8 encoding",
            ),
            (with("Colour", "red"), "Attributes Reason: Invalid attribute name: Colour"),
            (
                create("arn:aws:sns:us-east-1:000000000000:hotel", "token"),
                "PlatformApplicationArn Reason: Wrong number of slashes in relative portion of the \
                 ARN.",
            ),
        ] {
            let refusal = sns.refused("CreatePlatformEndpoint", input).await;
            refusal.assert_is("InvalidParameter", &format!("Invalid parameter: {text}"), text);
        }
        let arn = endpoint(sns, create(&application, "token")).await;
        let empty = json!({ "EndpointArn": arn, "Attributes": {} });
        let refusal = sns.refused("SetEndpointAttributes", empty).await;
        assert_eq!(refusal.code, "ValidationError");
        let bad_id = "Invalid parameter: EndpointArn Reason: ARN specifies an invalid endpointId: \
                      UUID must be encoded in exactly 36 characters.";
        for action in ["GetEndpointAttributes", "DeleteEndpoint"] {
            let input = json!({ "EndpointArn": format!("{arn}invalid") });
            sns.refused(action, input).await.assert_is("InvalidParameter", bad_id, action);
        }
    })
    .await;
}

#[tokio::test]
async fn endpoints_come_in_pages_and_go_with_their_application() {
    with_topics(async |sns| {
        let arn = application(sns).await;
        let mut made = Vec::new();
        for number in 0..130 {
            made.push(endpoint(sns, create(&arn, &format!("token{number}"))).await);
        }
        made.sort();
        let of = |page: &Value| -> Vec<String> {
            let endpoints = page["Endpoints"].as_array().unwrap().iter();
            endpoints.map(|it| it["EndpointArn"].as_str().unwrap().to_owned()).collect()
        };
        let list = json!({ "PlatformApplicationArn": arn });
        let first = sns.ok("ListEndpointsByPlatformApplication", list.clone()).await;
        let next = json!({ "PlatformApplicationArn": arn, "NextToken": first["NextToken"] });
        let second = sns.ok("ListEndpointsByPlatformApplication", next).await;
        assert_eq!((of(&first).as_slice(), of(&second).as_slice()), made.split_at(100));
        sns.ok("DeletePlatformApplication", list.clone()).await;
        let refusal = sns.refused("GetEndpointAttributes", json!({ "EndpointArn": made[0] })).await;
        refusal.assert_is("NotFound", "Endpoint does not exist", "");
        application(sns).await;
        let again = sns.ok("ListEndpointsByPlatformApplication", list).await;
        assert_eq!(again, json!({ "Endpoints": [] }), "another one of the same name");
    })
    .await;
}
