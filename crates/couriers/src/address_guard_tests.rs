use super::*;

fn guard(allow: &str, deny: &str) -> AddressGuard {
    AddressGuard::new(allow.parse().unwrap(), deny.parse().unwrap())
}

fn check(guard: &AddressGuard, address: &str) -> Result<(), Refused> {
    guard.check(address.parse().unwrap())
}

#[test]
fn the_default_is_public_addresses() {
    let guard = AddressGuard::default();
    check(&guard, "1.1.1.1").unwrap();
    check(&guard, "2606:4700::1111").unwrap();
    for address in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1", "fe80::1"] {
        check(&guard, address).unwrap_err();
    }
}

#[test]
fn allow_is_an_exception_and_deny_is_stronger() {
    let guard = guard("10.0.0.0/8, fd00::/8", "10.9.0.0/16, 1.1.1.0/24");
    check(&guard, "10.1.2.3").unwrap();
    check(&guard, "fd12::1").unwrap();
    check(&guard, "8.8.8.8").unwrap();
    check(&guard, "192.168.0.1").unwrap_err();
    check(&guard, "10.9.0.1").unwrap_err();
    check(&guard, "1.1.1.1").unwrap_err();
}

#[test]
fn both_lists_see_through_disguises() {
    let guard = guard("10.0.0.0/8", "10.9.0.0/16, 1.1.1.0/24");
    check(&guard, "::ffff:10.1.2.3").unwrap();
    check(&guard, "64:ff9b::10.1.2.3").unwrap();
    for address in ["::ffff:10.9.0.1", "64:ff9b::1.1.1.1", "2002:101:101::1"] {
        assert!(matches!(check(&guard, address), Err(Refused::Denied { .. })), "{address}");
    }
}

#[test]
fn refusals_name_the_setting() {
    let text = check(&AddressGuard::default(), "169.254.169.254").unwrap_err().to_string();
    assert!(text.contains("169.254.169.254") && text.contains("endpoint-allow"), "{text}");
    let text = check(&guard("", "8.8.0.0/16"), "8.8.8.8").unwrap_err().to_string();
    assert!(text.contains("8.8.0.0/16") && text.contains("endpoint-deny"), "{text}");
}

#[test]
fn urls_with_addresses_are_checked_and_names_are_not_resolved() {
    let guard = guard("192.168.7.0/24", "");
    for url in [
        "http://example.com/hook",
        "https://user:secret@1.1.1.1:8443/x?y=z",
        "http://192.168.7.9/",
        "http://metadata.internal/",
        "http://[2606:4700::1111]/",
        "http://localhost.example.com/",
    ] {
        guard.check_url(url).unwrap();
    }
    for url in [
        "http://127.0.0.1/",
        "http://user@127.0.0.1:80/",
        "https://[::1]:8080/",
        "http://[::ffff:169.254.169.254]/latest/meta-data",
        "http://192.168.8.1/",
        "http://0.0.0.0/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://localhost:3000/",
        "http://LOCALHOST./",
        "http://app.localhost/",
    ] {
        assert!(matches!(guard.check_url(url), Err(GuardError::Refused(_))), "{url}");
    }
    // The C library would read these as 127.0.0.1.
    for url in ["http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/"] {
        assert!(matches!(guard.check_url(url), Err(GuardError::BadUrl(_))), "{url}");
    }
}

#[test]
fn localhost_is_allowed_with_either_of_its_addresses() {
    guard("127.0.0.0/8", "").check_url("http://localhost/").unwrap();
    guard("::1", "").check_url("http://localhost/").unwrap();
    guard("127.0.0.0/8", "127.0.0.1, ::1").check_url("http://localhost/").unwrap_err();
}
