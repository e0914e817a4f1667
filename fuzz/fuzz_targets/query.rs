//! The Query protocol: a URL and a form, to the command of whichever action they name.
//!
//! An input is a line with the path and query, and the body. The first byte of the line says which
//! service the request is signed for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_aws::{Head, Protocol};
use tidings_fuzz::{actions, byte, part, text};

fuzz_target!(|data: &[u8]| {
    let mut body = data;
    let mut line = part(&mut body, b'\n');
    let scopes = [None, Some("sqs"), Some("sns"), Some("iam"), Some("sts")];
    let scope_service = scopes[usize::from(byte(&mut line)) % scopes.len()];
    let Some(target) = text(line) else { return };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let head = Head { method: "POST", path, query, target: None, scope_service };
    actions::read(Protocol::Query, &head, body);
});
