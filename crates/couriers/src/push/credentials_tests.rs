use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};
use serde_json::json;

use super::*;

/// A key of a kind, in PEM.
fn p256() -> String {
    pem("PRIVATE KEY", &KeyPair::generate().unwrap().serialize_der())
}

fn rsa() -> String {
    pem("PRIVATE KEY", &KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_der())
}

fn pem(label: &str, der: &[u8]) -> String {
    crate::signing::pem_block(label, der)
}

fn account(key: &str) -> serde_json::Value {
    json!({
        "type": "service_account",
        "project_id": "hotel-7",
        "private_key_id": "k1",
        "private_key": key,
        "client_email": "push@hotel-7.iam.example.com",
        "token_uri": "https://oauth2.example.com/token",
    })
}

fn parse(
    platform: PushPlatform,
    principal: &str,
    credential: &str,
    team: &str,
    bundle: &str,
) -> Result<PushCredentials, CredentialFault> {
    fn some(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }
    let given = GivenCredentials {
        principal: some(principal),
        credential: some(credential),
        apple_team_id: some(team),
        apple_bundle_id: some(bundle),
    };
    PushCredentials::parse(platform, &given)
}

fn fault(
    platform: PushPlatform,
    principal: &str,
    credential: &str,
    team: &str,
    bundle: &str,
) -> String {
    parse(platform, principal, credential, team, bundle).unwrap_err().to_string()
}

#[test]
fn a_signing_key_of_apple_in_both_forms() {
    let key = p256();
    let bare: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for key in [key.as_str(), bare.as_str()] {
        let read = parse(PushPlatform::Apns, "KEY1234567", key, "TEAM123456", "com.example.hotel");
        let read = read.unwrap();
        assert_eq!(read.authentication_method(), Some("token"));
        assert_eq!(read.certificate_expires_at(), None);
        assert_eq!(format!("{read:?}"), "PushCredentials(a key for APNs)");
    }
}

#[test]
fn what_is_wrong_with_a_signing_key_is_said() {
    let (key, apns) = (p256(), PushPlatform::ApnsSandbox);
    let with = |principal: &str, credential: &str, team: &str, bundle: &str| {
        fault(apns, principal, credential, team, bundle)
    };
    assert!(with("", &key, "TEAM123456", "a.b").starts_with("PlatformPrincipal is missing"));
    assert!(with("KEY1234567", "", "TEAM123456", "a.b").starts_with("PlatformCredential is miss"));
    assert!(with("KEY1234567", &key, "", "a.b").starts_with("ApplePlatformTeamID is missing"));
    assert!(with("KEY1234567", &key, "TEAM123456", "").starts_with("ApplePlatformBundleID is mis"));
    assert!(with("KEY", &key, "TEAM123456", "a.b").starts_with("PlatformPrincipal is not an id"));
    assert!(with("KEY1234567", &key, "TEAM\n", "a.b").starts_with("ApplePlatformTeamID is not"));
    assert!(with("KEY1234567", &key, "TEAM123456", "a b").starts_with("ApplePlatformBundleID is"));
    for key in ["hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", &rsa()] {
        let said = with("KEY1234567", key, "TEAM123456", "a.b");
        assert!(said.starts_with("PlatformCredential is not a signing key"), "{said}");
    }
}

#[test]
fn a_certificate_of_apple_and_its_key() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    let uid = DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]);
    params.distinguished_name.push(uid, "com.example.hotel");
    let certificate = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
    let key = pem("PRIVATE KEY", &key.serialize_der());
    let read = parse(PushPlatform::Apns, &certificate, &key, "", "").unwrap();
    assert_eq!(read.authentication_method(), Some("certificate"));
    assert!(read.certificate_expires_at().is_some());
    let Kind::ApnsCertificate(inner) = read.kind() else { panic!("{read:?}") };
    assert_eq!(inner.bundle_id.as_deref(), Some("com.example.hotel"));

    let apns = |principal: &str, key: &str| fault(PushPlatform::Apns, principal, key, "", "");
    assert!(apns(&certificate, &p256()).contains("does not belong to the certificate"));
    assert!(apns(&certificate, "no key").starts_with("PlatformCredential is not a private key"));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for garbage in [garbage, &key] {
        let said = apns(garbage, &key);
        assert_eq!(said, "PlatformPrincipal is not a certificate in PEM");
    }
}

#[test]
fn a_service_account_and_what_may_lack_in_it() {
    let key = rsa();
    let gcm =
        |account: &serde_json::Value| parse(PushPlatform::Gcm, "", &account.to_string(), "", "");
    let read = gcm(&account(&key)).unwrap();
    assert_eq!(read.authentication_method(), Some("token"));
    for field in ["project_id", "private_key", "client_email", "token_uri"] {
        let mut without = account(&key);
        without.as_object_mut().unwrap().remove(field);
        assert_eq!(gcm(&without).unwrap_err(), CredentialFault::NoField { field });
    }
    let p256 = p256();
    for (field, value) in [
        ("project_id", "hotel/7"),
        ("project_id", ""),
        ("token_uri", "http://oauth2.example.com/token"),
        ("token_uri", "file:///etc/passwd"),
        ("token_uri", "https://127.1/token"),
        ("private_key", "hunter2"),
        ("private_key", &p256),
    ] {
        let mut bad = account(&key);
        bad[field] = value.into();
        assert_eq!(gcm(&bad).unwrap_err(), CredentialFault::BadField { field }, "{value}");
    }
    let fault = parse(PushPlatform::Gcm, "", "{\"project_id\": 3", "", "").unwrap_err();
    assert_eq!(fault, CredentialFault::NoServiceAccount);
}

#[test]
fn a_server_key_is_taken_but_told_apart() {
    let read = parse(PushPlatform::Gcm, "", "AAAAexample:APA91b-old_key", "", "").unwrap();
    assert_eq!(read.authentication_method(), Some("key"));
    assert!(fault(PushPlatform::Gcm, "", "", "", "").starts_with("PlatformCredential is missing"));
    let prose = parse(PushPlatform::Gcm, "", "my service account", "", "").unwrap_err();
    assert_eq!(prose, CredentialFault::NoServiceAccount);
}

#[test]
fn clients_of_adm_and_platforms_of_old() {
    let adm = parse(PushPlatform::Adm, "client", "hunter2", "", "").unwrap();
    assert_eq!(adm.authentication_method(), None);
    assert!(!format!("{adm:?}").contains("hunter2"));
    assert!(fault(PushPlatform::Adm, "", "hunter2", "", "").starts_with("PlatformPrincipal is"));
    assert!(fault(PushPlatform::Adm, "client", " ", "", "").starts_with("PlatformCredential is"));
    for platform in [PushPlatform::Baidu, PushPlatform::Mpns, PushPlatform::Wns] {
        parse(platform, "", "secret", "", "").unwrap();
        parse(platform, "", "", "", "").unwrap_err();
    }
}
