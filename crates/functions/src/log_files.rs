//! Files with all that functions print, where somebody wants them: one for each function, which begins
//! anew when it is full, and the one before it.
//!
//! ```text
//!   a process's pipe ─► lines (Printed) ─► a queue ─► one thread, which writes and turns files over
//! ```
//!
//! Nobody waits for the disk: what comes faster than it can be written is left out, and the file says so.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tokio::sync::oneshot;
use tracing::warn;

use crate::FunctionSpec;
use crate::limits::LOG_FILE_BYTES_MAX;

/// Pieces that wait to be written.
const PIECES_MAX: usize = 256;

/// Bytes of a piece at most, more or less: as much of a line is written together.
const PIECE_BYTES: usize = 8192;

/// All files. When the last of those who have this is gone, so is the thread.
#[derive(Debug)]
pub(crate) struct LogFiles {
    folder: PathBuf,
    queue: SyncSender<Piece>,
}

enum Piece {
    Lines {
        file: Arc<Path>,
        bytes: Vec<u8>,
        left_out: u64,
    },
    Remove(PathBuf),
    /// All that came before it is written.
    Written(oneshot::Sender<()>),
}

/// What one process prints, on its way to a file.
pub(crate) struct Printed {
    files: Arc<LogFiles>,
    file: Arc<Path>,
    /// The line that is not over.
    rest: Vec<u8>,
    /// Bytes for which there was no room.
    left_out: u64,
}

impl LogFiles {
    /// Files below a folder, which is made when there is something to write.
    pub(crate) fn new(folder: PathBuf) -> io::Result<Arc<Self>> {
        let (queue, pieces) = sync_channel(PIECES_MAX);
        thread::Builder::new()
            .name("function-logs".to_owned())
            .spawn(move || write_all(&pieces))?;
        Ok(Arc::new(Self { folder, queue }))
    }

    /// Where a process of a function prints to. `None` if its name can be that of no file.
    pub(crate) fn begin(self: &Arc<Self>, spec: &FunctionSpec) -> Option<Printed> {
        let file = self.path(spec.function_arn())?.into();
        Some(Printed { files: Arc::clone(self), file, rest: Vec::new(), left_out: 0 })
    }

    /// The function is gone, and its files with it.
    pub(crate) fn remove(&self, function_arn: &str) {
        if let Some(path) = self.path(function_arn) {
            let _ = self.queue.send(Piece::Remove(path));
        }
    }

    /// Waits until all that has been printed is written.
    pub(crate) async fn written(&self) {
        let (done, is_done) = oneshot::channel();
        let queue = self.queue.clone();
        let _ = tokio::task::spawn_blocking(move || queue.send(Piece::Written(done))).await;
        let _ = is_done.await;
    }

    /// `ACCOUNT/REGION/NAME.log`
    fn path(&self, function_arn: &str) -> Option<PathBuf> {
        // arn:aws:lambda:REGION:ACCOUNT:function:NAME
        let parts: Vec<&str> = function_arn.split(':').collect();
        let [_, _, _, region, account, _, name] = *parts else { return None };
        let is_plain = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !part.is_empty() && part.bytes().all(is_plain)
        };
        let all_plain = [region, account, name].into_iter().all(is_plain);
        all_plain.then(|| self.folder.join(account).join(region).join(format!("{name}.log")))
    }
}

impl Printed {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let lines = match self.rest.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if self.rest.len() >= PIECE_BYTES => self.rest.len(),
            None => return,
        };
        let rest = self.rest.split_off(lines);
        let bytes = std::mem::replace(&mut self.rest, rest);
        self.send(bytes);
    }

    fn send(&mut self, bytes: Vec<u8>) {
        let (file, length) = (Arc::clone(&self.file), bytes.len() as u64);
        let piece = Piece::Lines { file, bytes, left_out: self.left_out };
        match self.files.queue.try_send(piece) {
            Ok(()) => self.left_out = 0,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.left_out += length,
        }
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        if !self.rest.is_empty() {
            let bytes = std::mem::take(&mut self.rest);
            self.send(bytes);
        }
    }
}

fn write_all(pieces: &Receiver<Piece>) {
    let (mut open, mut failing) = (None, BTreeSet::new());
    for piece in pieces {
        match piece {
            Piece::Lines { file, bytes, left_out } => {
                let mut text = match left_out {
                    0 => Vec::new(),
                    _ => format!("[{left_out} bytes left out]\n").into_bytes(),
                };
                text.extend_from_slice(&bytes);
                let folder = file.parent().unwrap_or(Path::new("")).to_owned();
                match write(&mut open, &file, &text) {
                    Ok(()) => {
                        failing.remove(&folder);
                    }
                    Err(error) => {
                        open = None;
                        if failing.insert(folder) {
                            let file = file.display();
                            warn!("what a function prints cannot be written to {file}: {error}");
                        }
                    }
                }
            }
            Piece::Remove(file) => {
                open = None;
                for path in [&*file, &earlier(&file)] {
                    match fs::remove_file(path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            warn!("cannot remove {}: {error}", path.display());
                        }
                        _ => {}
                    }
                }
            }
            Piece::Written(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// The file that was written last, as far as it is open.
struct Open {
    path: Arc<Path>,
    file: File,
    bytes: u64,
}

/// Where a file that is full goes: its last place.
fn earlier(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn write(open: &mut Option<Open>, path: &Arc<Path>, text: &[u8]) -> io::Result<()> {
    if open.as_ref().is_none_or(|open| open.path != *path) {
        *open = Some(Open::new(path)?);
    }
    let Some(now) = open else { return Ok(()) };
    if now.bytes > 0 && now.bytes + text.len() as u64 > LOG_FILE_BYTES_MAX {
        fs::rename(path, earlier(path))?;
        *now = Open::new(path)?;
    }
    now.file.write_all(text)?;
    now.bytes += text.len() as u64;
    Ok(())
}

impl Open {
    /// Nobody else's business: functions print what they are given.
    fn new(path: &Arc<Path>) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: Arc::clone(path), file, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_spec::spec;

    fn begin(folder: &Path) -> (Arc<LogFiles>, Printed, PathBuf) {
        let files = LogFiles::new(folder.to_owned()).unwrap();
        let mut spec = spec("/code".into());
        spec.arn = "arn:aws:lambda:eu-west-1:111122223333:function:rooms:live".to_owned();
        let printed = files.begin(&spec).unwrap();
        (files, printed, folder.join("111122223333/eu-west-1/rooms.log"))
    }

    #[tokio::test]
    async fn lines_are_written_whole_and_the_last_with_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let (files, mut one, path) = begin(folder.path());
        let mut other = another(&one);
        one.push(b"one ");
        other.push(b"other\nno ");
        one.push(b"line\n");
        one.push(&[b'x'; PIECE_BYTES]);
        drop(other);
        files.written().await;
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("other\none line\n{}no ", "x".repeat(PIECE_BYTES)));
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        files.remove("arn:aws:lambda:eu-west-1:111122223333:function:rooms");
        files.written().await;
        assert!(!path.exists());
    }

    fn another(printed: &Printed) -> Printed {
        let (files, file) = (Arc::clone(&printed.files), Arc::clone(&printed.file));
        Printed { files, file, rest: Vec::new(), left_out: 0 }
    }

    #[tokio::test]
    async fn there_are_two_files_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let (files, mut printed, path) = begin(folder.path());
        let line = |n: u64| format!("{n:0>7999}\n");
        let lines = 3 * LOG_FILE_BYTES_MAX / 8000;
        for n in 0..lines {
            printed.push(line(n).as_bytes());
            if n % 100 == 0 {
                files.written().await;
            }
        }
        files.written().await;
        let sizes = [&path, &earlier(&path)].map(|path| fs::metadata(path).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= LOG_FILE_BYTES_MAX), "{sizes:?}");
        let last = fs::read_to_string(&path).unwrap();
        assert!(last.ends_with(&line(lines - 1)));
        let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 2);
        drop(printed);
        files.remove("arn:aws:lambda:eu-west-1:111122223333:function:rooms");
        files.written().await;
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_the_disk_is_too_slow_for_is_counted() {
        let (queue, pieces) = sync_channel(1);
        let files = Arc::new(LogFiles { folder: "/".into(), queue });
        let file: Arc<Path> = Path::new("/x.log").into();
        let mut printed = Printed { files, file, rest: Vec::new(), left_out: 0 };
        for line in ["first\n", "second\n", "third\n"] {
            printed.push(line.as_bytes());
        }
        let taken = |piece| match piece {
            Piece::Lines { bytes, left_out, .. } => (bytes, left_out),
            _ => panic!("not lines"),
        };
        assert_eq!(taken(pieces.recv().unwrap()), (b"first\n".to_vec(), 0));
        printed.push(b"fourth\n");
        assert_eq!(taken(pieces.recv().unwrap()), (b"fourth\n".to_vec(), 13));
    }

    #[test]
    fn what_is_no_name_of_a_file_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let files = LogFiles::new(folder.path().to_owned()).unwrap();
        for arn in [
            "rooms",
            "arn:aws:lambda:eu-west-1:111122223333:function:..",
            "arn:aws:lambda:eu-west-1:111122223333:function:a/b",
            "arn:aws:lambda:..:111122223333:function:rooms",
            "arn:aws:lambda:eu-west-1::function:rooms",
        ] {
            assert_eq!(files.path(arn), None, "{arn}");
        }
    }
}
