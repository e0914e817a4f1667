//! Whether files have changed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::config::TlsConfig;

/// What files looked like.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Stamp(Vec<Option<Looks>>);

#[derive(PartialEq, Eq, Debug)]
struct Looks {
    modified: Option<SystemTime>,
    bytes: u64,
    /// Another file under the same name is another file, however old it is.
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    /// Looks at all the files of a configuration.
    pub(super) fn of(config: &TlsConfig) -> Self {
        let own = config.certificates.iter().flat_map(|files| [&files.certificate, &files.key]);
        let of_clients = config.clients.iter().map(|clients| &clients.authorities);
        Self(own.chain(of_clients).map(|file| looks(file)).collect())
    }
}

/// `None` if there is no such file.
fn looks(file: &Path) -> Option<Looks> {
    let metadata = fs::metadata(file).ok()?;
    Some(Looks {
        modified: metadata.modified().ok(),
        bytes: metadata.len(),
        #[cfg(unix)]
        inode: std::os::unix::fs::MetadataExt::ino(&metadata),
    })
}
