//! Credentials of applications: whether they are any good, and ready to be used.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tidings_core::time::Timestamp;
use tidings_couriers::{GivenCredentials, PushCredentials};
use tidings_platforms::{Application, ApplicationArn, AuthenticationMethod, Checked, Proposed};

/// Applications whose credentials are kept ready, at most.
const PARSED_MAX: usize = 1024;

/// Credentials that were read before, each with the revision that it is of.
#[derive(Default)]
pub(super) struct ParsedCredentials(Mutex<HashMap<ApplicationArn, (u64, PushCredentials)>>);

impl ParsedCredentials {
    /// An application's credentials, ready to be used.
    ///
    /// # Errors
    /// What is wrong with them, for people.
    pub(super) fn of(&self, application: &Application) -> Result<PushCredentials, String> {
        let revision = application.revision();
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of_revision, credentials)) = parsed.get(application.arn())
            && *of_revision == revision
        {
            return Ok(credentials.clone());
        }
        let Some(credentials) = application.credentials() else {
            return Err("the platform application has no credentials".to_owned());
        };
        let given = GivenCredentials {
            principal: credentials.principal(),
            credential: Some(credentials.credential()),
            apple_team_id: application.team_id(),
            apple_bundle_id: application.bundle_id(),
        };
        let platform = application.arn().platform;
        let credentials =
            PushCredentials::parse(platform, &given).map_err(|fault| fault.to_string())?;
        if parsed.len() >= PARSED_MAX {
            parsed.clear();
        }
        parsed.insert(application.arn().clone(), (revision, credentials.clone()));
        Ok(credentials)
    }
}

/// Whether credentials have their form, and what they are.
///
/// # Errors
/// Why not, for people.
pub(crate) fn check(proposed: &Proposed<'_>, now: Timestamp) -> Result<Checked, String> {
    let given = GivenCredentials {
        principal: proposed.principal,
        credential: Some(proposed.credential),
        apple_team_id: proposed.team_id,
        apple_bundle_id: proposed.bundle_id,
    };
    let credentials =
        PushCredentials::parse(proposed.platform, &given).map_err(|fault| fault.to_string())?;
    let expires_at = credentials.certificate_expires_at();
    let expires_at = expires_at.map(|seconds| {
        Timestamp::from_ms(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000))
    });
    if let Some(at) = expires_at.filter(|at| *at <= now) {
        return Err(format!("the certificate in PlatformPrincipal expired at {}", at.to_iso8601()));
    }
    Ok(Checked {
        method: credentials.authentication_method().and_then(AuthenticationMethod::parse),
        certificate_expires_at: expires_at.map(Timestamp::to_iso8601),
    })
}

#[cfg(test)]
mod tests {
    use tidings_core::push_platform::PushPlatform;

    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let proposed = |platform, principal, credential| Proposed {
            platform,
            principal,
            credential,
            team_id: None,
            bundle_id: None,
        };
        let check = |proposed: Proposed<'_>| super::check(&proposed, Timestamp::default());
        assert!(check(proposed(PushPlatform::Gcm, None, "{}")).is_err());
        assert!(check(proposed(PushPlatform::Apns, Some("ABCDE12345"), "no key")).is_err());
        let server_key = check(proposed(PushPlatform::Gcm, None, "AAAAserver_key")).unwrap();
        assert_eq!(server_key.method, Some(AuthenticationMethod::Key));
        let adm = check(proposed(PushPlatform::Adm, Some("id"), "secret")).unwrap();
        assert_eq!(adm, Checked::default());
    }
}
