//! Answers, as far as a load has to read them: when one ends, and a few fields of its body.

pub(crate) mod fields;
mod head;
mod json;
mod xml;

pub(crate) use head::{BODY_BYTES_MAX, Chunks, Head, Length};
