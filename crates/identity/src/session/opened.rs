//! Sessions whose tokens were opened lately.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_access::{Kind, PolicyDocument};
use tidings_core::names::AccountId;
use tidings_sigv4::SecretKey;

use super::token::{Holder, SessionBody};
use crate::builtin;
use crate::directory::{Account, Credentials, Directory, managed};
use crate::fault::CredentialFault;
use crate::limits;
use crate::names::root_arn;
use crate::principal::{Principal, Rights, SessionPart, Who};

/// Keeps sessions opened, so that the second request of one costs a comparison. Each remembers from
/// which state of the directory its principal was built, and is built again from a later one.
#[derive(Default)]
pub(crate) struct OpenedSessions(Mutex<Kept>);

type Kept = HashMap<Box<str>, Arc<OpenedSession>>;

struct OpenedSession {
    token: Box<str>,
    session: Arc<Session>,
    generation: u64,
    credentials: Credentials,
}

/// What a token says, its policy compiled.
struct Session {
    account: AccountId,
    body: SessionBody,
    secret: SecretKey,
    policy: Option<Arc<PolicyDocument>>,
}

impl OpenedSessions {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn find(&self, access_key_id: &str, token: &str) -> Option<Arc<OpenedSession>> {
        self.lock().get(access_key_id).filter(|opened| *opened.token == *token).cloned()
    }

    fn keep(&self, access_key_id: &str, opened: OpenedSession, now_ms: u64) {
        let mut kept = self.lock();
        if kept.len() >= limits::SESSIONS_KEPT_MAX && !kept.contains_key(access_key_id) {
            kept.retain(|_, opened| opened.session.body.expires_at_ms > now_ms);
            // Whoever loses their place only has their token opened again.
            if kept.len() >= limits::SESSIONS_KEPT_MAX {
                kept.clear();
            }
        }
        kept.insert(access_key_id.into(), Arc::new(opened));
    }
}

impl Directory {
    pub(crate) fn session_credentials(
        &self,
        access_key_id: &str,
        token: &str,
        now_ms: u64,
    ) -> Result<Credentials, CredentialFault> {
        let opened = self.sessions.find(access_key_id, token);
        let session = match &opened {
            Some(opened) => opened.session.clone(),
            None => Arc::new(self.open(access_key_id, token).ok_or(CredentialFault::Unknown)?),
        };
        if session.body.expires_at_ms <= now_ms {
            return Err(CredentialFault::Expired);
        }
        if let Some(opened) = opened.filter(|opened| opened.generation == self.generation) {
            return Ok(opened.credentials.clone());
        }
        let principal = self.principal_of(&session).ok_or(CredentialFault::Unknown)?;
        let (secret, principal) = (session.secret.clone(), Arc::new(principal));
        let credentials = Credentials { secret, principal };
        let opened = OpenedSession {
            token: token.into(),
            session,
            generation: self.generation,
            credentials: credentials.clone(),
        };
        self.sessions.keep(access_key_id, opened, now_ms);
        Ok(credentials)
    }

    fn open(&self, access_key_id: &str, token: &str) -> Option<Session> {
        let (body, secret) = SessionBody::open(access_key_id, token, &self.seals.sessions)?;
        let account = AccountId::parse(&body.account)?;
        let policy = match &body.policy {
            Some(text) => Some(Arc::new(PolicyDocument::parse(text, Kind::Identity).ok()?)),
            None => None,
        };
        Some(Session { account, body, secret, policy })
    }

    /// `None` if who began the session is gone.
    fn principal_of(&self, session: &Session) -> Option<Principal> {
        let Session { account, body, .. } = session;
        let in_account = self.accounts.get(account)?;
        let (who, rights) = who(in_account, *account, &body.holder)?;
        let is_bounded = session.policy.is_some() || !body.policy_arns.is_empty();
        // A federated user may do nothing but what its policies say.
        let policies = (is_bounded || matches!(who, Who::Federated { .. })).then(|| {
            // A managed policy that is gone allows nothing.
            let arns = body.policy_arns.iter().filter_map(|arn| managed(in_account, arn));
            session.policy.iter().cloned().chain(arns).collect()
        });
        let part = SessionPart {
            issued_at_ms: body.issued_at_ms,
            policies,
            transitive_keys: body.transitive_keys.as_slice().into(),
            source_identity: body.source_identity.clone(),
        };
        Some(Principal::session(*account, who, rights, body.tags.clone(), part))
    }
}

fn who(in_account: &Account, account: AccountId, holder: &Holder) -> Option<(Who, Arc<Rights>)> {
    match holder {
        Holder::Root => {
            in_account.root.as_ref()?;
            Some((Who::Root { arn: root_arn(account) }, Arc::default()))
        }
        Holder::User(id) => {
            let user = in_account.users.get(id)?;
            let who = Who::User { arn: user.arn.clone(), id: id.clone() };
            Some((who, user.rights.clone()))
        }
        Holder::Role(id, session_name) => {
            let role = in_account.roles.get(id)?;
            let name = &role.saved.name;
            let who = Who::Role {
                role_arn: role.arn.clone(),
                arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}"),
                role_id: id.clone(),
            };
            Some((who, role.rights.clone()))
        }
        Holder::Federated(user, name) => {
            let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
            let rights = match user {
                Some(id) => in_account.users.get(id)?.rights.clone(),
                None => {
                    in_account.root.as_ref()?;
                    rights_of_root()
                }
            };
            Some((Who::Federated { arn }, rights))
        }
    }
}

/// What the root user can leave to others: everything.
fn rights_of_root() -> Arc<Rights> {
    let all = builtin::find("arn:aws:iam::aws:policy/AdministratorAccess");
    let policies = all.map(|builtin| builtin.document.clone()).into_iter().collect();
    Arc::new(Rights { policies, ..Rights::default() })
}
