//! Who may publish to phones, and change what belongs to text messages.

use serde_json::json;

use super::identities::Admin;
use crate::endpoints::gateway::Gateway;
use crate::harness::{Service, Setting};

const PHONE: &str = "+15550100123";
const USER: &str = "arn:aws:iam::000000000000:user/ann";

#[tokio::test]
async fn a_phone_is_no_topic_that_a_policy_could_name() {
    let mut gateway = Gateway::start().await;
    let setting = Setting { regions: Some(Vec::new()), ..Setting::default() };
    let service = Service::delivering(gateway.couriers(None), setting).await;
    let mut root = Admin::of(&service, service.root.clone()).await;
    let ann = root.user("ann", "sns:Publish").await;
    let mut sns = service.sns().await;
    sns.credentials = Some(ann);
    let publish = json!({ "PhoneNumber": PHONE, "Message": "hello" });
    sns.ok("Publish", publish.clone()).await;
    assert_eq!(gateway.message().await.text, "hello");

    let topics = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sns:*","Resource":"arn:aws:sns:*:*:*"}}"#;
    root.put_document("ann", topics).await;
    let refusal = sns.refused("Publish", publish.clone()).await;
    let text = format!(
        "User: {USER} is not authorized to perform: SNS:Publish on resource: {PHONE} because no \
         identity-based policy allows the SNS:Publish action"
    );
    refusal.assert_is("AuthorizationError", &text, "a policy of topics");
    // What is the account's own has the ARN of all that it has.
    sns.ok("GetSMSAttributes", json!({})).await;
    let no_phones = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:*","Resource":"*"},
        {"Effect":"Deny","Action":"sns:Publish","NotResource":"arn:aws:sns:*:*:*"}]}"#;
    root.put_document("ann", no_phones).await;
    let refusal = sns.refused("Publish", publish).await;
    assert!(refusal.message.ends_with("with an explicit deny in an identity-based policy"));

    root.put_policy("User", "ann", "sqs:*").await;
    for action in ["GetSMSAttributes", "ListPhoneNumbersOptedOut", "ListSMSSandboxPhoneNumbers"] {
        let refusal = sns.refused(action, json!({})).await;
        assert_eq!(refusal.code, "AuthorizationError", "{action}");
    }
    drop((sns, root));
    service.stop().await;
}
