//! AWS JSON: a target and a body, to the command of the action that it names.
//!
//! An input is a line with the target, such as `AmazonSQS.SendMessage`, and the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_aws::{Head, Protocol};
use tidings_fuzz::{actions, part, text};

fuzz_target!(|data: &[u8]| {
    let mut body = data;
    let Some(target) = text(part(&mut body, b'\n')) else { return };
    // `POST /2015-03-31/functions`, or the name of an action.
    let head = match target.split_once(' ') {
        Some((method, path)) if path.starts_with('/') => {
            Head { method, path, query: "", target: None, scope_service: Some("lambda") }
        }
        _ => {
            Head { method: "POST", path: "/", query: "", target: Some(target), scope_service: None }
        }
    };
    actions::read(Protocol::Json, &head, body);
});
