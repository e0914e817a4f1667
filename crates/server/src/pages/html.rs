//! What all pages look like, and what browsers may do with them.

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use tidings_aws::Answer;

/// The type of every page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("style.css");

/// Nothing but the one style, by its digest, and forms that lead here. Not in a frame, so that nobody
/// is led to press a button that they do not see.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-yXKd76MCENSn8a9Y8q1frn1KPsWPgNXMp/JaoWTnMQI='; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Adds what keeps a page to itself. Links hold tokens: neither caches nor other sites get them.
pub(crate) fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// A page: a title that is also its heading, a sentence, what it is about, and perhaps a button.
pub(super) struct Content<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// Names and values; those without a value are left out.
    pub(super) about: &'a [(&'a str, &'a str)],
    pub(super) button: Option<&'a str>,
}

impl Content<'_> {
    pub(super) fn answer(&self, status: u16) -> Answer {
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n",
            title = escaped(self.title),
            text = escaped(self.text),
        );
        let about: Vec<_> = self.about.iter().filter(|(_, value)| !value.is_empty()).collect();
        if !about.is_empty() {
            page.push_str("<dl>\n");
            for (name, value) in about {
                page += &format!("<dt>{}</dt>\n<dd>{}</dd>\n", escaped(name), escaped(value));
            }
            page.push_str("</dl>\n");
        }
        if let Some(button) = self.button {
            // Back to where it came from, parameters included.
            let button = escaped(button);
            page += &format!("<form method=\"post\"><button>{button}</button></form>\n");
        }
        page.push_str("</main>\n</body>\n</html>\n");
        Answer::plain(status, HTML, page.into_bytes())
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_one_style_is_allowed_by_its_digest() {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
        let source = format!("'sha256-{}'", STANDARD.encode(digest));
        assert!(POLICY.to_str().unwrap().contains(&source), "{source}");
    }

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let evil = "<script>alert('1')</script>\"&amp;";
        let content = Content {
            title: evil,
            text: evil,
            about: &[(evil, evil), ("b", "")],
            button: Some(evil),
        };
        let answer = content.answer(200);
        let page = String::from_utf8(answer.body.into()).unwrap();
        let shown = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;amp;";
        assert_eq!(page.matches(shown).count(), 6, "{page}");
        assert!(!page.contains("<script") && !page.contains("alert('"), "{page}");
        assert!(!page.contains("<dt>b</dt>"), "{page}");
    }
}
