//! Ends the processes of functions when the server is killed and cannot do it itself.
//!
//! A shell that does nothing but read the server's notes through a pipe: a process group begins, a
//! process group is over. When the server ends, however it does, the pipe does too, and the shell
//! kills the groups that are left. (`PR_SET_PDEATHSIG` would do this for the process only, not for
//! its children; it goes by the thread that started the process; and to set it in a child takes
//! unsafe code.)

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Pid;

/// It outlives what a terminal or a service manager sends to all.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=' '
while read -r sign group; do
    case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in
        *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;;
        esac ;;
    esac
done
for group in $groups; do
    kill -s KILL -- "-$group"
done
"#;

/// The shell, and what it has been told.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shell: Option<Child>,
    groups: BTreeSet<i32>,
}

impl Guard {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the shell if it does not run.
    pub(crate) fn ready(&self) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.shell.as_mut().is_some_and(|shell| matches!(shell.try_wait(), Ok(None))) {
            return Ok(());
        }
        inner.shell = Some(start()?);
        let known: Vec<i32> = inner.groups.iter().copied().collect();
        for group in known {
            inner.tell('+', group)?;
        }
        Ok(())
    }

    /// A process group has begun. It should be told before the process has done much.
    pub(crate) fn began(&self, group: Pid) {
        let mut inner = self.inner();
        inner.groups.insert(group.as_raw_pid());
        // A shell that is gone is started again with the next process.
        let _ = inner.tell('+', group.as_raw_pid());
    }

    /// A process group is over: its number may soon be another's.
    pub(crate) fn ended(&self, group: Pid) {
        let mut inner = self.inner();
        inner.groups.remove(&group.as_raw_pid());
        let _ = inner.tell('-', group.as_raw_pid());
    }
}

impl Inner {
    fn tell(&mut self, sign: char, group: i32) -> io::Result<()> {
        match self.shell.as_mut().and_then(|shell| shell.stdin.as_mut()) {
            Some(pipe) => pipe.write_all(format!("{sign} {group}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

fn start() -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> (Child, Pid) {
        let child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let pid = Pid::from_child(&child);
        (child, pid)
    }

    #[test]
    fn what_is_left_when_the_pipe_closes_is_killed() {
        let guard = Guard::default();
        guard.ready().unwrap();
        let mut children: Vec<_> = (0..3).map(|_| sleeper()).collect();
        for (_, pid) in &children {
            guard.began(*pid);
        }
        guard.ended(children[1].1);
        drop(guard);
        let (mut spared, _) = children.remove(1);
        for (child, _) in &mut children {
            assert!(!child.wait().unwrap().success());
        }
        assert!(spared.try_wait().unwrap().is_none());
        spared.kill().unwrap();
        spared.wait().unwrap();
    }

    #[test]
    fn a_shell_that_was_killed_is_replaced_and_told_again() {
        let guard = Guard::default();
        guard.ready().unwrap();
        let (mut child, pid) = sleeper();
        guard.began(pid);
        {
            let mut inner = guard.inner();
            let shell = inner.shell.as_mut().unwrap();
            shell.kill().unwrap();
            shell.wait().unwrap();
        }
        guard.ready().unwrap();
        drop(guard);
        assert!(!child.wait().unwrap().success());
    }
}
