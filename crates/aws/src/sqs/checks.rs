//! Checks that several actions share.

use std::ops::RangeInclusive;

use tidings_core::command::Handle;
use tidings_core::names::FifoId;
use tidings_core::receipt::ReceiptKey;
use tidings_core::rejection::Rejection;

use crate::text::Text;

/// A parameter that must be there and hold something.
pub(crate) fn required<'a>(value: Option<Text<'a>>, name: &str) -> Result<Text<'a>, Rejection> {
    let value = value.filter(|text| !text.is_empty());
    value.ok_or_else(|| Rejection::MissingParameter(name.to_owned()))
}

/// A number that must lie in a range if it is there. `reason` says so.
pub(crate) fn in_range(
    value: Option<i64>,
    range: &RangeInclusive<u32>,
    name: &str,
    reason: &str,
) -> Result<Option<u32>, Rejection> {
    let Some(value) = value else { return Ok(None) };
    let fitting = u32::try_from(value).ok().filter(|number| range.contains(number));
    fitting.map(Some).ok_or_else(|| Rejection::parameter(name, value, reason))
}

/// A MessageGroupId, or another parameter of its alphabet.
pub(crate) fn fifo_id(value: Option<Text<'_>>, name: &str) -> Result<Option<FifoId>, Rejection> {
    let Some(value) = value else { return Ok(None) };
    let id = FifoId::parse(&value).ok_or_else(|| {
        let reason = format!(
            "{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        );
        Rejection::parameter(name, value.as_str(), reason)
    })?;
    Ok(Some(id))
}

/// A receipt handle, read with the key that this server makes its own with. What does not read is
/// the core's to refuse: it must know first whether the queue is there.
pub(crate) fn handle(value: Option<Text<'_>>, key: &ReceiptKey) -> Result<Handle, Rejection> {
    let text = required(value, "ReceiptHandle")?;
    Ok(Handle { receipt: key.open(&text), text: text.into_string() })
}
