//! A signature, verified as the server does.

use std::hint::black_box;

use tidings_sigv4::{
    BodyHash, Claim, Regions, Request, Rules, Seconds, SecretKey, Signer, SigningKeys,
};

use super::wire;

const NOW: Seconds = Seconds(1_767_323_045);
const RULES: Rules<'_> = Rules { regions: Regions::Any, services: &["sqs", "sns"] };

/// What SDKs send and sign, and below what they do not sign.
const SIGNED: [(&str, &str); 4] = [
    ("host", "localhost:4566"),
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "AmazonSQS.SendMessage"),
    ("x-amzn-query-mode", "true"),
];
const UNSIGNED: [(&str, &str); 4] = [
    ("user-agent", "aws-sdk-example/1.0 ua/2.1 os/linux lang/example"),
    ("amz-sdk-request", "attempt=1; max=3"),
    ("content-length", "1237"),
    ("accept", "*/*"),
];

/// Verifies one request over and over: the key is in the cache, the body is hashed each time.
pub(super) fn verify() -> impl FnMut() -> usize {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    let (headers, body) = signed(&secret);
    let keys = SigningKeys::new(1_024);
    move || {
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (&**name, value.as_bytes())).collect();
        let request = Request { method: "POST", path: "/", query: "", headers: &headers };
        let claim = Claim::find(black_box(&request)).expect("the claim is well-formed");
        let checked = claim.expect("there is a claim").check(&RULES, NOW).expect("it is in time");
        let hash = BodyHash::of(black_box(body.as_bytes()));
        checked.verify(&hash, &secret, &keys).expect("it is signed");
        1
    }
}

/// Headers and body of a SendMessage.
fn signed(secret: &SecretKey) -> (Vec<(String, String)>, String) {
    let body = wire::send_json();
    let headers = SIGNED.map(|(name, value)| (name, value.as_bytes()));
    let request = Request { method: "POST", path: "/", query: "", headers: &headers };
    let signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret,
        session_token: None,
        region: "us-east-1",
        service: "sqs",
    };
    let added = signer.sign(&request, &BodyHash::of(body.as_bytes()), NOW);
    let added = added.expect("it has no query that could be malformed");
    let given = SIGNED.into_iter().chain(added.iter()).chain(UNSIGNED);
    (given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body)
}
