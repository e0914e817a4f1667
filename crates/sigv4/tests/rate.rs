//! How many signatures one core verifies in a second, with the keys in the cache, and how many it makes.
//!
//! `cargo test --release -p tidings-sigv4 -- --ignored rate --nocapture`
#![allow(clippy::unwrap_used)]

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use support::{OwnedRequest, Text, serve};
use tidings_sigv4::{
    AuthFault, Request, Seconds, SecretKey, SignedRequestHeaders, Signer, SigningKeys,
};

const NOW: Seconds = Seconds(1_767_323_045);

/// What an SDK sends to send a message.
fn request() -> OwnedRequest {
    let header = |name: &str, value: &str| (name.to_owned(), Text(value.as_bytes().to_vec()));
    OwnedRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![
            header("host", "localhost:4566"),
            header("content-type", "application/x-amz-json-1.0"),
            header("x-amz-target", "AmazonSQS.SendMessage"),
            header("x-amzn-query-mode", "true"),
        ],
        body: format!(
            r#"{{"QueueUrl":"http://localhost:4566/000000000000/orders","MessageBody":"{}"}}"#,
            "x".repeat(200)
        ),
    }
}

fn in_header(signer: &Signer<'_>) -> OwnedRequest {
    let mut request = request();
    let body = request.body_hash();
    let signed = request.with(|request| signer.sign(request, &body, NOW)).unwrap();
    let added = signed.iter().map(|(name, value)| (name.to_owned(), Text(value.as_bytes().into())));
    request.headers.extend(added);
    // What SDKs do not sign.
    for (name, value) in [
        ("user-agent", "recorder/1.0 ua/2.1 os/linux lang/rust"),
        ("amz-sdk-request", "attempt=1; max=3"),
        ("content-length", "281"),
        ("accept", "*/*"),
    ] {
        request.headers.push((name.to_owned(), Text(value.as_bytes().to_vec())));
    }
    request
}

fn in_query(signer: &Signer<'_>) -> OwnedRequest {
    let mut request = OwnedRequest { method: "GET".into(), body: String::new(), ..request() };
    request.path = "/000000000000/orders".to_owned();
    request.query = "Action=SendMessage&Version=2012-11-05&MessageBody=a%20b%20c".to_owned();
    request.headers.truncate(1);
    let body = request.body_hash();
    request.query = request.with(|request| signer.presign(request, &body, NOW, 60)).unwrap();
    request
}

/// Verifications in two seconds by so many threads, for one second of one thread.
fn measure(request: &OwnedRequest, secret: &SecretKey, threads: u32) -> u64 {
    let keys = SigningKeys::new(1024);
    serve(request, ("AKIDEXAMPLE", secret), &keys, NOW).unwrap();
    let work = || {
        let start = Instant::now();
        let mut verified = 0_u64;
        while start.elapsed() < Duration::from_secs(2) {
            for _ in 0..100 {
                serve(request, ("AKIDEXAMPLE", secret), &keys, NOW).unwrap();
            }
            verified += 100;
        }
        verified * 1000 / u64::try_from(start.elapsed().as_millis()).unwrap()
    };
    let total: u64 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    total / u64::from(threads)
}

/// Signatures in one second by one thread.
fn signed(
    request: &OwnedRequest,
    sign: impl Fn(&Request<'_>) -> Result<SignedRequestHeaders, AuthFault>,
) -> u64 {
    let (start, mut signed) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(2) {
        for _ in 0..100 {
            request.with(|request| black_box(sign(request))).unwrap();
        }
        signed += 100;
    }
    signed * 1000 / u64::try_from(start.elapsed().as_millis()).unwrap()
}

#[test]
#[ignore = "measures; asserts nothing of time"]
fn rate() {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    let signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret: &secret,
        session_token: None,
        region: "us-east-1",
        service: "sqs",
    };
    let (request, body) = (request(), request().body_hash());
    let key = signer.signing_key(NOW);
    let anew = signed(&request, |request| signer.sign(request, &body, NOW));
    println!("signing, the day's key derived anew: {anew} signatures per second");
    let kept = signed(&request, |request| signer.sign_with(&key, request, &body, NOW));
    println!("signing with the day's key, the body hashed before: {kept} signatures per second");
    for (form, request) in [("header", in_header(&signer)), ("presigned", in_query(&signer))] {
        for threads in [1, 2] {
            let rate = measure(&request, &secret, threads);
            println!("{form}, {threads} threads: {rate} verifications per second per thread");
        }
    }
}
