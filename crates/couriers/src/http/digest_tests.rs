use super::*;

fn read(header: &str) -> Option<DigestChallenge> {
    DigestChallenge::read(&Challenge::all_in(header)[0])
}

fn mufasa() -> Credentials {
    Credentials { user: "Mufasa".to_owned(), password: "Circle of Life".to_owned() }
}

/// RFC 7616, section 3.9.1.
#[test]
fn the_examples_of_rfc_7616() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = read(&format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm},
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        ).replace("\n            ", " "))
        .unwrap();
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = challenge.answer(&mufasa(), "GET", "/dir/index.html", cnonce);
        assert_eq!(
            answer,
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
                response=\"{response}\", \
                opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", \
                cnonce=\"{cnonce}\", qop=auth, nc=00000001, algorithm={algorithm}"
            )
        );
    }
}

/// RFC 2617, section 3.5, and the same without qop, worked out by hand with md5sum.
#[test]
fn old_servers_get_the_old_way() {
    let who = Credentials { user: "Mufasa".to_owned(), password: "Circle Of Life".to_owned() };
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let realm = "testrealm@host.com";
    let with = read(&format!(r#"Digest realm="{realm}", qop="auth", nonce="{nonce}""#)).unwrap();
    let answer = with.answer(&who, "GET", "/dir/index.html", "0a4f113b");
    assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
    assert!(!answer.contains("algorithm"), "{answer}");

    let without = read(&format!(r#"Digest realm="{realm}", nonce="{nonce}""#)).unwrap();
    let answer = without.answer(&who, "GET", "/dir/index.html", "0a4f113b");
    assert!(answer.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""), "{answer}");
    assert!(!answer.contains("qop") && !answer.contains("cnonce"), "{answer}");
}

#[test]
fn what_we_do_not_know_is_not_answered() {
    for header in [
        "Digest realm=a, nonce=b, algorithm=SHA-512-256",
        "Digest realm=a, nonce=b, algorithm=MD5-sess",
        "Digest realm=a, nonce=b, qop=\"auth-int\"",
        "Digest realm=a",
        "Digest nonce=b",
    ] {
        assert_eq!(read(header), None, "{header}");
    }
}

#[test]
fn quotes_in_names_are_escaped() {
    let who = Credentials { user: "a\"b\\c".to_owned(), password: String::new() };
    let answer = read("Digest realm=r, nonce=n").unwrap().answer(&who, "POST", "/", "c");
    assert!(answer.starts_with(r#"Digest username="a\"b\\c", "#), "{answer}");
}
