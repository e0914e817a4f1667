//! SetEndpointAttributes.

use tidings_core::rejection::TopicRejection;
use tidings_platforms::Change;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;

/// What is asked.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the endpoint.
pub fn change(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Change, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "EndpointArn");
    let attributes = required.list("Attributes", pairs::attributes(fields));
    required.check()?;
    let endpoint = caller.endpoint(&arn)?;
    Ok(Change::SetEndpointAttributes { endpoint, attributes: attributes.into() })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ENDPOINT, ENDPOINT_ARN, command, missing};

    #[test]
    fn attributes_of_an_endpoint_are_set() {
        let action = SnsAction::SetEndpointAttributes;
        assert_eq!(command(action, ""), Err(missing(&["endpointArn", "attributes"])));
        let form = format!(
            "EndpointArn={ENDPOINT}&Attributes.entry.1.key=Token&Attributes.entry.1.value=t"
        );
        let expected = format!(
            "SetEndpointAttributes {{ endpoint: {ENDPOINT_ARN}, attributes: Attributes[\"Token\"] }}"
        );
        assert_eq!(command(action, &form), Ok(expected));
    }
}
