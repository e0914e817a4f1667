//! What a request says of who signed it.

use std::borrow::Cow;
use std::fmt;

use crate::CLOCK_SKEW_SECONDS_MAX;
use crate::authorization;
use crate::canonical::{CanonicalRequest, HashSink};
use crate::credential::{Credential, Scope};
use crate::fault::AuthFault;
use crate::presigned::Parameters;
use crate::request::{BodyHash, Request};
use crate::signing_key::string_to_sign;
use crate::time::Seconds;

/// Where a request carries its signature.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// In the header `Authorization`.
    Header,
    /// In the query: a presigned URL.
    Presigned,
}

/// Who a request says has signed it, and for what. It is well-formed; nothing of it is proven.
///
/// It borrows from the request, but for what had to be percent-decoded.
#[derive(Clone)]
pub struct Claim<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) form: Form,
    pub(crate) credential: Credential<'a>,
    pub(crate) signed_headers: Cow<'a, str>,
    /// `None` if it is not of a form that could be right.
    pub(crate) signature: Option<[u8; 32]>,
    pub(crate) session_token: Option<Cow<'a, str>>,
    pub(crate) signed_at: Seconds,
    pub(crate) expires_seconds: Option<u32>,
    pub(crate) content_sha256: Option<Cow<'a, [u8]>>,
}

impl<'a> Claim<'a> {
    /// Finds the claim in a request; `None` if it has none, or only in another scheme than AWS's
    /// fourth.
    ///
    /// # Errors
    ///
    /// An [`AuthFault`] whose code is `IncompleteSignature`, `MalformedQueryString` or
    /// `InvalidClientTokenId` if the claim is malformed, and [`AuthFault::BothForms`] if there are
    /// two.
    pub fn find(request: &Request<'a>) -> Result<Option<Self>, AuthFault> {
        let authorization = authorization::find(request)?;
        let parameters = match request.query {
            "" => None,
            query => Parameters::find(query)?,
        };
        match (authorization, parameters) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(AuthFault::BothForms),
            (Some(value), None) => authorization::read(request, value).map(Some),
            (None, Some(parameters)) => parameters.read(request).map(Some),
        }
    }

    /// The request that makes the claim.
    pub fn request(&self) -> &Request<'a> {
        &self.request
    }

    /// Where the request carries its signature.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whose secret is said to have signed.
    pub fn access_key_id(&self) -> &str {
        self.credential.access_key_id()
    }

    /// The token that goes with a temporary access key. Printable ASCII, never empty.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// What the signing key is good for.
    pub fn scope(&self) -> Scope<'_> {
        self.credential.scope()
    }

    /// The names of the signed headers, as they were given.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }

    /// The signature's bytes; `None` if they were not 64 digits, and so cannot be right.
    pub fn signature(&self) -> Option<&[u8; 32]> {
        self.signature.as_ref()
    }

    /// When the request says it was signed.
    pub fn signed_at(&self) -> Seconds {
        self.signed_at
    }

    /// The last second in which the signature is good: as a presigned URL says, or 15 minutes after
    /// it was signed.
    pub fn expires_at(&self) -> Seconds {
        self.signed_at.plus(self.lifetime_seconds())
    }

    pub(crate) fn lifetime_seconds(&self) -> i64 {
        self.expires_seconds.map_or(CLOCK_SKEW_SECONDS_MAX, i64::from)
    }

    /// The canonical request that the signature should cover: to explain why it does not. It holds
    /// the session token.
    ///
    /// # Errors
    ///
    /// [`AuthFault::MalformedQueryString`].
    pub fn canonical_request(&self, body: &BodyHash) -> Result<Vec<u8>, AuthFault> {
        let mut text = Vec::new();
        self.canonical().write(body, &mut text)?;
        Ok(text)
    }

    /// The string to sign that the signature should be of: to explain why it is not.
    ///
    /// # Errors
    ///
    /// [`AuthFault::MalformedQueryString`].
    pub fn string_to_sign(&self, body: &BodyHash) -> Result<String, AuthFault> {
        let hash = self.canonical_hash(body)?;
        Ok(string_to_sign(self.signed_at, self.credential.scope_text(), &hash))
    }

    pub(crate) fn canonical_hash(&self, body: &BodyHash) -> Result<[u8; 32], AuthFault> {
        let mut sink = HashSink::new();
        self.canonical().write(body, &mut sink)?;
        Ok(sink.finish())
    }

    fn canonical(&self) -> CanonicalRequest<'_> {
        CanonicalRequest {
            request: &self.request,
            signed_headers: &self.signed_headers,
            form: self.form,
        }
    }
}

/// Without the signature and the token: whoever reads a log should not be able to repeat the
/// request.
impl fmt::Debug for Claim<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Claim")
            .field("form", &self.form)
            .field("access_key_id", &self.access_key_id())
            .field("scope", &self.scope())
            .field("signed_headers", &self.signed_headers)
            .field("has_session_token", &self.session_token.is_some())
            .field("signed_at", &self.signed_at)
            .field("expires_seconds", &self.expires_seconds)
            .finish_non_exhaustive()
    }
}
