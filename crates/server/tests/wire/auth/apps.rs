//! Platform applications and endpoints, where callers are authenticated.

use serde_json::json;

use super::identities::Admin;
use crate::harness::Service;

#[tokio::test]
async fn policies_decide_who_may() {
    let service = Service::authenticating(&[]).await;
    let mut root = service.sns_as_root().await;
    let create = |name: &str| {
        let attributes = json!({ "PlatformPrincipal": "client", "PlatformCredential": "hunter2" });
        json!({ "Name": name, "Platform": "ADM", "Attributes": attributes })
    };
    let application = root.ok("CreatePlatformApplication", create("hotel")).await;
    let arn = &application["PlatformApplicationArn"];
    let endpoint = json!({ "PlatformApplicationArn": arn, "Token": "token" });
    let endpoint = root.ok("CreatePlatformEndpoint", endpoint).await["EndpointArn"].clone();
    let of_application = json!({ "PlatformApplicationArn": arn });
    let of_endpoint = json!({ "EndpointArn": endpoint });
    let publish = json!({ "TargetArn": endpoint, "Message": "hello" });
    let set = |of: &serde_json::Value| {
        let mut input = of.clone();
        input["Attributes"] = json!({ "Enabled": "false" });
        input
    };
    let register = json!({ "PlatformApplicationArn": arn, "Token": "another" });
    let on_account = "arn:aws:sns:us-east-1:000000000000:*";
    let (arn, endpoint) = (arn.as_str().unwrap(), endpoint.as_str().unwrap());
    let all = [
        ("CreatePlatformApplication", create("motel"), on_account),
        ("ListPlatformApplications", json!({}), on_account),
        ("GetPlatformApplicationAttributes", of_application.clone(), arn),
        ("SetPlatformApplicationAttributes", set(&of_application), arn),
        ("ListEndpointsByPlatformApplication", of_application.clone(), arn),
        ("CreatePlatformEndpoint", register, arn),
        ("GetEndpointAttributes", of_endpoint.clone(), endpoint),
        ("SetEndpointAttributes", set(&of_endpoint), endpoint),
        ("Publish", publish, endpoint),
        ("DeleteEndpoint", of_endpoint.clone(), endpoint),
        ("DeletePlatformApplication", of_application, arn),
    ];
    let mut nobody = service.sns().await;
    nobody.headers.clear();
    let mut user = service.sns().await;
    let mut admin = Admin::of(&service, root.credentials.clone()).await;
    user.credentials = Some(admin.user("guest", "sns:List*").await);
    for (action, input, resource) in all {
        let refusal = nobody.refused(action, input.clone()).await;
        assert_eq!(refusal.code, "MissingAuthenticationToken", "{action}");
        if action.starts_with("List") {
            user.ok(action, input).await;
            continue;
        }
        let refusal = user.refused(action, input).await;
        assert_eq!(refusal.code, "AuthorizationError", "{action}");
        let text = format!("is not authorized to perform: SNS:{action} on resource: {resource} ");
        assert!(refusal.message.contains(&text), "{refusal:?}");
    }
    // Nothing has happened.
    let shown = root.ok("GetEndpointAttributes", of_endpoint).await;
    assert_eq!(shown["Attributes"]["Enabled"], "true");
    drop((root, nobody, user, admin));
    service.stop().await;
}
