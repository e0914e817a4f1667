//! Headers of PROXY protocol version 2. One that is read can be told again in the same bytes' terms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_server::proxy::{HEADER_BYTES_MAX, Header, Origin};

fuzz_target!(|data: &[u8]| {
    let Ok(header) = Header::parse(data) else { return };
    assert!(data.len() <= HEADER_BYTES_MAX);
    if header.origin == Origin::Balancer {
        assert!(header.endpoint_id.is_none() && !header.is_tls);
    }
    assert!(header.endpoint_id.is_none_or(|id| id.is_ascii()));
    // It is as long as it says: with a byte more or less it is another.
    assert!(Header::parse(&data[..data.len() - 1]).is_err());
    assert!(Header::parse(&[data, b"x"].concat()).is_err());
});
