//! The URL of an HTTP endpoint, taken apart.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use thiserror::Error;

/// The URL of an endpoint that can be delivered to.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    credentials: Option<Credentials>,
    uri: Uri,
}

/// The user and the password of a URL, percent-decoded. They do not print.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Why a text is no URL that can be delivered to. None of them quotes it: it may hold a password.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Error)]
pub enum EndpointError {
    /// It is not a URL.
    #[error("the endpoint is not a URL")]
    NotAUrl,
    /// It is a URL, but not for HTTP.
    #[error("the endpoint's URL is neither http nor https")]
    NotHttp,
    /// The host is missing or no host's name.
    #[error("the endpoint's URL has no valid host")]
    BadHost,
    /// The user or the password is not percent-encoded UTF-8.
    #[error("the user and password in the endpoint's URL are not properly percent-encoded")]
    BadCredentials,
}

impl Endpoint {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// [`EndpointError`].
    pub fn parse(url: &str) -> Result<Endpoint, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::NotAUrl)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => "http",
            "https" => "https",
            _ => return Err(EndpointError::NotHttp),
        };
        let (authority, path) = split_authority(rest);
        // A password may hold an @ that nobody encoded: the last one ends it.
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(Credentials::parse(credentials)?), host),
            None => (None, authority),
        };
        if host.is_empty() {
            return Err(EndpointError::BadHost);
        }
        let path = encoded(path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let uri = format!("{scheme}://{host}{slash}{path}");
        let uri: Uri = uri.parse().map_err(|_| EndpointError::NotAUrl)?;
        let endpoint = Endpoint { credentials, uri };
        endpoint.check_host()?;
        Ok(endpoint)
    }

    /// The host: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The host, if it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// What to request. No credentials and no fragment are left in it.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// A host that ends in a number is an IPv4 address in all its four parts, or nothing: the C
    /// library would make an address of `127.1` and `0x7f000001`, which no guard has seen.
    fn check_host(&self) -> Result<(), EndpointError> {
        let (host, bracketed) = (self.host(), self.uri.host() != Some(self.host()));
        let name = host.strip_suffix('.').unwrap_or(host);
        let last = name.rsplit('.').next().unwrap_or_default();
        let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
        let number = last.bytes().all(|byte| byte.is_ascii_digit())
            || hexadecimal
                .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let usable = match self.address() {
            Some(address) => address.is_ipv6() == bracketed,
            None => !bracketed && !name.is_empty() && !number && name.bytes().all(is_host_byte),
        };
        if usable && self.has_valid_port() { Ok(()) } else { Err(EndpointError::BadHost) }
    }

    /// No port, or one from 1 to 65,535.
    fn has_valid_port(&self) -> bool {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        match authority.strip_prefix(self.uri.host().unwrap_or_default()) {
            Some("" | ":") => true,
            Some(_) => self.uri.port_u16().is_some_and(|port| port > 0),
            None => false,
        }
    }
}

/// Without user and password, which are nobody's business.
impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Endpoint").field(&self.uri).finish()
    }
}

impl Credentials {
    fn parse(text: &str) -> Result<Credentials, EndpointError> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decode = |text| decoded(text).ok_or(EndpointError::BadCredentials);
        Ok(Credentials { user: decode(user)?, password: decode(password)? })
    }
}

/// Host and port with all that stands before them, and the rest.
fn split_authority(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()))
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// A path and query without their fragment, and with what may not stand in a request encoded.
fn encoded(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~'
                if !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}') =>
            {
                text.push(char::from(byte));
            }
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Undoes percent-encoding. None if it is broken or does not make UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            let digit =
                |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
            bytes.push(digit(digits[0])? << 4 | digit(digits[1])?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
