use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls::pki_types::{ServerName, SignatureVerificationAlgorithm, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::*;

/// Whether the signature is the message's, by nothing but the certificate.
fn verifies(key: &SigningKey, version: SignatureVersion, message: &[u8], signature: &str) -> bool {
    let der = pem::first_certificate(key.certificate_pem()).unwrap();
    let public = EndEntityCert::try_from(&der).unwrap().subject_public_key_info();
    let algorithm = match version {
        SignatureVersion::V1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        SignatureVersion::V2 => &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
    };
    let public = UnparsedPublicKey::new(algorithm, public.as_ref());
    public.verify(message, &STANDARD.decode(signature).unwrap()).is_ok()
}

#[test]
fn both_versions_verify_and_only_for_their_message() {
    let key = SigningKey::generate().unwrap();
    for version in [SignatureVersion::V1, SignatureVersion::V2] {
        let signature = key.sign(version, b"Message\nhello\n").unwrap();
        assert!(verifies(&key, version, b"Message\nhello\n", &signature), "{version:?}");
        assert!(!verifies(&key, version, b"Message\nhallo\n", &signature), "{version:?}");
    }
}

#[test]
fn the_versions_differ_and_a_repeat_is_the_same() {
    let key = SigningKey::generate().unwrap();
    let first = key.sign(SignatureVersion::V1, b"text").unwrap();
    let second = key.sign(SignatureVersion::V2, b"text").unwrap();
    assert_ne!(first, second);
    // Made anew: no cache is asked here.
    let again = SigningKey::from_pem(key.to_pem().0, key.to_pem().1).unwrap();
    assert_eq!(again.sign(SignatureVersion::V1, b"text").unwrap(), first);
    assert_eq!(again.sign(SignatureVersion::V2, b"text").unwrap(), second);
}

#[test]
fn the_certificate_is_for_the_name_that_validators_expect_and_rests_on_the_authority() {
    let issued = authority::issue().unwrap();
    let ca = pem::first_certificate(&issued.ca_certificate).unwrap();
    let anchors = [anchor_from_trusted_cert(&ca).unwrap()];
    let der = pem::first_certificate(&issued.certificate).unwrap();
    let certificate = EndEntityCert::try_from(&der).unwrap();

    let name = ServerName::try_from("sns.amazonaws.com").unwrap();
    certificate.verify_is_valid_for_subject_name(&name).unwrap();
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = webpki::ALL_VERIFICATION_ALGS;
    let year = Duration::from_secs(365 * 24 * 3600);
    for ahead in [Duration::ZERO, year * 9] {
        let now = UnixTime::since_unix_epoch(
            std::time::UNIX_EPOCH.elapsed().unwrap().saturating_add(ahead),
        );
        certificate
            .verify_for_usage(algorithms, &anchors, &[], now, KeyUsage::server_auth(), None, None)
            .unwrap();
    }
}

#[test]
fn the_certificates_name_follows_from_the_certificate() {
    let (one, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    assert_ne!(one.certificate_name(), other.certificate_name());
    let hex = one
        .certificate_name()
        .strip_prefix("SimpleNotificationService-")
        .and_then(|rest| rest.strip_suffix(".pem"))
        .unwrap();
    assert_eq!(hex.len(), 32);
    assert!(hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
}

#[test]
fn what_is_no_key_or_another_key_is_refused() {
    let key = SigningKey::generate().unwrap();
    let (pem_key, certificate) = key.to_pem();
    let other = SigningKey::generate().unwrap();

    let refused =
        |key: &str, certificate: &str| SigningKey::from_pem(key, certificate).unwrap_err();
    assert!(matches!(refused("", certificate), KeyError::NoKey(_)));
    assert!(matches!(refused(pem_key, "hello"), KeyError::NoCertificate(_)));
    assert!(matches!(refused(pem_key, other.certificate_pem()), KeyError::OtherCertificate));
    let garbage = pem::encode("CERTIFICATE", b"garbage");
    assert!(matches!(refused(pem_key, &garbage), KeyError::BadCertificate(_)));
    let issued = authority::issue().unwrap();
    assert!(matches!(refused(&issued.ca_key, certificate), KeyError::NotRsa(_)));
}

#[test]
fn a_key_in_the_older_form_is_the_same_key() {
    let key = SigningKey::generate().unwrap();
    let der: Pkcs8V1Der<'_> = key.sha256.as_der().unwrap();
    // PKCS#8 wraps the older form; of a key of 2048 bits the wrapping has 26 bytes.
    let older = pem::encode("RSA PRIVATE KEY", &der.as_ref()[26..]);
    let again = SigningKey::from_pem(&older, key.certificate_pem()).unwrap();
    for version in [SignatureVersion::V1, SignatureVersion::V2] {
        assert_eq!(again.sign(version, b"text").unwrap(), key.sign(version, b"text").unwrap());
    }
}

#[test]
fn a_key_does_not_print() {
    let key = SigningKey::generate().unwrap();
    let secret_line = key.to_pem().0.lines().nth(1).unwrap();
    assert!(!format!("{key:?}").contains(secret_line));
}

/// How many signatures a core makes: `cargo test --release -p tidings-couriers -- --ignored rate`.
#[test]
#[ignore = "a measurement, not a test"]
fn rate_of_signatures() {
    let key = SigningKey::generate().unwrap();
    for version in [SignatureVersion::V1, SignatureVersion::V2] {
        let start = std::time::Instant::now();
        let mut signed = 0_u32;
        while start.elapsed() < Duration::from_secs(2) {
            key.sign(version, format!("{signed:01500}").as_bytes()).unwrap();
            signed += 1;
        }
        println!("{version:?}: {:.0} a second", f64::from(signed) / start.elapsed().as_secs_f64());
    }
}
