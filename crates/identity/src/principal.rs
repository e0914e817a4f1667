//! Who a request's credentials stand for, and what policies come with them.

use std::borrow::Cow;
use std::sync::Arc;

use tidings_access::{Caller, PolicyDocument, SessionFacts};
use tidings_core::names::AccountId;

use crate::names::root_arn;

/// Policies, boundary and tags of a user or role, compiled. They are the same for every session.
#[derive(Clone, Default, Debug)]
pub(crate) struct Rights {
    pub(crate) policies: Box<[Arc<PolicyDocument>]>,
    pub(crate) boundary: Option<Arc<PolicyDocument>>,
    pub(crate) tags: Box<[(String, String)]>,
}

/// Who a principal is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Root { arn: String },
    User { arn: String, id: String },
    Role { role_arn: String, arn: String, role_id: String },
    Federated { arn: String },
}

/// What a session adds to who began it.
#[derive(Clone, Debug)]
pub(crate) struct SessionPart {
    pub(crate) issued_at_ms: u64,
    pub(crate) policies: Option<Box<[Arc<PolicyDocument>]>>,
    /// Keys of its tags that go on to the sessions that it begins.
    pub(crate) transitive_keys: Box<[String]>,
    pub(crate) source_identity: Option<String>,
}

/// Who a request comes from, with all that is needed to decide what it may do. Immutable: when
/// something changes that it rests on, the next request gets another.
#[derive(Clone, Debug)]
pub struct Principal {
    account: AccountId,
    account_text: Box<str>,
    who: Who,
    rights: Arc<Rights>,
    /// Of the session before those of the user or role; none of another case in both.
    tags: Box<[(String, String)]>,
    session: Option<SessionPart>,
}

impl Principal {
    pub(crate) fn new(account: AccountId, who: Who, rights: Arc<Rights>) -> Self {
        let (account_text, tags) = (account.to_string().into(), rights.tags.clone());
        Self { account, account_text, who, rights, tags, session: None }
    }

    /// The root user of an account, whether or not it has access keys: whom to take a caller for
    /// where nobody proves who they are.
    pub fn root(account: AccountId) -> Self {
        Self::new(account, Who::Root { arn: root_arn(account) }, Arc::default())
    }

    /// A session: its tags come before those of the user or role.
    pub(crate) fn session(
        account: AccountId,
        who: Who,
        rights: Arc<Rights>,
        tags: Vec<(String, String)>,
        session: SessionPart,
    ) -> Self {
        let is_shadowed =
            |key: &str| tags.iter().any(|(other, _)| other.to_lowercase() == key.to_lowercase());
        let own = rights.tags.iter().filter(|(key, _)| !is_shadowed(key)).cloned();
        let tags = tags.iter().cloned().chain(own).collect();
        let account_text = account.to_string().into();
        Self { account, account_text, who, rights, tags, session: Some(session) }
    }

    /// The account, twelve digits.
    pub fn account(&self) -> &str {
        &self.account_text
    }

    /// The account.
    pub fn account_id(&self) -> AccountId {
        self.account
    }

    /// As policies see it.
    pub fn caller(&self) -> Caller<'_> {
        let account = self.account();
        match &self.who {
            Who::Root { arn } => Caller::Root { account, arn },
            Who::User { arn, id } => Caller::User { account, arn, id },
            Who::Role { role_arn, arn, role_id } => {
                Caller::Session { account, role_arn, arn, role_id }
            }
            Who::Federated { arn } => Caller::FederatedUser { account, arn },
        }
    }

    /// Its ARN: of the root user, the user, or the session.
    pub fn arn(&self) -> &str {
        match &self.who {
            Who::Root { arn }
            | Who::User { arn, .. }
            | Who::Role { arn, .. }
            | Who::Federated { arn } => arn,
        }
    }

    /// Policies of the user and its groups, or of the role; inline and managed. The root user has
    /// none.
    pub fn identity_policies(&self) -> &[Arc<PolicyDocument>] {
        &self.rights.policies
    }

    /// The permissions boundary of the user or role.
    pub fn boundary(&self) -> Option<&PolicyDocument> {
        self.rights.boundary.as_deref()
    }

    /// The policies that were given when the session began; `None` if there is no session, or it
    /// may do all that its user or role may. A federated user's session always has some, though
    /// perhaps no policy in them.
    pub fn session_policies(&self) -> Option<&[Arc<PolicyDocument>]> {
        self.session.as_ref()?.policies.as_deref()
    }

    /// Tags of the session and of the user or role; none comes twice, in whatever case.
    pub fn tags(&self) -> &[(String, String)] {
        &self.tags
    }

    /// When the session began. No second factors are known here.
    pub fn session_facts(&self) -> Option<SessionFacts> {
        let issued_at_ms = i64::try_from(self.session.as_ref()?.issued_at_ms).unwrap_or(i64::MAX);
        Some(SessionFacts { issued_at_ms, mfa_age_s: None })
    }

    /// Who the session says it acts for: `aws:SourceIdentity`.
    pub fn source_identity(&self) -> Option<&str> {
        self.session.as_ref()?.source_identity.as_deref()
    }

    /// Its unique id, as SQS shows senders and STS callers: `AIDA…`, `AROA…:SESSION`,
    /// `ACCOUNT:NAME` of a federated user, and of the root user the account.
    pub fn user_id(&self) -> Cow<'_, str> {
        self.caller().user_id().unwrap_or_default()
    }

    /// Whether the credentials are temporary.
    pub fn is_session(&self) -> bool {
        self.session.is_some()
    }

    /// Tags that the sessions it begins have too.
    pub(crate) fn transitive_tags(&self) -> impl Iterator<Item = &(String, String)> {
        let keys = self.session.as_ref().map(|session| &*session.transitive_keys);
        let keys = keys.unwrap_or_default();
        self.tags.iter().filter(move |(key, _)| keys.contains(key))
    }

    /// Whether it is a role's session.
    pub(crate) fn is_role(&self) -> bool {
        matches!(self.who, Who::Role { .. })
    }

    /// Whether it is a session that GetFederationToken began.
    pub(crate) fn is_federated(&self) -> bool {
        matches!(self.who, Who::Federated { .. })
    }

    /// Whether it is a root user, or a session of one.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.who, Who::Root { .. })
    }

    /// The unique id of the user whose credentials these are, long-term or of a session.
    pub(crate) fn iam_user_id(&self) -> Option<&str> {
        match &self.who {
            Who::User { id, .. } => Some(id),
            _ => None,
        }
    }
}
