//! Changes of applications.

use std::collections::BTreeMap;

use tidings_core::push_platform::PushPlatform;
use tidings_core::rejection::TopicRejection;
use zeroize::Zeroizing;

use super::Check;
use crate::application::Application;
use crate::arn::ApplicationArn;
use crate::attributes::{
    Attributes, CREDENTIAL, ENABLED, PRINCIPAL, Setting, check_secret, invalid_value, truth,
    unknown,
};
use crate::change::{Decision, Output, Random};
use crate::credentials::{Checked, Credentials};
use crate::limits::APPLICATIONS_MAX;
use crate::platforms::Platforms;
use crate::saved::{EntryName, SavedApplication};

impl Platforms {
    /// An application that is there already is as good as a new one, if it is the same in every
    /// respect. API reference of SNS, CreatePlatformApplication; the texts are recorded.
    pub(super) fn create_application(
        &self,
        arn: ApplicationArn,
        attributes: &Attributes,
        random: &Random,
        check: Check<'_>,
    ) -> Result<Decision, TopicRejection> {
        check_pair(&arn, attributes)?;
        let number = self.next_number;
        let mut application = Application {
            arn: arn.clone(),
            number,
            revision: 0,
            is_enabled: true,
            settings: BTreeMap::new(),
            credentials: None,
            checked: Checked::default(),
        };
        change(&mut application, attributes, check)?;
        if let Some(there) = self.applications.get(&arn) {
            let Application { number, revision, .. } = **there;
            let same = Application { number, revision, ..application };
            return if same == **there {
                Ok(Decision::nothing(Output::Application(arn)))
            } else {
                Err(TopicRejection::parameter(
                    "Name Reason: An application with the same name but different properties \
                     already exists",
                ))
            };
        }
        if self.applications_of(arn.account) >= APPLICATIONS_MAX || number == u32::MAX {
            return Err(TopicRejection::parameter(format_args!(
                "Name Reason: an account may have {APPLICATIONS_MAX} platform applications"
            )));
        }
        let write = SavedApplication::write(&application, &self.sealer, random.nonce());
        Ok(Decision::write(write, Output::Application(arn)))
    }

    pub(super) fn set_application_attributes(
        &self,
        arn: &ApplicationArn,
        attributes: &Attributes,
        random: &Random,
        check: Check<'_>,
    ) -> Result<Decision, TopicRejection> {
        let there = self.application(arn)?;
        let mut application = Application::clone(there);
        change(&mut application, attributes, check)?;
        if application == **there {
            return Ok(Decision::nothing(Output::Done));
        }
        let write = SavedApplication::write(&application, &self.sealer, random.nonce());
        Ok(Decision::write(write, Output::Done))
    }

    /// Its endpoints are out of reach at once; [`Platforms::sweep`] removes them.
    pub(super) fn delete_application(&self, arn: &ApplicationArn) -> Decision {
        match self.applications.contains_key(arn) {
            true => Decision::write(EntryName::Application(arn.clone()).remove(), Output::Done),
            false => Decision::nothing(Output::Done),
        }
    }
}

/// Principal and credential go together, where a platform has both.
fn check_pair(arn: &ApplicationArn, attributes: &Attributes) -> Result<(), TopicRejection> {
    let without = |given: &str, missing: &str| {
        Err(TopicRejection::parameter(format_args!(
            "Attributes Reason: {given} attribute provided without {missing}"
        )))
    };
    match (attributes.has(PRINCIPAL), attributes.has(CREDENTIAL)) {
        (true, false) => without(PRINCIPAL, CREDENTIAL),
        (false, true) if has_principal(arn.platform) => without(CREDENTIAL, PRINCIPAL),
        (false, false) if needs_credentials(arn.platform) => {
            Err(invalid_value(CREDENTIAL, "cannot be empty"))
        }
        _ => Ok(()),
    }
}

/// Gives an application the attributes of a request.
fn change(
    application: &mut Application,
    attributes: &Attributes,
    check: Check<'_>,
) -> Result<(), TopicRejection> {
    let before = application.clone();
    let (mut principal, mut credential) = (None, None);
    for (name, value) in attributes.iter() {
        match name {
            PRINCIPAL | CREDENTIAL => {
                check_secret(name, value)?;
                let secret = Some(Zeroizing::new(value.to_owned()));
                if name == PRINCIPAL { principal = secret } else { credential = secret }
            }
            ENABLED => application.is_enabled = truth(value)?,
            _ => set(application, name, value)?,
        }
    }
    if principal.is_some() || credential.is_some() {
        application.credentials = Some(replaced(application, principal, credential)?);
    }
    let is_same = application.credentials == before.credentials
        && application.team_id() == before.team_id()
        && application.bundle_id() == before.bundle_id();
    if is_same {
        return Ok(());
    }
    application.revision = application.revision.wrapping_add(1);
    if let Some(credentials) = &application.credentials {
        application.checked = check(&application.proposed(credentials)).map_err(|why| {
            TopicRejection::parameter(format_args!(
                "Attributes Reason: Platform credentials are invalid: {why}"
            ))
        })?;
    }
    Ok(())
}

fn set(application: &mut Application, name: &str, value: &str) -> Result<(), TopicRejection> {
    let setting = Setting::parse(name).ok_or_else(|| unknown(name))?;
    if value.is_empty() {
        application.settings.remove(setting.name());
        return Ok(());
    }
    setting.check(value, &application.arn)?;
    application.settings.insert(setting.name(), value.to_owned());
    Ok(())
}

/// New credentials; what the request does not give stays.
fn replaced(
    application: &Application,
    principal: Option<Zeroizing<String>>,
    credential: Option<Zeroizing<String>>,
) -> Result<Credentials, TopicRejection> {
    let before = application.credentials.as_ref();
    let keep = |text: &str| Zeroizing::new(text.to_owned());
    let principal = principal.or_else(|| before?.principal().map(keep));
    let credential = credential.or_else(|| before.map(|before| keep(before.credential())));
    let credential = credential.ok_or_else(|| invalid_value(CREDENTIAL, "cannot be empty"))?;
    Ok(Credentials::new(principal, credential))
}

/// Whether its credentials have a principal. FCM's have none, and those of MPNS need none.
fn has_principal(platform: PushPlatform) -> bool {
    !matches!(platform, PushPlatform::Gcm | PushPlatform::Mpns)
}

/// Whether it takes no messages without credentials: MPNS does, from anybody.
fn needs_credentials(platform: PushPlatform) -> bool {
    platform != PushPlatform::Mpns
}
