//! Who asks, from what a person writes.

use tidings_access::Caller;

use super::BadInput;

/// What a session is called if only its role is known.
const SOME_SESSION: &str = "session";

/// The caller, as the texts that a [`Caller`] borrows.
#[derive(Debug, PartialEq)]
pub(crate) enum Who {
    Anonymous,
    Root { account: String, arn: String },
    User { account: String, arn: String },
    Session { account: String, role_arn: String, arn: String },
    FederatedUser { account: String, arn: String },
    Service(String),
    Provider(String),
}

impl Who {
    /// Reads the caller, and the role of a session where it is named.
    pub(super) fn read(caller: &str, role: Option<&str>) -> Result<Self, BadInput> {
        let who = Self::parse(caller).ok_or_else(|| {
            BadInput::new(
                "--caller",
                format!(
                    "{caller:?} is nobody: it takes `anonymous`, a service such as \
                     sns.amazonaws.com, an account, or an ARN such as \
                     arn:aws:iam::123456789012:user/NAME, …:role/NAME, …:root or \
                     arn:aws:sts::123456789012:assumed-role/ROLE/SESSION"
                ),
            )
        })?;
        match role {
            Some(role) => who.of_role(role),
            None => Ok(who),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "anonymous" {
            return Some(Self::Anonymous);
        }
        if is_account(text) {
            let arn = format!("arn:aws:iam::{text}:root");
            return Some(Self::Root { account: text.to_owned(), arn });
        }
        if text.ends_with(".amazonaws.com") && !text.starts_with("arn:") {
            return Some(Self::Service(text.to_owned()));
        }
        let (service, account, name) = identity(text)?;
        let (account, arn) = (account.to_owned(), text.to_owned());
        let kind = name.split_once('/').filter(|(_, rest)| is_name(rest));
        match (service, kind) {
            ("iam", None) if name == "root" => Some(Self::Root { account, arn }),
            ("iam", Some(("user", _))) => Some(Self::User { account, arn }),
            ("iam", Some(("saml-provider" | "oidc-provider", _))) => Some(Self::Provider(arn)),
            ("iam", Some(("role", path))) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                let session = format!("arn:aws:sts::{account}:assumed-role/{name}/{SOME_SESSION}");
                Some(Self::Session { account, role_arn: arn, arn: session })
            }
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.split_once('/')?;
                let role_arn = format!("arn:aws:iam::{account}:role/{role}");
                (!session.is_empty() && !session.contains('/')).then_some(Self::Session {
                    account,
                    role_arn,
                    arn,
                })
            }
            ("sts", Some(("federated-user", _))) => Some(Self::FederatedUser { account, arn }),
            _ => None,
        }
    }

    /// The session of a role whose path its own ARN does not have.
    fn of_role(self, role: &str) -> Result<Self, BadInput> {
        let bad = |problem: &str| Err(BadInput::new("--role", problem));
        let Self::Session { account, role_arn, arn } = self else {
            return bad("only a session has a role");
        };
        let Some(Self::Session { account: of_role, role_arn: named, .. }) = Self::parse(role)
        else {
            return bad("not the ARN of a role");
        };
        let name = |arn: &str| arn.rsplit('/').next().map(str::to_owned);
        if of_role != account || name(&named) != name(&role_arn) {
            return bad("the session is of another role");
        }
        Ok(Self::Session { account, role_arn: named, arn })
    }

    /// As policies see it. `id` is the unique id of the user or role, empty if it is not known.
    pub(super) fn caller<'a>(&'a self, id: &'a str) -> Caller<'a> {
        match self {
            Self::Anonymous => Caller::Anonymous,
            Self::Root { account, arn } => Caller::Root { account, arn },
            Self::User { account, arn } => Caller::User { account, arn, id },
            Self::Session { account, role_arn, arn } => {
                Caller::Session { account, role_arn, arn, role_id: id }
            }
            Self::FederatedUser { account, arn } => Caller::FederatedUser { account, arn },
            Self::Service(name) => Caller::Service { name },
            Self::Provider(provider) => Caller::Federated { provider },
        }
    }

    /// Whether it can have policies of its own. The root user has none either: they could only
    /// take away from what it may do anyway.
    pub(super) fn has_policies(&self) -> bool {
        matches!(self, Self::User { .. } | Self::Session { .. } | Self::FederatedUser { .. })
    }

    /// Whether it can be a session, which policies may have been given to when it began.
    pub(super) fn has_session_policies(&self) -> bool {
        !matches!(self, Self::Anonymous | Self::Service(_) | Self::Provider(_))
    }
}

/// Service, account and the rest of an identity's ARN.
fn identity(arn: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, name] = parts[..] else { return None };
    (partition.starts_with("aws") && is_account(account)).then_some((service, account, name))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name, with a path in front of it or without: no pattern, and no part of it empty.
fn is_name(text: &str) -> bool {
    !text.contains(['*', '?']) && text.split('/').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_caller_is_read() {
        let account = || "111122223333".to_owned();
        let session = |role: &str, session: &str| Who::Session {
            account: account(),
            role_arn: format!("arn:aws:iam::111122223333:role/{role}"),
            arn: format!("arn:aws:sts::111122223333:assumed-role/{session}"),
        };
        let root = Who::Root { account: account(), arn: "arn:aws:iam::111122223333:root".into() };
        let ann = "arn:aws:iam::111122223333:user/team/ann";
        let fay = "arn:aws:sts::111122223333:federated-user/fay";
        let idp = "arn:aws:iam::111122223333:oidc-provider/id.example.com";
        for (text, who) in [
            ("anonymous", Who::Anonymous),
            ("111122223333", root),
            (ann, Who::User { account: account(), arn: ann.into() }),
            (
                "arn:aws:iam::111122223333:role/jobs/worker",
                session("jobs/worker", "worker/session"),
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/worker/run-1",
                session("worker", "worker/run-1"),
            ),
            (fay, Who::FederatedUser { account: account(), arn: fay.into() }),
            ("sns.amazonaws.com", Who::Service("sns.amazonaws.com".into())),
            (idp, Who::Provider(idp.into())),
        ] {
            assert_eq!(Who::read(text, None).unwrap(), who, "{text}");
        }
        let of_path = Who::read(
            "arn:aws:sts::111122223333:assumed-role/worker/run-1",
            Some("arn:aws:iam::111122223333:role/jobs/worker"),
        );
        assert_eq!(of_path.unwrap(), session("jobs/worker", "worker/run-1"));
    }

    #[test]
    fn what_is_no_caller_is_refused() {
        for text in [
            "",
            "ann",
            "*",
            "11112222333",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::1:user/ann",
            "arn:aws:iam:us-east-1:111122223333:user/ann",
            "arn:aws:iam::111122223333:group/team",
            "arn:aws:sts::111122223333:assumed-role/worker",
            "arn:aws:sqs:us-east-1:111122223333:orders",
        ] {
            assert!(Who::read(text, None).is_err(), "{text}");
        }
        let ann = "arn:aws:iam::111122223333:user/ann";
        let run = "arn:aws:sts::111122223333:assumed-role/worker/run-1";
        for (caller, role) in [
            (ann, "arn:aws:iam::111122223333:role/worker"),
            (run, ann),
            (run, "arn:aws:iam::111122223333:role/other"),
            (run, "arn:aws:iam::444455556666:role/worker"),
        ] {
            assert!(Who::read(caller, Some(role)).is_err(), "{role}");
        }
    }
}
