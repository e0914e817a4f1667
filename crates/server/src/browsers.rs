//! Requests that a browser makes for a page of another site.
//!
//! While credentials are not checked, what keeps strangers out is that they cannot connect. A browser
//! on a machine that can connect makes simple requests for any page that it shows, and says so in
//! headers that no page can change. SDKs send none of them, and their `Authorization` header is more
//! than a page may send without asking first, which is never granted here.

use hyper::Method;
use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use hyper::http::request::Parts;
use tidings_aws::{Action, SnsAction};

/// Whether the request is made for a page of another site, and is none that people make when they
/// follow a link in a message.
pub(crate) fn is_of_a_strange_page(head: &Parts, action: Action) -> bool {
    let is_link =
        matches!(action, Action::Sns(SnsAction::ConfirmSubscription | SnsAction::Unsubscribe))
            && head.method == Method::GET
            && text(head, "sec-fetch-mode") == Some("navigate");
    !head.headers.contains_key(AUTHORIZATION) && is_strange(head) && !is_link
}

fn is_strange(head: &Parts) -> bool {
    match text(head, "sec-fetch-site") {
        Some(site) => !matches!(site, "same-origin" | "none"),
        // An older browser says at least where a POST comes from.
        None => text(head, ORIGIN.as_str()).is_some_and(|origin| {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_none() || host != text(head, HOST.as_str())
        }),
    }
}

fn text<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use tidings_aws::SqsAction;

    use super::*;

    fn is_refused(method: Method, action: Action, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/").header("host", "t:4566");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_of_a_strange_page(&request.body(()).unwrap().into_parts().0, action)
    }

    #[test]
    fn pages_of_other_sites_are_strangers_and_programs_are_not() {
        let purge = Action::Sqs(SqsAction::PurgeQueue);
        let post = |headers: &[_]| is_refused(Method::POST, purge, headers);
        assert!(!post(&[]));
        assert!(!post(&[("authorization", "AWS4-HMAC-SHA256 …"), ("origin", "http://evil")]));
        assert!(!post(&[("sec-fetch-site", "same-origin"), ("origin", "http://t:4566")]));
        assert!(!post(&[("sec-fetch-site", "none")]));
        assert!(!post(&[("origin", "https://t:4566")]));
        assert!(post(&[("sec-fetch-site", "cross-site")]));
        assert!(post(&[("sec-fetch-site", "same-site")]));
        assert!(post(&[("origin", "http://evil.example.com")]));
        assert!(post(&[("origin", "null")]));
        let navigates = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert!(is_refused(Method::GET, purge, &navigates));
    }

    #[test]
    fn links_in_messages_can_be_followed_from_anywhere() {
        let confirm = Action::Sns(SnsAction::ConfirmSubscription);
        let navigates = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert!(!is_refused(Method::GET, confirm, &navigates));
        assert!(is_refused(Method::POST, confirm, &navigates));
        let fetches = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
        assert!(is_refused(Method::GET, confirm, &fetches));
    }
}
