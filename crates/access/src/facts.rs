//! The condition keys that every service has. IAM user guide, "AWS global condition context keys".

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::IpAddr;

use crate::caller::Caller;
use crate::context::{Context, ContextValue};

/// What is known of a request, from which the `aws:` keys follow. A key that the request does not
/// have is absent, which is what conditions of the kind `Null` and `…IfExists` ask for.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether the request came over TLS.
    pub is_secure: bool,
    /// Where it came from.
    pub origin: Origin<'a>,
    /// The region that was asked.
    pub region: &'a str,
    /// The header of this name.
    pub user_agent: Option<&'a str>,
    /// The header of this name.
    pub referer: Option<&'a str>,
    /// Of temporary credentials.
    pub session: Option<SessionFacts>,
    /// Tags of the user or role and of the session.
    pub principal_tags: &'a [(&'a str, &'a str)],
    /// Who the session said it acts for when it began.
    pub source_identity: Option<&'a str>,
    /// The caller's.
    pub principal_organisation: Option<Organisation<'a>>,
    /// What a service asks on behalf of.
    pub source: Option<Source<'a>>,
    /// The services that pass the caller's credentials on, the first one first. Not empty: one of
    /// them makes this request.
    pub called_via: &'a [&'a str],
    /// Tags that the request sets.
    pub request_tags: &'a [(&'a str, &'a str)],
    /// Keys of tags that the request sets or takes away.
    pub tag_keys: &'a [&'a str],
    /// Tags of the resource.
    pub resource_tags: &'a [(&'a str, &'a str)],
    /// The resource's owner.
    pub resource_account: Option<&'a str>,
    /// The organisation of the resource's owner.
    pub resource_organisation: Option<Organisation<'a>>,
    /// Keys of the service itself, such as `sns:Protocol`, `kms:ViaService` or `sts:ExternalId`, in
    /// any case.
    pub service_keys: &'a [(&'a str, ContextValue<'a>)],
}

/// Where a request came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin<'a> {
    /// From a service of our own, or from this machine in a way that has no address.
    Service,
    /// From this address.
    Public(IpAddr),
    /// Through a private endpoint. It has no `aws:SourceIp`.
    Private {
        /// The endpoint, `vpce-…`.
        endpoint: &'a str,
        /// Its network, `vpc-…`.
        network: Option<&'a str>,
        /// The caller's address in it, if it has one.
        address: Option<IpAddr>,
        /// The endpoint's owner.
        account: Option<&'a str>,
    },
}

/// Of temporary credentials.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionFacts {
    /// When they were issued, in milliseconds since 1970.
    pub issued_at_ms: i64,
    /// Seconds since the second factor was shown, if one was.
    pub mfa_age_s: Option<u32>,
}

/// An organisation, as the account in question belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Organisation<'a> {
    /// `o-…`.
    pub id: &'a str,
    /// `o-…/r-…/ou-…/`.
    pub paths: &'a [&'a str],
}

/// What a service asks on behalf of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source<'a> {
    /// Its ARN, such as the topic's.
    pub arn: &'a str,
    /// Its owner.
    pub account: &'a str,
    /// The owner's organisation.
    pub organisation: Option<Organisation<'a>>,
}

impl<'a> Facts<'a> {
    /// Of a caller from an address, at a time, over TLS. Everything else is absent.
    pub fn new(caller: Caller<'a>, origin: Origin<'a>, now_ms: i64) -> Self {
        Self {
            caller,
            now_ms,
            is_secure: true,
            origin,
            region: "us-east-1",
            user_agent: None,
            referer: None,
            session: None,
            principal_tags: &[],
            source_identity: None,
            principal_organisation: None,
            source: None,
            called_via: &[],
            request_tags: &[],
            tag_keys: &[],
            resource_tags: &[],
            resource_account: None,
            resource_organisation: None,
            service_keys: &[],
        }
    }

    fn service_key(&self, key: &str) -> Option<ContextValue<'_>> {
        let (_, value) = self.service_keys.iter().find(|(name, _)| is_same(name, key))?;
        Some(value.clone())
    }

    fn of_principal(&self, key: &str) -> Option<ContextValue<'_>> {
        let text = |text: Cow<'a, str>| ContextValue::Text(text);
        let organisation = self.principal_organisation;
        match key {
            "principalarn" => self.caller.principal_arn().map(|arn| text(arn.into())),
            "principalaccount" => self.caller.account().map(|account| text(account.into())),
            "principaltype" => self.caller.principal_type().map(|name| text(name.into())),
            "principalorgid" => organisation.map(|organisation| text(organisation.id.into())),
            "principalorgpaths" => organisation.map(paths),
            "principalisawsservice" => Some(ContextValue::Bool(self.service().is_some())),
            "principalservicename" => self.service().map(|name| text(name.into())),
            "principalservicenameslist" => self.service().map(|name| ContextValue::many([name])),
            "userid" => self.caller.user_id().map(text),
            "username" => self.caller.user_name().map(|name| text(name.into())),
            _ => tag(self.principal_tags, key.strip_prefix("principaltag/")?),
        }
    }

    fn of_source(&self, key: &str) -> Option<ContextValue<'_>> {
        let organisation = self.source.and_then(|source| source.organisation);
        match key {
            "sourcearn" => self.source.map(|source| ContextValue::text(source.arn)),
            "sourceaccount" => self.source.map(|source| ContextValue::text(source.account)),
            // The older form of the account. Of a direct call there is none: else the default policy of
            // topics would open them to every identity of their account.
            "sourceowner" => self.source.map(|source| ContextValue::text(source.account)),
            "sourceidentity" => self.source_identity.map(ContextValue::text),
            "sourceorgid" => organisation.map(|organisation| ContextValue::text(organisation.id)),
            "sourceorgpaths" => organisation.map(paths),
            "sourceip" => match self.origin {
                Origin::Public(address) => Some(ContextValue::Address(address)),
                Origin::Service | Origin::Private { .. } => None,
            },
            _ => self.of_endpoint(key),
        }
    }

    fn of_endpoint(&self, key: &str) -> Option<ContextValue<'_>> {
        let Origin::Private { endpoint, network, address, account } = self.origin else {
            return None;
        };
        match key {
            "sourcevpce" => Some(ContextValue::text(endpoint)),
            "sourcevpc" => network.map(ContextValue::text),
            "vpcsourceip" => address.map(ContextValue::Address),
            "vpceaccount" => account.map(ContextValue::text),
            _ => None,
        }
    }

    fn of_request(&self, key: &str) -> Option<ContextValue<'_>> {
        let text = |text: Option<&'a str>| text.map(ContextValue::text);
        match key {
            "securetransport" => Some(ContextValue::Bool(self.is_secure)),
            "currenttime" | "epochtime" => Some(ContextValue::Instant(self.now_ms)),
            "useragent" => text(self.user_agent),
            "referer" => text(self.referer),
            "requestedregion" => text(Some(self.region)),
            "viaawsservice" => Some(ContextValue::Bool(!self.called_via.is_empty())),
            "calledvia" => (!self.called_via.is_empty())
                .then(|| ContextValue::many(self.called_via.iter().copied())),
            "calledviafirst" => text(self.called_via.first().copied()),
            "calledvialast" => text(self.called_via.last().copied()),
            "tagkeys" => Some(ContextValue::many(self.tag_keys.iter().copied())),
            _ => tag(self.request_tags, key.strip_prefix("requesttag/")?),
        }
    }

    fn of_resource(&self, key: &str) -> Option<ContextValue<'_>> {
        let organisation = self.resource_organisation;
        match key {
            "resourceaccount" => self.resource_account.map(ContextValue::text),
            "resourceorgid" => organisation.map(|organisation| ContextValue::text(organisation.id)),
            "resourceorgpaths" => organisation.map(paths),
            _ => tag(self.resource_tags, key.strip_prefix("resourcetag/")?),
        }
    }

    fn of_session(&self, key: &str) -> Option<ContextValue<'_>> {
        let session = self.session?;
        match key {
            "tokenissuetime" => Some(ContextValue::Instant(session.issued_at_ms)),
            "multifactorauthpresent" => Some(ContextValue::Bool(session.mfa_age_s.is_some())),
            "multifactorauthage" => session.mfa_age_s.map(|age| ContextValue::Number(age.into())),
            _ => None,
        }
    }

    fn service(&self) -> Option<&'a str> {
        match self.caller {
            Caller::Service { name } => Some(name),
            _ => None,
        }
    }
}

impl Context for Facts<'_> {
    fn value(&self, key: &str) -> Option<ContextValue<'_>> {
        let Some(global) = key.strip_prefix("aws:") else {
            return self.service_key(key);
        };
        match global.as_bytes() {
            [b'p', ..] | [b'u', b's', b'e', b'r', b'i' | b'n', ..] => self.of_principal(global),
            [b's', b'o', ..] | [b'v', b'p', ..] => self.of_source(global),
            [b'r', b'e', b's', ..] => self.of_resource(global),
            [b't', b'o', ..] | [b'm', ..] => self.of_session(global),
            _ => self.of_request(global),
        }
    }
}

fn paths<'a>(organisation: Organisation<'a>) -> ContextValue<'a> {
    ContextValue::many(organisation.paths.iter().copied())
}

/// The name of a tag in a condition key is case-insensitive, too.
fn tag<'a>(tags: &'a [(&'a str, &'a str)], wanted: &str) -> Option<ContextValue<'a>> {
    let (_, value) = tags.iter().find(|(key, _)| is_same(key, wanted))?;
    Some(ContextValue::text(*value))
}

/// Whether a name is the one in lower case.
fn is_same(name: &str, lower: &str) -> bool {
    name.eq_ignore_ascii_case(lower) || (!name.is_ascii() && name.to_lowercase() == lower)
}
