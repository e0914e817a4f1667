//! Encrypting and decrypting.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::harness::{KmsFault, REGION, Service};

#[tokio::test]
async fn a_secret_goes_there_and_back() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    kms.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })).await;
    let context = json!({ "purpose": "test", "b": "2" });
    let input = json!({
        "KeyId": "alias/a", "Plaintext": STANDARD.encode("secret"), "EncryptionContext": context,
    });
    let encrypted = kms.ok("Encrypt", input).await;
    assert_eq!(encrypted["KeyId"], key);
    assert_eq!(encrypted["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    let blob = &encrypted["CiphertextBlob"];
    let input = json!({ "CiphertextBlob": blob, "EncryptionContext": context });
    let decrypted = kms.ok("Decrypt", input).await;
    assert_eq!(decrypted["Plaintext"], STANDARD.encode("secret"));
    assert_eq!(decrypted["KeyId"], key);
    let refused = kms.refused("Decrypt", json!({ "CiphertextBlob": blob })).await;
    assert_eq!(refused, KmsFault::new("InvalidCiphertextException", ""));
    let garbage = json!({ "CiphertextBlob": STANDARD.encode("garbage") });
    let refused = kms.refused("Decrypt", garbage).await;
    assert_eq!(refused, KmsFault::new("InvalidCiphertextException", ""));
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn another_key_or_region_does_not_decrypt() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let (key, other) = (kms.key().await, kms.key().await);
    let blob = kms.encrypt(&key, "secret").await;
    let refused = kms.refused("Decrypt", json!({ "CiphertextBlob": blob, "KeyId": other })).await;
    let text = "The key ID in the request does not identify a CMK that can perform this operation.";
    assert_eq!(refused, KmsFault::new("IncorrectKeyException", text));
    let mut elsewhere = kms.caller("000000000000", "eu-west-1").await;
    let refused = elsewhere.refused("Decrypt", json!({ "CiphertextBlob": blob })).await;
    let text = "The ciphertext refers to a customer master key that does not exist, does not exist \
                in this region, or you are not allowed to access.";
    assert_eq!(refused, KmsFault::new("AccessDeniedException", text));
    assert_ne!(REGION, "eu-west-1");
    assert_eq!(kms.decrypt(&blob).await, "secret");
    drop((kms, elsewhere));
    service.stop().await;
}

#[tokio::test]
async fn a_ciphertext_moves_to_another_key() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let (old, new) = (kms.key().await, kms.key().await);
    let blob = kms.encrypt(&old, "secret").await;
    let input = json!({ "CiphertextBlob": blob, "DestinationKeyId": new, "SourceKeyId": old });
    let moved = kms.ok("ReEncrypt", input).await;
    assert_eq!((&moved["SourceKeyId"], &moved["KeyId"]), (&json!(old), &json!(new)));
    kms.ok("DisableKey", json!({ "KeyId": old })).await;
    let moved = moved["CiphertextBlob"].as_str().unwrap();
    assert_eq!(kms.decrypt(moved).await, "secret");
    let refused = kms.refused("Decrypt", json!({ "CiphertextBlob": blob })).await;
    assert_eq!(refused, KmsFault::new("DisabledException", format!("{old} is disabled.")));
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn data_keys_are_given_open_and_sealed() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    for (asked, length) in [
        (json!({ "KeyId": key, "KeySpec": "AES_256" }), 32),
        (json!({ "KeyId": key, "KeySpec": "AES_128" }), 16),
        (json!({ "KeyId": key, "NumberOfBytes": 1024 }), 1024),
    ] {
        let given = kms.ok("GenerateDataKey", asked.clone()).await;
        let plaintext = STANDARD.decode(given["Plaintext"].as_str().unwrap()).unwrap();
        assert_eq!(plaintext.len(), length);
        let input = json!({ "CiphertextBlob": given["CiphertextBlob"] });
        assert_eq!(kms.ok("Decrypt", input).await["Plaintext"], given["Plaintext"]);
        let again = kms.ok("GenerateDataKey", asked.clone()).await;
        assert_ne!(again["Plaintext"], given["Plaintext"]);
        let sealed = kms.ok("GenerateDataKeyWithoutPlaintext", asked).await;
        assert!(sealed.get("Plaintext").is_none());
        assert_eq!(sealed["KeyMaterialId"], given["KeyMaterialId"]);
    }
    let input = json!({ "KeyId": key, "KeySpec": "AES_256", "DryRun": true });
    let refused = kms.refused("GenerateDataKey", input).await;
    assert_eq!(refused.0, "DryRunOperationException");
    let random = kms.ok("GenerateRandom", json!({ "NumberOfBytes": 5 })).await;
    assert_eq!(STANDARD.decode(random["Plaintext"].as_str().unwrap()).unwrap().len(), 5);
    drop(kms);
    service.stop().await;
}
