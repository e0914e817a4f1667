//! Who a request comes from: its signature, verified over the bytes as they came.

use std::sync::Arc;

use hyper::header::HOST;
use hyper::http::request::Parts;
use tidings_aws::{Service, WireError};
use tidings_core::names::{AccountId, Region};
use tidings_core::time::Timestamp;
use tidings_identity::{CredentialFault, Credentials};
use tidings_sigv4::{AuthFault, BodyHash, CheckedClaim, Claim, Regions, Request, Rules, Seconds};

use crate::audit::AuditLog;
use crate::caller::{Caller, Standing};
use crate::identities::Identities;

/// Whether requests are authenticated, and by what.
#[derive(Clone)]
pub enum Auth {
    /// They are not: a credential's scope is believed, and everybody may do everything.
    Off,
    /// They are, and policies decide what each may do.
    On {
        /// Who is who.
        identities: Identities,
        /// The regions that a credential may be scoped to; empty for any.
        regions: Vec<Region>,
        /// Where decisions are written down.
        audit: Option<Arc<AuditLog>>,
    },
}

impl Auth {
    pub(crate) fn audit(&self) -> Option<&AuditLog> {
        match self {
            Self::Off => None,
            Self::On { audit, .. } => audit.as_deref(),
        }
    }
}

/// A request's caller, for a server that authenticates.
pub(crate) struct Authenticator<'a> {
    pub(crate) identities: &'a Identities,
    pub(crate) regions: &'a [Region],
    /// Where requests without a signature are taken to be meant for.
    pub(crate) account: AccountId,
    pub(crate) region: &'a Region,
    pub(crate) now: Timestamp,
}

impl Authenticator<'_> {
    /// Verifies a request, or finds that it has no signature: then its caller is anonymous.
    ///
    /// # Errors
    /// [`WireError::Unauthentic`] if it has a signature that cannot be relied on.
    pub(crate) fn caller(
        &self,
        head: &Parts,
        body: &[u8],
        service: Service,
    ) -> Result<Caller, WireError> {
        self.verify(head, body, service).map_err(WireError::Unauthentic)
    }

    /// Looks at what the head alone says of who signed, before there is a body to verify with.
    ///
    /// # Errors
    /// What [`Authenticator::caller`] will say whatever the body is.
    pub(crate) fn look(&self, head: &Parts, service: Service) -> Result<(), WireError> {
        let headers = headers(head);
        let claimed = self.claimed(&signed_part(head, &headers), service).map(drop);
        claimed.map_err(WireError::Unauthentic)
    }

    fn verify(&self, head: &Parts, body: &[u8], service: Service) -> Result<Caller, AuthFault> {
        let headers = headers(head);
        let claimed = self.claimed(&signed_part(head, &headers), service)?;
        let Some((checked, credentials)) = claimed else {
            let (account, region) = (self.account, self.region.clone());
            let standing = Standing::Anonymous;
            let (access_key_id, session_token) = (None, None);
            return Ok(Caller { account, region, standing, access_key_id, session_token });
        };
        let keys = &self.identities.signing_keys;
        checked.verify(&BodyHash::of(body), &credentials.secret, keys)?;
        let scope = checked.claim().scope();
        let region = Region::parse(scope.region).ok_or(AuthFault::ScopeRegion)?;
        if checked.claim().session_token().is_none() {
            let directory = self.identities.plane.look();
            let access_key_id = checked.claim().access_key_id();
            directory.note_use(access_key_id, scope.service, scope.region, self.now.as_ms());
        }
        let principal = credentials.principal;
        let account = principal.account_id();
        let access_key_id = Some(checked.claim().access_key_id().into());
        let session_token = checked.claim().session_token().map(Into::into);
        let standing = Standing::Principal(principal);
        Ok(Caller { account, region, standing, access_key_id, session_token })
    }

    /// Who says to have signed, if anybody does. That they did is still to be verified.
    fn claimed<'c>(
        &self,
        request: &Request<'c>,
        service: Service,
    ) -> Result<Option<(CheckedClaim<'c>, Credentials)>, AuthFault> {
        let Some(claim) = Claim::find(request)? else { return Ok(None) };
        let credentials = self.identities.plane.look().credentials(
            claim.access_key_id(),
            claim.session_token(),
            self.now.as_ms(),
        );
        let credentials = credentials.map_err(unauthentic)?;
        Ok(Some((self.check(claim, service)?, credentials)))
    }

    fn check<'c>(&self, claim: Claim<'c>, service: Service) -> Result<CheckedClaim<'c>, AuthFault> {
        let regions: Vec<&str> = self.regions.iter().map(Region::as_str).collect();
        let regions = if regions.is_empty() { Regions::Any } else { Regions::OneOf(&regions) };
        let rules = Rules { regions, services: &[service.signing_name()] };
        let now = Seconds(i64::try_from(self.now.as_ms() / 1000).unwrap_or(i64::MAX));
        claim.check(&rules, now)
    }
}

/// What a caller is told of credentials that are no good.
pub(crate) fn unauthentic(fault: CredentialFault) -> AuthFault {
    match fault {
        CredentialFault::Unknown => AuthFault::InvalidClientToken,
        CredentialFault::Expired => AuthFault::ExpiredToken,
    }
}

/// What of a request a signature covers, beside its body.
fn signed_part<'a>(head: &'a Parts, headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers,
    }
}

/// The headers as they came. In HTTP/2 the host comes as `:authority`, which clients sign as `host`.
fn headers(head: &Parts) -> Vec<(&str, &[u8])> {
    let mut headers: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    if !head.headers.contains_key(HOST)
        && let Some(authority) = head.uri.authority()
    {
        headers.push(("host", authority.as_str().as_bytes()));
    }
    headers
}
