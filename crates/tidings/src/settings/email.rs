//! The table `[email]`: how mail is sent.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use tidings_core::limits::EMAIL_ATTEMPT_SECONDS_MAX;
use tidings_couriers::{DkimConfig, EmailConfig, Password, SmtpSecurity};

use super::layered::layered;
use super::password::Place;
use super::resolve::{SettingsError, refused};
use super::server_url::{Schemes, ServerUrl};
use super::values::read_from_the_file_as_from_a_flag;

/// Where the password can be.
pub(super) const PASSWORD: Place =
    Place { variable: "TIDINGS_EMAIL_PASSWORD", file_key: "email-password-file" };

layered! {
/// Each is a key of the table, a flag with `email-` before it, and a variable.
pub(crate) struct EmailSettings {
    /// Mail server: smtps://HOST for TLS from the beginning, smtp://HOST for STARTTLS; the ports are
    /// 465 and 587 unless one follows [default: none, and no mail]
    #[arg(id = "email-server", long, value_name = "URL", env = "TIDINGS_EMAIL_SERVER")]
    server: MailServerUrl,
    /// Whether a server at smtp:// has to do STARTTLS; with `off` mail and password can be read on
    /// the way [default: required]
    #[arg(id = "email-starttls", long, env = "TIDINGS_EMAIL_STARTTLS")]
    starttls: StartTls,
    /// User at the mail server; the password is in the environment as TIDINGS_EMAIL_PASSWORD, or in
    /// a file [default: none]
    #[arg(id = "email-user", long, value_name = "USER", env = "TIDINGS_EMAIL_USER")]
    user: String,
    /// File with that user's password [default: none]
    #[arg(
        id = "email-password-file",
        long,
        value_name = "FILE",
        env = "TIDINGS_EMAIL_PASSWORD_FILE"
    )]
    password_file: PathBuf,
    /// Address that mail comes from
    #[arg(id = "email-from", long, value_name = "ADDRESS", env = "TIDINGS_EMAIL_FROM")]
    from: String,
    /// Which key of the domain mail is signed with by DKIM: its public half is the DNS record
    /// SELECTOR._domainkey.DOMAIN [default: none]
    #[arg(
        id = "email-dkim-selector",
        long,
        value_name = "NAME",
        env = "TIDINGS_EMAIL_DKIM_SELECTOR"
    )]
    dkim_selector: String,
    /// Domain that signs [default: the one of the address that mail comes from]
    #[arg(
        id = "email-dkim-domain",
        long,
        value_name = "DOMAIN",
        env = "TIDINGS_EMAIL_DKIM_DOMAIN"
    )]
    dkim_domain: String,
    /// PEM file with that key, RSA or Ed25519
    #[arg(id = "email-dkim-key", long, value_name = "FILE", env = "TIDINGS_EMAIL_DKIM_KEY")]
    dkim_key: PathBuf,
    /// PEM file with authorities that the mail server may have a certificate of, beside the public
    /// ones [default: none]
    #[arg(id = "email-roots", long, value_name = "FILE", env = "TIDINGS_EMAIL_ROOTS")]
    roots: PathBuf,
    /// How long an attempt to send a mail may take until the mail server has it, 50 at most
    /// [default: 30]
    #[arg(
        id = "email-timeout-seconds",
        long,
        value_name = "SECONDS",
        env = "TIDINGS_EMAIL_TIMEOUT_SECONDS"
    )]
    timeout_seconds: NonZeroU32,
    /// Connections to the mail server [default: 8]
    #[arg(
        id = "email-connections-max",
        long,
        value_name = "N",
        env = "TIDINGS_EMAIL_CONNECTIONS_MAX"
    )]
    connections_max: NonZeroU16,
}
}

/// Whether STARTTLS is insisted on.
#[derive(Deserialize, ValueEnum, Copy, Clone, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StartTls {
    /// Without it nothing is sent
    Required,
    /// Everything goes in the clear
    Off,
}

/// `smtps://HOST[:PORT]` or `smtp://HOST[:PORT]`.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct MailServerUrl(ServerUrl);

const SCHEMES: Schemes = Schemes {
    plain: ("smtp://", 587),
    tls: ("smtps://", 465),
    form: "a mail server is smtps://HOST or smtp://HOST, perhaps with :PORT",
};

impl FromStr for MailServerUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        SCHEMES.read(text).map(Self)
    }
}

read_from_the_file_as_from_a_flag! { MailServerUrl }

impl EmailSettings {
    /// How mail is sent; `None` if it is not.
    pub(crate) fn resolve(self) -> Result<Option<EmailConfig>, SettingsError> {
        self.resolve_with(PASSWORD.in_environment())
    }

    fn resolve_with(self, password: Option<String>) -> Result<Option<EmailConfig>, SettingsError> {
        let Some(MailServerUrl(server)) = self.server.clone() else {
            let is_empty = self == Self::default();
            let problem = "other settings of e-mail are there, but no mail server";
            return if is_empty { Ok(None) } else { refused("email-server", problem) };
        };
        let Some(from) = self.from.clone() else {
            return refused("email-from", "mail has to come from an address");
        };
        let seconds = u64::from(self.timeout_seconds.map_or(0, NonZeroU32::get));
        if seconds > EMAIL_ATTEMPT_SECONDS_MAX {
            let problem = format!("{EMAIL_ATTEMPT_SECONDS_MAX} seconds are the most");
            return refused("email-timeout-seconds", problem);
        }
        let security = match (server.is_tls, self.starttls) {
            (true, Some(_)) => {
                return refused("email-starttls", "is for smtp://; smtps:// has TLS already");
            }
            (true, None) => SmtpSecurity::Implicit,
            (false, Some(StartTls::Off)) => SmtpSecurity::Off,
            (false, Some(StartTls::Required) | None) => SmtpSecurity::StartTls,
        };
        Ok(Some(EmailConfig {
            security,
            credentials: self.credentials(password)?,
            dkim: self.dkim(&from)?,
            extra_roots: self.roots,
            attempt_timeout: match seconds {
                0 => EmailConfig::ATTEMPT_TIMEOUT,
                seconds => Duration::from_secs(seconds),
            },
            answer_timeout: EmailConfig::ANSWER_TIMEOUT,
            connections_max: self
                .connections_max
                .map_or(EmailConfig::CONNECTIONS, |max| max.get().into()),
            host: server.host,
            port: server.port,
            from,
        }))
    }

    fn credentials(
        &self,
        variable: Option<String>,
    ) -> Result<Option<(String, Password)>, SettingsError> {
        let password = PASSWORD.read(self.password_file.as_deref(), variable)?;
        match (&self.user, password) {
            (Some(user), Some(password)) => Ok(Some((user.clone(), Password::new(password)))),
            (None, None) => Ok(None),
            (Some(_), None) => {
                let problem =
                    format!("needs a password: {}, or email-password-file", PASSWORD.variable);
                refused("email-user", problem)
            }
            (None, Some(_)) => refused("email-user", "there is a password, but no user"),
        }
    }

    fn dkim(&self, from: &str) -> Result<Option<DkimConfig>, SettingsError> {
        match (self.dkim_selector.clone(), self.dkim_key.clone()) {
            (Some(selector), Some(key_file)) => {
                let own = || from.rsplit('@').next().unwrap_or_default().to_owned();
                let domain = self.dkim_domain.clone().unwrap_or_else(own);
                Ok(Some(DkimConfig { domain, selector, key_file }))
            }
            (None, None) if self.dkim_domain.is_none() => Ok(None),
            (None, _) => refused("email-dkim-selector", "the key for DKIM needs its name"),
            (Some(_), None) => refused("email-dkim-key", "DKIM needs a key to sign with"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, password: Option<&str>) -> Result<Option<EmailConfig>, String> {
        let settings: EmailSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.resolve_with(password.map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_and_a_sender_are_enough() {
        assert!(resolved("", None).unwrap().is_none());
        for (server, host, port, security) in [
            ("smtps://mail.example.com", "mail.example.com", 465, SmtpSecurity::Implicit),
            ("smtps://mail.example.com:1465/", "mail.example.com", 1465, SmtpSecurity::Implicit),
            ("smtp://mail.example.com", "mail.example.com", 587, SmtpSecurity::StartTls),
            ("smtp://[::1]:25", "::1", 25, SmtpSecurity::StartTls),
            ("smtp://[::1]", "::1", 587, SmtpSecurity::StartTls),
        ] {
            let text = format!("server = '{server}'\nfrom = 'a@example.com'");
            let config = resolved(&text, None).unwrap().unwrap();
            assert_eq!(
                (config.host.as_str(), config.port, config.security),
                (host, port, security)
            );
            assert!(config.credentials.is_none() && config.dkim.is_none());
            assert_eq!((config.attempt_timeout.as_secs(), config.connections_max), (30, 8));
        }
        let text = "server = 'smtp://h:25'\nstarttls = 'off'\nfrom = 'a@example.com'\nuser = 'u'\n\
            dkim-selector = 's'\ndkim-key = 'k'\ntimeout-seconds = 50\nconnections-max = 2";
        let config = resolved(text, Some("p")).unwrap().unwrap();
        assert_eq!(config.security, SmtpSecurity::Off);
        assert_eq!(config.credentials.unwrap().0, "u");
        assert_eq!(config.dkim.unwrap().domain, "example.com");
        assert_eq!((config.attempt_timeout.as_secs(), config.connections_max), (50, 2));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let both = "server = 'smtp://h'\nfrom = 'a@b.example'\n";
        for (more, password, part) in [
            ("user = 'u'", None, "email-user: needs a password: TIDINGS_EMAIL_PASSWORD"),
            ("", Some("p"), "email-user: there is a password, but no user"),
            ("password-file = '/nowhere/p'", None, "email-password-file: /nowhere/p: it cannot be"),
            ("user = 'u'\npassword-file = 'p'", Some("p"), "only one of them"),
            ("dkim-key = 'k'", None, "email-dkim-selector"),
            ("dkim-domain = 'd'", None, "email-dkim-selector"),
            ("dkim-selector = 's'", None, "email-dkim-key"),
            ("timeout-seconds = 51", None, "email-timeout-seconds: 50 seconds"),
            ("timeout-seconds = 0", None, "timeout-seconds"),
            ("colour = 'red'", None, "unknown field"),
        ] {
            let error = resolved(&format!("{both}{more}"), password).unwrap_err();
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(resolved("server = 'smtp://h'", None).unwrap_err().contains("email-from"));
        assert!(resolved("from = 'a@b.example'", None).unwrap_err().contains("email-server"));
        let twice = "server = 'smtps://h'\nstarttls = 'off'\nfrom = 'a@b.example'";
        assert!(resolved(twice, None).unwrap_err().contains("smtps:// has TLS already"));
        for url in
            ["h", "http://h", "smtp://", "smtp://u:p@h", "smtp://h:0", "smtp://h/x", "smtp://[::1"]
        {
            let text = format!("server = '{url}'\nfrom = 'a@b.example'");
            assert!(resolved(&text, None).is_err(), "{url}");
        }
    }
}
