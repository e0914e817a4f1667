//! AWS IAM, API version 2010-05-08: from a form to an [`Operation`], from its [`Output`] to XML.
//!
//! What parameters may be, and what is refused, is the business of `tidings-identity`. Documents come
//! and go as IAM has them: plain in requests, percent-encoded in answers.

mod groups;
mod operation;
mod policies;
mod reader;
mod roles;
#[cfg(test)]
mod tests;
mod users;
mod views;

use tidings_core::names::Uuid;
use tidings_identity::operations::{Operation, Output};

use crate::action::{Action, IamAction, Protocol};
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response;

pub(crate) use reader::Reader;
pub(crate) use views::seconds;

/// What a request asks for.
///
/// # Errors
/// ValidationError if a parameter is missing, MalformedInput if a number or truth value is none.
pub fn operation(action: IamAction, fields: &Fields<'_>) -> Result<Operation, Refusal> {
    let mut reader = Reader::new(fields);
    let operation = operation::read(action, &mut reader)?;
    reader.finish()?;
    Ok(operation)
}

/// The body of the answer that reports success.
pub fn body(action: IamAction, request_id: Uuid, output: &Output) -> Vec<u8> {
    let wire = Action::Iam(action);
    match output {
        // The only one of those without members whose model has an output, and SDKs look for it.
        Output::Done if action != IamAction::UpdateRole => {
            response::without_result(Protocol::Query, wire, request_id)
        }
        _ => response::with_result(Protocol::Query, wire, request_id, &views::Written(output)),
    }
}
