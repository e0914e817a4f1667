//! Who is at the other end of a connection over loopback: its port is open to every user of the
//! machine, and only a function's own may use it.
//!
//! Linux says it to whoever asks, by netlink at once (sock_diag(7)), where that is there, else as a
//! table of all connections.

use std::fs;
use std::net::{SocketAddr, SocketAddrV4};

/// Whether a connection from `peer` to `endpoint` belongs to `user`. Where the system does not say,
/// everybody may.
pub(crate) fn belongs_to(user: u32, peer: SocketAddr, endpoint: SocketAddr) -> bool {
    let (SocketAddr::V4(peer), SocketAddr::V4(endpoint)) = (peer, endpoint) else { return false };
    if let Some(owner) = diag::owner(peer, endpoint) {
        return owner == user;
    }
    match fs::read_to_string("/proc/net/tcp") {
        Ok(table) => owner(&table, peer, endpoint) == Some(user),
        Err(_) => true,
    }
}

/// The user of the socket whose own address is `local`, and whose other end is `remote`.
fn owner(table: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
    let (local, remote) = (written(local), written(remote));
    // A line: number, local address, remote address, state, queues, timer, retransmits, user, …
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let found = words.next() == Some(&local) && words.next() == Some(&remote);
        found.then(|| words.nth(4)?.parse().ok()).flatten()
    })
}

/// An address as the kernel writes it: the IP as a number of this machine, and the port.
fn written(address: SocketAddrV4) -> String {
    let ip = u32::from_ne_bytes(address.ip().octets());
    format!("{ip:08X}:{:04X}", address.port())
}

#[cfg(target_os = "linux")]
mod diag {
    use std::net::SocketAddrV4;

    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
        socket_with,
    };

    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLM_F_REQUEST: u16 = 1;
    const IPPROTO_TCP: u8 = 6;
    const AF_INET: u8 = 2;
    /// Where `idiag_uid` is in an answer, behind the header.
    const UID_AT: usize = 16 + 64;

    /// The user of one socket. `None`: the kernel has no such socket, or does not say.
    pub(super) fn owner(local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let protocol = Some(netlink::SOCK_DIAG);
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol).ok()?;
        send(&socket, &request(local, remote), SendFlags::empty()).ok()?;
        // The kernel has answered before `send` returns.
        let mut answer = [0; 512];
        let (read, _) = recv(&socket, &mut answer[..], RecvFlags::empty()).ok()?;
        let answer = answer.get(..read)?;
        let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
        let uid = answer.get(UID_AT..UID_AT + 4)?.try_into().ok()?;
        (kind == SOCK_DIAG_BY_FAMILY).then(|| u32::from_ne_bytes(uid))
    }

    /// `nlmsghdr` and `inet_diag_req_v2`: one TCP socket, in whatever state.
    fn request(local: SocketAddrV4, remote: SocketAddrV4) -> Vec<u8> {
        const LENGTH: u32 = 16 + 56;
        let mut request = Vec::with_capacity(LENGTH as usize);
        request.extend(LENGTH.to_ne_bytes());
        request.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        request.extend(NLM_F_REQUEST.to_ne_bytes());
        request.extend([0; 8]);
        request.extend([AF_INET, IPPROTO_TCP, 0, 0]);
        request.extend(u32::MAX.to_ne_bytes());
        request.extend(local.port().to_be_bytes());
        request.extend(remote.port().to_be_bytes());
        for address in [local, remote] {
            request.extend(address.ip().octets());
            request.extend([0; 12]);
        }
        request.extend([0; 4]);
        // INET_DIAG_NOCOOKIE.
        request.extend([0xff; 8]);
        request
    }
}

#[cfg(not(target_os = "linux"))]
mod diag {
    pub(super) fn owner(
        _local: std::net::SocketAddrV4,
        _remote: std::net::SocketAddrV4,
    ) -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_owner_is_read_from_the_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n\
             1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2\n\
             2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3\n";
        let address = |text: &str| text.parse().unwrap();
        let (peer, endpoint) = (address("127.0.0.1:50000"), address("127.0.0.1:8080"));
        assert_eq!(owner(table, peer, endpoint), Some(1000));
        assert_eq!(owner(table, endpoint, peer), Some(0));
        assert_eq!(owner(table, address("127.0.0.1:50001"), endpoint), None);
        assert_eq!(owner("1: 0100007F:C350 0100007F:1F90 01\n", peer, endpoint), None);
    }

    #[test]
    fn a_connection_of_ours_is_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = listener.local_addr().unwrap();
        let stream = TcpStream::connect(endpoint).unwrap();
        let (_accepted, peer) = listener.accept().unwrap();
        let us = rustix::process::geteuid().as_raw();
        assert!(belongs_to(us, peer, endpoint));
        let (SocketAddr::V4(peer_v4), SocketAddr::V4(endpoint_v4)) = (peer, endpoint) else {
            panic!("{peer}, {endpoint}");
        };
        // Both ways to find out agree, where there are both.
        if let Ok(table) = fs::read_to_string("/proc/net/tcp") {
            assert!(!belongs_to(us + 1, peer, endpoint));
            assert_eq!(owner(&table, peer_v4, endpoint_v4), Some(us));
            let asked = diag::owner(peer_v4, endpoint_v4);
            assert!(asked.is_none_or(|owner| owner == us), "{asked:?}");
            eprintln!("netlink says {asked:?}");
        }
        drop(stream);
    }
}
