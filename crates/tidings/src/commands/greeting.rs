//! What a person sees when the server has started.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::settings::Resolved;

/// Says where the server listens, and how to send a first message.
pub(crate) fn greet(
    out: &mut impl Write,
    settings: &Resolved,
    local_addr: SocketAddr,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let account = settings.server.account;
    let region = settings.server.region.as_str();
    let data = settings.data.display();
    let url = format!("http://{}", reachable(local_addr));
    write!(
        out,
        "\
Tidings {version} is listening on http://{local_addr}
Data in {data}, account {account}, region {region}. Any credentials will do.

Send a first message with the AWS CLI:

    export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION={region}
    URL={url}
    aws --endpoint-url $URL sqs create-queue --queue-name hello
    aws --endpoint-url $URL sqs send-message --queue-url $URL/{account}/hello --message-body 'Hi!'
    aws --endpoint-url $URL sqs receive-message --queue-url $URL/{account}/hello

"
    )?;
    out.flush()
}

/// An address to connect to: a server that listens on every address is on the loopback one too.
fn reachable(local_addr: SocketAddr) -> SocketAddr {
    let loopback = match local_addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, local_addr.port())
}

/// Warns of a server that anyone in reach can use. Not a line of the log: nobody should have to
/// turn the log up to see it.
pub(crate) fn warn_if_exposed(out: &mut impl Write, local_addr: SocketAddr) -> io::Result<()> {
    if local_addr.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    write!(
        out,
        "
  ****************************************************************************
  *  WARNING: authentication is off and the address is not a loopback one.   *
  *  Whoever can reach this server can read, send and delete every message.  *
  ****************************************************************************

"
    )?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Arguments;

    fn shown(listen: &str) -> String {
        let settings = Arguments::default().resolve().unwrap();
        let mut out = Vec::new();
        greet(&mut out, &settings, listen.parse().unwrap()).unwrap();
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
    fn only_an_exposed_address_is_warned_of() {
        for (listen, warned) in [
            ("127.0.0.1:4566", false),
            ("127.9.9.9:4566", false),
            ("[::1]:4566", false),
            ("[::ffff:127.0.0.1]:4566", false),
            ("0.0.0.0:4566", true),
            ("[::]:4566", true),
            ("10.0.0.1:4566", true),
        ] {
            let mut out = Vec::new();
            warn_if_exposed(&mut out, listen.parse().unwrap()).unwrap();
            assert_eq!(!out.is_empty(), warned, "{listen}");
        }
    }
}
