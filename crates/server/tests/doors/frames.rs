//! HTTP/2 in bytes, for clients that no library makes (RFC 9113, RFC 7541).

/// What a client begins with: the preface, and settings as they are.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A whole request of a path of less than 127 bytes.
pub fn get_frame(stream: u32, path: &str) -> Vec<u8> {
    // :method GET, :scheme https, :authority t
    let mut headers = b"\x82\x87\x41\x01t".to_vec();
    headers.extend([0x04, u8::try_from(path.len()).unwrap()]);
    headers.extend(path.as_bytes());
    frame(1, 0x05, stream, &headers)
}

/// The frames that are there whole: kind and payload.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, rest)) = rest.split_at_checked(length) else { break };
        frames.push((head[3], payload));
        bytes = rest;
    }
    frames
}
