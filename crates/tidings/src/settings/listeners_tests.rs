use std::fs;

use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::settings::{Arguments, Resolved};

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

/// A folder with a file of settings, in which `DIR` stands for the folder itself.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = text.replace("DIR", folder.path().to_str().unwrap());
    fs::write(folder.path().join("tidings.toml"), text).unwrap();
    folder
}

fn resolve_in(folder: &TempDir, flags: &[&str]) -> Result<Resolved, String> {
    let file = folder.path().join("tidings.toml");
    let command_line = ["serve", "--config", file.to_str().unwrap()];
    let parsed = CommandLine::try_parse_from(command_line.iter().chain(flags)).unwrap();
    parsed.arguments.resolve().map_err(|error| error.to_string())
}

fn resolve(text: &str) -> Result<Resolved, String> {
    resolve_in(&folder(text), &[])
}

#[test]
fn the_file_can_have_several_listeners() {
    let text = r#"
        public-url = "https://all.example.com"
        [[listener]]
        id = "public"
        listen = "0.0.0.0:443"
        public-url = "https://sqs.example.com/"
        tls-certificate = "chain.pem"
        tls-key = "key.pem"
        tls-client-ca = "ca.pem"
        tls-client-certificates = "optional"
        [[listener.certificate]]
        certificate = "other.pem"
        key = "other-key.pem"

        [[listener]]
        id = "local"
        listen = "unix:/run/tidings.sock"
        socket-mode = "0600"

        [[listener]]
        id = "private"
        listen = "10.0.0.5:4567"
        proxy-from = "10.0.1.0/24,10.0.2.7"
        endpoint-from-header = true
        [[listener.endpoint]]
        id = "vpce-1"
        vpc = "vpc-1"
        policy = "DIR/tidings.json"
        [[listener.endpoint]]
        id = "vpce-2"
    "#;
    let folder = folder(text);
    let policy =
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    fs::write(folder.path().join("tidings.json"), policy).unwrap();
    let resolved = resolve_in(&folder, &[]).unwrap();
    let [public, local, private] = &resolved.server.listeners[..] else { panic!() };

    assert_eq!(
        (public.id.as_str(), public.address.to_string().as_str()),
        ("public", "0.0.0.0:443")
    );
    assert_eq!(public.public_url.as_deref(), Some("https://sqs.example.com"));
    let tls = public.tls.as_ref().unwrap();
    let files = |certificate: &str, key: &str| CertificateFiles {
        certificate: certificate.into(),
        key: key.into(),
    };
    assert_eq!(
        tls.certificates,
        [files("chain.pem", "key.pem"), files("other.pem", "other-key.pem")]
    );
    assert!(!tls.clients.as_ref().unwrap().is_required);
    assert!(public.proxy.is_none() && public.endpoints.is_empty());

    let socket = ListenAddress::Unix { path: "/run/tidings.sock".into(), mode: 0o600 };
    assert_eq!(local.address, socket);
    assert_eq!(local.public_url, None);
    assert!(local.tls.is_none());

    let proxy = private.proxy.as_ref().unwrap();
    assert!(proxy.has_endpoint_id);
    assert!(proxy.trusted.contains("10.0.2.7".parse().unwrap()));
    assert!(!proxy.trusted.contains("10.0.2.8".parse().unwrap()));
    let [one, two] = &private.endpoints[..] else { panic!() };
    assert_eq!((one.id.as_str(), one.network.as_deref()), ("vpce-1", Some("vpc-1")));
    assert!(one.policy.is_some() && two.policy.is_none());
    assert!(resolved.has_certificate_files());
    assert_eq!(resolved.development, None);
}

#[test]
fn what_cannot_be_is_named() {
    let listener = |rest: &str| format!("[[listener]]\nid = 'a'\nlisten = '127.0.0.1:0'\n{rest}\n");
    let endpoint = |rest: &str| listener(&format!("[[listener.endpoint]]\nid = 'vpce-1'\n{rest}"));
    for (text, parts) in [
        (format!("listen = '127.0.0.1:0'\n{}", listener("")), &["listen", "[[listener]]"][..]),
        (format!("tls = 'dev'\n{}", listener("")), &["tls", "[[listener]]"]),
        ("listener = []".to_owned(), &["listener", "there is none"]),
        (listener("id2 = 'x'"), &["line 4", "id2"]),
        (listener("socket-mode = '0660'"), &["a: ", "Unix socket"]),
        (listener("socket-mode = 'rw'"), &["line 4", "octal"]),
        (listener("tls-certificate = 'c'"), &["a: ", "tls-key"]),
        (listener("tls-key = 'k'"), &["a: ", "tls-certificate"]),
        (listener("tls = 'off'\ntls-key = 'k'\ntls-certificate = 'c'"), &["a: ", "tls is off"]),
        (listener("tls-client-ca = 'c'"), &["a: ", "TLS"]),
        (listener("tls = 'dev'\ntls-client-certificates = 'required'"), &["tls-client-ca"]),
        (listener("proxy-from = ''"), &["a: ", "nobody"]),
        (listener("proxy-from = '10.0.0.0/99'"), &["line 4", "10.0.0.0/99"]),
        (listener("endpoint-from-header = true"), &["a: ", "proxy-from"]),
        (endpoint("[[listener.endpoint]]\nid = 'vpce-2'"), &["a: ", "endpoint-from-header"]),
        (
            listener("proxy-from = '10.0.0.1'\nendpoint-from-header = true")
                + "[[listener.endpoint]]\nid = 'vpce-1'\n[[listener.endpoint]]\nid = 'vpce-1'",
            &["vpce-1", "twice"],
        ),
        (endpoint("vpc = 'vpce-1'"), &["\"vpce-1\"", "network"]),
        (listener("[[listener.endpoint]]\nid = 'endpoint'"), &["\"endpoint\"", "vpce-"]),
        (endpoint("policy = 'DIR/none.json'"), &["a: ", "none.json"]),
        (endpoint("policy = 'DIR/tidings.toml'"), &["a: ", "endpoint policy", "tidings.toml"]),
        ("[[listener]]\nid = 'a b'\nlisten = '127.0.0.1:0'".to_owned(), &["an id is"]),
        ([listener(""), listener("")].concat(), &["a: ", "same id"]),
    ] {
        let error = resolve(&text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{part} in {error}, of {text}");
        }
    }
}

#[test]
fn an_endpoint_policy_has_so_many_characters_and_no_more() {
    let text = "[[listener]]\nid = 'a'\nlisten = '127.0.0.1:0'\n[[listener.endpoint]]\n\
                id = 'vpce-1'\npolicy = 'DIR/p.json'\n";
    let policy =
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    for (characters, is_taken) in [(20_480, true), (20_481, false)] {
        let folder = folder(text);
        let padded = format!("{policy}{}", " ".repeat(characters - policy.len()));
        fs::write(folder.path().join("p.json"), padded).unwrap();
        let resolved = resolve_in(&folder, &[]);
        assert_eq!(resolved.is_ok(), is_taken, "{characters}: {:?}", resolved.err());
    }
}

#[test]
fn flags_make_a_listener_with_tls() {
    let folder = folder("");
    let resolved = resolve_in(&folder, &["--tls-certificate", "c", "--tls-key", "k"]).unwrap();
    assert!(resolved.server.listeners[0].tls.is_some() && resolved.has_certificate_files());

    let dev = ["--tls", "dev", "--tls-names", "a.test", "--public-url", "https://b.test:1/x"];
    let resolved = resolve_in(&folder, &dev).unwrap();
    let tls = resolved.server.listeners[0].tls.as_ref().unwrap();
    let made = DevelopmentCertificates::in_data_folder(&resolved.data);
    assert_eq!(tls.certificates, [made.files]);
    assert_eq!(resolved.development.as_deref(), Some(&["a.test", "b.test"].map(str::to_owned)[..]));
    assert!(!resolved.has_certificate_files());

    let unix = resolve_in(&folder, &["--listen", "unix:t.sock"]).unwrap();
    let address = ListenAddress::Unix { path: "t.sock".into(), mode: 0o660 };
    assert_eq!(unix.server.listeners[0].address, address);
    assert!(resolve_in(&folder, &["--tls-certificate", "c"]).unwrap_err().contains("tls-key"));
}

#[test]
fn an_authority_is_asked_for_names_of_hosts() {
    let folder = folder("");
    let flags = ["--acme-domains", "sqs.test,sns.test", "--acme-email", "ops@sqs.test"];
    let resolved = resolve_in(&folder, &flags).unwrap();
    let tls = resolved.server.listeners[0].tls.as_ref().unwrap();
    let acme = tls.acme.as_ref().unwrap();
    assert_eq!(acme.domains, ["sqs.test", "sns.test"]);
    assert_eq!(
        (acme.directory.as_str(), acme.email.as_deref()),
        (LETS_ENCRYPT, Some("ops@sqs.test"))
    );
    assert_eq!(tls.certificates, [acme.files()]);
    assert!(acme.files().key.starts_with(resolved.data.join("acme/default")));
    assert!(!resolved.has_certificate_files());

    for (flags, part) in [
        (&["--acme-domains", "*.sqs.test"][..], "*.sqs.test"),
        (&["--acme-domains", "10.0.0.1"], "10.0.0.1"),
        (&["--acme-domains", "a.test", "--acme-directory", "http://ca.test"], "https://"),
        (&["--acme-domains", "a.test", "--tls", "off"], "tls is off"),
    ] {
        let error = resolve_in(&folder, flags).unwrap_err();
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn loopback_endpoints_are_for_servers_with_local_listeners_only() {
    for (listeners, allows) in
        [(&["127.0.0.1:0", "unix:/run/t.sock"][..], true), (&["127.0.0.1:0", "0.0.0.0:0"], false)]
    {
        let tables = listeners.iter().enumerate();
        let text: String = tables
            .map(|(index, listen)| format!("[[listener]]\nid = '{index}'\nlisten = '{listen}'\n"))
            .collect();
        let resolved = resolve(&text).unwrap();
        let loopback = "127.0.0.1".parse().unwrap();
        assert_eq!(resolved.couriers.allow.contains(loopback), allows, "{listeners:?}");
    }
}

/// serde's own list of what it knows.
fn keys_of<'de, T: Deserialize<'de> + std::fmt::Debug>(text: &'de str) -> Vec<String> {
    let error = toml::from_str::<T>(text).unwrap_err().to_string();
    let (_, list) = error.split_once("expected ").unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_of_a_listener_is_in_the_documentation() {
    let page = include_str!("../../../../docs/configuration.md");
    let (_, page) = page.split_once("## Several listeners").unwrap();
    let keys = [
        keys_of::<ListenerSettings>("no-key = 1"),
        keys_of::<CertificateSettings>("no-key = 1"),
        keys_of::<EndpointSettings>("no-key = 1"),
    ]
    .concat();
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "{key} is not in docs/configuration.md");
    }
}
