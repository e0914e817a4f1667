//! One process of a function: how it starts, and how it is ended with everything that it started.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, geteuid, kill_process_group, waitid, waitpgid,
};
use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};
use tracing::warn;

use crate::desk::Desk;
use crate::endpoint::Endpoint;
use crate::environment::variables;
use crate::failure::{Failure, in_task, system_problem};
use crate::guard::Guard;
use crate::log::Log;
use crate::log_files::LogFiles;
use crate::process_limits::{ProcessLimits, peak_mib};
use crate::{FunctionSpec, HostConfig};

/// Why there is no process.
#[derive(Debug)]
pub(crate) enum StartFault {
    /// It is the function's fault, and its answer.
    Function(Failure),
    /// The runtime is not there.
    Runtime(String),
    /// The system refused.
    System(String),
}

impl StartFault {
    fn system(what: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::System(format!("{what}: {}", system_problem(&error)))
    }
}

/// A process that was started. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) desk: Arc<Desk>,
    pub(crate) log: Arc<Log>,
    endpoint: Endpoint,
    group: Arc<Group>,
    ended: watch::Receiver<Option<ExitStatus>>,
    peak_mib: AtomicU64,
}

/// The process group, for as long as its number is its own.
#[derive(Debug)]
struct Group(Mutex<Option<Pid>>);

impl Group {
    fn kill(&self) {
        if let Some(pid) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // It may be over already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What every process is started with.
#[derive(Debug)]
pub(crate) struct Starter {
    config: Arc<HostConfig>,
    guard: Arc<Guard>,
    /// Files for what is printed, if there are to be any.
    pub(crate) logs: Option<Arc<LogFiles>>,
    /// Every process that is not over listens to this.
    pub(crate) alive: watch::Sender<()>,
    /// How many have been started.
    numbers: AtomicU64,
    /// See [`scratch_prefix`].
    scratch_prefix: String,
}

impl Starter {
    pub(crate) fn new(config: Arc<HostConfig>) -> Self {
        let (alive, _) = watch::channel(());
        let (guard, numbers) = (Arc::default(), AtomicU64::new(1));
        let logs = config.logs.clone().and_then(|folder| {
            let files = LogFiles::new(folder);
            files.inspect_err(|error| warn!("what functions print is not written: {error}")).ok()
        });
        Self { config, guard, logs, alive, numbers, scratch_prefix: scratch_prefix() }
    }

    /// Starts a process.
    pub(crate) async fn start(&self, spec: &Arc<FunctionSpec>) -> Result<Process, StartFault> {
        let config = &self.config;
        if !spec.folder.is_absolute() {
            let folder = spec.folder.display();
            return Err(StartFault::System(format!("the folder {folder} is not absolute")));
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let words = config.runtimes.command(spec).ok_or_else(|| {
            StartFault::Runtime(format!("the runtime {} is not configured here", spec.runtime))
        })?;
        let desk = Arc::new(Desk::new());
        let user = config.user.map_or_else(|| geteuid().as_raw(), |(user, _)| user);
        let listening = Endpoint::listen(Arc::clone(&desk), user).await;
        let endpoint = listening.map_err(StartFault::system("a port on loopback"))?;
        let (reader, writer) = io::pipe().map_err(StartFault::system("a pipe"))?;
        let printed = self.logs.as_ref().and_then(|logs| logs.begin(spec));
        let log = Log::new(reader.into(), printed).map_err(StartFault::system("a pipe"))?;

        let scratch = config.scratch.join(format!("{}{number}", self.scratch_prefix));
        let now = OffsetDateTime::now_utc();
        let birth = Birth {
            environment: variables(config, spec, endpoint.address(), &scratch, now),
            words,
            spec: Arc::clone(spec),
            config: Arc::clone(config),
            guard: Arc::clone(&self.guard),
            scratch,
            output: writer,
        };
        let group = Arc::new(Group(Mutex::new(None)));
        let (started, has_started) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let life = Life { birth, group: Arc::clone(&group), end, _alive: self.alive.subscribe() };
        thread::Builder::new()
            .name("function".to_owned())
            .spawn(move || life.live(started))
            .map_err(StartFault::system("a thread"))?;
        let log = Arc::new(log);
        let process = Process { desk, log, endpoint, group, ended, peak_mib: AtomicU64::new(0) };
        has_started.await.unwrap_or_else(|_| Err(StartFault::System("its thread".to_owned())))?;
        tokio::spawn({
            let log = Arc::clone(&process.log);
            async move { log.follow().await }
        });
        Ok(process)
    }
}

impl Process {
    /// Kills the process and everything in its group. [`Self::ended`] says when it is over.
    pub(crate) fn kill(&self) {
        self.memory_mib();
        self.desk.close();
        self.group.kill();
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits until it is over. What it sent before has been read then.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            Err(_) => ExitStatus::default(),
        };
        self.endpoint.read_out().await;
        status
    }

    /// The most memory that the process itself is known to have used, in MiB; 0 if it cannot be
    /// said.
    pub(crate) fn memory_mib(&self) -> u64 {
        let pid = *self.group.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = pid.map_or(0, peak_mib);
        self.peak_mib.fetch_max(now, Ordering::Relaxed).max(now)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What the names of all processes' own folders begin with; the run and the number follow.
const SCRATCH_PREFIX: &str = "process-";

/// Deletes the folders that processes of an earlier run left behind. One that cannot be deleted stays:
/// no process of this run has its name.
pub(crate) fn clear_scratch(scratch: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o711).create(scratch)?;
    for entry in fs::read_dir(scratch)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(SCRATCH_PREFIX));
        if number.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
        {
            remove_or_warn(&entry.path());
        }
    }
    Ok(())
}

/// What the names of this run's folders begin with.
fn scratch_prefix() -> String {
    let nanoseconds = OffsetDateTime::now_utc().unix_timestamp_nanos();
    format!("{SCRATCH_PREFIX}{nanoseconds:x}-")
}

/// All that a process is made of.
struct Birth {
    words: Vec<String>,
    environment: BTreeMap<String, String>,
    spec: Arc<FunctionSpec>,
    config: Arc<HostConfig>,
    guard: Arc<Guard>,
    scratch: PathBuf,
    output: io::PipeWriter,
}

/// A process from its start until nothing is left of it, on a thread of its own: waiting for a
/// process without reaping it is not something that can be polled.
struct Life {
    birth: Birth,
    group: Arc<Group>,
    end: watch::Sender<Option<ExitStatus>>,
    _alive: watch::Receiver<()>,
}

impl Life {
    fn live(self, started: oneshot::Sender<Result<(), StartFault>>) {
        let Self { birth, group, end, _alive } = self;
        let (guard, scratch) = (Arc::clone(&birth.guard), birth.scratch.clone());
        match birth.give() {
            Err(fault) => {
                let _ = started.send(Err(fault));
            }
            Ok(mut child) => {
                let pid = Pid::from_child(&child);
                *group.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pid);
                // Nobody waits for it any more: then it is not needed.
                if started.send(Ok(())).is_err() {
                    group.kill();
                }
                // It is not reaped yet, so the number is still its own: nobody else can be hit.
                let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
                group.kill();
                group.forget();
                guard.ended(pid);
                let status = child.wait().unwrap_or_default();
                end.send_replace(Some(status));
                reap_orphans(pid);
            }
        }
        remove_or_warn(&scratch);
    }
}

/// What a killed process had started is ours now if we are the first process of a container, and
/// would stay there as zombies. Elsewhere there is nothing of the group that is ours.
fn reap_orphans(group: Pid) {
    while let Ok(Some(_)) = waitpgid(group, WaitOptions::empty()) {}
}

fn remove_or_warn(scratch: &Path) {
    let removed = match fs::remove_dir_all(scratch) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(scratch).and_then(|()| fs::remove_dir_all(scratch))
        }
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            warn!(folder = %scratch.display(), %error, "a function's folder cannot be deleted");
        }
        _ => {}
    }
}

/// Lets us into all folders of ours below this one, and delete what is there: a function may have taken
/// that right away.
fn unlock(folder: &Path) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if fs::symlink_metadata(&folder)?.uid() == geteuid().as_raw() {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // Not where a link leads to.
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

impl Birth {
    fn give(self) -> Result<Child, StartFault> {
        let program = self.program()?;
        self.make_scratch().map_err(StartFault::system("a folder for temporary files"))?;
        self.guard.ready().map_err(StartFault::system("/bin/sh, to guard processes"))?;
        let write = || self.output.try_clone().map_err(StartFault::system("a pipe"));
        let (output, errors) = (write()?, write()?);

        let limits = ProcessLimits::new(&self.config, self.spec.memory_mib);
        let mut command = match self.config.user {
            None => Command::new(&program),
            Some((user, group)) => {
                let mut command = limits.shell(&program);
                command.uid(user).gid(group);
                command
            }
        };
        command
            .args(&self.words[1..])
            .env_clear()
            .envs(&self.environment)
            .current_dir(&self.spec.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let child = command.spawn().map_err(|error| self.refused(&program, &error))?;
        let pid = Pid::from_child(&child);
        self.guard.began(pid);
        if self.config.user.is_none()
            && let Err(error) = limits.set(pid)
        {
            end_at_once(child, pid);
            self.guard.ended(pid);
            return Err(StartFault::system("limits for the process")(error));
        }
        Ok(child)
    }

    /// Where the program is. What belongs to the function has to be in its folder; what belongs to
    /// the runtime is the operator's.
    fn program(&self) -> Result<PathBuf, StartFault> {
        let Some(word) = self.words.first() else {
            return Err(StartFault::Runtime(format!("{} has no command", self.spec.runtime)));
        };
        if word.contains('/') {
            let program = self.spec.folder.join(word);
            return match program.is_file() {
                true => Ok(program),
                false => Err(match in_task(&program, &self.spec.folder) {
                    Some(program) => StartFault::Function(Failure::NoBootstrap(program)),
                    None => self.no_program(word, "is not there"),
                }),
            };
        }
        let path = self.environment.get("PATH").map_or("", String::as_str);
        let mut places = path.split(':').filter(|place| !place.is_empty());
        let found = places.find_map(|place| {
            let program = self.spec.folder.join(place).join(word);
            program.is_file().then_some(program)
        });
        found.ok_or_else(|| self.no_program(word, &format!("is in no folder of PATH ({path})")))
    }

    fn no_program(&self, word: &str, problem: &str) -> StartFault {
        let runtime = &self.spec.runtime;
        StartFault::Runtime(format!("the runtime {runtime} is started by {word}, which {problem}"))
    }

    /// Whether the system refused this program, or any; and whose program it is.
    fn refused(&self, program: &Path, error: &io::Error) -> StartFault {
        use io::ErrorKind::{ArgumentListTooLong, NotFound, PermissionDenied};
        const ENOEXEC: i32 = 8;
        let of_the_program =
            matches!(error.kind(), NotFound | PermissionDenied | ArgumentListTooLong)
                || error.raw_os_error() == Some(ENOEXEC);
        if !of_the_program {
            return StartFault::system("a process")(io::Error::from(error.kind()));
        }
        let problem = system_problem(error);
        match in_task(program, &self.spec.folder) {
            Some(program) => StartFault::Function(Failure::NotExecutable { program, problem }),
            None => self.no_program(
                &program.display().to_string(),
                &format!("cannot be executed: {problem}"),
            ),
        }
    }

    fn make_scratch(&self) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(&self.scratch)?;
        match self.config.user {
            Some((user, group)) => chown(&self.scratch, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

fn end_at_once(mut child: Child, pid: Pid) {
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_a_function_has_locked_are_deleted() {
        let scratch = tempfile::tempdir().unwrap();
        let (locked, elsewhere) =
            (scratch.path().join("process-7-1/a/b"), scratch.path().join("x"));
        fs::create_dir_all(&locked).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        fs::write(locked.join("file"), "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, locked.join("link")).unwrap();
        let chmod = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        chmod(&elsewhere, 0o500);
        for folder in locked.ancestors().take(3) {
            chmod(folder, 0o500);
        }
        // Who is root gets in anyway, so both steps are taken by themselves.
        unlock(&scratch.path().join("process-7-1")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert!(locked.ancestors().take(3).all(|folder| mode(folder) == 0o700));
        clear_scratch(scratch.path()).unwrap();
        assert!(!scratch.path().join("process-7-1").exists());
        assert_eq!(mode(&elsewhere), 0o500, "what a link leads to is left alone");
    }

    #[test]
    fn what_cannot_be_deleted_keeps_nobody_from_starting() {
        let scratch = tempfile::tempdir().unwrap();
        // No folder: it is not deleted as one.
        fs::write(scratch.path().join("process-7"), "").unwrap();
        clear_scratch(scratch.path()).unwrap();
    }
}
