//! AWS STS, API version 2011-06-15: from a form to what is asked, from what came of it to XML.

use tidings_core::names::{AccountId, Uuid};
use tidings_identity::Principal;
use tidings_identity::sts::{
    AssumeRole, AssumedRole, FederatedUser, GetFederationToken, TemporaryCredentials,
};

use crate::action::{Action, Protocol, StsAction};
use crate::iam::{Reader, seconds};
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response::{self, Members, Output};

/// The parameters of GetSessionToken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GetSessionToken {
    /// `DurationSeconds`.
    pub seconds: Option<i64>,
    /// Whether there is a `SerialNumber` or a `TokenCode`.
    pub has_mfa: bool,
}

/// What AssumeRole is asked with.
///
/// # Errors
/// ValidationError if a parameter is missing, MalformedInput if a number is none.
pub fn assume_role(fields: &Fields<'_>) -> Result<AssumeRole, Refusal> {
    let mut reader = Reader::of_sts(fields);
    let asked = AssumeRole {
        role_arn: reader.required("RoleArn"),
        session_name: reader.required("RoleSessionName"),
        seconds: reader.integer("DurationSeconds")?,
        policy: reader.text("Policy"),
        policy_arns: reader.of_each("PolicyArns", "arn"),
        tags: reader.tags(),
        transitive_keys: reader.texts("TransitiveTagKeys"),
        external_id: reader.text("ExternalId"),
        source_identity: reader.text("SourceIdentity"),
        has_mfa: has_mfa(&reader),
    };
    reader.finish()?;
    Ok(asked)
}

/// What GetSessionToken is asked with.
///
/// # Errors
/// MalformedInput if a number is none.
pub fn session_token(fields: &Fields<'_>) -> Result<GetSessionToken, Refusal> {
    let reader = Reader::of_sts(fields);
    Ok(GetSessionToken { seconds: reader.integer("DurationSeconds")?, has_mfa: has_mfa(&reader) })
}

/// What GetFederationToken is asked with.
///
/// # Errors
/// ValidationError if a parameter is missing, MalformedInput if a number is none.
pub fn federation_token(fields: &Fields<'_>) -> Result<GetFederationToken, Refusal> {
    let mut reader = Reader::of_sts(fields);
    let asked = GetFederationToken {
        name: reader.required("Name"),
        seconds: reader.integer("DurationSeconds")?,
        policy: reader.text("Policy"),
        policy_arns: reader.of_each("PolicyArns", "arn"),
        tags: reader.tags(),
    };
    reader.finish()?;
    Ok(asked)
}

/// Which access key GetAccessKeyInfo is asked about.
///
/// # Errors
/// ValidationError if the parameter is missing.
pub fn access_key_id(fields: &Fields<'_>) -> Result<String, Refusal> {
    let mut reader = Reader::of_sts(fields);
    let id = reader.required("AccessKeyId");
    reader.finish()?;
    Ok(id)
}

fn has_mfa(reader: &Reader<'_, '_>) -> bool {
    reader.has("SerialNumber") || reader.has("TokenCode")
}

/// What came of an action.
#[derive(Debug)]
pub enum Answered<'a> {
    /// Of GetCallerIdentity.
    Caller(&'a Principal),
    /// Of AssumeRole.
    Role(AssumedRole),
    /// Of GetSessionToken.
    Token(TemporaryCredentials),
    /// Of GetFederationToken.
    Federated(FederatedUser),
    /// Of GetAccessKeyInfo.
    Account(AccountId),
}

/// The body of the answer that reports success.
pub fn body(action: StsAction, request_id: Uuid, answered: &Answered<'_>) -> Vec<u8> {
    response::with_result(Protocol::Query, Action::Sts(action), request_id, answered)
}

impl Output for Answered<'_> {
    fn write(&self, members: &mut Members<'_>) {
        match self {
            Self::Caller(principal) => {
                members.text("Arn", principal.arn());
                members.text("UserId", &principal.user_id());
                members.text("Account", principal.account());
            }
            Self::Role(role) => {
                members.structure("AssumedRoleUser", |members| {
                    members.text("AssumedRoleId", &role.id);
                    members.text("Arn", &role.arn);
                });
                credentials(members, &role.credentials);
                if let Some(percent) = role.packed_percent {
                    members.number("PackedPolicySize", percent as u64);
                }
                members.optional_text("SourceIdentity", role.source_identity.as_deref());
            }
            Self::Token(token) => credentials(members, token),
            Self::Federated(user) => {
                credentials(members, &user.credentials);
                members.structure("FederatedUser", |members| {
                    members.text("FederatedUserId", &user.id);
                    members.text("Arn", &user.arn);
                });
                members.number("PackedPolicySize", user.packed_percent.unwrap_or_default() as u64);
            }
            Self::Account(account) => members.text("Account", &account.to_string()),
        }
    }

    fn size_hint(&self) -> usize {
        8_192
    }
}

fn credentials(members: &mut Members<'_>, credentials: &TemporaryCredentials) {
    members.structure("Credentials", |members| {
        members.text("AccessKeyId", &credentials.access_key_id);
        members.text("SecretAccessKey", credentials.secret.as_str());
        members.text("SessionToken", credentials.session_token.as_str());
        members.text("Expiration", &seconds(credentials.expires_at_ms));
    });
}

#[cfg(test)]
mod tests;
