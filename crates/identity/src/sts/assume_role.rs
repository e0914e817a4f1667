//! AssumeRole. IAM user guide, "Methods to assume a role" and "Pass session tags in AWS STS".

use tidings_access::permissions::{Permission, When};
use tidings_access::{ContextValue, required};
use tidings_core::names::AccountId;

use super::{Packed, TemporaryCredentials, check_no_mfa, check_unlike};
use crate::authorise::{Arbiter, Wanted, ask, borrowed};
use crate::directory::{Directory, Role, managed};
use crate::entry::EntityKind;
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::names::parse_arn;
use crate::operations::{Checks, Pairs};
use crate::principal::Principal;
use crate::random::Random;
use crate::session::{Holder, SessionBody};

/// The parameters of AssumeRole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AssumeRole {
    /// `RoleArn`.
    pub role_arn: String,
    /// `RoleSessionName`.
    pub session_name: String,
    /// `DurationSeconds`.
    pub seconds: Option<i64>,
    /// `Policy`.
    pub policy: Option<String>,
    /// `PolicyArns`.
    pub policy_arns: Vec<String>,
    /// `Tags`.
    pub tags: Pairs,
    /// `TransitiveTagKeys`.
    pub transitive_keys: Vec<String>,
    /// `ExternalId`.
    pub external_id: Option<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// Whether there is a `SerialNumber` or a `TokenCode`.
    pub has_mfa: bool,
}

/// What AssumeRole answers.
#[derive(Debug)]
pub struct AssumedRole {
    /// The session's credentials.
    pub credentials: TemporaryCredentials,
    /// `AROA…:SESSION`.
    pub id: String,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// How full the session is, in percent; `None` if it has neither policies nor tags.
    pub packed_percent: Option<usize>,
    /// Who it acts for, if anybody was named.
    pub source_identity: Option<String>,
}

/// What of a session goes on to the next.
struct Inherited {
    tags: Pairs,
    source_identity: Option<String>,
}

impl Directory {
    /// AssumeRole: temporary credentials for a role whose trust policy allows it.
    ///
    /// # Errors
    /// As STS refuses it. A role that does not exist is one that may not be assumed; federated users
    /// may assume none.
    pub fn assume_role(
        &self,
        principal: &Principal,
        arbiter: &dyn Arbiter,
        asked: &AssumeRole,
        now_ms: u64,
        random: &Random,
    ) -> Result<AssumedRole, IdentityFault> {
        let packed = asked.packed();
        asked.check_forms(&packed)?;
        let inherited = asked.inherit(principal)?;
        let packed_percent = packed.percent()?;
        check_no_mfa(asked.has_mfa)?;
        if principal.is_root() {
            let text = "Roles may not be assumed by root accounts.";
            return Err(IdentityFault::new(Code::AccessDenied, text));
        }
        if principal.is_federated() {
            return Err(not_authorised(principal, &asked.role_arn));
        }
        let (account, id, role) = self.role_of(principal, &asked.role_arn)?;
        asked.check_allowed(arbiter, account, role, &inherited)?;
        let seconds = asked.seconds_of(principal, role)?;
        self.check_policy_arns(account, &asked.policy_arns)?;
        let mut transitive_keys: Vec<String> =
            inherited.tags.iter().map(|(key, _)| key.clone()).collect();
        transitive_keys.extend(asked.transitive_keys.iter().cloned());
        let mut tags = inherited.tags;
        tags.extend(asked.tags.iter().cloned());
        let body = SessionBody {
            account: account.to_string(),
            holder: Holder::Role(id.to_owned(), asked.session_name.clone()),
            issued_at_ms: now_ms,
            expires_at_ms: now_ms.saturating_add(u64::from(seconds) * 1_000),
            policy: asked.policy.clone(),
            policy_arns: asked.policy_arns.clone(),
            tags,
            transitive_keys,
            source_identity: inherited.source_identity.clone(),
        };
        let (role_name, session) = (&role.saved.name, &asked.session_name);
        Ok(AssumedRole {
            credentials: self.begin(account, body, random),
            id: format!("{id}:{session}"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role_name}/{session}"),
            packed_percent,
            source_identity: inherited.source_identity,
        })
    }

    /// The role of an ARN. One that is not there is refused as one that may not be assumed.
    fn role_of(
        &self,
        principal: &Principal,
        arn: &str,
    ) -> Result<(AccountId, &str, &Role), IdentityFault> {
        let found = parse_arn(EntityKind::Role, arn).and_then(|(account, name)| {
            let (id, role) = self.accounts.get(&account)?.roles.find(name)?;
            (role.arn == arn).then_some((account, id, role))
        });
        found.ok_or_else(|| not_authorised(principal, arn))
    }

    /// Managed policies that bound a session are of the role's account, or AWS's.
    pub(super) fn check_policy_arns(
        &self,
        account: AccountId,
        arns: &[String],
    ) -> Result<(), IdentityFault> {
        let account = self.accounts.get(&account);
        let is_there = |arn: &&String| account.is_some_and(|it| managed(it, arn).is_some());
        match arns.iter().find(|arn| !is_there(arn)) {
            Some(arn) => {
                let text = format!("Policy {arn} does not exist or is not attachable.");
                Err(IdentityFault::new(Code::ValidationError, text))
            }
            None => Ok(()),
        }
    }
}

fn not_authorised(principal: &Principal, role: &str) -> IdentityFault {
    let caller = principal.arn();
    let text =
        format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}");
    IdentityFault::new(Code::AccessDenied, text)
}

impl AssumeRole {
    fn packed(&self) -> Packed<'_> {
        let Self { policy, policy_arns, tags, .. } = self;
        Packed { policy: policy.as_deref(), policy_arns, tags }
    }

    fn check_forms(&self, packed: &Packed<'_>) -> Result<(), IdentityFault> {
        let mut checks = Checks::of_sts();
        checks.arn("roleArn", &self.role_arn);
        let max = limits::SESSION_NAME_CHARS_MAX;
        checks.session_name("roleSessionName", &self.session_name, max);
        let (least, (_, most)) = (limits::SESSION_SECONDS_MIN, limits::ROLE_SESSION_SECONDS);
        checks.range("durationSeconds", self.seconds, least.into(), most.into());
        packed.check_forms(&mut checks);
        checks.external_id(self.external_id.as_deref());
        if let Some(source) = &self.source_identity {
            checks.session_name("sourceIdentity", source, max);
        }
        checks.finish()?;
        if parse_arn(EntityKind::Role, &self.role_arn).is_none() {
            let text = format!("{} is invalid", self.role_arn);
            return Err(IdentityFault::new(Code::ValidationError, text));
        }
        check_unlike(&self.tags)
    }

    /// Transitive tags and the source identity of the caller's session go on, and cannot be
    /// changed.
    fn inherit(&self, principal: &Principal) -> Result<Inherited, IdentityFault> {
        let invalid = |text: &'static str| IdentityFault::new(Code::InvalidParameterValue, text);
        let is_same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
        let is_asked = |key: &String| self.tags.iter().any(|(asked, _)| is_same(asked, key));
        if !self.transitive_keys.iter().all(is_asked) {
            return Err(invalid(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        let tags: Pairs = principal.transitive_tags().cloned().collect();
        if tags.iter().any(|(key, _)| is_asked(key)) {
            return Err(invalid(
                "One of the specified transitive tag keys can't be set because it conflicts with a \
                 transitive tag key from the calling session.",
            ));
        }
        let inherited = principal.source_identity();
        let source_identity = self.source_identity.as_deref().or(inherited).map(str::to_owned);
        if inherited.is_some() && source_identity.as_deref() != inherited {
            return Err(invalid("The source identity of a session cannot be changed."));
        }
        Ok(Inherited { tags, source_identity })
    }

    fn check_allowed(
        &self,
        arbiter: &dyn Arbiter,
        account: AccountId,
        role: &Role,
        inherited: &Inherited,
    ) -> Result<(), IdentityFault> {
        let mut all_tags = inherited.tags.clone();
        all_tags.extend(self.tags.iter().cloned());
        let (request_tags, resource_tags) = (borrowed(&all_tags), borrowed(&role.saved.tags));
        let tag_keys: Vec<&str> = request_tags.iter().map(|(key, _)| *key).collect();
        let keys = self.service_keys(inherited);
        let is_needed = |permission: &&Permission| match permission.when {
            When::WithTags => !all_tags.is_empty(),
            When::WithSourceIdentity => inherited.source_identity.is_some(),
            _ => true,
        };
        for permission in required("sts", "AssumeRole").unwrap_or_default().iter().filter(is_needed)
        {
            let wanted = Wanted {
                action: permission.action,
                resource: &role.arn,
                owner: account,
                policy: Some(&role.trust),
                resource_tags: &resource_tags,
                request_tags: &request_tags,
                tag_keys: &tag_keys,
                service_keys: &keys,
            };
            ask(arbiter, &wanted, None)?;
        }
        Ok(())
    }

    /// Condition keys of STS. Service Authorization Reference, "Condition keys for AWS Security
    /// Token Service".
    fn service_keys<'a>(
        &'a self,
        inherited: &'a Inherited,
    ) -> Vec<(&'static str, ContextValue<'a>)> {
        let mut keys = vec![("sts:RoleSessionName", ContextValue::text(&*self.session_name))];
        if let Some(id) = &self.external_id {
            keys.push(("sts:ExternalId", ContextValue::text(&**id)));
        }
        if let Some(source) = &inherited.source_identity {
            keys.push(("sts:SourceIdentity", ContextValue::text(&**source)));
        }
        if !self.transitive_keys.is_empty() {
            let transitive = self.transitive_keys.iter().map(String::as_str);
            keys.push(("sts:TransitiveTagKeys", ContextValue::many(transitive)));
        }
        keys
    }

    fn seconds_of(&self, principal: &Principal, role: &Role) -> Result<u32, IdentityFault> {
        let asked = self.seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = asked.unwrap_or(limits::ASSUMED_SECONDS_DEFAULT);
        let text = if principal.is_role() && seconds > limits::ASSUMED_SECONDS_DEFAULT {
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining"
        } else if seconds > role.saved.session_seconds_max {
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        } else {
            return Ok(seconds);
        };
        Err(IdentityFault::new(Code::ValidationError, text))
    }
}
