//! The path, as services other than S3 sign it: normalised, and encoded once more.

use crate::canonical::sink::Sink;
use crate::encoding::{is_unreserved, percent};

/// Writes the path. What came percent-encoded is not decoded: its percent signs are encoded again.
pub(crate) fn write(path: &str, sink: &mut impl Sink) {
    if !needs_normalising(path) {
        return write_encoded(path, sink);
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        sink.put(b"/");
        write_encoded(segment, sink);
    }
    if segments.is_empty() || path.ends_with('/') {
        sink.put(b"/");
    }
}

/// Whether a segment is empty or only dots, or there is no path at all.
fn needs_normalising(path: &str) -> bool {
    !path.starts_with('/') || path.contains("//") || path.contains("/.")
}

fn write_encoded(text: &str, sink: &mut impl Sink) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let kept = rest.iter().position(|byte| !(is_unreserved(*byte) || *byte == b'/'));
        let (plain, special) = rest.split_at(kept.unwrap_or(rest.len()));
        sink.put(plain);
        rest = match special {
            [byte, rest @ ..] => {
                sink.put(&percent(*byte));
                rest
            }
            [] => &[],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/000000000000/orders", "/000000000000/orders"),
            ("/000000000000/orders.fifo", "/000000000000/orders.fifo"),
            ("/000000000000/orders/", "/000000000000/orders/"),
            ("/000000000000//orders", "/000000000000/orders"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/b/..", "/a"),
            ("/a/./b/.", "/a/b"),
            ("/.hidden/..x", "/.hidden/..x"),
            ("/a b/\u{1234}", "/a%20b/%E1%88%B4"),
            ("/a%20b/%2F", "/a%2520b/%252F"),
            ("/test/@x", "/test/%40x"),
            ("relative", "/relative"),
        ] {
            let mut written = Vec::new();
            write(path, &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), canonical, "{path}");
        }
    }
}
