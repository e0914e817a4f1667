//! What an endpoint's answer means.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use hyper::{Response, StatusCode};
use tidings_core::limits::{HTTP_ANSWER_BYTES_MAX, PROVIDER_RESPONSE_BYTES_MAX};
use tokio::time::{Instant, timeout_at};

use crate::Outcome;

/// Bytes of the status line and the headers of an answer. More is no answer.
pub(super) const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Reads what is worth reading of an answer and judges by the status. By then the endpoint has
/// decided, so a body that does not come to its end changes nothing.
pub(super) async fn outcome(response: Response<Incoming>, deadline: Instant) -> Outcome {
    let status = response.status();
    let encoded = response.headers().contains_key(CONTENT_ENCODING);
    let mut beginning = Vec::new();
    let _ = timeout_at(deadline, read(response.into_body(), &mut beginning)).await;
    // Of a compressed answer nobody could read the beginning.
    let detail = if encoded { String::new() } else { text_of(&beginning) };
    judged(status, detail)
}

/// Reads an answer that does not matter, so that its connection can be used again.
pub(super) async fn discard(response: Response<Incoming>) {
    read(response.into_body(), &mut Vec::new()).await;
}

/// The table in the documentation of [`super::HttpCourier`].
fn judged(status: StatusCode, detail: String) -> Outcome {
    let why = || match detail.trim() {
        "" => format!("the endpoint answered {}", status.as_u16()),
        detail => format!("the endpoint answered {}: {detail}", status.as_u16()),
    };
    let number = Some(status.as_u16());
    match status.as_u16() {
        200..=399 => Outcome::Delivered { status: status.as_u16(), detail },
        429 => Outcome::TryLater { why: why(), status: number },
        400..=499 => Outcome::Never { why: why(), status: number },
        _ => Outcome::TryLater { why: why(), status: number },
    }
}

/// Reads a body to its end, if that is not far: then its connection can be used again. Otherwise
/// dropping the body closes the connection.
async fn read(mut body: Incoming, beginning: &mut Vec<u8>) {
    let mut left = HTTP_ANSWER_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.into_data().unwrap_or_else(|_| Bytes::new());
        let kept = data.len().min(PROVIDER_RESPONSE_BYTES_MAX - beginning.len());
        beginning.extend_from_slice(&data[..kept]);
        left = left.saturating_sub(data.len());
        if left == 0 {
            return;
        }
    }
}

/// The bytes as text. A character that was cut in two at the end is left out.
fn text_of(bytes: &[u8]) -> String {
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    String::from_utf8_lossy(whole).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_outcome() {
        for status in 100..1000 {
            let outcome = judged(StatusCode::from_u16(status).unwrap(), String::new());
            match status {
                200..=399 => assert!(matches!(outcome, Outcome::Delivered { .. }), "{status}"),
                400..=428 | 430..=499 => {
                    assert!(matches!(outcome, Outcome::Never { .. }), "{status}");
                }
                _ => assert!(matches!(outcome, Outcome::TryLater { .. }), "{status}"),
            }
        }
    }

    #[test]
    fn text_that_was_cut_ends_with_a_whole_character() {
        assert_eq!(text_of("grü".as_bytes()), "grü");
        assert_eq!(text_of(&"grü".as_bytes()[..3]), "gr");
        assert_eq!(text_of(b"a\xffb"), "a\u{fffd}b");
    }
}
