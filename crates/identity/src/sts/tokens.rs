//! GetSessionToken and GetFederationToken: credentials that long-term ones are exchanged for.

use tidings_access::permissions::{Permission, When};
use tidings_access::required;

use super::{Packed, TemporaryCredentials, check_no_mfa, check_unlike};
use crate::authorise::{Arbiter, Wanted, ask, borrowed};
use crate::directory::Directory;
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::operations::{Checks, Pairs};
use crate::principal::Principal;
use crate::random::Random;
use crate::session::{Holder, SessionBody};

/// The parameters of GetFederationToken.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct GetFederationToken {
    /// `Name`.
    pub name: String,
    /// `DurationSeconds`.
    pub seconds: Option<i64>,
    /// `Policy`.
    pub policy: Option<String>,
    /// `PolicyArns`.
    pub policy_arns: Vec<String>,
    /// `Tags`.
    pub tags: Pairs,
}

/// What GetFederationToken answers.
#[derive(Debug)]
pub struct FederatedUser {
    /// The session's credentials.
    pub credentials: TemporaryCredentials,
    /// `ACCOUNT:NAME`.
    pub id: String,
    /// `arn:aws:sts::ACCOUNT:federated-user/NAME`.
    pub arn: String,
    /// How full the session is, in percent.
    pub packed_percent: Option<usize>,
}

impl Directory {
    /// GetSessionToken: temporary credentials with the rights of the user, or root user, who asks.
    /// Everyone may; `has_mfa` is whether there is a `SerialNumber` or a `TokenCode`.
    ///
    /// # Errors
    /// AccessDenied if the caller's own credentials are temporary; ValidationError.
    pub fn session_token(
        &self,
        principal: &Principal,
        seconds: Option<i64>,
        has_mfa: bool,
        now_ms: u64,
        random: &Random,
    ) -> Result<TemporaryCredentials, IdentityFault> {
        let mut checks = Checks::of_sts();
        let (least, most) = (limits::SESSION_SECONDS_MIN, limits::TOKEN_SECONDS_MAX);
        checks.range("durationSeconds", seconds, least.into(), most.into());
        checks.finish()?;
        let holder = match own(principal, "GetSessionToken")? {
            Some(id) => Holder::User(id),
            None => Holder::Root,
        };
        check_no_mfa(has_mfa)?;
        let body = SessionBody {
            account: principal.account().to_owned(),
            holder,
            issued_at_ms: now_ms,
            expires_at_ms: end(principal, seconds, now_ms),
            policy: None,
            policy_arns: Vec::new(),
            tags: Pairs::new(),
            transitive_keys: Vec::new(),
            source_identity: None,
        };
        Ok(self.begin(principal.account_id(), body, random))
    }

    /// GetFederationToken: temporary credentials for somebody who is no user here, with those rights
    /// of the user who asks that the request's policies leave.
    ///
    /// # Errors
    /// AccessDenied if the caller's own credentials are temporary, or it may not; and for the
    /// parameters as STS refuses them.
    pub fn federation_token(
        &self,
        principal: &Principal,
        arbiter: &dyn Arbiter,
        asked: &GetFederationToken,
        now_ms: u64,
        random: &Random,
    ) -> Result<FederatedUser, IdentityFault> {
        let GetFederationToken { name, policy, policy_arns, tags, .. } = asked;
        let packed = Packed { policy: policy.as_deref(), policy_arns, tags };
        let mut checks = Checks::of_sts();
        checks.session_name("name", name, limits::FEDERATED_NAME_CHARS_MAX);
        let (least, most) = (limits::SESSION_SECONDS_MIN, limits::TOKEN_SECONDS_MAX);
        checks.range("durationSeconds", asked.seconds, least.into(), most.into());
        packed.check_forms(&mut checks);
        checks.finish()?;
        check_unlike(tags)?;
        let packed_percent = packed.percent()?;
        let user = own(principal, "GetFederationToken")?;
        let account = principal.account();
        let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
        asked.check_allowed(principal, arbiter, &arn)?;
        self.check_policy_arns(principal.account_id(), policy_arns)?;
        let body = SessionBody {
            account: account.to_owned(),
            holder: Holder::Federated(user, name.clone()),
            issued_at_ms: now_ms,
            expires_at_ms: end(principal, asked.seconds, now_ms),
            policy: policy.clone(),
            policy_arns: policy_arns.clone(),
            tags: tags.clone(),
            transitive_keys: Vec::new(),
            source_identity: None,
        };
        let credentials = self.begin(principal.account_id(), body, random);
        Ok(FederatedUser { credentials, id: format!("{account}:{name}"), arn, packed_percent })
    }
}

impl GetFederationToken {
    fn check_allowed(
        &self,
        principal: &Principal,
        arbiter: &dyn Arbiter,
        arn: &str,
    ) -> Result<(), IdentityFault> {
        let request_tags = borrowed(&self.tags);
        let tag_keys: Vec<&str> = request_tags.iter().map(|(key, _)| *key).collect();
        let is_needed =
            |permission: &&Permission| permission.when != When::WithTags || !self.tags.is_empty();
        for permission in
            required("sts", "GetFederationToken").unwrap_or_default().iter().filter(is_needed)
        {
            let wanted = Wanted {
                action: permission.action,
                resource: arn,
                owner: principal.account_id(),
                policy: None,
                resource_tags: &[],
                request_tags: &request_tags,
                tag_keys: &tag_keys,
                service_keys: &[],
            };
            ask(arbiter, &wanted, None)?;
        }
        Ok(())
    }
}

/// The unique id of the user who asks, `None` for the root user.
fn own(principal: &Principal, operation: &str) -> Result<Option<String>, IdentityFault> {
    if principal.is_session() {
        let text = format!("Cannot call {operation} with session credentials");
        return Err(IdentityFault::new(Code::AccessDenied, text));
    }
    Ok(principal.iam_user_id().map(str::to_owned))
}

/// When such a session ends. Those of root users last an hour, whatever was asked for.
fn end(principal: &Principal, seconds: Option<i64>, now_ms: u64) -> u64 {
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    let seconds = seconds.unwrap_or(limits::TOKEN_SECONDS_DEFAULT);
    let max = if principal.is_root() { limits::ROOT_TOKEN_SECONDS_MAX } else { u32::MAX };
    now_ms.saturating_add(u64::from(seconds.min(max)) * 1_000)
}
