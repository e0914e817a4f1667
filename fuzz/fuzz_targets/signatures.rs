//! Whatever claims to be signed is refused without a panic, and what is signed by us is believed.
//!
//! An input is a request as on the wire: `METHOD PATH?QUERY`, headers, an empty line, a body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::{part, text};
use tidings_sigv4::{
    BodyHash, Claim, Form, Regions, Request, Rules, SecretKey, Signer, SigningKeys,
    parse_signing_time,
};

const SERVICES: [&str; 6] = ["sqs", "sns", "kms", "iam", "sts", "service"];

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let Some(line) = text(part(&mut rest, b'\n')) else { return };
    let mut words = line.splitn(2, ' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(&str, &[u8])> = Vec::new();
    loop {
        let mut line = part(&mut rest, b'\n');
        if line.is_empty() {
            break;
        }
        let Some(name) = text(part(&mut line, b':')) else { return };
        headers.push((name, line));
    }
    let request = Request { method, path, query, headers: &headers };
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    let now = parse_signing_time("20260102T030405Z").expect("it is a date");
    let (body, keys) = (BodyHash::of(rest), SigningKeys::new(4));
    let rules = Rules { regions: Regions::Any, services: &SERVICES };
    if let Ok(Some(claim)) = Claim::find(&request)
        && let Ok(checked) = claim.check(&rules, now)
    {
        // The seeds verify; what becomes of them hardly does, and both is right.
        let _ = checked.verify(&body, &secret, &keys);
    }
    own(&request, &body, &secret);
});

/// What the signer signs, the verifier believes, whatever it is.
fn own(request: &Request<'_>, body: &BodyHash, secret: &SecretKey) {
    let now = parse_signing_time("20260102T030405Z").expect("it is a date");
    let signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret,
        session_token: None,
        region: "us-east-1",
        service: "sqs",
    };
    // Names as HTTP has them: the server never sees others.
    let is_token = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let mut headers: Vec<(&str, &[u8])> = vec![("host", b"localhost")];
    headers.extend(request.headers.iter().copied().filter(|(name, _)| {
        let own = ["authorization", "host", "x-amz-date", "x-amz-security-token"];
        let of_body = "x-amz-content-sha256";
        is_token(name)
            && !own.iter().chain([&of_body]).any(|other| name.eq_ignore_ascii_case(other))
    }));
    let unsigned = Request { headers: &headers, ..*request };
    let is_presigned = |query: &str| query.contains("X-Amz-") || query.contains('%');
    if is_presigned(request.query) {
        return;
    }
    let Ok(signed) = signer.sign(&unsigned, body, now) else { return };
    let mut with_signature = headers.clone();
    with_signature.extend(signed.iter().map(|(name, value)| (name, value.as_bytes())));
    let sent = Request { headers: &with_signature, ..*request };
    let claim = Claim::find(&sent).expect("it is well-formed").expect("it is signed");
    assert_eq!(claim.form(), Form::Header);
    let rules = Rules { regions: Regions::Any, services: &SERVICES };
    let checked = claim.check(&rules, now).expect("it is of now");
    checked.verify(body, secret, &SigningKeys::new(1)).expect("we signed it");
    let other = SecretKey::new("another".to_owned());
    let claim = Claim::find(&sent).expect("it is well-formed").expect("it is signed");
    let checked = claim.check(&rules, now).expect("it is of now");
    assert!(checked.verify(body, &other, &SigningKeys::new(1)).is_err());
}
