use super::*;

fn parsed(url: &str) -> Endpoint {
    Endpoint::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

#[test]
fn what_is_requested_has_no_credentials_and_no_fragment() {
    for (url, requested) in [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://example.com:8443/a/b?c=d#e", "https://example.com:8443/a/b?c=d"),
        ("http://user:secret@example.com/x", "http://example.com/x"),
        ("http://example.com?q=1", "http://example.com/?q=1"),
        ("http://example.com#top", "http://example.com/"),
        ("http://[::1]:99/p", "http://[::1]:99/p"),
        ("http://example.com/a b/é%20", "http://example.com/a%20b/%C3%A9%20"),
        ("http://example.com/p@q:r", "http://example.com/p@q:r"),
    ] {
        assert_eq!(parsed(url).uri().to_string(), requested, "{url}");
    }
}

#[test]
fn credentials_are_decoded() {
    let credentials = |url: &str| {
        let endpoint = parsed(url);
        endpoint.credentials().map(|it| (it.user.clone(), it.password.clone()))
    };
    let some = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(credentials("http://example.com/"), None);
    assert_eq!(credentials("http://user@example.com/"), some("user", ""));
    assert_eq!(credentials("http://user:pass@example.com/"), some("user", "pass"));
    assert_eq!(credentials("http://u%40x:p%3a%2F%C3%A9@example.com/"), some("u@x", "p:/é"));
    assert_eq!(credentials("http://user:p:a@ss@example.com/"), some("user", "p:a@ss"));
    for bad in ["http://u%4:p@example.com/", "http://u%zz@example.com/", "http://%ff@example.com/"]
    {
        assert_eq!(Endpoint::parse(bad), Err(EndpointError::BadCredentials), "{bad}");
    }
}

#[test]
fn hosts_are_names_or_whole_addresses() {
    assert_eq!(parsed("http://example.com:80/").host(), "example.com");
    assert_eq!(parsed("http://my_service.internal./").address(), None);
    assert_eq!(parsed("http://3com.example/").address(), None);
    assert_eq!(parsed("http://10.0.0.1/").address(), "10.0.0.1".parse().ok());
    assert_eq!(parsed("http://[fd00::1]/").address(), "fd00::1".parse().ok());
    for bad in [
        "http:///path",
        "http://user@/path",
        "http://127.1/",
        "http://1.2.3.4./",
        "http://0x7f000001/",
        "http://1.2.3.0x4/",
        "http://1.2.3.04/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:port/",
        "http://ex!ample/",
    ] {
        assert_eq!(Endpoint::parse(bad), Err(EndpointError::BadHost), "{bad}");
    }
}

#[test]
fn what_is_no_url_for_http_is_refused() {
    for (bad, why) in [
        ("", EndpointError::NotAUrl),
        ("example.com", EndpointError::NotAUrl),
        ("http:example.com", EndpointError::NotAUrl),
        ("ftp://example.com/", EndpointError::NotHttp),
        ("file:///etc/passwd", EndpointError::NotHttp),
        ("http://exa mple.com/", EndpointError::NotAUrl),
        ("http://exa%6dple.com/", EndpointError::NotAUrl),
        ("http://exämple.com/", EndpointError::NotAUrl),
        ("http://[::1/", EndpointError::NotAUrl),
    ] {
        assert_eq!(Endpoint::parse(bad), Err(why), "{bad}");
    }
}

#[test]
fn credentials_do_not_print() {
    let text = format!("{:?}", parsed("http://user:secret@example.com/"));
    assert!(!text.contains("secret") && !text.contains("user"), "{text}");
}
