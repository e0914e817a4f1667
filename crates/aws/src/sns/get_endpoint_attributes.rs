//! GetEndpointAttributes. Its output is [`AttributesOutput`](super::AttributesOutput).

use tidings_core::rejection::TopicRejection;
use tidings_platforms::EndpointArn;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// Which endpoint is asked for.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the endpoint.
pub fn endpoint(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<EndpointArn, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "EndpointArn");
    required.check()?;
    caller.endpoint(&arn)
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ENDPOINT, ENDPOINT_ARN, command, missing};

    #[test]
    fn the_endpoint_is_all_that_is_asked() {
        let action = SnsAction::GetEndpointAttributes;
        assert_eq!(command(action, ""), Err(missing(&["endpointArn"])));
        let asked = command(action, &format!("EndpointArn={ENDPOINT}"));
        assert_eq!(asked, Ok(ENDPOINT_ARN.to_owned()));
    }
}
