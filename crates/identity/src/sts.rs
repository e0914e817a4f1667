//! What STS can be asked. Nothing is ever written for it: all that is known of a session is in its
//! token.

mod assume_role;
#[cfg(test)]
mod tests;
mod tokens;

use tidings_core::names::AccountId;

use crate::authorise::{Arbiter, Wanted, ask};
use crate::directory::{Directory, NewSecret};
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::operations::{Checks, session_document};
use crate::principal::Principal;
use crate::random::{Random, account_of};
use crate::session::SessionBody;

pub use assume_role::{AssumeRole, AssumedRole};
pub use tokens::{FederatedUser, GetFederationToken};

/// Temporary credentials. This is the only time that the secret is shown.
#[derive(Debug)]
pub struct TemporaryCredentials {
    /// The access key id, `ASIA…`.
    pub access_key_id: String,
    /// The secret access key.
    pub secret: NewSecret,
    /// What has to come with every request.
    pub session_token: NewSecret,
    /// When they end, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

impl Directory {
    /// GetAccessKeyInfo: the account of an access key, long-term or temporary. Whether there ever
    /// was such a temporary one is not known.
    ///
    /// # Errors
    /// ValidationError if it is no access key id, or none of anyone here; AccessDenied.
    pub fn access_key_account(
        &self,
        principal: &Principal,
        arbiter: &dyn Arbiter,
        access_key_id: &str,
    ) -> Result<AccountId, IdentityFault> {
        let mut checks = Checks::of_sts();
        checks.length("accessKeyId", access_key_id, 16, 128);
        checks.finish()?;
        let wanted = Wanted {
            action: "sts:GetAccessKeyInfo",
            resource: "*",
            owner: principal.account_id(),
            policy: None,
            resource_tags: &[],
            request_tags: &[],
            tag_keys: &[],
            service_keys: &[],
        };
        ask(arbiter, &wanted, None)?;
        if let Some(held) = self.access_keys.get(access_key_id) {
            return Ok(held.holder.0);
        }
        let account = account_of(access_key_id).filter(|account| {
            access_key_id.starts_with("ASIA") && self.accounts.contains_key(account)
        });
        account.ok_or_else(|| {
            let text = format!("{access_key_id} is invalid");
            IdentityFault::new(Code::ValidationError, text)
        })
    }

    fn begin(
        &self,
        account: AccountId,
        body: SessionBody,
        random: &Random,
    ) -> TemporaryCredentials {
        let expires_at_ms = body.expires_at_ms;
        let new = body.seal(account, &self.seals.sessions, random);
        TemporaryCredentials {
            access_key_id: new.access_key_id,
            secret: NewSecret(new.secret),
            session_token: NewSecret(new.token.into()),
            expires_at_ms,
        }
    }
}

/// What bounds and describes a session, as requests give it.
struct Packed<'a> {
    policy: Option<&'a str>,
    policy_arns: &'a [String],
    tags: &'a [(String, String)],
}

impl Packed<'_> {
    fn check_forms(&self, checks: &mut Checks) {
        if let Some(policy) = self.policy {
            checks.length("policy", policy, 1, limits::SESSION_POLICY_CHARS_MAX);
        }
        for (at, arn) in (1..).zip(self.policy_arns) {
            checks.arn(&format!("policyArns.{at}.member.arn"), arn);
        }
        checks.tags(self.tags);
    }

    /// How full a session is, in percent; `None` if there is nothing in it.
    fn percent(&self) -> Result<Option<usize>, IdentityFault> {
        if let Some(policy) = self.policy {
            session_document(policy)?;
        }
        if self.policy_arns.len() > limits::SESSION_POLICY_ARNS_MAX {
            let text = "The number of managed policies exceeds the limit of 10.";
            return Err(IdentityFault::new(Code::PackedPolicyTooLarge, text));
        }
        let policy = self.policy.map_or(0, str::len);
        let arns: usize = self.policy_arns.iter().map(String::len).sum();
        let tags: usize = self.tags.iter().map(|(key, value)| key.len() + value.len()).sum();
        let bytes = policy + arns + tags;
        if bytes > limits::SESSION_PACKED_BYTES_MAX {
            let percent = (100 * bytes).div_ceil(limits::SESSION_PACKED_BYTES_MAX);
            return Err(IdentityFault::new(
                Code::PackedPolicyTooLarge,
                format!("Packed size of session tags consumes {percent}% of allotted space."),
            ));
        }
        Ok((bytes > 0).then(|| (100 * bytes).div_ceil(limits::SESSION_PACKED_BYTES_MAX)))
    }
}

/// Refuses keys that come twice, whatever the case.
fn check_unlike(tags: &[(String, String)]) -> Result<(), IdentityFault> {
    let mut keys: Vec<String> = tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(IdentityFault::new(
            Code::InvalidParameterValue,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(())
}

/// No second factors are known here, so none can be right.
fn check_no_mfa(has_mfa: bool) -> Result<(), IdentityFault> {
    if !has_mfa {
        return Ok(());
    }
    Err(IdentityFault::new(
        Code::AccessDenied,
        "MultiFactorAuthentication failed, unable to validate MFA code. Please verify your MFA \
         serial number is valid and associated with this user.",
    ))
}
