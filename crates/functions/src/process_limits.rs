//! What the system lets one process of a function use.
//!
//! Memory is bounded by `RLIMIT_DATA`, which counts what a process maps for itself and may write,
//! whether it uses it or not. `RLIMIT_AS` counts what is only reserved too, of which Node and Go
//! reserve many gigabytes. It holds for each process, so that children of a process have as much
//! again. What goes beyond gets `ENOMEM`, on which most runtimes end.
//!
//! A process of our own user has its limits set from outside. Of another user that takes a right
//! (`CAP_SYS_RESOURCE`) that even root lacks in most containers: there a shell limits itself, and
//! becomes the program.

use std::io;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, getrlimit};

use crate::HostConfig;
use crate::limits::{FILE_BYTES_MAX, OPEN_FILES_MAX};

/// The limits of one process. `None`: as we have it.
#[derive(Copy, Clone, Debug)]
pub(crate) struct ProcessLimits {
    data_bytes: Option<u64>,
    open_files: Option<u64>,
    file_bytes: Option<u64>,
}

const SCRIPT: &str = r#"
ulimit -d "$1" && ulimit -n "$2" && ulimit -f "$3" && ulimit -c 0 || exit 125
shift 3
exec "$@"
"#;

impl ProcessLimits {
    /// What a function of this size may use.
    pub(crate) fn new(config: &HostConfig, memory_mib: u32) -> Self {
        let size = u64::from(memory_mib) * 1024 * 1024;
        let data = config.memory_allowance_bytes.map(|more| size.saturating_add(more));
        Self {
            data_bytes: within_ours(Resource::Data, data),
            open_files: within_ours(Resource::Nofile, Some(OPEN_FILES_MAX)),
            file_bytes: within_ours(Resource::Fsize, Some(FILE_BYTES_MAX)),
        }
    }

    /// How to start a program that is to be another user's.
    pub(crate) fn shell(&self, program: &Path) -> Command {
        let text = |bound: Option<u64>, unit: u64| {
            bound.map_or_else(|| "unlimited".to_owned(), |bound| (bound / unit).to_string())
        };
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(text(self.data_bytes, 1024))
            .arg(text(self.open_files, 1))
            // POSIX: in blocks of 512 bytes.
            .arg(text(self.file_bytes, 512))
            .arg(program);
        command
    }

    /// Sets the limits of a process of our own user, which is about to be executed or has been for
    /// a moment.
    #[cfg(target_os = "linux")]
    pub(crate) fn set(&self, pid: Pid) -> io::Result<()> {
        use rustix::io::Errno;
        use rustix::process::{Rlimit, prlimit};

        let bounds = [
            (Resource::Data, self.data_bytes),
            (Resource::Nofile, self.open_files),
            (Resource::Fsize, self.file_bytes),
            (Resource::Core, Some(0)),
        ];
        for (resource, current) in bounds {
            match prlimit(Some(pid), resource, Rlimit { current, maximum: current }) {
                // It is over already, which others find out.
                Ok(_) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Other systems cannot limit another process.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn set(&self, _pid: Pid) -> io::Result<()> {
        Ok(())
    }
}

/// Nobody gets more than we may have.
fn within_ours(resource: Resource, bound: Option<u64>) -> Option<u64> {
    let ours = getrlimit(resource).maximum;
    bound.into_iter().chain(ours).min()
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
