//! What has to be allowed for an operation. Who decides whether it is, by all the policies that have a
//! say, is whoever drives the directory.

use tidings_access::permissions::{Permission, When};
use tidings_access::{ContextValue, PolicyDocument, required};
use tidings_core::names::AccountId;

use crate::directory::Directory;
use crate::fault::{Code, IdentityFault};
use crate::operations::Operation;
use crate::principal::Principal;

/// Decides for one principal and its request: knows where it came from, and its time.
pub trait Arbiter {
    /// Whether the principal may.
    ///
    /// # Errors
    /// What it is told, in words such as those of [`tidings_access::denial_text`].
    fn decide(&self, wanted: &Wanted<'_>) -> Result<(), String>;
}

/// One permission, on something.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Such as `iam:GetUser`.
    pub action: &'a str,
    /// The ARN of what it is wanted on.
    pub resource: &'a str,
    /// Whose that is.
    pub owner: AccountId,
    /// Its own policy: of roles only, who may assume them.
    pub policy: Option<&'a PolicyDocument>,
    /// Its tags.
    pub resource_tags: &'a [(&'a str, &'a str)],
    /// Tags that the request sets.
    pub request_tags: &'a [(&'a str, &'a str)],
    /// Keys of tags that the request sets or takes away.
    pub tag_keys: &'a [&'a str],
    /// Condition keys of IAM or STS.
    pub service_keys: &'a [(&'a str, ContextValue<'a>)],
}

impl Directory {
    /// Whether a principal may ask for an operation of IAM.
    ///
    /// # Errors
    /// AccessDenied if the arbiter says so. InvalidClientTokenId if its credentials are of
    /// GetSessionToken or GetFederationToken: IAM takes none of those without a second factor.
    pub fn authorise(
        &self,
        principal: &Principal,
        arbiter: &dyn Arbiter,
        operation: &Operation,
    ) -> Result<(), IdentityFault> {
        if principal.is_session() && !principal.is_role() {
            let text = "The security token included in the request is invalid";
            return Err(IdentityFault::new(Code::InvalidClientTokenId, text));
        }
        let target = self.target(principal, operation);
        let tag_keys: Vec<&str> = target.tag_keys.iter().map(String::as_str).collect();
        let keys: Vec<(&str, ContextValue<'_>)> =
            target.keys.iter().map(|(key, value)| (&**key, ContextValue::text(&**value))).collect();
        // An operation without permissions would be one that nobody has thought about.
        let needed = required("iam", operation.name()).ok_or_else(|| {
            IdentityFault::new(Code::AccessDenied, "The operation is not known to policies.")
        })?;
        let is_needed = |permission: &&Permission| {
            permission.when != When::WithTags || !target.request_tags.is_empty()
        };
        for permission in needed.iter().filter(is_needed) {
            let wanted = Wanted {
                action: permission.action,
                resource: &target.arn,
                owner: principal.account_id(),
                policy: None,
                resource_tags: &borrowed(&target.tags),
                request_tags: &borrowed(&target.request_tags),
                tag_keys: &tag_keys,
                service_keys: &keys,
            };
            ask(arbiter, &wanted, Some(&target.shown))?;
            if let Some(new_arn) = &target.new_arn {
                ask(arbiter, &Wanted { resource: new_arn, ..wanted }, None)?;
            }
        }
        Ok(())
    }
}

/// Asks, and says no as IAM and STS do: about some entities IAM tells the name rather than the ARN.
pub(crate) fn ask(
    arbiter: &dyn Arbiter,
    wanted: &Wanted<'_>,
    shown: Option<&str>,
) -> Result<(), IdentityFault> {
    arbiter.decide(wanted).map_err(|text| {
        let text = match shown {
            Some(shown) => text.replacen(
                &format!("on resource: {}", wanted.resource),
                &format!("on resource: {shown}"),
                1,
            ),
            None => text,
        };
        IdentityFault::new(Code::AccessDenied, text)
    })
}

/// Names and values, borrowed, as conditions are asked with.
pub(crate) fn borrowed(tags: &[(String, String)]) -> Vec<(&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
