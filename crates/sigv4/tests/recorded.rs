//! Requests as other implementations sign them: see `vectors/README.md`.
#![allow(clippy::unwrap_used)]

mod support;

use serde::Deserialize;
use support::{OwnedRequest, neighbours, serve};
use tidings_sigv4::{Claim, SecretKey, SigningKeys, parse_signing_time};

#[derive(Deserialize)]
struct Case {
    name: String,
    service: String,
    region: String,
    secret: String,
    token: Option<String>,
    now: String,
    #[serde(flatten)]
    request: OwnedRequest,
}

#[test]
fn requests_of_botocore_verify_and_none_does_with_a_bit_changed() {
    check(include_str!("vectors/botocore.json"), 18);
}

#[test]
fn requests_of_smithy_verify_and_none_does_with_a_bit_changed() {
    check(include_str!("vectors/smithy.json"), 9);
}

fn check(cases: &str, len: usize) {
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    assert_eq!(cases.len(), len);
    let keys = SigningKeys::new(64);
    for case in cases {
        let (name, request) = (&case.name, &case.request);
        let secret = SecretKey::new(case.secret);
        let now = parse_signing_time(&case.now).unwrap();
        let signed_headers: Vec<String> = request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            assert_eq!(claim.signed_at(), now, "{name}");
            assert_eq!(claim.session_token(), case.token.as_deref(), "{name}");
            let scope = claim.scope();
            assert_eq!((scope.service, scope.region), (&*case.service, &*case.region), "{name}");
            claim.signed_headers().map(str::to_owned).collect()
        });
        // Twice: the second time with a key from the cache.
        for _ in 0..2 {
            assert_eq!(serve(request, ("AKIDEXAMPLE", &secret), &keys, now), Ok(()), "{name}");
        }
        for (part, changed) in neighbours(request, &signed_headers) {
            // What a path normalises away is not signed.
            if part == "path" && name.starts_with("odd path") && !changed.path.contains("/(y)/") {
                continue;
            }
            let served = serve(&changed, ("AKIDEXAMPLE", &secret), &keys, now);
            assert!(served.is_err(), "{name}, {part}: {changed:?}");
        }
    }
}
