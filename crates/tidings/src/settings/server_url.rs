//! Where a server of others is: a scheme that says whether there is TLS, a host, perhaps a port.

/// What a URL without a port means by each of two schemes.
pub(super) struct Schemes {
    /// The scheme with `://`, and its port.
    pub(super) plain: (&'static str, u16),
    /// The same for TLS from the beginning.
    pub(super) tls: (&'static str, u16),
    /// What is said of a text that is no such URL.
    pub(super) form: &'static str,
}

/// A URL taken apart.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ServerUrl {
    pub(crate) is_tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Schemes {
    pub(super) fn read(&self, text: &str) -> Result<ServerUrl, &'static str> {
        let (scheme, is_tls) = match text.starts_with(self.tls.0) {
            true => (self.tls, true),
            false => (self.plain, false),
        };
        let rest = text.strip_prefix(scheme.0).ok_or(self.form)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            // An IPv6 address.
            Some(rest) => rest.split_once(']').ok_or(self.form)?,
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(self.form)?,
            None if port.is_empty() => scheme.1,
            None => return Err(self.form),
        };
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err("the host of such a URL has letters, digits, dots and hyphens; user and \
                        password are settings of their own");
        }
        Ok(ServerUrl { is_tls, host: host.to_owned(), port })
    }
}
