//! AWS's public test suites: every step of every case. See `vectors/README.md`.
#![allow(clippy::unwrap_used)]

mod support;

use serde::Deserialize;
use support::{OwnedRequest, neighbours, serve};
use tidings_sigv4::{AuthFault, Claim, Form, SecretKey, Signer, SigningKeys};

#[derive(Deserialize)]
struct Case {
    name: String,
    form: String,
    secret: String,
    #[serde(flatten)]
    request: OwnedRequest,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
}

/// Here the session token was added after signing, which the services that we speak for do not
/// allow.
const TOKEN_UNSIGNED: &str = "post-sts-header-after";

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("vectors/aws_signing_test_suite.json")).unwrap()
}

fn secret(case: &Case) -> SecretKey {
    SecretKey::new(case.secret.clone())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn canonical_requests_and_strings_to_sign_are_those_of_the_suite() {
    let cases = cases();
    assert_eq!(cases.len(), 65);
    for case in cases {
        let name = format!("{} ({})", case.name, case.form);
        let body = case.request.body_hash();
        case.request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            let form = if case.form == "header" { Form::Header } else { Form::Presigned };
            assert_eq!(claim.form(), form, "{name}");
            assert_eq!(claim.signature().map(|bytes| hex(bytes)), Some(case.signature), "{name}");
            if (&*case.name, form) == (TOKEN_UNSIGNED, Form::Presigned) {
                return;
            }
            let canonical = String::from_utf8(claim.canonical_request(&body).unwrap()).unwrap();
            assert_eq!(canonical, case.canonical_request, "{name}");
            assert_eq!(claim.string_to_sign(&body).unwrap(), case.string_to_sign, "{name}");
        });
    }
}

#[test]
fn every_case_verifies_and_none_does_with_a_bit_changed() {
    let keys = SigningKeys::new(16);
    let mut refused = 0;
    for case in cases() {
        let name = format!("{} ({})", case.name, case.form);
        let (secret, request) = (secret(&case), &case.request);
        let (signed_headers, now) = request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            (claim.signed_headers().map(str::to_owned).collect::<Vec<_>>(), claim.signed_at())
        });
        let served = serve(request, ("AKIDEXAMPLE", &secret), &keys, now);
        if case.name == TOKEN_UNSIGNED {
            let fault = match &*case.form {
                "header" => AuthFault::HeaderNotSigned { name: "x-amz-security-token".into() },
                _ => AuthFault::Mismatch,
            };
            assert_eq!(served, Err(fault), "{name}");
            continue;
        }
        assert_eq!(served, Ok(()), "{name}");
        let other = SecretKey::new(support::flipped(&case.secret, 0));
        let served = serve(request, ("AKIDEXAMPLE", &other), &keys, now);
        assert_eq!(served, Err(AuthFault::Mismatch), "{name}, another secret");
        for (part, changed) in neighbours(request, &signed_headers) {
            // What a path normalises away is not signed.
            if part == "path" && case.name.starts_with("get-relative") {
                continue;
            }
            let served = serve(&changed, ("AKIDEXAMPLE", &secret), &keys, now);
            assert!(served.is_err(), "{name}, {part}: {changed:?}");
            refused += 1;
        }
    }
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn our_own_signatures_are_those_of_the_suite() {
    for case in cases().into_iter().filter(|case| case.name != TOKEN_UNSIGNED) {
        let name = format!("{} ({})", case.name, case.form);
        let (secret, body) = (secret(&case), case.request.body_hash());
        case.request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            let scope = claim.scope();
            let signer = Signer {
                access_key_id: claim.access_key_id(),
                secret: &secret,
                session_token: claim.session_token(),
                region: scope.region,
                service: scope.service,
            };
            let mut unsigned = *request;
            let is_signed =
                |name: &str| claim.signed_headers().any(|signed| signed.eq_ignore_ascii_case(name));
            let headers: Vec<_> =
                request.headers.iter().filter(|(name, _)| is_signed(name)).copied().collect();
            unsigned.headers = &headers;
            let signed = if claim.form() == Form::Header {
                signer.sign(&unsigned, &body, claim.signed_at()).unwrap().authorization
            } else {
                let query = request.query.split('&');
                let query: Vec<&str> = query.filter(|pair| !pair.starts_with("X-Amz-")).collect();
                let query = query.join("&");
                unsigned.query = &query;
                signer.presign(&unsigned, &body, claim.signed_at(), 3600).unwrap()
            };
            assert!(signed.ends_with(&format!("Signature={}", case.signature)), "{name}: {signed}");
        });
    }
}
