//! The file of a Unix socket.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Connections that wait to be taken.
const BACKLOG: i32 = 1024;

/// How long a server may take to let a connection in before it counts as one that listens: its
/// queue is full.
const KNOCK: Duration = Duration::from_secs(1);

/// A socket's file, which goes when this is dropped, unless it has become another one's.
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Makes the file, with these permissions, and listens.
///
/// # Errors
/// Somebody listens there, something else is there, or the folder does not let us.
pub(super) async fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    remove_if_stale(path).await?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Nobody can connect before it listens, so nobody can before it has its permissions.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    let metadata = fs::symlink_metadata(path)?;
    let file = SocketFile { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok((UnixListener::from_std(StdUnixListener::from(socket))?, file))
}

/// Removes what a server left that ended without doing so itself.
async fn remove_if_stale(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?,
    };
    if !metadata.file_type().is_socket() {
        let text = "the file exists and is no socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    match timeout(KNOCK, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode));
        if is_ours {
            // One that stays is found stale by the next server.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn the_file_has_its_permissions_and_goes_with_the_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sock");
        for wanted in [0o600, 0o660, 0o666] {
            let (listener, file) = listen(&path, wanted).await.unwrap();
            assert_eq!(mode(&path), wanted);
            UnixStream::connect(&path).await.unwrap();
            drop((listener, file));
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn only_what_nobody_listens_on_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sock");
        let (listener, file) = listen(&path, 0o600).await.unwrap();
        let in_use = listen(&path, 0o600).await.err().unwrap();
        assert_eq!(in_use.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).await.unwrap();

        // As after a crash: nobody listens, and the file is there.
        std::mem::forget(file);
        drop(listener);
        assert!(path.exists());
        let (_listener, first) = listen(&path, 0o600).await.unwrap();

        // A file that is another one's by now is left alone.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "something else").unwrap();
        let other = listen(&path, 0o600).await.err().unwrap();
        assert_eq!(other.kind(), io::ErrorKind::AlreadyExists);
        drop(first);
        assert_eq!(fs::read_to_string(&path).unwrap(), "something else");
    }
}
