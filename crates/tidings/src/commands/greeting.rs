//! What a person sees when the server has started.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use tidings_server::{
    BoundAddress, BoundListener, DevelopmentCertificates, NewAccessKey, TlsConfig,
};

use crate::settings::Resolved;

/// Says where the server listens, and how to send a first message.
pub(crate) fn greet(
    out: &mut impl Write,
    settings: &Resolved,
    listeners: &[BoundListener],
    first_key: Option<&NewAccessKey>,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let account = settings.server.account;
    let region = settings.server.region.as_str();
    let data = settings.data.display();
    let mut names = listeners.iter();
    if let Some(first) = names.next() {
        writeln!(out, "Tidings {version} is listening on {first}")?;
    }
    for other in names {
        writeln!(out, "and on {other} ({})", other.id)?;
    }
    let is_authenticating = settings.auth.is_some();
    let who = match is_authenticating {
        true => "Requests must be signed",
        false => "Authentication is OFF: any credentials will do",
    };
    writeln!(out, "Data in {data}, account {account}, region {region}. {who}.\n")?;
    if let Some(key) = first_key {
        show_key(out, key, region)?;
    }
    // A listener for balancers, or one for a private network, is not for a person.
    let for_people =
        listeners.iter().zip(&settings.server.listeners).find_map(|(bound, config)| {
            let address = reachable(bound)?;
            (config.proxy.is_none() && config.endpoints.is_empty())
                .then_some((address, bound, config))
        });
    let Some((address, bound, config)) = for_people else { return out.flush() };
    let scheme = if bound.is_tls { "https" } else { "http" };
    let trust = match &config.tls {
        Some(tls) if settings.development.is_some() => trust(&settings.data, tls),
        _ => String::new(),
    };
    let credentials = match is_authenticating {
        true => "export AWS_PROFILE=tidings".to_owned(),
        false => format!(
            "export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION={region}"
        ),
    };
    write!(
        out,
        "\
Send a first message with the AWS CLI:

    {credentials}
{trust}    URL={scheme}://{address}
    aws --endpoint-url $URL sqs create-queue --queue-name hello
    aws --endpoint-url $URL sqs send-message --queue-url $URL/{account}/hello --message-body 'Hi!'
    aws --endpoint-url $URL sqs receive-message --queue-url $URL/{account}/hello

"
    )?;
    out.flush()
}

/// The only time that anybody sees its secret.
pub(super) fn show_key(out: &mut impl Write, key: &NewAccessKey, region: &str) -> io::Result<()> {
    let (id, secret) = (&key.id, key.secret.as_str());
    write!(
        out,
        "\
This is the access key of the account's root user. It is not shown again. Keep it:

    aws configure set aws_access_key_id {id} --profile tidings
    aws configure set aws_secret_access_key {secret} --profile tidings
    aws configure set region {region} --profile tidings

"
    )
}

/// The line by which the AWS CLI and most SDKs trust the authority for development.
fn trust(data: &Path, tls: &TlsConfig) -> String {
    let development = DevelopmentCertificates::in_data_folder(data);
    if !tls.certificates.contains(&development.files) {
        return String::new();
    }
    let authority = std::path::absolute(&development.authority).unwrap_or(development.authority);
    format!("    export AWS_CA_BUNDLE='{}'\n", authority.display())
}

/// An address to connect to: a server that listens on every address is on the loopback one too.
/// `None` for what is no address.
fn reachable(listener: &BoundListener) -> Option<SocketAddr> {
    let BoundAddress::Tcp(address) = listener.address else { return None };
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Some(SocketAddr::new(loopback, address.port()))
}

/// Warns of a server that lets everybody do everything. Not a line of the log: nobody should have to
/// turn the log up to see it.
pub(crate) fn warn_of_no_authentication(
    out: &mut impl Write,
    listeners: &[BoundListener],
) -> io::Result<()> {
    let is_exposed = listeners.iter().any(|listener| match listener.address {
        BoundAddress::Tcp(address) => !address.ip().to_canonical().is_loopback(),
        BoundAddress::Unix(_) => false,
    });
    let who = match is_exposed {
        true => "Whoever can reach this server can read, send and delete every message.",
        false => "Every program on this machine can read, send and delete every message.",
    };
    write!(
        out,
        "
  ****************************************************************************
  *  WARNING: authentication is off.                                         *
  *  {who:<72}*
  ****************************************************************************

"
    )?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Arguments;

    fn bound(listen: &str) -> BoundListener {
        let id = "default".to_owned();
        BoundListener { id, address: BoundAddress::Tcp(listen.parse().unwrap()), is_tls: false }
    }

    fn shown(listen: &str) -> String {
        let settings = Arguments::default().resolve().unwrap();
        let mut out = Vec::new();
        greet(&mut out, &settings, &[bound(listen)], None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_lines_to_paste_name_an_address_that_can_be_connected_to() {
        for (listen, url) in [
            ("127.0.0.1:4566", "URL=http://127.0.0.1:4566\n"),
            ("0.0.0.0:4567", "URL=http://127.0.0.1:4567\n"),
            ("[::]:4566", "URL=http://[::1]:4566\n"),
            ("10.0.0.1:4566", "URL=http://10.0.0.1:4566\n"),
        ] {
            assert!(shown(listen).contains(url), "{listen}");
        }
        assert!(shown("0.0.0.0:4567").starts_with(concat!(
            "Tidings ",
            env!("CARGO_PKG_VERSION"),
            " is listening on http://0.0.0.0:4567\n"
        )));
    }

    #[test]
    fn the_warning_says_who_can_do_everything() {
        for (listen, is_exposed) in [
            ("127.0.0.1:4566", false),
            ("127.9.9.9:4566", false),
            ("[::1]:4566", false),
            ("[::ffff:127.0.0.1]:4566", false),
            ("0.0.0.0:4566", true),
            ("[::]:4566", true),
            ("10.0.0.1:4566", true),
        ] {
            let mut out = Vec::new();
            warn_of_no_authentication(&mut out, &[bound(listen)]).unwrap();
            let text = String::from_utf8(out).unwrap();
            let who =
                if is_exposed { "Whoever can reach" } else { "Every program on this machine" };
            assert!(text.contains("authentication is off") && text.contains(who), "{text}");
        }
    }
}
