//! From bytes to the input of an action.

use serde::Deserialize;

use crate::action::Protocol;
use crate::json;
use crate::query::{Fields, Form};
use crate::refusal::WireError;

/// The parameters of a request, before it is known what they should be.
#[derive(Debug)]
pub enum Request<'a> {
    /// The body, not yet looked into.
    Json(&'a [u8]),
    /// The fields of body and URL.
    Query(Form<'a>),
}

/// What an action takes.
///
/// A member that the action does not have is ignored. One of the wrong type is refused, which the
/// implementation of `Deserialize` does by itself.
pub trait Input<'a>: Deserialize<'a> {
    /// The members, as the Query protocol spells them.
    ///
    /// # Errors
    /// [`WireError::Serialization`] if a member is of the wrong type.
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError>;
}

impl<'a> Request<'a> {
    /// Takes a request's parameters apart, as far as that is possible without knowing its action.
    ///
    /// # Errors
    /// [`WireError::MalformedQueryString`], in the Query protocol.
    pub fn read(protocol: Protocol, query: &'a str, body: &'a [u8]) -> Result<Self, WireError> {
        match protocol {
            Protocol::Json => Ok(Self::Json(body)),
            Protocol::Query => Form::read(body, query).map(Self::Query),
        }
    }

    /// The input of an action. It borrows from the request what can be borrowed.
    ///
    /// # Errors
    /// [`WireError::Serialization`] if the body is not a JSON object, or a member is of the wrong
    /// type.
    pub fn input<'r, I: Input<'r>>(&'r self) -> Result<I, WireError> {
        match self {
            Self::Json(body) => json::read(body),
            Self::Query(form) => I::from_query(&form.fields()),
        }
    }

    /// The members of a request in the Query protocol; none if it is in another.
    pub fn fields(&self) -> Fields<'_> {
        match self {
            Self::Json(_) => Fields::default(),
            Self::Query(form) => form.fields(),
        }
    }
}
