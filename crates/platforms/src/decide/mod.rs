//! What a change comes to.

mod applications;
mod endpoints;

use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;

use crate::change::{Change, Decision, Output, Random};
use crate::credentials::{Checked, Proposed};
use crate::event::Event;
use crate::platforms::Platforms;
use crate::saved::Write;
use endpoints::Given;

/// Says whether credentials are any good, and why not.
type Check<'a> = &'a dyn Fn(&Proposed<'_>) -> Result<Checked, String>;

impl Platforms {
    /// Decides a change, and changes nothing. `check` says whether credentials have their form, and
    /// if not, why; the text reaches the caller and must not tell any of them.
    ///
    /// # Errors
    /// NotFound if there is no such application or endpoint, InvalidParameter for whatever else does
    /// not fit, in the words of the service where they are known.
    pub fn decide(
        &self,
        change: Change,
        now: Timestamp,
        random: &Random,
        check: Check<'_>,
    ) -> Result<Decision, TopicRejection> {
        match change {
            Change::CreateApplication { application, attributes } => {
                self.create_application(application, &attributes, random, check)
            }
            Change::SetApplicationAttributes { application, attributes } => {
                self.set_application_attributes(&application, &attributes, random, check)
            }
            Change::DeleteApplication { application } => Ok(self.delete_application(&application)),
            Change::CreateEndpoint { application, token, user_data, attributes } => {
                let given = Given { token, user_data, attributes, now };
                self.create_endpoint(application, given, random)
            }
            Change::SetEndpointAttributes { endpoint, attributes } => {
                self.set_endpoint_attributes(&endpoint, &attributes, now)
            }
            Change::DeleteEndpoint { endpoint } => Ok(self.delete_endpoint(&endpoint)),
            Change::DisableEndpoint { endpoint, token, since } => {
                Ok(self.disable_endpoint(&endpoint, &token, since))
            }
            Change::ReplaceToken { endpoint, token, new_token } => {
                Ok(self.replace_token(&endpoint, &token, &new_token, now))
            }
        }
    }
}

impl Decision {
    fn nothing(output: Output) -> Self {
        Self { writes: Vec::new(), output, event: None }
    }

    fn write(write: Write, output: Output) -> Self {
        Self { writes: vec![write], output, event: None }
    }

    fn telling(self, event: Option<Event>) -> Self {
        Self { event, ..self }
    }
}
