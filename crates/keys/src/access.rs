//! Who may use a key: its policy, the caller's policies and its grants together. KMS developer
//! guide, "Troubleshooting key access".

use std::borrow::Cow;
use std::fmt;

use tidings_access::{
    Allowance, ContextValue, Decision, Denial, Facts, Policies, PolicyType, Request, denial_text,
    evaluate, within_bounds,
};

use crate::context::EncryptionContext;
use crate::fault::{KeyCode, KeyFault};
use crate::grant::{GrantId, names_of};
use crate::key::Key;
use crate::policy::KeyPolicy;
use crate::scope::Scope;
use crate::store::KeyStore;

/// What is to be done to a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyRequest<'a> {
    /// Such as `kms:Decrypt`.
    pub action: &'a str,
    /// The key.
    pub key: &'a Key,
    /// The encryption context, of operations that have one.
    pub context: Option<&'a EncryptionContext>,
    /// The service that asks on the caller's behalf: `sqs` or `sns`.
    pub via_service: Option<&'a str>,
    /// Condition keys of this operation alone, such as `kms:RequestAlias`.
    pub service_keys: &'a [(&'a str, ContextValue<'a>)],
}

impl<'a> KeyRequest<'a> {
    /// An operation on a key, asked for directly.
    pub fn new(action: &'a str, key: &'a Key) -> Self {
        Self { action, key, context: None, via_service: None, service_keys: &[] }
    }
}

/// What allows something to be done to a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyAllowance<'a> {
    /// The key's policy, perhaps with the caller's own.
    Policies(Allowance<'a>),
    /// A grant.
    Grant(GrantId),
}

impl fmt::Display for KeyAllowance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policies(allowance) => allowance.fmt(f),
            Self::Grant(id) => write!(f, "grant {id}"),
        }
    }
}

/// Decides whether a caller may do something to a key. `facts` and `policies` are of the caller and
/// of what the request sets: what is of the key is added here.
///
/// # Errors
/// AccessDeniedException. Callers of other accounts do not learn from it whether the key exists.
pub fn authorise<'a>(
    store: &KeyStore,
    request: &KeyRequest<'a>,
    facts: &Facts<'_>,
    policies: &Policies<'a>,
) -> Result<KeyAllowance<'a>, KeyFault> {
    let key = request.key;
    let account = key.scope().account.to_string();
    let tags: Vec<(&str, &str)> = key.tags().collect();
    let owned = service_keys(store, request, facts);
    let named = owned.iter().map(|(name, value)| (&**name, value.clone()));
    let service_keys: Vec<_> = named.chain(request.service_keys.iter().cloned()).collect();
    let facts = Facts {
        service_keys: &service_keys,
        resource_tags: &tags,
        resource_account: Some(&account),
        ..facts.clone()
    };
    let asked = Request {
        caller: facts.caller,
        action: request.action,
        resource: key.arn(),
        resource_account: &account,
        context: &facts,
    };
    let resource = Some(key.policy().document());
    let policies = Policies { resource, ..*policies };
    let denial = match evaluate(&asked, &policies) {
        Decision::Allowed(allowance) => return Ok(KeyAllowance::Policies(allowance)),
        Decision::Denied(denial) => denial,
    };
    // A grant is as good as an Allow in the key's policy that names the grantee itself: no policy
    // of the caller's has to allow, but each may deny, and organisations and endpoints bound it.
    // So do boundary and session policies if it is for a role, and not if it is for its session or
    // a user (IAM user guide, "Policy evaluation logic").
    // Nobody passes on by a grant more than it gives, or ends another's: grants say nothing about
    // grants here.
    let is_about_grants = matches!(request.action, "kms:CreateGrant" | "kms:RetireGrant");
    let bounds = || within_bounds(&asked, &policies).is_ok();
    if has_room_for_grants(&denial)
        && !is_about_grants
        && let Some(grant) = grant_for(store, request, &facts, bounds)
    {
        return Ok(KeyAllowance::Grant(grant));
    }
    let is_foreign = facts.caller.account() != Some(account.as_str());
    Err(match is_foreign {
        true => KeyFault::hidden(facts.caller.name(), request.action),
        false => KeyFault::new(KeyCode::AccessDenied, denial_text(&asked, &denial)),
    })
}

/// Whether the author of a new key policy could set another one.
pub fn keeps_author(
    scope: &Scope,
    key_arn: &str,
    policy: &KeyPolicy,
    facts: &Facts<'_>,
    policies: &Policies<'_>,
) -> bool {
    let account = scope.account.to_string();
    let caller_account = facts.caller.account().unwrap_or_default();
    let service_keys = [("kms:CallerAccount", ContextValue::text(caller_account))];
    let facts =
        Facts { service_keys: &service_keys, resource_account: Some(&account), ..facts.clone() };
    let asked = Request {
        caller: facts.caller,
        action: "kms:PutKeyPolicy",
        resource: key_arn,
        resource_account: &account,
        context: &facts,
    };
    evaluate(&asked, &Policies { resource: Some(policy.document()), ..*policies }).is_allowed()
}

/// Whether it was denied only because nothing of what a grant stands in for, or goes past, allows.
fn has_room_for_grants(denial: &Denial<'_>) -> bool {
    use PolicyType::{Boundary, Identity, Resource, Session};
    matches!(denial, Denial::Silent(Resource | Identity | Boundary | Session))
}

/// A grant for the caller itself, or for its role, which counts only within bounds.
fn grant_for(
    store: &KeyStore,
    request: &KeyRequest<'_>,
    facts: &Facts<'_>,
    is_within_bounds: impl Fn() -> bool,
) -> Option<GrantId> {
    let operation = request.action.strip_prefix("kms:")?;
    let key = request.key.id();
    names_of(&facts.caller).into_iter().find_map(|name| {
        if name != facts.caller.name() && !is_within_bounds() {
            return None;
        }
        let mut grants = store.grants.of_grantee(key, name);
        let granted = grants.find(|(_, grant)| grant.permits(operation, request.context));
        granted.map(|(id, _)| id)
    })
}

/// The condition keys of KMS. KMS developer guide, "AWS KMS condition keys".
fn service_keys<'a>(
    store: &'a KeyStore,
    request: &KeyRequest<'a>,
    facts: &Facts<'a>,
) -> Vec<(Cow<'a, str>, ContextValue<'a>)> {
    let key = request.key;
    let mut keys: Vec<(Cow<'a, str>, ContextValue<'a>)> = vec![
        ("kms:KeyOrigin".into(), ContextValue::text("AWS_KMS")),
        ("kms:KeySpec".into(), ContextValue::text("SYMMETRIC_DEFAULT")),
        ("kms:KeyUsage".into(), ContextValue::text("ENCRYPT_DECRYPT")),
        ("kms:MultiRegion".into(), ContextValue::Bool(false)),
        ("kms:ResourceAliases".into(), ContextValue::many(store.aliases_of(key))),
    ];
    if let Some(account) = facts.caller.account() {
        keys.push(("kms:CallerAccount".into(), ContextValue::text(account)));
    }
    if let Some(service) = request.via_service {
        let name = format!("{service}.{}.amazonaws.com", key.scope().region.as_str());
        keys.push(("kms:ViaService".into(), ContextValue::text(name)));
    }
    if let Some(context) = request.context {
        keys.push(("kms:EncryptionAlgorithm".into(), ContextValue::text("SYMMETRIC_DEFAULT")));
        let names = ContextValue::many(context.iter().map(|(name, _)| name));
        keys.push(("kms:EncryptionContextKeys".into(), names));
        keys.extend(context.iter().map(|(name, value)| {
            (format!("kms:EncryptionContext:{name}").into(), ContextValue::text(value))
        }));
    }
    keys
}

impl KeyFault {
    /// What callers of other accounts are told, whether there is such a key or not.
    pub fn hidden(caller: &str, action: &str) -> Self {
        Self::new(
            KeyCode::AccessDenied,
            format!(
                "User: {caller} is not authorized to perform: {action} on this resource because \
                 the resource does not exist in this Region, no resource-based policies allow \
                 access, or a resource-based policy explicitly denies access"
            ),
        )
    }
}
