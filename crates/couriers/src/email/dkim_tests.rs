#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use aws_lc_rs::signature::{ED25519, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

/// An RSA key of 1024 bits, made for this test.
const SMALL: &str = "MIICXgIBAAKBgQD7BqaRQiNeKXe7cqAHiEXY7vgGPfWVCbb1enNzahGhHcL6SCDF4JuQ+U+Me36mzulmtCGyKkc3y+aT\
    Cw/6G66AWzL42qDLH5ZgUNUrtjnKGQQ2ZHnZBZ0rhrd2Jrmar3AXEKeY1eiirud9m3zC8p2zJ/XJO/oAqep/nS17ZotL\
    mwIDAQABAoGASe2yfpMw4VlrFrxyXuWGVJZEW2pB+kurI26Vs8boPEAMnTNC26QDjNWv1NrF+RB08rdYOSV0Zf1aAbI/\
    WVRvtm5SnHFfQRDVWE8lH82w0FhLFYMPKN70Xh9sUAXSYAYZ/CNh8mX1AHb25wg4B3LV0+w7GZ21zGj2wEHFPRR+NQEC\
    QQD/68VSN2UA2ngeiUZy5FqpjiXGqj1A5nJk9x9l5Q1kZcGzw+B7FP6apgtcVErQWh1oSCGXFWf5BRPp0yXeU3AbAkEA\
    +xp+MZRGMYlKl6M5OUxcz9rlp2RBDrHauzESv8pasxfHjqc9v2mKRMg7CsrwZXeAcln6IfniA97x9fFQschKgQJBAPvl\
    GtEzyOywHG8h+v93GG2vhismwSeyK4KJYpQugaICLkg8UiWToo6hRKlaJlExgaR06usEnNQUVWde9vT/92UCQQDtiUZP\
    SGCOg72YbMO5PE+gIQaWrvQMHps38Vg3LglW2evhOrvi0sgGARQ5RXjbw4wyoINKmMQBvWlOqxUW2M4BAkEA2mopKrwx\
    apFaJda3/KFBq3+1DnuGhgRlfHoS53QvKo5Q2sRbcpsL/9YQuU/SaxOY40gCFH84APNY903wz+C4DA==";

const MESSAGE: &[u8] =
    b"From: \"A\" <a@example.com>\r\nTo: b@example.com\r\nSubject: one\r\n  two\r\n\
    List-Unsubscribe: <https://example.com/u>\r\nX-Other: y\r\n\r\nHello \t world  \r\n\r\n\r\n";

fn signer(key: Key) -> DkimSigner {
    DkimSigner { domain: "example.com".into(), selector: "s1".into(), key }
}

#[test]
fn the_examples_of_the_standard_come_out_relaxed() {
    // RFC 6376, section 3.4.5.
    assert_eq!(relaxed_header(b"A: X"), b"a:X");
    assert_eq!(relaxed_header(b"B : Y\t\r\n\tZ  "), b"b:Y Z");
    assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    assert_eq!(relaxed_body(b""), b"");
    assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
    assert_eq!(relaxed_body(b"a\r\n\r\nb"), b"a\r\n\r\nb\r\n");
}

#[test]
fn signatures_of_both_kinds_can_be_checked_by_what_is_signed() {
    let rsa = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let public = rsa.public_key().as_ref().to_vec();
    let (signed, signature) = signed_and_signature(&signer(Key::Rsa(rsa)), "rsa-sha256");
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(&signed, &signature)
        .unwrap();

    let key = Ed25519KeyPair::generate().unwrap();
    let public = key.public_key().as_ref().to_vec();
    let (signed, signature) = signed_and_signature(&signer(Key::Ed25519(key)), "ed25519-sha256");
    let hash = digest(&SHA256, &signed);
    UnparsedPublicKey::new(&ED25519, public).verify(hash.as_ref(), &signature).unwrap();
}

/// What a receiver makes of a signed message.
fn signed_and_signature(signer: &DkimSigner, algorithm: &str) -> (Vec<u8>, Vec<u8>) {
    let header = signer.header(MESSAGE, 1_700_000_000).unwrap();
    let unfolded = String::from_utf8(relaxed_header(header.as_bytes())).unwrap();
    let hash = STANDARD.encode(digest(&SHA256, b"Hello world\r\n"));
    let before = format!(
        "dkim-signature:v=1; a={algorithm}; c=relaxed/relaxed; d=example.com; s=s1; t=1700000000; \
         h=from: from: to: subject: list-unsubscribe; bh={hash}; b="
    );
    let signature = unfolded.strip_prefix(&before).unwrap_or_else(|| panic!("{unfolded}"));
    let signature = STANDARD.decode(signature.replace(' ', "")).unwrap();
    let headers = "from:\"A\" <a@example.com>\r\nto:b@example.com\r\nsubject:one two\r\n\
        list-unsubscribe:<https://example.com/u>\r\n";
    assert!(header.split("\r\n").all(|line| line.len() <= 78), "{header}");
    (format!("{headers}{before}").into_bytes(), signature)
}

#[test]
fn keys_that_cannot_sign_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dkim.pem");
    let open = |domain: &str, selector: &str| {
        let (domain, selector, key_file) = (domain.into(), selector.into(), file.clone());
        DkimSigner::open(&DkimConfig { domain, selector, key_file })
            .map(|signer| signer.key.algorithm())
    };
    let unread = open("example.com", "s1").unwrap_err().to_string();
    assert!(unread.contains("cannot be read") && unread.contains("dkim.pem"), "{unread}");
    std::fs::write(&file, "nothing").unwrap();
    #[cfg(unix)]
    {
        let set = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        set(0o644);
        let refused = open("example.com", "s1").unwrap_err().to_string();
        assert!(refused.contains("can be read by others"), "{refused}");
        set(0o600);
    }
    assert!(open("example.com", "s1").unwrap_err().to_string().contains("no private key in PEM"));

    let write_text = |label: &str, text: &str| {
        let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
        std::fs::write(&file, pem).unwrap();
    };
    let write = |kind| {
        let der = rcgen::KeyPair::generate_for(kind).unwrap().serialize_der();
        write_text("PRIVATE KEY", &STANDARD.encode(der));
    };
    write_text("RSA PRIVATE KEY", SMALL);
    assert!(open("example.com", "s1").unwrap_err().to_string().contains("less than 2048 bits"));
    write(&rcgen::PKCS_ECDSA_P256_SHA256);
    assert!(open("example.com", "s1").unwrap_err().to_string().contains("neither an RSA key"));
    write(&rcgen::PKCS_ED25519);
    assert_eq!(open("example.com", "s1").unwrap(), "ed25519-sha256");
    for (domain, selector) in [("", "s1"), ("a..b", "s1"), ("example.com;", "s1"), ("a.b", "s 1")] {
        let error = open(domain, selector).unwrap_err();
        assert!(matches!(error, EmailSetupError::BadDkimName { .. }), "{error}");
    }
}
