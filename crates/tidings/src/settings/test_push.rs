//! What `tidings courier test push` is told.

use std::path::{Path, PathBuf};

use clap::Args;
use tidings_couriers::{
    CredentialFault, GivenCredentials, PushConfig, PushCredentials, PushPlatform,
};
use zeroize::Zeroizing;

use super::layers::{Arguments, Settings};
use super::push::PushSettings;
use super::resolve::SettingsError;

/// Which app gets the message, who sends it, and the server's settings of mobile push.
#[derive(Args, Debug, Default)]
pub(crate) struct TestPushArguments {
    /// Push service: APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, MACOS, MACOS_SANDBOX, GCM or
    /// ADM
    #[arg(value_name = "PLATFORM")]
    platform: String,
    /// What the service knows the app on the device by: Token of the endpoint
    #[arg(value_name = "TOKEN")]
    token: String,
    /// PlatformPrincipal: the id of a signing key of Apple's, or a client id of ADM
    #[arg(long, value_name = "ID", conflicts_with = "principal_file")]
    principal: Option<String>,
    /// PEM file with PlatformPrincipal: a certificate of Apple's
    #[arg(long, value_name = "FILE")]
    principal_file: Option<PathBuf>,
    /// File with PlatformCredential: a private key, a service account, or a client secret
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// ApplePlatformTeamID
    #[arg(long, value_name = "ID")]
    team_id: Option<String>,
    /// ApplePlatformBundleID
    #[arg(long, value_name = "ID")]
    bundle_id: Option<String>,
    /// The server's TOML file
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    push: PushSettings,
}

/// What is to be tried out.
pub(crate) struct PushTest {
    pub(crate) platform: PushPlatform,
    pub(crate) token: String,
    pub(crate) credentials: Result<PushCredentials, CredentialFault>,
    pub(crate) config: PushConfig,
}

/// More than any credential has.
const CREDENTIAL_BYTES_MAX: u64 = 1 << 16;

impl TestPushArguments {
    /// Reads the files that are named.
    pub(crate) fn resolve(self) -> Result<PushTest, SettingsError> {
        let problem = format!("{} is no platform of mobile push", self.platform);
        let platform = PushPlatform::parse(&self.platform);
        let platform = platform.ok_or(SettingsError::Value { key: "PLATFORM", problem })?;
        let in_file = self.principal_file.as_deref().map(|file| read("principal-file", file));
        let principal = match (self.principal, in_file) {
            (Some(principal), _) => Some(Zeroizing::new(principal)),
            (None, in_file) => in_file.transpose()?,
        };
        let credential = self.credential_file.as_deref().map(|file| read("credential-file", file));
        let credential = credential.transpose()?;
        let given = GivenCredentials {
            principal: principal.as_deref().map(String::as_str),
            credential: credential.as_deref().map(String::as_str),
            apple_team_id: self.team_id.as_deref(),
            apple_bundle_id: self.bundle_id.as_deref(),
        };
        let credentials = PushCredentials::parse(platform, &given);
        let settings = Settings { push: self.push, ..Settings::default() };
        let settings = Arguments { config: self.config, settings }.over_file()?;
        let config = settings.push.resolve()?;
        Ok(PushTest { platform, token: self.token, credentials, config })
    }
}

fn read(key: &'static str, file: &Path) -> Result<Zeroizing<String>, SettingsError> {
    use std::io::Read;
    let problem = |error: std::io::Error| SettingsError::Value {
        key,
        problem: format!("{} cannot be read: {error}", file.display()),
    };
    let mut text = Zeroizing::new(String::new());
    let opened = std::fs::File::open(file).map_err(problem)?;
    opened.take(CREDENTIAL_BYTES_MAX).read_to_string(&mut text).map_err(problem)?;
    let length = text.trim_end().len();
    text.truncate(length);
    Ok(text)
}
