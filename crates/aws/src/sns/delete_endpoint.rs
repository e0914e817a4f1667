//! DeleteEndpoint.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::Change;

use super::caller::Caller;
use super::get_endpoint_attributes::endpoint;
use crate::query::Fields;

/// What is asked.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the endpoint.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    Ok(Change::DeleteEndpoint { endpoint: endpoint(fields, caller)? })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ENDPOINT, ENDPOINT_ARN, command, missing};

    #[test]
    fn the_endpoint_is_all_that_is_asked() {
        let action = SnsAction::DeleteEndpoint;
        assert_eq!(command(action, ""), Err(missing(&["endpointArn"])));
        let asked = command(action, &format!("EndpointArn={ENDPOINT}"));
        assert_eq!(asked, Ok(format!("DeleteEndpoint {{ endpoint: {ENDPOINT_ARN} }}")));
    }
}
