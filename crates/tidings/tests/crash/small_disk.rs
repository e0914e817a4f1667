//! A disk that is full soon.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A file system of a few megabytes, in a mount namespace of its own. It goes with this value, even
/// if the test is killed: the process that holds the namespace ends when nobody holds its input.
pub(crate) struct SmallDisk {
    holder: Child,
    has_user_namespace: bool,
}

impl SmallDisk {
    /// Mounts one on a folder.
    ///
    /// # Errors
    /// What the system says if it does not allow that.
    pub(crate) fn mount(folder: &Path, megabytes: u32) -> Result<Self, String> {
        // As root, then as anybody.
        Self::try_mount(folder, megabytes, false).or_else(|as_root| {
            Self::try_mount(folder, megabytes, true)
                .map_err(|as_anybody| format!("{as_root}; {as_anybody}"))
        })
    }

    fn try_mount(folder: &Path, megabytes: u32, has_user_namespace: bool) -> Result<Self, String> {
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m small-disk \"$1\" && echo mounted && exec cat"
        );
        let mut command = Command::new("unshare");
        if has_user_namespace {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "sh", "-c", &script, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = command.spawn().map_err(|error| format!("unshare: {error}"))?;
        let mut answer = String::new();
        let stdout = holder.stdout.take().expect("it is piped");
        let read = BufReader::new(stdout).read_line(&mut answer);
        if read.is_ok() && answer == "mounted\n" {
            return Ok(Self { holder, has_user_namespace });
        }
        let output = holder.wait_with_output().map_err(|error| error.to_string())?;
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// What starts a program that sees this disk.
    pub(crate) fn through(&self) -> Vec<String> {
        let target = self.holder.id().to_string();
        let mut words = vec!["nsenter", "--target", &target, "--mount"];
        if self.has_user_namespace {
            words.extend(["--user", "--preserve-credentials"]);
        }
        words.push("--");
        words.into_iter().map(str::to_owned).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
