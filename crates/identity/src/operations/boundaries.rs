//! Permissions boundaries of users and roles: managed policies that say how far their rights can
//! reach.

use super::policies::check_arn;
use super::{Decided, Decider, Holder, Output};
use crate::fault::IdentityFault;

impl Decider<'_> {
    /// A boundary that a request for something new names.
    pub(super) fn check_boundary(&self, arn: Option<&str>) -> Result<(), IdentityFault> {
        let Some(arn) = arn else { return Ok(()) };
        check_arn(arn)?;
        match self.managed(arn) {
            Some(_) => Ok(()),
            None => Err(IdentityFault::no_such(format!(
                "Scope ARN: {arn} does not exist or is not attachable."
            ))),
        }
    }

    pub(super) fn put_boundary(&self, holder: &Holder, arn: &str) -> Decided {
        let mut held = self.held(holder)?;
        self.check_boundary(Some(arn))?;
        held.policies.boundary = Some(arn.to_owned());
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }

    pub(super) fn delete_boundary(&self, holder: &Holder) -> Decided {
        let mut held = self.held(holder)?;
        if held.policies.boundary.take().is_none() {
            let kind = holder.kind.entity().name();
            let name = &holder.name;
            return Err(IdentityFault::no_such(format!(
                "The {kind} with name {name} does not have a permissions boundary."
            )));
        }
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }
}
