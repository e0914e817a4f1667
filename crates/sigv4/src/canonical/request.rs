//! The six lines of a canonical request.

use crate::canonical::headers;
use crate::canonical::path;
use crate::canonical::query::CanonicalQuery;
use crate::canonical::sink::Sink;
use crate::claim::Form;
use crate::fault::AuthFault;
use crate::hex;
use crate::request::{BodyHash, Request};

/// What goes into a canonical request beside the body.
pub(crate) struct CanonicalRequest<'a> {
    pub(crate) request: &'a Request<'a>,
    /// Names in any case, separated by semicolons.
    pub(crate) signed_headers: &'a str,
    pub(crate) form: Form,
}

impl CanonicalRequest<'_> {
    /// Writes it out piece by piece. What was written before an error is of no use.
    pub(crate) fn write(&self, body: &BodyHash, sink: &mut impl Sink) -> Result<(), AuthFault> {
        sink.put(self.request.method.as_bytes());
        sink.put(b"\n");
        path::write(self.request.path, sink);
        sink.put(b"\n");
        if !self.request.query.is_empty() {
            CanonicalQuery::read(self.request.query, self.form)?.write(sink);
        }
        sink.put(b"\n");
        headers::write(self.request, self.signed_headers, sink);
        sink.put(b"\n");
        headers::write_lower(self.signed_headers, sink);
        sink.put(b"\n");
        sink.put(hex::encode(&body.0).as_bytes());
        Ok(())
    }
}
