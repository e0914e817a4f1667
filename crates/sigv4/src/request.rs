//! The parts of a request that a signature covers.

use std::fmt;

use aws_lc_rs::digest;

use crate::fault::AuthFault;

/// A request as it came, but for its body.
///
/// Over HTTP/2 the pseudo header `:authority` has to be given as `host`: that is what clients sign.
#[derive(Copy, Clone, Debug)]
pub struct Request<'a> {
    /// The method, in the client's own spelling.
    pub method: &'a str,
    /// The path of the URL, still percent-encoded; without scheme and host.
    pub path: &'a str,
    /// What follows the question mark, still percent-encoded; empty if there is nothing.
    pub query: &'a str,
    /// Names and values in their order, a repeated header once for each value. The case of names
    /// does not matter.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Request<'a> {
    /// The values of a header.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let headers = self.headers.iter();
        headers.filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a header that may be there once.
    pub(crate) fn value(&self, name: &'static str) -> Result<Option<&'a [u8]>, AuthFault> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(AuthFault::Repeated { name }),
        }
    }
}

/// The SHA-256 of a request's body.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct BodyHash(pub [u8; 32]);

impl BodyHash {
    /// Of a body that is there as a whole.
    pub fn of(body: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, body);
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        Self(hash)
    }
}

impl fmt::Debug for BodyHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(crate::hex::encode(&self.0).as_str())
    }
}
