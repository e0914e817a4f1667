//! Whether a claim is good here and now, and whether it is true.

use crate::CLOCK_SKEW_SECONDS_MAX;
use crate::TERMINATOR;
use crate::claim::Claim;
use crate::fault::AuthFault;
use crate::hex;
use crate::request::BodyHash;
use crate::secret::SecretKey;
use crate::signed_headers;
use crate::signing_key::SigningKey;
use crate::signing_keys::SigningKeys;
use crate::time::Seconds;

/// The regions that a scope may name.
#[derive(Copy, Clone, Debug)]
pub enum Regions<'a> {
    /// Any that is not empty: the scope says which region is meant.
    Any,
    /// One of these.
    OneOf(&'a [&'a str]),
}

/// What the scope of a claim may be.
#[derive(Copy, Clone, Debug)]
pub struct Rules<'a> {
    /// The regions.
    pub regions: Regions<'a>,
    /// The signing names of the services, such as `sqs` and `sns`.
    pub services: &'a [&'a str],
}

impl<'a> Claim<'a> {
    /// Checks what needs neither body nor secret, in this order: the scope's date, region, service
    /// and terminator; that the time is right; that what has to be signed is.
    ///
    /// The time is right from 15 minutes before the request was signed, and until 15 minutes after
    /// or as long as a presigned URL says.
    ///
    /// # Errors
    ///
    /// An [`AuthFault`] whose code is `SignatureDoesNotMatch`.
    pub fn check(self, rules: &Rules<'_>, now: Seconds) -> Result<CheckedClaim<'a>, AuthFault> {
        self.check_scope(rules)?;
        self.check_time(now)?;
        signed_headers::check(&self.signed_headers, &self.request)?;
        Ok(CheckedClaim { claim: self })
    }

    fn check_scope(&self, rules: &Rules<'_>) -> Result<(), AuthFault> {
        let scope = self.scope();
        if scope.date.as_bytes() != &self.signed_at.basic()[..8] {
            let signed_at = self.signed_at;
            return Err(AuthFault::ScopeDate { scope: scope.date.to_owned(), signed_at });
        }
        let is_region = match rules.regions {
            Regions::Any => !scope.region.is_empty(),
            Regions::OneOf(regions) => regions.contains(&scope.region),
        };
        if !is_region {
            return Err(AuthFault::ScopeRegion);
        }
        if !rules.services.contains(&scope.service) {
            return Err(AuthFault::ScopeService { expected: rules.services.join("', '") });
        }
        match self.credential.terminator() {
            TERMINATOR => Ok(()),
            got => Err(AuthFault::ScopeTerminator { got: got.to_owned() }),
        }
    }

    fn check_time(&self, now: Seconds) -> Result<(), AuthFault> {
        let (signed_at, lifetime_seconds) = (self.signed_at, self.lifetime_seconds());
        if signed_at > now.plus(CLOCK_SKEW_SECONDS_MAX) {
            let skew_seconds = CLOCK_SKEW_SECONDS_MAX;
            return Err(AuthFault::NotYetCurrent { signed_at, now, skew_seconds });
        }
        if self.expires_at() < now {
            return Err(AuthFault::Expired { signed_at, now, lifetime_seconds });
        }
        Ok(())
    }
}

/// A claim that is good here and now, if it is true.
#[derive(Clone, Debug)]
pub struct CheckedClaim<'a> {
    claim: Claim<'a>,
}

impl<'a> CheckedClaim<'a> {
    /// What was checked.
    pub fn claim(&self) -> &Claim<'a> {
        &self.claim
    }

    /// Checks that the request with this body was signed with this secret, comparing in constant
    /// time.
    ///
    /// `secret` has to be that of the claim's access key id. Its derived key is taken from `keys`;
    /// one that is not there is derived, and kept if the signature is right: who has no secret
    /// cannot fill the cache.
    ///
    /// # Errors
    ///
    /// [`AuthFault::UnsignedContent`], [`AuthFault::ContentMismatch`],
    /// [`AuthFault::MalformedQueryString`] or [`AuthFault::Mismatch`].
    pub fn verify(
        &self,
        body: &BodyHash,
        secret: &SecretKey,
        keys: &SigningKeys,
    ) -> Result<(), AuthFault> {
        let Claim { credential, signed_at, signature, .. } = &self.claim;
        self.check_content(body)?;
        let hash = self.claim.canonical_hash(body)?;
        let signature = signature.ok_or(AuthFault::Mismatch)?;
        let (access_key_id, scope) = (credential.access_key_id(), credential.scope());
        let kept = keys.find(access_key_id, secret, &scope);
        let is_kept = kept.is_some();
        let key = kept.unwrap_or_else(|| SigningKey::derive(secret, &scope));
        if !key.verify(*signed_at, credential.scope_text(), &hash, &signature) {
            return Err(AuthFault::Mismatch);
        }
        if !is_kept {
            keys.keep(access_key_id, secret, &scope, key);
        }
        Ok(())
    }

    /// `x-amz-content-sha256` takes the place of the body's hash in the canonical request. Only S3
    /// lets it be anything else than that hash.
    fn check_content(&self, body: &BodyHash) -> Result<(), AuthFault> {
        match self.claim.content_sha256.as_deref() {
            None => Ok(()),
            Some(hash) if hash == hex::encode(&body.0).as_bytes() => Ok(()),
            Some(word) if word == b"UNSIGNED-PAYLOAD" || word.starts_with(b"STREAMING-") => {
                Err(AuthFault::UnsignedContent)
            }
            Some(_) => Err(AuthFault::ContentMismatch),
        }
    }
}
