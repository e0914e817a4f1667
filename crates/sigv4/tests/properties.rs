//! Random requests: signed ones verify, changed ones do not, and nothing panics.
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use proptest::sample::Index;
use support::{OwnedRequest, Text, letters, neighbours, serve};
use tidings_sigv4::{AuthFault, Claim, Seconds, SecretKey, Signer, SigningKeys};

const ID: &str = "AKIDEXAMPLE";
const NOW: Seconds = Seconds(1_767_323_045);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect()
}

prop_compose! {
    /// Paths are without dots: what those normalise away is not signed.
    fn requests()(
        method in "GET|POST|PUT",
        path in "(/[a-zA-Z0-9%@ ~/\u{e9}\u{1234}-]{0,12}){1,3}",
        query in prop::collection::vec((".{0,6}", ".{0,12}"), 0..5),
        host in "[a-z0-9.]{1,20}",
        headers in prop::collection::btree_map(
            "x-(amz-)?[0-9]{1,2}",
            prop::collection::vec(any::<u8>(), 0..20),
            0..4,
        ),
        body in ".{0,40}",
    ) -> OwnedRequest {
        let pair = |(name, value): &(String, String)| {
            format!("{}={}", encoded(name), encoded(value))
        };
        let query: Vec<String> = query.iter().map(pair).collect();
        let host = ("Host".to_owned(), Text(host.into_bytes()));
        let headers = headers.into_iter().map(|(name, value)| (name, Text(value)));
        OwnedRequest {
            method,
            path,
            query: query.join("&"),
            headers: std::iter::once(host).chain(headers).collect(),
            body,
        }
    }
}

fn signed(mut request: OwnedRequest, token: Option<&str>, is_presigned: bool) -> OwnedRequest {
    let secret = SecretKey::new(SECRET.to_owned());
    let signer = Signer {
        access_key_id: ID,
        secret: &secret,
        session_token: token,
        region: "us-east-1",
        service: "sqs",
    };
    let body = request.body_hash();
    if is_presigned {
        request.query = request.with(|request| signer.presign(request, &body, NOW, 60)).unwrap();
    } else {
        let signed = request.with(|request| signer.sign(request, &body, NOW)).unwrap();
        for (name, value) in signed.iter() {
            request.headers.push((name.to_owned(), Text(value.as_bytes().to_vec())));
        }
    }
    request
}

fn served(request: &OwnedRequest, keys: &SigningKeys) -> Result<(), AuthFault> {
    serve(request, (ID, &SecretKey::new(SECRET.to_owned())), keys, NOW)
}

/// Text made of what the parsers look for.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("AWS4-HMAC-SHA256"),
        Just("Credential="),
        Just("SignedHeaders="),
        Just("Signature="),
        Just("AKID/20260102/us-east-1/sqs/aws4_request"),
        Just("20260102T030405Z"),
        Just("Fri, 02 Jan 2026 03:04:05 GMT"),
        Just("X-Amz-Algorithm="),
        Just("X-Amz-Credential="),
        Just("X-Amz-Date="),
        Just("X-Amz-Expires="),
        Just("X-Amz-SignedHeaders="),
        Just("X-Amz-Signature="),
        Just("X-Amz-Security-Token="),
        Just("host"),
        Just("x-amz-date"),
        Just(";"),
        Just("/"),
        Just(","),
        Just(" "),
        Just("&"),
        Just("="),
        Just("%"),
        Just("%2F"),
        Just("\u{1234}"),
        Just("60"),
        Just("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ];
    prop::collection::vec(scrap, 0..24).prop_map(|scraps| scraps.concat())
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        scraps().prop_map(String::into_bytes),
        scraps().prop_map(|scraps| format!("AWS4-HMAC-SHA256 {scraps}").into_bytes()),
    ]
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Authorization".to_owned()),
        Just("X-Amz-Date".to_owned()),
        Just("Date".to_owned()),
        Just("Host".to_owned()),
        Just("X-Amz-Security-Token".to_owned()),
        Just("X-Amz-Content-Sha256".to_owned()),
        ".{0,10}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_signed_verifies_and_changed_it_does_not(
        request in requests(),
        token in prop::option::of("[ -~]{0,3}[!-~]"),
        is_presigned: bool,
        which: Index,
    ) {
        let token = token.as_deref().map(str::trim);
        let request = signed(request, token, is_presigned);
        let keys = SigningKeys::new(16);
        prop_assert_eq!(served(&request, &keys), Ok(()));
        let signed_headers: Vec<String> = request.with(|request| {
            let claim = Claim::find(request).unwrap().unwrap();
            assert_eq!(claim.session_token(), token);
            claim.signed_headers().map(str::to_owned).collect()
        });
        let changed = neighbours(&request, &signed_headers);
        let (part, changed) = &changed[which.index(changed.len())];
        prop_assert!(served(changed, &keys).is_err(), "{}: {:?}", part, changed);
    }

    #[test]
    fn a_spelling_that_means_the_same_verifies(request in requests(), is_presigned: bool) {
        let mut request = signed(request, None, is_presigned);
        for (name, value) in &mut request.headers {
            *name = name.to_ascii_uppercase();
            value.0.splice(0..0, *b"  ");
            value.0.push(b'\t');
        }
        request.headers.reverse();
        let mut pairs: Vec<&str> = request.query.split('&').collect();
        pairs.reverse();
        request.query = pairs.join("&");
        prop_assert_eq!(served(&request, &SigningKeys::new(1)), Ok(()));
    }

    #[test]
    fn a_header_more_or_less_is_refused(request in requests(), is_presigned: bool, which: Index) {
        let request = signed(request, None, is_presigned);
        let keys = SigningKeys::new(1);
        let mut less = request.clone();
        less.headers.remove(which.index(less.headers.len()));
        prop_assert!(served(&less, &keys).is_err());
        let mut more = request.clone();
        more.headers.push(("X-Amz-More".to_owned(), Text(Vec::new())));
        prop_assert!(served(&more, &keys).is_err());
        let mut twice = request;
        twice.headers.push(twice.headers[which.index(twice.headers.len())].clone());
        prop_assert!(served(&twice, &keys).is_err());
    }

    #[test]
    fn nothing_panics(
        method in ".{0,5}",
        path in "[/.%a\u{1234}]{0,20}",
        query in prop_oneof![".{0,40}", scraps()],
        headers in prop::collection::vec((names(), values()), 0..8),
        body in ".{0,10}",
        now: i64,
    ) {
        let headers = headers.into_iter().map(|(name, value)| (name, Text(value))).collect();
        let request = OwnedRequest { method, path, query, headers, body };
        let secret = SecretKey::new(SECRET.to_owned());
        for now in [NOW, Seconds(now)] {
            if let Err(fault) = serve(&request, (ID, &secret), &SigningKeys::new(1), now) {
                prop_assert!(!fault.to_string().is_empty());
            }
        }
        let body = request.body_hash();
        request.with(|request| {
            if let Ok(Some(claim)) = Claim::find(request) {
                let _ = claim.canonical_request(&body);
            }
        });
    }

    #[test]
    fn nothing_panics_near_what_is_right(
        request in requests(),
        is_presigned: bool,
        at: Index,
        byte: u8,
    ) {
        let mut request = signed(request, Some("token"), is_presigned);
        let keys = SigningKeys::new(1);
        let places = request.headers.len();
        let header = &mut request.headers[at.index(places)].1.0;
        if !header.is_empty() {
            let len = header.len();
            header[at.index(len)] = byte;
        }
        let _ = served(&request, &keys);
        let places: Vec<usize> = letters(request.query.as_bytes()).collect();
        if !places.is_empty() {
            let cut = places[at.index(places.len())];
            request.query.truncate(cut);
            prop_assert!(served(&request, &keys).is_err());
        }
    }
}
