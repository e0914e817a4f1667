//! Whether a principal may do something here, by its own policies and, of a role, by the role's
//! trust policy.

use tidings_access::permissions::{Permission, When};
use tidings_access::{
    Context, ContextValue, Decision, Facts, Policies, PolicyDocument, Request, denial_text,
    evaluate, required,
};

use crate::directory::Directory;
use crate::fault::{Code, IdentityFault};
use crate::operations::Operation;
use crate::principal::Principal;

/// What a request comes with, beside who asks.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Where and when. What is asked for is added here.
    pub facts: &'a Facts<'a>,
    /// The policy of the private endpoint that the request came through.
    pub endpoint: Option<&'a PolicyDocument>,
}

/// One permission, on something.
pub(crate) struct Wanted<'a> {
    pub(crate) action: &'a str,
    /// The ARN.
    pub(crate) resource: &'a str,
    /// As a denial names it, if not by its ARN.
    pub(crate) shown: Option<&'a str>,
    /// Whose it is, twelve digits.
    pub(crate) account: &'a str,
    /// Its own policy.
    pub(crate) policy: Option<&'a PolicyDocument>,
}

impl Directory {
    /// Whether a principal may ask for an operation of IAM.
    ///
    /// # Errors
    /// AccessDenied if its policies do not allow it. InvalidClientTokenId if its credentials are of
    /// GetSessionToken or GetFederationToken: IAM takes none of those without a second factor.
    pub fn authorise(
        &self,
        principal: &Principal,
        surroundings: Surroundings<'_>,
        operation: &Operation,
    ) -> Result<(), IdentityFault> {
        if principal.is_session() && !principal.is_role() {
            let text = "The security token included in the request is invalid";
            return Err(IdentityFault::new(Code::InvalidClientTokenId, text));
        }
        let target = self.target(principal, operation);
        let (request_tags, resource_tags) =
            (borrowed(&target.request_tags), borrowed(&target.tags));
        let tag_keys: Vec<&str> = target.tag_keys.iter().map(String::as_str).collect();
        let keys: Vec<(&str, ContextValue<'_>)> =
            target.keys.iter().map(|(key, value)| (&**key, ContextValue::text(&**value))).collect();
        let facts = Facts {
            request_tags: &request_tags,
            tag_keys: &tag_keys,
            resource_tags: &resource_tags,
            resource_account: Some(principal.account()),
            service_keys: &keys,
            ..surroundings.facts.clone()
        };
        let needed = required("iam", operation.name()).unwrap_or_default();
        let is_needed = |permission: &&Permission| {
            permission.when != When::WithTags || !target.request_tags.is_empty()
        };
        needed.iter().filter(is_needed).try_for_each(|permission| {
            let wanted = Wanted {
                action: permission.action,
                resource: &target.arn,
                shown: Some(&target.shown),
                account: principal.account(),
                policy: None,
            };
            check(principal, surroundings.endpoint, &facts, &wanted)
        })
    }
}

/// Names and values, borrowed, as conditions are asked with.
pub(crate) fn borrowed(tags: &[(String, String)]) -> Vec<(&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// # Errors
/// AccessDenied, and why.
pub(crate) fn check(
    principal: &Principal,
    endpoint: Option<&PolicyDocument>,
    context: &dyn Context,
    wanted: &Wanted<'_>,
) -> Result<(), IdentityFault> {
    let request = Request {
        caller: principal.caller(),
        action: wanted.action,
        resource: wanted.resource,
        resource_account: wanted.account,
        context,
    };
    let identity: Vec<&PolicyDocument> =
        principal.identity_policies().iter().map(|document| &**document).collect();
    let session: Option<Vec<&PolicyDocument>> = principal
        .session_policies()
        .map(|documents| documents.iter().map(|document| &**document).collect());
    let policies = Policies {
        identity: &identity,
        boundary: principal.boundary(),
        session: session.as_deref(),
        resource: wanted.policy,
        endpoint,
        ..Policies::default()
    };
    match evaluate(&request, &policies) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => {
            let shown = wanted.shown.unwrap_or(wanted.resource);
            let text = denial_text(&Request { resource: shown, ..request }, &denial);
            Err(IdentityFault::new(Code::AccessDenied, text))
        }
    }
}
