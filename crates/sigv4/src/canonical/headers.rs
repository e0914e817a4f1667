//! The signed headers and their names.

use crate::canonical::sink::Sink;
use crate::encoding::{is_blank, trim};
use crate::request::Request;

/// Writes a line for each name of the list, in the list's order: values without the blanks around
/// them and with one space for every run of blanks inside; those of a repeated header joined by
/// commas, in their order.
pub(crate) fn write(request: &Request<'_>, list: &str, sink: &mut impl Sink) {
    for name in list.split(';') {
        write_lower(name, sink);
        sink.put(b":");
        for (index, value) in request.values(name).enumerate() {
            if index > 0 {
                sink.put(b",");
            }
            write_value(trim(value), sink);
        }
        sink.put(b"\n");
    }
}

/// Names are signed in lower case.
pub(crate) fn write_lower(names: &str, sink: &mut impl Sink) {
    let mut rest = names.as_bytes();
    while let Some(at) = rest.iter().position(u8::is_ascii_uppercase) {
        sink.put(&rest[..at]);
        sink.put(&[rest[at].to_ascii_lowercase()]);
        rest = &rest[at + 1..];
    }
    sink.put(rest);
}

fn write_value(value: &[u8], sink: &mut impl Sink) {
    let words = value.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            sink.put(b" ");
        }
        sink.put(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_collapsed_and_joined() {
        let headers: &[(&str, &[u8])] = &[
            ("X-B", b"  b \t c  "),
            ("Host", b"example.com"),
            ("x-a", b"1"),
            ("X-A", b"\xff  \"2   3\""),
            ("X-A", b""),
        ];
        let request = Request { method: "GET", path: "/", query: "", headers };
        let mut written = Vec::new();
        write(&request, "Host;x-a;X-B", &mut written);
        assert_eq!(written, b"host:example.com\nx-a:1,\xff \"2 3\",\nx-b:b c\n");
    }
}
