//! What the system lets one process of a function use.
//!
//! Memory is bounded by `RLIMIT_DATA`, which counts what a process maps for itself and may write,
//! whether it uses it or not. `RLIMIT_AS` counts what is only reserved too, of which Node and Go
//! reserve many gigabytes. It holds for each process, so that children of a process have as much
//! again. What goes beyond gets `ENOMEM`, on which most runtimes end.

use std::io;

use rustix::process::Pid;

use crate::HostConfig;

/// Sets the limits of a process that has been started. It is about to be executed, or has been for
/// a moment.
#[cfg(target_os = "linux")]
pub(crate) fn set(pid: Pid, config: &HostConfig, memory_mib: u32) -> io::Result<()> {
    use rustix::io::Errno;
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

    use crate::limits::{FILE_BYTES_MAX, OPEN_FILES_MAX};

    let data = config
        .memory_allowance_bytes
        .map(|more| (u64::from(memory_mib) * 1024 * 1024).saturating_add(more));
    let bounds = [
        (Resource::Data, data),
        (Resource::Nofile, Some(OPEN_FILES_MAX)),
        (Resource::Fsize, Some(FILE_BYTES_MAX)),
        (Resource::Core, Some(0)),
    ];
    for (resource, bound) in bounds {
        let Some(bound) = bound else { continue };
        // Nobody gets more than we have.
        let bound = getrlimit(resource).maximum.map_or(bound, |ours| ours.min(bound));
        match prlimit(Some(pid), resource, Rlimit { current: Some(bound), maximum: Some(bound) }) {
            // It is over already, which others find out.
            Ok(_) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Other systems cannot limit another process.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set(_pid: Pid, _config: &HostConfig, _memory_mib: u32) -> io::Result<()> {
    Ok(())
}

/// The most memory that a process has used so far, in MiB; 0 if it cannot be said.
pub(crate) fn peak_mib(pid: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid()));
    let peak_kib = status.ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    peak_kib.unwrap_or(0).div_ceil(1024)
}
