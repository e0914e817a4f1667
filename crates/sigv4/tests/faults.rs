//! Every way of being refused, with its text and its code.
#![allow(clippy::unwrap_used)]

mod support;

use support::{OwnedRequest, Text, serve};
use tidings_sigv4::{
    AuthCode, AuthFault, BodyHash, Claim, Form, Regions, Rules, Seconds, SecretKey, Signer,
    SigningKeys, parse_signing_time,
};

const ID: &str = "AKIDEXAMPLE";
const MISMATCH: &str = "The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

fn now() -> Seconds {
    parse_signing_time("20150830T123600Z").unwrap()
}

fn secret() -> SecretKey {
    SecretKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned())
}

fn signer(secret: &SecretKey) -> Signer<'_> {
    Signer { access_key_id: ID, secret, session_token: None, region: "us-east-1", service: "sqs" }
}

fn unsigned(headers: &[(&str, &str)]) -> OwnedRequest {
    let text = |value: &str| Text(value.as_bytes().to_vec());
    OwnedRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect(),
        body: "{}".to_owned(),
    }
}

/// A request that is signed in its header, with more headers beside `host`.
fn signed_with(headers: &[(&str, &str)]) -> OwnedRequest {
    let mut all = vec![("host", "localhost:4566")];
    all.extend_from_slice(headers);
    let mut request = unsigned(&all);
    let (secret, body) = (secret(), request.body_hash());
    let signed = request.with(|request| signer(&secret).sign(request, &body, now())).unwrap();
    for (name, value) in signed.iter() {
        request.headers.push((name.to_owned(), Text(value.as_bytes().to_vec())));
    }
    request
}

fn signed() -> OwnedRequest {
    signed_with(&[("content-type", "application/x-amz-json-1.0")])
}

fn presigned(expires_seconds: u32) -> OwnedRequest {
    let mut request = unsigned(&[("host", "localhost:4566")]);
    request.query = "Action=ListQueues".to_owned();
    let (secret, body) = (secret(), request.body_hash());
    let signer = signer(&secret);
    request.query =
        request.with(|request| signer.presign(request, &body, now(), expires_seconds)).unwrap();
    request
}

fn serve_at(request: &OwnedRequest, now: Seconds) -> Result<(), AuthFault> {
    serve(request, (ID, &secret()), &SigningKeys::new(1), now)
}

/// Asserts what a request is refused with.
fn refused(request: &OwnedRequest, code: AuthCode, text: &str) {
    let fault = serve_at(request, now()).expect_err(text);
    assert_eq!((fault.code(), &*fault.to_string()), (code, text), "{fault:?}");
}

fn incomplete(request: &OwnedRequest, text: &str) {
    refused(request, AuthCode::IncompleteSignature, text);
}

fn does_not_match(request: &OwnedRequest, text: &str) {
    refused(request, AuthCode::SignatureDoesNotMatch, text);
}

fn with_authorization(value: &str) -> OwnedRequest {
    let mut request = signed();
    *request.header_mut("authorization") = value.as_bytes().to_vec();
    request
}

/// The signed request with a piece of its header replaced.
fn replaced(from: &str, to: &str) -> OwnedRequest {
    let mut request = signed();
    let value = String::from_utf8(request.header_mut("authorization").clone()).unwrap();
    assert!(value.contains(from), "{value}");
    *request.header_mut("authorization") = value.replace(from, to).into_bytes();
    request
}

/// The presigned request with a piece of its query replaced.
fn requeried(from: &str, to: &str) -> OwnedRequest {
    let mut request = presigned(60);
    assert!(request.query.contains(from), "{}", request.query);
    request.query = request.query.replace(from, to);
    request
}

fn digest(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(BodyHash::of(text.as_bytes()).0)
}

#[test]
fn what_is_right_is_served() {
    assert_eq!(serve_at(&signed(), now()), Ok(()));
    assert_eq!(serve_at(&presigned(60), now()), Ok(()));
    assert_eq!(serve_at(&replaced(", ", ","), now()), Ok(()), "blanks after commas may be absent");
    assert_eq!(serve_at(&replaced("Credential", "Other=1, Credential"), now()), Ok(()));
}

#[test]
fn other_schemes_are_no_claim() {
    let mut request = signed();
    request.headers.retain(|(name, _)| name != "authorization");
    let missing = "Request is missing Authentication Token";
    refused(&request, AuthCode::MissingAuthenticationToken, missing);
    for value in ["", "Basic abc", "AWS AKID:signature", "AWS3-HTTPS AWSAccessKeyId=a", "Bearer"] {
        let request = with_authorization(value);
        refused(&request, AuthCode::MissingAuthenticationToken, missing);
    }
}

#[test]
fn two_claims_are_none() {
    let mut request = signed();
    request.query = presigned(60).query;
    does_not_match(
        &request,
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
}

#[test]
fn a_header_that_lacks_something_says_what() {
    let of = |part: &str| format!("Authorization header requires '{part}' parameter. ");
    let all = of("Credential") + &of("Signature") + &of("SignedHeaders");
    for (value, missing) in [
        ("AWS4-HMAC-SHA256", all.clone()),
        ("AWS4-HMAC-SHA256 ", all.clone()),
        ("AWS4-HMAC-SHA256 Credential=, Signature=, SignedHeaders=", all),
        ("AWS4-HMAC-SHA256 Credential=a, Signature=b", of("SignedHeaders")),
        ("AWS4-HMAC-SHA256 Credential=a,SignedHeaders=b", of("Signature")),
        ("AWS4-HMAC-SHA256 Signature=a,SignedHeaders=b", of("Credential")),
    ] {
        let hash = digest(value.trim_end());
        let text =
            format!("{missing}(Hashed with SHA-256 and encoded with Base64) Authorization={hash}");
        incomplete(&with_authorization(value), &text);
    }
    let mut request = with_authorization("AWS4-HMAC-SHA256 Credential=a,SignedHeaders=b");
    request.headers.retain(|(name, _)| name != "x-amz-date");
    let text = serve_at(&request, now()).unwrap_err().to_string();
    let expected = of("Signature")
        + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    assert!(text.starts_with(&expected), "{text}");
}

#[test]
fn a_header_that_is_not_made_of_pairs() {
    for value in ["AWS4-HMAC-SHA256 FooBar, BazBurp", "AWS4-HMAC-SHA256 Credential=a, \u{1234}=b"] {
        let hash = digest(value);
        let text = format!(
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with \
             SHA-256 and encoded with Base64): '{hash}'."
        );
        incomplete(&with_authorization(value), &text);
    }
}

#[test]
fn what_is_said_twice() {
    let twice = |name: &str| format!("'{name}' must be given only once.");
    let request = replaced("Credential=", "Credential=a, Credential=");
    incomplete(&request, &twice("Credential"));
    for name in ["authorization", "x-amz-date"] {
        let mut request = signed();
        let value = Text(request.header_mut(name).clone());
        request.headers.push((name.to_uppercase(), value));
        incomplete(&request, &twice(name));
    }
    for name in ["X-Amz-Signature", "X-Amz-Date", "X-Amz-Credential", "X-Amz-Expires"] {
        let mut request = presigned(60);
        request.query += &format!("&{}=1", name.replace('-', "%2D"));
        incomplete(&request, &twice(name));
    }
}

#[test]
fn another_algorithm() {
    let text =
        |name| format!("Unsupported AWS 'algorithm': '{name}' (only AWS4-HMAC-SHA256 for now).");
    let name = "AWS4-ECDSA-P256-SHA256";
    incomplete(&replaced("AWS4-HMAC-SHA256", name), &text(name));
    incomplete(&requeried("AWS4-HMAC-SHA256", name), &text(name));
}

#[test]
fn dates_that_are_none() {
    let text = |date| {
        format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See \
             http://en.wikipedia.org/wiki/ISO_8601"
        )
    };
    for (date, shown) in [("201", "201"), ("20150830T250000Z", "20150830T250000Z"), ("\u{e9}", "")]
    {
        let mut request = signed();
        *request.header_mut("x-amz-date") = date.as_bytes().to_vec();
        incomplete(&request, &text(shown));
    }
    incomplete(&requeried("=20150830T123600Z", "=201"), &text("201"));
}

#[test]
fn a_credential_has_five_parts() {
    let text = |credential| {
        format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        )
    };
    let credential = "AKIDEXAMPLE/20150830/us-east-1/sqs";
    incomplete(&replaced("/aws4_request", ""), &text(credential));
    incomplete(&requeried("%2Faws4_request", ""), &text(credential));
}

#[test]
fn a_scope_has_to_be_ours() {
    does_not_match(
        &replaced("/20150830/", "/20150831/"),
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
         HTTP: '20150831' != '20150830', from '20150830T123600Z'.",
    );
    let region = "Credential should be scoped to a valid region.";
    does_not_match(&replaced("/us-east-1/", "//"), region);
    let terminator =
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.";
    does_not_match(&replaced("/aws4_request", "/aws5"), terminator);
    let rules = Rules { regions: Regions::OneOf(&["eu-west-1"]), services: &["sns", "sqs"] };
    let check = |request: &OwnedRequest, rules: &Rules<'_>| {
        request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            claim.check(rules, now()).map(drop).map_err(|fault| fault.to_string())
        })
    };
    assert_eq!(check(&signed(), &rules), Err(region.to_owned()));
    let rules = Rules { regions: Regions::OneOf(&["eu-west-1", "us-east-1"]), ..rules };
    assert_eq!(check(&signed(), &rules), Ok(()));
    let service = check(&signed(), &Rules { services: &["sns"], ..rules });
    let text = "Credential should be scoped to correct service: 'sns'.";
    assert_eq!(service, Err(text.to_owned()));
    let service = check(&signed(), &Rules { services: &["sns", "sts"], ..rules });
    let text = "Credential should be scoped to correct service: 'sns', 'sts'.";
    assert_eq!(service, Err(text.to_owned()));
}

#[test]
fn clocks_may_be_a_quarter_of_an_hour_apart() {
    let at = |seconds| Seconds(now().0 + seconds);
    let (header, presigned) = (signed(), presigned(3600));
    for (request, from, until) in [(&header, -900, 900), (&presigned, -900, 3600)] {
        assert_eq!(serve_at(request, at(from)), Ok(()));
        assert_eq!(serve_at(request, at(until)), Ok(()));
        assert!(matches!(
            serve_at(request, at(from - 1)),
            Err(AuthFault::NotYetCurrent { skew_seconds: 900, .. })
        ));
        let Err(AuthFault::Expired { lifetime_seconds, .. }) = serve_at(request, at(until + 1))
        else {
            panic!("{request:?} is served too late");
        };
        assert_eq!(lifetime_seconds, until);
    }
    let early = serve_at(&header, at(-901)).unwrap_err();
    assert_eq!(early.code(), AuthCode::SignatureDoesNotMatch);
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
         (20150830T122059Z + 15 min.)"
    );
    let late = serve_at(&header, at(901)).unwrap_err();
    assert_eq!(late.code(), AuthCode::SignatureDoesNotMatch);
    assert_eq!(
        late.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T125101Z - 15 min.)"
    );
    let late = serve_at(&presigned, at(3601)).unwrap_err();
    assert_eq!(
        late.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T133601Z - 60 min.)"
    );
    for extreme in [i64::MIN, i64::MAX] {
        assert!(serve_at(&header, Seconds(extreme)).is_err());
    }
}

#[test]
fn a_presigned_url_says_how_long_it_lives() {
    assert_eq!(serve_at(&presigned(1), now()), Ok(()));
    assert_eq!(serve_at(&presigned(604_800), Seconds(now().0 + 604_800)), Ok(()));
    let too_long = "X-Amz-Expires must be less than a week (in seconds); that is, the given \
         X-Amz-Expires must be less than 604800 seconds";
    incomplete(&presigned(604_801), too_long);
    for (value, text) in [
        ("0", "X-Amz-Expires must be non-negative"),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("", "X-Amz-Expires should be a number"),
        ("-", "X-Amz-Expires should be a number"),
        ("%2B60", "X-Amz-Expires should be a number"),
        ("6e1", "X-Amz-Expires should be a number"),
        ("99999999999999999999", too_long),
    ] {
        incomplete(&requeried("X-Amz-Expires=60", &format!("X-Amz-Expires={value}")), text);
    }
    // Without it the URL lives as long as any signature, and the parameter is signed.
    let request = requeried("&X-Amz-Expires=60", "");
    let claim = request.with(|request| {
        let claim = Claim::find(request).unwrap().unwrap();
        (claim.form(), claim.expires_at())
    });
    assert_eq!(claim, (Form::Presigned, Seconds(now().0 + 900)));
    does_not_match(&request, MISMATCH);
}

#[test]
fn a_presigned_url_that_lacks_something_says_what() {
    let names = [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        "X-Amz-Date",
    ];
    let sentence = |name| format!("AWS query-string parameters must include '{name}'. ");
    let end = "Re-examine the query-string parameters.";
    for name in names {
        let text = sentence(name) + end;
        incomplete(&requeried(&format!("{name}="), "Other="), &text);
    }
    let mut request = unsigned(&[("host", "localhost")]);
    request.query = "X-Amz-Algorithm".to_owned();
    incomplete(&request, &(names.map(sentence).concat() + end));
}

#[test]
fn a_query_that_is_not_encoded() {
    let text = "The query string is malformed.";
    let mut request = signed();
    for query in ["a=%", "%zz=1", "X-Amz-Algorithm=%ff", "X-Amz-Date=%00"] {
        request.query = query.to_owned();
        refused(&request, AuthCode::MalformedQueryString, text);
    }
}

#[test]
fn what_has_to_be_signed() {
    let not_signed = |name| format!("{name} must be a 'SignedHeader' in the AWS Authorization.");
    let host = not_signed("'Host' or ':authority'");
    does_not_match(&replaced(";host;", ";"), &host);
    does_not_match(&requeried("SignedHeaders=host", "SignedHeaders=x"), &host);
    for request in [signed(), presigned(60)] {
        let mut request = request;
        request.headers.push(("X-Amz-Target".to_owned(), Text(b"AmazonSQS.PurgeQueue".to_vec())));
        does_not_match(&request, &not_signed("'x-amz-target'"));
    }
    let mut request = signed();
    request.headers.push(("User-Agent".to_owned(), Text(b"any".to_vec())));
    assert_eq!(serve_at(&request, now()), Ok(()), "others need not be signed");
}

#[test]
fn signed_headers_have_to_be_there_and_in_order() {
    let mut request = signed();
    request.headers.retain(|(name, _)| name != "content-type");
    let fault = serve_at(&request, now()).unwrap_err();
    assert_eq!(fault, AuthFault::SignedHeaderMissing { name: "content-type".into() });
    does_not_match(&request, MISMATCH);
    let request = replaced("content-type;host", "host;content-type");
    assert_eq!(serve_at(&request, now()), Err(AuthFault::SignedHeadersUnsorted));
    does_not_match(&request, MISMATCH);
}

#[test]
fn the_content_hash_is_that_of_the_body() {
    let hash = |body: &str| format!("{:?}", BodyHash::of(body.as_bytes()));
    let request = signed_with(&[("X-Amz-Content-Sha256", &hash("{}"))]);
    assert_eq!(serve_at(&request, now()), Ok(()));
    let text = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    for (value, fault) in [
        (&*hash("{ }"), AuthFault::ContentMismatch),
        (&*hash("{}").to_uppercase(), AuthFault::ContentMismatch),
        ("", AuthFault::ContentMismatch),
        ("UNSIGNED-PAYLOAD", AuthFault::UnsignedContent),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AuthFault::UnsignedContent),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", AuthFault::UnsignedContent),
    ] {
        let request = signed_with(&[("x-amz-content-sha256", value)]);
        assert_eq!(serve_at(&request, now()), Err(fault), "{value}");
        does_not_match(&request, text);
    }
    let request = requeried("Action=ListQueues", "X-Amz-Content-SHA256=UNSIGNED-PAYLOAD");
    assert_eq!(serve_at(&request, now()), Err(AuthFault::UnsignedContent));
    let mut request = signed();
    request.body = "{ }".to_owned();
    does_not_match(&request, MISMATCH);
}

#[test]
fn a_signature_is_64_digits_in_lower_case() {
    let value = String::from_utf8(signed().header_mut("authorization").clone()).unwrap();
    let (_, signature) = value.split_once("Signature=").unwrap();
    for other in [&signature.to_uppercase(), &signature[1..], "x", &format!("{signature}0")] {
        does_not_match(&replaced(signature, other), MISMATCH);
    }
}

#[test]
fn session_tokens_are_part_of_the_claim() {
    let secret = secret();
    let signer = Signer { session_token: Some("to/ken+=="), ..signer(&secret) };
    let mut request = unsigned(&[("host", "localhost")]);
    let body = request.body_hash();
    let mut presigned = request.clone();
    presigned.query = request.with(|request| signer.presign(request, &body, now(), 60)).unwrap();
    let signed = request.with(|request| signer.sign(request, &body, now())).unwrap();
    for (name, value) in signed.iter() {
        request.headers.push((name.to_owned(), Text(value.as_bytes().to_vec())));
    }
    for request in [&request, &presigned] {
        assert_eq!(serve_at(request, now()), Ok(()));
        let token = request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            assert!(!format!("{claim:?}").contains("to/ken"), "{claim:?}");
            claim.session_token().map(str::to_owned)
        });
        assert_eq!(token.as_deref(), Some("to/ken+=="));
    }
    *request.header_mut("x-amz-security-token") = b"to/ken+=!".to_vec();
    does_not_match(&request, MISMATCH);
    *request.header_mut("x-amz-security-token") = b"\xff".to_vec();
    let text = "The security token included in the request is invalid.";
    refused(&request, AuthCode::InvalidClientTokenId, text);
}

#[test]
fn only_right_signatures_fill_the_cache() {
    let (secret, keys) = (secret(), SigningKeys::new(16));
    let mut forged = signed();
    forged.body = "other".to_owned();
    for _ in 0..2 {
        assert!(serve(&forged, (ID, &secret), &keys, now()).is_err());
        assert!(keys.is_empty());
    }
    assert_eq!(serve(&signed(), (ID, &secret), &keys, now()), Ok(()));
    assert_eq!(keys.len(), 1);
    let changed = SecretKey::new("changed".to_owned());
    assert_eq!(serve(&signed(), (ID, &changed), &keys, now()), Err(AuthFault::Mismatch));
    assert!(serve(&forged, (ID, &secret), &keys, now()).is_err());
    assert_eq!(keys.len(), 1);
}

#[test]
fn codes_have_their_names() {
    for (code, name) in [
        (AuthCode::MissingAuthenticationToken, "MissingAuthenticationToken"),
        (AuthCode::IncompleteSignature, "IncompleteSignature"),
        (AuthCode::MalformedQueryString, "MalformedQueryString"),
        (AuthCode::SignatureDoesNotMatch, "SignatureDoesNotMatch"),
        (AuthCode::InvalidClientTokenId, "InvalidClientTokenId"),
        (AuthCode::ExpiredToken, "ExpiredToken"),
    ] {
        assert_eq!(code.name(), name);
    }
    assert_eq!(AuthFault::ExpiredToken.code(), AuthCode::ExpiredToken);
}
