//! Policy documents from files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tidings_access::{Kind, PolicyDocument};

use super::BadInput;

/// More than any policy may have: a file that is larger is none, and is not read to its end.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A document, and where it was read from.
pub(crate) struct Document {
    pub(crate) file: PathBuf,
    pub(crate) document: PolicyDocument,
}

impl Document {
    /// Reads the document that a flag names.
    pub(super) fn read(flag: &str, file: PathBuf, kind: Kind) -> Result<Self, BadInput> {
        let bad = |problem: String| BadInput::new(format!("{flag} {}", file.display()), problem);
        let text = read(&file).map_err(bad)?;
        let parsed = PolicyDocument::parse(&text, kind);
        let document = parsed.map_err(|fault| bad(fault.to_string()))?;
        Ok(Self { document, file })
    }

    /// Reads those of a flag that can be given several times.
    pub(super) fn read_all(
        flag: &str,
        files: Vec<PathBuf>,
        kind: Kind,
    ) -> Result<Vec<Self>, BadInput> {
        files.into_iter().map(|file| Self::read(flag, file, kind)).collect()
    }
}

fn read(file: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut open = File::open(file).map_err(|error| error.to_string())?.take(FILE_BYTES_MAX + 1);
    open.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("it has more than {FILE_BYTES_MAX} bytes, and is no policy"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
