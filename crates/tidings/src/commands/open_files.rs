//! Room for connections: each takes a file handle.

use tracing::warn;

/// File handles beside those of connections: the log's segments, snapshots, the listener.
#[cfg(unix)]
const OTHER_FILES: u64 = 1024;

/// Raises the limit on open files as far as this process may, and warns if that is not enough.
///
/// Many systems start a process with 1024, for the sake of programs older than poll.
#[cfg(unix)]
pub(crate) fn make_room(connections_max: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let wanted = connections_max as u64 + OTHER_FILES;
    // No limit is `None`.
    if let Some(current) = current.filter(|&current| current < wanted) {
        warn!(
            "this process may open {current} files, and connections-max = {connections_max} wants \
             {wanted}: raise the limit (ulimit -n), or lower connections-max"
        );
    }
}

/// Elsewhere there is no such limit to raise.
#[cfg(not(unix))]
pub(crate) fn make_room(_: usize) {}
