//! One value of a request's key, read as the type that an operator wants.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{canonical, time};
use crate::context::ContextValue;

/// One value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Scalar<'a> {
    Text(&'a str),
    Bool(bool),
    Number(f64),
    Instant(i64),
    Address(IpAddr),
}

impl<'a> Scalar<'a> {
    pub(super) fn text(&self) -> Cow<'a, str> {
        match *self {
            Self::Text(text) => text.into(),
            Self::Bool(true) => "true".into(),
            Self::Bool(false) => "false".into(),
            Self::Number(number) => number.to_string().into(),
            Self::Instant(instant) => time::written(instant).into(),
            Self::Address(address) => address.to_string().into(),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match *self {
            Self::Text(text) => number(text),
            Self::Number(number) => Some(number),
            // The one key that is both, aws:EpochTime, counts whole seconds.
            Self::Instant(instant) => i32::try_from(instant.div_euclid(1000)).ok().map(f64::from),
            Self::Bool(_) | Self::Address(_) => None,
        }
    }

    pub(super) fn instant(&self) -> Option<i64> {
        match *self {
            Self::Text(text) => time::parse(text),
            Self::Instant(instant) => Some(instant),
            Self::Number(number) => time::from_seconds(number),
            Self::Bool(_) | Self::Address(_) => None,
        }
    }

    pub(super) fn address(&self) -> Option<IpAddr> {
        match *self {
            Self::Text(text) => text.parse().ok().map(canonical),
            Self::Address(address) => Some(address),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match *self {
            Self::Text(text) => BASE64_STANDARD.decode(text).ok(),
            _ => None,
        }
    }
}

/// A decimal number: `nan` and the like are none.
pub(super) fn number(text: &str) -> Option<f64> {
    let is_decimal = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    let number: f64 = text.bytes().all(is_decimal).then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

/// The value as a text, if it is one value.
pub(crate) fn single_text(value: ContextValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        ContextValue::Text(text) => Some(text),
        ContextValue::Bool(bool) => Some(Scalar::Bool(bool).text()),
        ContextValue::Number(number) => Some(Scalar::Number(number).text()),
        ContextValue::Instant(instant) => Some(Scalar::Instant(instant).text()),
        ContextValue::Address(address) => Some(Scalar::Address(canonical(address)).text()),
        ContextValue::Many(_) => None,
    }
}
