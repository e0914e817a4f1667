//! What a mail looks like: RFC 5322, with headers that nobody can add to.

use std::time::SystemTime;

use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0,
};
use lettre::message::{Body, Mailbox};
use lettre::{Address, Message};

use crate::{Letter, Parcel};

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
const LIST_UNSUBSCRIBE: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe");
const LIST_UNSUBSCRIBE_POST: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");

/// Bytes in a link in a header: a line has 998 at most. RFC 5322, section 2.1.1.
const LINK_BYTES_MAX: usize = 900;

/// The message as it is sent, without the last line break; `None` if the parcel has no letter.
pub(super) fn compose(
    parcel: &Parcel,
    from: &Address,
    to: &Address,
    now: SystemTime,
) -> Option<Vec<u8>> {
    let Letter { sender_name, subject, unsubscribe_url } = parcel.letter.as_ref()?;
    let sender_name = Some(one_line(sender_name)).filter(|name| !name.is_empty());
    let mut builder = Message::builder()
        .from(Mailbox::new(sender_name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(one_line(subject))
        .date(now)
        .message_id(Some(message_id(parcel, from.domain())))
        .header(MIME_VERSION_1_0)
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()));
    if let Some(url) = unsubscribe_url.as_deref().filter(|url| fits_a_header(url)) {
        // As it is: encoded or broken in two, it would be a link no more.
        let link = format!("<{url}>");
        let link = HeaderValue::dangerous_new_pre_encoded(LIST_UNSUBSCRIBE, link.clone(), link);
        builder = builder.raw_header(link);
        // RFC 8058, section 3.1: one click is for https alone.
        if url.starts_with("https://") {
            let one_click = "List-Unsubscribe=One-Click".to_owned();
            builder = builder.raw_header(HeaderValue::new(LIST_UNSUBSCRIBE_POST, one_click));
        }
    }
    let message = builder.header(ContentType::TEXT_PLAIN).body(body(&parcel.body)).ok()?;
    let mut bytes = message.formatted();
    while bytes.ends_with(b"\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    Some(bytes)
}

/// The same at every attempt, so that a repeat can be told.
fn message_id(parcel: &Parcel, domain: &str) -> String {
    let subscription = parcel.subscription_arn.as_deref().and_then(|arn| arn.rsplit(':').next());
    let separator = if subscription.is_some() { "." } else { "" };
    format!("<{}{separator}{}@{domain}>", parcel.message_id, subscription.unwrap_or_default())
}

/// A header's text, which has no line breaks to begin with: a guard.
fn one_line(text: &str) -> String {
    text.replace(|character: char| character.is_control(), " ").trim().to_owned()
}

fn fits_a_header(url: &str) -> bool {
    url.len() <= LINK_BYTES_MAX
        && url.bytes().all(|b| b.is_ascii_graphic() && b != b'>' && b != b'<')
}

/// Text in one of the two encodings that nothing on the way has to change: the one that makes it
/// shorter, roughly.
fn body(text: &[u8]) -> Body {
    let mut lines = Vec::with_capacity(text.len() + text.len() / 16);
    let mut before = 0;
    for &byte in text {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\n' | b'\r' => lines.extend_from_slice(b"\r\n"),
            byte => lines.push(byte),
        }
        before = byte;
    }
    let strange = lines.iter().filter(|byte| !byte.is_ascii_graphic() && !b" \r\n".contains(byte));
    let encoding = match strange.count() > lines.len() / 6 {
        true => ContentTransferEncoding::Base64,
        false => ContentTransferEncoding::QuotedPrintable,
    };
    match Body::new_with_encoding(lines, encoding) {
        Ok(body) => body,
        // Those two take all bytes.
        Err(lines) => Body::new(lines),
    }
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
