//! Which headers a signature covers, and which it has to.

use std::cmp::Ordering;

use crate::fault::AuthFault;
use crate::request::Request;

/// Checks a list of signed headers: sorted and without repeats, of headers that are there, with
/// `host` and every `x-amz-…` header among them, as AWS documents it (but `x-amz-user-agent`).
///
/// Since every name has to be of a header of its own, the list is no longer than the headers, and
/// each of those is looked at and hashed once for it.
pub(crate) fn check(list: &str, request: &Request<'_>) -> Result<(), AuthFault> {
    if !is_sorted(list) {
        return Err(AuthFault::SignedHeadersUnsorted);
    }
    if !names(list, "host") {
        return Err(AuthFault::HeaderNotSigned { name: "host".to_owned() });
    }
    if let Some(name) = list.split(';').find(|name| request.values(name).next().is_none()) {
        return Err(AuthFault::SignedHeaderMissing { name: name.to_ascii_lowercase() });
    }
    let unsigned = request.headers.iter().find(|(name, _)| is_amz(name) && !names(list, name));
    match unsigned {
        Some((name, _)) => Err(AuthFault::HeaderNotSigned { name: name.to_ascii_lowercase() }),
        None => Ok(()),
    }
}

fn names(list: &str, name: &str) -> bool {
    list.split(';').any(|other| other.eq_ignore_ascii_case(name))
}

/// Not those that begin with `x-amzn-`: load balancers add `x-amzn-trace-id`. And not the one that
/// means nothing to us, over which SDKs differ as over `user-agent`.
fn is_amz(name: &str) -> bool {
    name.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-"))
        && !name.eq_ignore_ascii_case("x-amz-user-agent")
}

/// By bytes, in lower case, which is how the list is signed.
fn is_sorted(list: &str) -> bool {
    let mut names = list.split(';');
    let Some(mut last) = names.next() else { return false };
    names.all(|name| {
        let order = lower(last).cmp(lower(name));
        last = name;
        order == Ordering::Less
    })
}

fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(list: &str, names: &[&'static str]) -> Result<(), AuthFault> {
        let headers: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"v"[..])).collect();
        check(list, &Request { method: "GET", path: "/", query: "", headers: &headers })
    }

    #[test]
    fn host_and_every_amz_header_have_to_be_signed() {
        let headers = ["Host", "X-Amz-Date", "Content-Type", "X-Amzn-Trace-Id", "X-Amz-User-Agent"];
        assert_eq!(check_with("host;x-amz-date", &headers), Ok(()));
        assert_eq!(check_with("Host;X-Amz-Date", &headers), Ok(()));
        assert_eq!(check_with("content-type;host;x-amz-date", &headers), Ok(()));
        let not_signed = |name: &str| Err(AuthFault::HeaderNotSigned { name: name.into() });
        assert_eq!(check_with("host", &headers), not_signed("x-amz-date"));
        assert_eq!(check_with("x-amz-date", &headers), not_signed("host"));
    }

    #[test]
    fn a_signed_header_has_to_be_there() {
        let missing = |name: &str| Err(AuthFault::SignedHeaderMissing { name: name.into() });
        assert_eq!(check_with("Accept;host", &["Host"]), missing("accept"));
        assert_eq!(check_with("host", &["X-Other"]), missing("host"));
        assert_eq!(check_with("host;x", &["Host", "Y"]), missing("x"));
        assert_eq!(check_with(";host", &["Host"]), missing(""));
    }

    #[test]
    fn a_name_may_be_given_once_and_in_its_place() {
        for list in ["host;accept", "accept;accept;host", "accept;ACCEPT;host", "host;"] {
            let checked = check_with(list, &["Host", "Accept"]);
            assert_eq!(checked, Err(AuthFault::SignedHeadersUnsorted), "{list}");
        }
    }
}
