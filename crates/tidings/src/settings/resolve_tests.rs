use std::io::Write;

use clap::Parser;
use tempfile::NamedTempFile;

use super::*;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn resolve(flags: &[&str], file_text: &str) -> Result<Resolved, String> {
    let file = file(file_text);
    let path = file.path().to_str().unwrap();
    let command_line = ["serve", "--config", path].into_iter().chain(flags.iter().copied());
    let parsed = CommandLine::try_parse_from(command_line).map_err(|error| error.to_string())?;
    parsed.arguments.resolve().map_err(|error| error.to_string())
}

/// Where the only listener is to listen.
fn listen(resolved: &Resolved) -> String {
    let [listener] = &resolved.server.listeners[..] else { panic!("{resolved:?}") };
    listener.address.to_string()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let resolved = resolve(&[], "").unwrap();
    assert_eq!(listen(&resolved), "127.0.0.1:4566");
    assert_eq!(resolved.server.account.to_string(), "000000000000");
    assert_eq!(resolved.server.region.as_str(), "us-east-1");
    assert_eq!(resolved.server.public_url, None);
    assert_eq!(resolved.server.shutdown_timeout, Duration::from_secs(25));
    assert_eq!(resolved.data, Path::new("tidings-data"));
    assert_eq!(resolved.shard.delete_cool_down_ms, 60_000);
    assert_eq!(resolved.shard.purge_cool_down_ms, 60_000);
    assert_eq!(resolved.log_level, LevelFilter::INFO);
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let text = "region = 'eu-west-1'\nlisten = '127.0.0.1:1'\npurge-cooldown-seconds = 0\n";
    let resolved = resolve(&["--listen", "127.0.0.1:2"], text).unwrap();
    assert_eq!(listen(&resolved), "127.0.0.1:2");
    assert_eq!(resolved.server.region.as_str(), "eu-west-1");
    assert_eq!(resolved.shard.purge_cool_down_ms, 0);
    assert_eq!(resolved.server.account.to_string(), "000000000000");
}

#[test]
fn loopback_endpoints_are_for_servers_that_nobody_else_can_reach() {
    let allows = |flags: &[&str], address: &str| {
        let resolved = resolve(flags, "").unwrap();
        resolved.couriers.allow.contains(address.parse().unwrap())
    };
    for listen in ["127.0.0.1:4566", "localhost:4566", "[::1]:4566"] {
        assert!(allows(&["--listen", listen], "127.0.0.1"), "{listen}");
        assert!(!allows(&["--listen", listen], "10.0.0.1"), "{listen}");
    }
    assert!(!allows(&["--listen", "0.0.0.0:4566"], "127.0.0.1"));
    let behind_a_proxy = ["--public-url", "https://sns.example.com"];
    assert!(!allows(&behind_a_proxy, "127.0.0.1"));
    let said = [&behind_a_proxy[..], &["--endpoint-allow", "127.0.0.0/8"]].concat();
    assert!(allows(&said, "127.0.0.1"));
}

/// A key that is not merged, or that no flag sets, shows here as the file's or the default value.
#[test]
fn every_key_can_be_set_in_the_file_and_overridden_by_its_flag() {
    for (key, in_file, flag) in [
        ("listen", "'127.0.0.1:1'", "127.0.0.1:2"),
        ("tls", "'dev'", "off"),
        ("tls-certificate", "'one'", "two"),
        ("tls-key", "'one'", "two"),
        ("tls-client-ca", "'one'", "two"),
        ("tls-client-certificates", "'required'", "optional"),
        ("tls-names", "'one'", "two"),
        ("acme-domains", "'one'", "two"),
        ("acme-email", "'one'", "two"),
        ("acme-directory", "'one'", "two"),
        ("acme-roots", "'one'", "two"),
        ("data", "'one'", "two"),
        ("master-key-file", "'one'", "two"),
        ("master-key-command", "'one'", "two"),
        ("kms-endpoint", "'https://one'", "https://two"),
        ("kms-region", "'eu-west-1'", "eu-west-2"),
        ("kms-credentials-file", "'one'", "two"),
        ("kms-roots", "'one'", "two"),
        ("region", "'eu-west-1'", "eu-west-2"),
        ("account", "'000000000001'", "000000000002"),
        ("auth", "'on'", "off"),
        ("insecure", "true", "false"),
        ("regions", "'eu-west-1'", "eu-west-1,eu-west-2"),
        ("audit-log", "'one'", "two"),
        ("audit-level", "'all'", "denied"),
        ("public-url", "'http://one'", "http://two"),
        ("queue-delete-cooldown-seconds", "1", "2"),
        ("purge-cooldown-seconds", "1", "2"),
        ("connections-max", "1", "2"),
        ("connections-per-address-max", "1", "2"),
        ("http2-streams-max", "1", "2"),
        ("header-bytes-max", "10001", "10002"),
        ("body-bytes-max", "1", "2"),
        ("bodies-bytes-max", "10000001", "10000002"),
        ("handshake-timeout-seconds", "1", "2"),
        ("idle-timeout-seconds", "1", "2"),
        ("body-timeout-seconds", "1", "2"),
        ("write-timeout-seconds", "1", "2"),
        ("principal-requests-per-second-max", "1", "2"),
        ("principal-requests-max", "1", "2"),
        ("shutdown-timeout-seconds", "1", "2"),
        ("log-level", "'error'", "debug"),
        ("email-server", "'smtps://one'", "smtp://two"),
        ("email-starttls", "'required'", "off"),
        ("email-user", "'one'", "two"),
        ("email-password-file", "'one'", "two"),
        ("email-from", "'one'", "two"),
        ("email-dkim-selector", "'one'", "two"),
        ("email-dkim-domain", "'one'", "two"),
        ("email-dkim-key", "'one'", "two"),
        ("email-roots", "'one'", "two"),
        ("email-timeout-seconds", "1", "2"),
        ("email-connections-max", "1", "2"),
        ("push-apns-url", "'https://a.example.com'", "https://b.example.com"),
        ("push-apns-sandbox-url", "'https://a.example.com'", "https://b.example.com"),
        ("push-fcm-url", "'https://a.example.com'", "https://b.example.com"),
        ("push-fcm-token-url", "'https://a.example.com/token'", "https://b.example.com/token"),
        ("push-adm-url", "'https://a.example.com'", "https://b.example.com"),
        ("push-adm-token-url", "'https://a.example.com/token'", "https://b.example.com/token"),
        ("push-roots", "'one'", "two"),
        ("push-timeout-seconds", "1", "2"),
        ("push-messages-max", "1", "2"),
        ("sms-server", "'smpp://gateway.example.com'", "smpps://gateway.example.com"),
        ("sms-system-id", "'a'", "b"),
        ("sms-password-file", "'a.txt'", "b.txt"),
        ("sms-system-type", "'a'", "b"),
        ("sms-sender", "'Hotel'", "+15550100"),
        ("sms-roots", "'a.pem'", "b.pem"),
        ("sms-window", "1", "2"),
        ("sms-timeout-seconds", "1", "2"),
        ("sms-price", "'0.01'", "0.02"),
        ("sms-currency", "'EUR'", "USD"),
        ("sms-monthly-spend-limit", "'1'", "2"),
        ("sms-sandbox", "true", "false"),
        ("sms-origination-numbers", "'+15550100'", "+15550100/US"),
        ("functions-hosting", "true", "false"),
        ("functions-processes-max", "1", "2"),
        ("functions-idle-seconds", "1", "2"),
        ("functions-path", "'one'", "two"),
        ("functions-roots", "'one'", "two"),
    ] {
        // Those of a table have its name in front elsewhere.
        let tables = ["email", "push", "sms", "functions"]
            .map(|table| Some((table, key.strip_prefix(table)?)));
        let line = match tables.into_iter().flatten().next() {
            Some((table, key)) => format!("[{table}]\n{} = {in_file}\n", &key[1..]),
            None => format!("{key} = {in_file}\n"),
        };
        let file = file(&line);
        let from_file = read_file(file.path()).unwrap();
        let from_flag = CommandLine::try_parse_from(["serve", &format!("--{key}"), flag]).unwrap();
        let from_flag = from_flag.arguments.settings;
        assert_ne!(from_file, Settings::default(), "{key} in the file");
        assert_ne!(from_flag, from_file, "{key} as a flag");
        assert_eq!(from_flag.clone().over(from_file.clone()), from_flag, "{key}");
        assert_eq!(Settings::default().over(from_file.clone()), from_file, "{key}");
    }
}

#[test]
fn every_flag_has_its_variable_and_its_line_in_the_documentation() {
    use clap::CommandFactory;
    let page = include_str!("../../../../docs/configuration.md");
    for argument in CommandLine::command().get_arguments() {
        let Some(flag) = argument.get_long().filter(|flag| *flag != "help") else { continue };
        let variable = format!("TIDINGS_{}", flag.replace('-', "_").to_uppercase());
        assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        let help = argument.get_help().unwrap().to_string();
        let default = help.split_once("[default: ").map(|(_, rest)| rest.trim_end_matches(']'));
        let row = page.lines().find(|line| line.starts_with(&format!("| `{flag}` |")));
        let row = row.unwrap_or_else(|| panic!("{flag} has no row in docs/configuration.md"));
        if let Some(default) = default {
            assert!(row.contains(default), "{flag}: the row lacks its default {default}");
        }
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = resolve(&[], "region = 'eu-west-1'\nregoin = 'eu-west-1'\n").unwrap_err();
    for part in ["line 2", "regoin", "unknown field"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_value_that_cannot_be_is_named_with_its_key() {
    for (flags, text, parts) in [
        (&[][..], "account = '42'", &["line 1", "account = '42'", "twelve digits"][..]),
        (&[], "region = 'Mars'", &["line 1", "region"]),
        (&[], "connections-max = 0", &["line 1", "connections-max"]),
        (&[], "connections-max = 'many'", &["line 1", "connections-max"]),
        (&[], "auth = 'maybe'", &["line 1", "auth", "off"]),
        (&[], "listen", &["line 1"]),
        (&[], "header-bytes-max = 8191", &["header-bytes-max", "8192"]),
        (&[], "bodies-bytes-max = 8388607", &["bodies-bytes-max", "8388608"]),
        (
            &["--master-key-file", "key"],
            "master-key-command = 'print-key'",
            &["master-key-file", "master-key-command", "only one"],
        ),
        (&["--account", "42"], "", &["--account", "twelve digits"]),
        (&["--public-url", "sqs.example.com"], "", &["--public-url"]),
        (&["--auth", "off", "--listen", "0.0.0.0:1"], "", &["auth", "loopback", "--insecure"]),
        (&["--auth", "off", "--audit-log", "a"], "", &["audit-log", "auth = off"]),
        (&[], "regions = 'us-east-1,Mars'", &["line 1", "regions"]),
    ] {
        let error = resolve(flags, text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let flags = ["serve", "--config", "no-such-file.toml"];
    let parsed = CommandLine::try_parse_from(flags).unwrap();
    let error = parsed.arguments.resolve().unwrap_err();
    assert!(error.to_string().contains("no-such-file.toml"), "{error}");
}
