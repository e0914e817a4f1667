//! Who may do what, on a server that authenticates. There is only the root user here, which for keys
//! is not above their policies.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, KmsFault, REGION, Service};

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn allow(actions: &[&str]) -> Value {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    json!({ "Effect": "Allow", "Principal": { "AWS": root }, "Action": actions, "Resource": "*" })
}

#[tokio::test]
async fn who_has_no_name_has_no_keys() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    kms.key().await;
    kms.credentials = None;
    let refused = kms.refused("ListKeys", json!({})).await;
    assert_eq!(refused.0, "MissingAuthenticationTokenException");
    kms.credentials = service.root.clone();
    kms.credentials.as_mut().unwrap().secret.push('x');
    let refused = kms.refused("ListKeys", json!({})).await;
    assert_eq!(refused.0, "InvalidSignatureException");
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn a_keys_policy_comes_first() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    let actions = ["kms:Encrypt", "kms:DescribeKey", "kms:PutKeyPolicy"];
    let input = json!({ "Policy": policy(json!([allow(&actions)])) });
    let created = kms.ok("CreateKey", input).await;
    let key = created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let blob = kms.encrypt(&key, "secret").await;
    let denied = |action: &str| {
        let text = format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: {action} on resource: \
             {key} because no resource-based policy allows the {action} action"
        );
        KmsFault::new("AccessDeniedException", text)
    };
    for (action, input) in [
        ("Decrypt", json!({ "CiphertextBlob": blob })),
        ("DisableKey", json!({ "KeyId": key })),
        ("GetKeyPolicy", json!({ "KeyId": key })),
        ("ScheduleKeyDeletion", json!({ "KeyId": key })),
        ("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })),
        ("RotateKeyOnDemand", json!({ "KeyId": key })),
        ("GenerateDataKey", json!({ "KeyId": key, "KeySpec": "AES_256" })),
    ] {
        let refused = kms.refused(action, input).await;
        assert_eq!(refused, denied(&format!("kms:{action}")));
    }
    let whole = policy(json!([allow(&["kms:*"])]));
    kms.ok("PutKeyPolicy", json!({ "KeyId": key, "Policy": whole })).await;
    assert_eq!(kms.decrypt(&blob).await, "secret");
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn nobody_locks_itself_out_by_mistake() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    let locked = policy(json!([allow(&["kms:Encrypt"])]));
    let text = "The new key policy will not allow you to update the key policy in the future.";
    let fault = KmsFault::new("MalformedPolicyDocumentException", text);
    assert_eq!(kms.refused("CreateKey", json!({ "Policy": locked })).await, fault);
    let mut input = json!({ "KeyId": key, "Policy": locked });
    assert_eq!(kms.refused("PutKeyPolicy", input.clone()).await, fault);
    input["BypassPolicyLockoutSafetyCheck"] = json!(true);
    kms.ok("PutKeyPolicy", input.clone()).await;
    let refused = kms.refused("PutKeyPolicy", input).await;
    assert_eq!(refused.0, "AccessDeniedException");
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn conditions_see_the_encryption_context_and_the_alias() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    let mut use_it = allow(&["kms:Encrypt"]);
    use_it["Condition"] = json!({ "StringEquals": {
        "kms:EncryptionContext:purpose": "test", "kms:RequestAlias": "alias/a",
    } });
    let manage = allow(&["kms:PutKeyPolicy", "kms:CreateAlias"]);
    let created = kms.ok("CreateKey", json!({ "Policy": policy(json!([use_it, manage])) })).await;
    let key = &created["KeyMetadata"]["Arn"];
    kms.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })).await;
    let input = |key: &str, purpose: &str| json!({ "KeyId": key, "Plaintext": "AA==", "EncryptionContext": { "purpose": purpose } });
    kms.ok("Encrypt", input("alias/a", "test")).await;
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/a");
    kms.ok("Encrypt", input(&arn, "test")).await;
    for input in [input("alias/a", "other"), input(key.as_str().unwrap(), "test")] {
        assert_eq!(kms.refused("Encrypt", input).await.0, "AccessDeniedException");
    }
    drop(kms);
    service.stop().await;
}

/// Keys of other accounts are no different from keys that are not there.
#[tokio::test]
async fn strangers_do_not_learn_what_there_is() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let foreign = format!("arn:aws:kms:{REGION}:111111111111:key/{id}");
    let refused = kms.refused("DescribeKey", json!({ "KeyId": foreign })).await;
    let text = format!(
        "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: kms:DescribeKey on this \
         resource because the resource does not exist in this Region, no resource-based policies \
         allow access, or a resource-based policy explicitly denies access"
    );
    assert_eq!(refused, KmsFault::new("AccessDeniedException", text));
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn a_managed_key_is_not_for_direct_use() {
    let service = Service::authenticating(&[]).await;
    let mut kms = service.kms().await;
    kms.ok("DescribeKey", json!({ "KeyId": "alias/aws/sqs" })).await;
    let input = json!({ "KeyId": "alias/aws/sqs", "Plaintext": "AA==" });
    assert_eq!(kms.refused("Encrypt", input).await.0, "AccessDeniedException");
    drop(kms);
    service.stop().await;
}
