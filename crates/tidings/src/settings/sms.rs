//! The table `[sms]`: how text messages are sent, and what holds for those who send them.

use std::num::{NonZeroU8, NonZeroU32};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tidings_core::limits::{SMS_ATTEMPT_SECONDS, SMS_ATTEMPT_SECONDS_MAX};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;
use tidings_couriers::{Password, Sender, SmsConfig};
use tidings_server::{OriginationNumber, SmsTerms};

use super::layered::layered;
use super::password::Place;
use super::resolve::{SettingsError, refused};
use super::server_url::{Schemes, ServerUrl};
use super::values::read_from_the_file_as_from_a_flag;

/// Where the password can be.
pub(super) const PASSWORD: Place =
    Place { variable: "TIDINGS_SMS_PASSWORD", file_key: "sms-password-file" };

layered! {
/// Each is a key of the table, a flag with `sms-` before it, and a variable.
pub(crate) struct SmsSettings {
    /// SMPP gateway: smpps://HOST with TLS, smpp://HOST without; the ports are 3550 and 2775 unless
    /// one follows [default: none, and no text messages]
    #[arg(id = "sms-server", long, value_name = "URL", env = "TIDINGS_SMS_SERVER")]
    server: GatewayUrl,
    /// Who the server is at the gateway, 15 characters at most; the password is in the environment as
    /// TIDINGS_SMS_PASSWORD, or in a file
    #[arg(id = "sms-system-id", long, value_name = "ID", env = "TIDINGS_SMS_SYSTEM_ID")]
    system_id: String,
    /// File with the password, 8 characters at most [default: none]
    #[arg(
        id = "sms-password-file",
        long,
        value_name = "FILE",
        env = "TIDINGS_SMS_PASSWORD_FILE"
    )]
    password_file: PathBuf,
    /// What kind of system the server is, if the gateway asks for it [default: none]
    #[arg(id = "sms-system-type", long, value_name = "TYPE", env = "TIDINGS_SMS_SYSTEM_TYPE")]
    system_type: String,
    /// Who messages come from that do not say: a sender id or a number [default: as the gateway has
    /// it]
    #[arg(id = "sms-sender", long, value_name = "SENDER", env = "TIDINGS_SMS_SENDER")]
    sender: SenderName,
    /// PEM file with authorities that the gateway may have a certificate of, beside the public ones
    /// [default: none]
    #[arg(id = "sms-roots", long, value_name = "FILE", env = "TIDINGS_SMS_ROOTS")]
    roots: PathBuf,
    /// Parts of messages that may wait for the gateway's answer at once, 255 at most [default: 10]
    #[arg(id = "sms-window", long, value_name = "N", env = "TIDINGS_SMS_WINDOW")]
    window: NonZeroU8,
    /// How long an attempt to send a message may take, 50 at most [default: 30]
    #[arg(
        id = "sms-timeout-seconds",
        long,
        value_name = "SECONDS",
        env = "TIDINGS_SMS_TIMEOUT_SECONDS"
    )]
    timeout_seconds: NonZeroU32,
    /// What a part of a message costs, such as 0.0075 [default: nothing, and no limit on what is spent]
    #[arg(id = "sms-price", long, value_name = "AMOUNT", env = "TIDINGS_SMS_PRICE")]
    price: Amount,
    /// The currency of that and of all other amounts, in three letters [default: USD]
    #[arg(id = "sms-currency", long, value_name = "CODE", env = "TIDINGS_SMS_CURRENCY")]
    currency: Currency,
    /// What the messages of an account may cost in a month; SetSMSAttributes sets less
    /// [default: 1]
    #[arg(
        id = "sms-monthly-spend-limit",
        long,
        value_name = "AMOUNT",
        env = "TIDINGS_SMS_MONTHLY_SPEND_LIMIT"
    )]
    monthly_spend_limit: Amount,
    /// Whether only numbers get messages that were verified with a code [default: false]
    #[arg(
        id = "sms-sandbox",
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        env = "TIDINGS_SMS_SANDBOX"
    )]
    sandbox: bool,
    /// Numbers that messages may come from, as ListOriginationNumbers shows them: +15550100/US, with
    /// commas between [default: none]
    #[arg(
        id = "sms-origination-numbers",
        long,
        value_name = "NUMBERS",
        env = "TIDINGS_SMS_ORIGINATION_NUMBERS"
    )]
    origination_numbers: Numbers,
}
}

/// `smpps://HOST[:PORT]` or `smpp://HOST[:PORT]`.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct GatewayUrl(ServerUrl);

const SCHEMES: Schemes = Schemes {
    plain: ("smpp://", SmsConfig::PORT),
    tls: ("smpps://", SmsConfig::TLS_PORT),
    form: "a gateway is smpps://HOST or smpp://HOST, perhaps with :PORT",
};

/// A sender id or a number.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct SenderName(Sender);

/// An amount of money.
#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Amount(Price);

/// ISO 4217.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Currency(String);

/// Numbers, each perhaps with its country.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
pub(crate) struct Numbers(Vec<OriginationNumber>);

impl FromStr for GatewayUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        SCHEMES.read(text).map(Self)
    }
}

impl FromStr for SenderName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sender = Sender::parse(text).map(Self);
        sender.ok_or("a sender is 1 to 11 letters, digits and hyphens, or a number")
    }
}

impl FromStr for Amount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let amount = Price::parse(text).map(Self);
        amount.ok_or("an amount is a number such as 0.0075, in quotation marks, below a million")
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_code {
            Ok(Self(text.to_owned()))
        } else {
            Err("a currency has three capital letters")
        }
    }
}

impl FromStr for Numbers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| {
            let (number, country) = match text.trim().split_once('/') {
                Some((number, country)) => (number, Some(country)),
                None => (text, None),
            };
            let is_country =
                |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            let number = PhoneNumber::parse(number)?;
            let country = country.map(str::to_owned);
            let fits = country.as_deref().is_none_or(is_country);
            fits.then_some(OriginationNumber { number, country })
        };
        let numbers = text.split(',').map(number).collect::<Option<_>>();
        numbers.map(Self).ok_or("numbers are such as +15550100/US, with commas between")
    }
}

read_from_the_file_as_from_a_flag! { GatewayUrl SenderName Amount Currency Numbers }

impl SmsSettings {
    /// How text messages are sent, and on which terms; `None` if they are not.
    pub(crate) fn resolve(self) -> Result<Option<(SmsConfig, SmsTerms)>, SettingsError> {
        self.resolve_with(PASSWORD.in_environment())
    }

    fn resolve_with(
        self,
        variable: Option<String>,
    ) -> Result<Option<(SmsConfig, SmsTerms)>, SettingsError> {
        let Some(GatewayUrl(server)) = self.server.clone() else {
            let is_empty = self == Self::default();
            let problem = "other settings of text messages are there, but no gateway";
            return if is_empty { Ok(None) } else { refused("sms-server", problem) };
        };
        let Some(system_id) = self.system_id.clone() else {
            return refused("sms-system-id", "the gateway has to know who the server is");
        };
        let seconds = u64::from(self.timeout_seconds.map_or(0, NonZeroU32::get));
        if seconds > SMS_ATTEMPT_SECONDS_MAX {
            let problem = format!("{SMS_ATTEMPT_SECONDS_MAX} seconds are the most");
            return refused("sms-timeout-seconds", problem);
        }
        let password = PASSWORD.read(self.password_file.as_deref(), variable)?;
        let terms = self.terms();
        let seconds = if seconds == 0 { SMS_ATTEMPT_SECONDS } else { seconds };
        let config = SmsConfig {
            port: server.port,
            tls: server.is_tls,
            extra_roots: self.roots,
            password: Password::new(password.unwrap_or_default()),
            system_type: self.system_type.unwrap_or_default(),
            sender: self.sender.map(|sender| sender.0),
            window: self.window.map_or(SmsConfig::WINDOW, |window| window.get().into()),
            price: self.price.map(|amount| amount.0),
            attempt_timeout: Duration::from_secs(seconds),
            ..SmsConfig::new(&server.host, &system_id, "")
        };
        Ok(Some((config, terms)))
    }

    fn terms(&self) -> SmsTerms {
        let default = SmsTerms::default();
        SmsTerms {
            is_sandbox: self.sandbox.unwrap_or(default.is_sandbox),
            monthly_spend_limit: self
                .monthly_spend_limit
                .map_or(default.monthly_spend_limit, |amount| amount.0),
            currency: self.currency.clone().map_or(default.currency, |currency| currency.0),
            origination_numbers: self
                .origination_numbers
                .clone()
                .map_or(default.origination_numbers, |numbers| numbers.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(
        text: &str,
        password: Option<&str>,
    ) -> Result<Option<(SmsConfig, SmsTerms)>, String> {
        let settings: SmsSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.resolve_with(password.map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_gateway_and_a_system_id_are_enough() {
        assert!(resolved("", None).unwrap().is_none());
        for (server, host, port, is_tls) in [
            ("smpp://gateway.example.com", "gateway.example.com", 2775, false),
            ("smpps://gateway.example.com/", "gateway.example.com", 3550, true),
            ("smpps://[::1]:2776", "::1", 2776, true),
        ] {
            let text = format!("server = '{server}'\nsystem-id = 'tidings'");
            let (config, terms) = resolved(&text, Some("secret")).unwrap().unwrap();
            assert_eq!((&*config.host, config.port, config.tls), (host, port, is_tls));
            assert_eq!(config.system_id, "tidings");
            assert_eq!((config.window, config.attempt_timeout.as_secs()), (10, 30));
            assert!(config.price.is_none() && config.sender.is_none());
            assert_eq!(terms, SmsTerms::default());
            assert_eq!(terms.monthly_spend_limit.to_string(), "1.00");
        }
        let text = "server = 'smpp://h'\nsystem-id = 's'\nsystem-type = 't'\nsender = 'Hotel'\n\
            window = 20\ntimeout-seconds = 50\nprice = '0.0075'\ncurrency = 'EUR'\nsandbox = true\n\
            monthly-spend-limit = '50'\norigination-numbers = '+15550100/US, +4917012345678'";
        let (config, terms) = resolved(text, None).unwrap().unwrap();
        assert_eq!((config.window, &*config.system_type), (20, "t"));
        assert_eq!(config.attempt_timeout.as_secs(), 50);
        assert_eq!(config.price, Price::parse("0.0075"));
        assert_eq!(config.sender, Sender::parse("Hotel"));
        assert!(terms.is_sandbox && terms.currency == "EUR");
        assert_eq!(terms.monthly_spend_limit.to_string(), "50.00");
        let [first, second] = &terms.origination_numbers[..] else { panic!("{terms:?}") };
        let shown = |it: &OriginationNumber| (it.number.to_string(), it.country.clone());
        assert_eq!(shown(first), ("+15550100".into(), Some("US".into())));
        assert_eq!(shown(second), ("+4917012345678".into(), None));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let both = "server = 'smpp://h'\nsystem-id = 's'\n";
        for (more, password, part) in [
            ("password-file = '/nowhere/p'", None, "sms-password-file: /nowhere/p: it cannot be"),
            ("password-file = 'p'", Some("p"), "there is also TIDINGS_SMS_PASSWORD"),
            ("timeout-seconds = 51", None, "sms-timeout-seconds: 50 seconds"),
            ("window = 0", None, "window"),
            ("window = 256", None, "window"),
            ("sender = 'Grand Hotel'", None, "a sender is"),
            ("price = '-1'", None, "an amount is"),
            ("monthly-spend-limit = 5", None, "monthly-spend-limit"),
            ("currency = 'euro'", None, "a currency has"),
            ("origination-numbers = '+15550100/usa'", None, "numbers are"),
            ("origination-numbers = ''", None, "numbers are"),
            ("colour = 'red'", None, "unknown field"),
        ] {
            let error = resolved(&format!("{both}{more}"), password).unwrap_err();
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(resolved("server = 'smpp://h'", None).unwrap_err().contains("sms-system-id"));
        assert!(resolved("system-id = 's'", None).unwrap_err().contains("sms-server"));
        for url in ["h", "smpp://", "smpp://u:p@h", "smpp://h:0", "http://h", "smpp://h/x"] {
            let text = format!("server = '{url}'\nsystem-id = 's'");
            assert!(resolved(&text, None).is_err(), "{url}");
        }
    }
}
