//! Keys, aliases, tags, policies and grants.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, KmsFault, REGION, Service};

#[tokio::test]
async fn a_key_lives() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let tags = json!([{ "TagKey": "team", "TagValue": "a" }]);
    let created = kms.ok("CreateKey", json!({ "Description": "d", "Tags": tags })).await;
    let id = created["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}");
    assert_eq!(created["KeyMetadata"]["Arn"], arn);
    for name in [&id, &arn] {
        assert_eq!(kms.ok("DescribeKey", json!({ "KeyId": name })).await, created);
    }
    let listed = kms.ok("ListKeys", json!({})).await;
    let expected = json!({ "Keys": [{ "KeyId": id, "KeyArn": arn }], "Truncated": false });
    assert_eq!(listed, expected);
    let listed = kms.ok("ListResourceTags", json!({ "KeyId": id })).await;
    assert_eq!(listed, json!({ "Tags": tags, "Truncated": false }));
    let policy = kms.ok("GetKeyPolicy", json!({ "KeyId": id, "PolicyName": "default" })).await;
    let document: Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    assert_eq!(document["Statement"][0]["Principal"]["AWS"], root);
    kms.ok("PutKeyPolicy", json!({ "KeyId": id, "Policy": policy["Policy"] })).await;
    let names = kms.ok("ListKeyPolicies", json!({ "KeyId": id })).await;
    assert_eq!(names, json!({ "PolicyNames": ["default"], "Truncated": false }));
    let scheduled =
        kms.ok("ScheduleKeyDeletion", json!({ "KeyId": id, "PendingWindowInDays": 7 })).await;
    assert_eq!(scheduled["KeyId"], arn);
    assert_eq!(scheduled["DeletionDate"], json!(1_800_604_800.0));
    assert_eq!(scheduled["KeyState"], "PendingDeletion");
    let again = kms.refused("ScheduleKeyDeletion", json!({ "KeyId": id })).await;
    let text = format!("{arn} is pending deletion.");
    assert_eq!(again, KmsFault::new("KMSInvalidStateException", text));
    let cancelled = kms.ok("CancelKeyDeletion", json!({ "KeyId": id })).await;
    assert_eq!(cancelled, json!({ "KeyId": arn }));
    let described = kms.ok("DescribeKey", json!({ "KeyId": id })).await;
    assert_eq!(described["KeyMetadata"]["KeyState"], "Disabled");
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn a_key_that_is_not_there_is_said_as_recorded() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}");
    let elsewhere = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{id}");
    for (name, text) in [
        (id, format!("Key '{arn}' does not exist")),
        (&arn, format!("Key '{arn}' does not exist")),
        (&elsewhere, "Invalid arn eu-west-1".to_owned()),
        ("fake-key-id", "Invalid keyId 'fake-key-id'".to_owned()),
        ("alias/a", format!("Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/a is not found.")),
    ] {
        let refused = kms.refused("DescribeKey", json!({ "KeyId": name })).await;
        assert_eq!(refused, KmsFault::new("NotFoundException", text));
    }
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    for (account, region) in [("111111111111", REGION), (ACCOUNT, "eu-west-1")] {
        let mut other = kms.caller(account, region).await;
        let listed = other.ok("ListKeys", json!({})).await;
        assert_eq!(listed, json!({ "Keys": [], "Truncated": false }));
        let id = key.rsplit('/').next().unwrap();
        let refused = other.refused("DisableKey", json!({ "KeyId": id })).await;
        assert_eq!(refused.0, "NotFoundException");
    }
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn managed_keys_are_made_by_the_first_use_of_their_alias() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let listed = kms.ok("ListAliases", json!({})).await;
    let unmade = |alias: &Value| alias.get("TargetKeyId").is_none();
    let aliases = listed["Aliases"].as_array().unwrap();
    assert!(aliases.len() == 2 && aliases.iter().all(unmade), "{listed}");
    let described = kms.ok("DescribeKey", json!({ "KeyId": "alias/aws/sqs" })).await;
    assert_eq!(described["KeyMetadata"]["KeyManager"], "AWS");
    let again = kms.ok("DescribeKey", json!({ "KeyId": "alias/aws/sqs" })).await;
    assert_eq!(again, described);
    let listed = kms.ok("ListAliases", json!({})).await;
    assert_eq!(listed["Aliases"][1]["TargetKeyId"], described["KeyMetadata"]["KeyId"]);
    let text = "The alias alias/aws/x is reserved for AWS managed keys.";
    let key = kms.key().await;
    let input = json!({ "AliasName": "alias/aws/x", "TargetKeyId": key });
    let refused = kms.refused("CreateAlias", input).await;
    assert_eq!(refused, KmsFault::new("NotAuthorizedException", text));
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn grants_are_made_listed_and_ended() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    let grantee = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let input = json!({
        "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt", "Decrypt"],
        "Constraints": { "EncryptionContextSubset": { "a": "b" } },
    });
    let with_trial = |on| {
        let mut input = input.clone();
        input["DryRun"] = json!(on);
        input
    };
    let refused = kms.refused("CreateGrant", with_trial(true)).await;
    let text = "The request would have succeeded, but the DryRun option is set.";
    assert_eq!(refused, KmsFault::new("DryRunOperationException", text));
    let one = kms.ok("CreateGrant", with_trial(false)).await;
    let other = kms.ok("CreateGrant", with_trial(false)).await;
    assert_ne!(one["GrantId"], other["GrantId"]);
    let listed = kms.ok("ListGrants", json!({ "KeyId": key, "GrantId": one["GrantId"] })).await;
    let grant = &listed["Grants"][0];
    assert_eq!(grant["GranteePrincipal"], grantee);
    assert_eq!(grant["Operations"], json!(["Decrypt", "Encrypt"]));
    assert_eq!(grant["Constraints"]["EncryptionContextSubset"], json!({ "a": "b" }));
    kms.ok("RetireGrant", json!({ "GrantToken": one["GrantToken"] })).await;
    kms.ok("RevokeGrant", json!({ "KeyId": key, "GrantId": other["GrantId"] })).await;
    let listed = kms.ok("ListGrants", json!({ "KeyId": key })).await;
    assert_eq!(listed, json!({ "Grants": [], "Truncated": false }));
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    for _ in 0..3 {
        kms.key().await;
    }
    let first = kms.ok("ListKeys", json!({ "Limit": 2 })).await;
    assert_eq!((first["Keys"].as_array().unwrap().len(), &first["Truncated"]), (2, &json!(true)));
    let rest = kms.ok("ListKeys", json!({ "Limit": 2, "Marker": first["NextMarker"] })).await;
    assert_eq!((rest["Keys"].as_array().unwrap().len(), &rest["Truncated"]), (1, &json!(false)));
    let refused = kms.refused("ListKeys", json!({ "Marker": "*" })).await;
    assert_eq!(refused.0, "InvalidMarkerException");
    drop(kms);
    service.stop().await;
}
