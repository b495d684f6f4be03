//! Why the state could not be read or written.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FORMAT;

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StateError {
    #[error("failed to {what} {path}", path = path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{path} is not a regular file; payctl follows no links", path = path.display())]
    NotAFile { path: PathBuf },
    #[error("{path} is not a folder; payctl follows no links to its state", path = path.display())]
    NotAFolder { path: PathBuf },
    #[error("{path} is damaged: {why}", path = path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{path} is damaged at line {line}", path = path.display())]
    JournalDamaged { path: PathBuf, line: u64 },
    #[error("an earlier write to {path} failed, so nothing further is changed", path = path.display())]
    JournalBroken { path: PathBuf },
    #[error("{path} was written by a newer payctl (format {found}; this one knows {FORMAT})", path = path.display())]
    TooNew { path: PathBuf, found: u64 },
    /// It is known after `undecided` at the latest whether the holder is alive, where that is not
    /// known.
    #[error("another run holds {path}: {holder}", path = path.display())]
    Locked { path: PathBuf, holder: String, undecided: Option<Duration> },
    #[error("failed to {what} {path}", path = path.display())]
    Bucket { what: &'static str, path: PathBuf, source: Box<dyn Error + Send + Sync> },
    #[error("another run has taken over from this one, so nothing further is changed: {path} is another's now", path = path.display())]
    TakenOver { path: PathBuf },
    #[error("{path} could not be renewed in time: another run may take over, so nothing further is changed", path = path.display())]
    NotRenewed { path: PathBuf },
    #[error("failed to encode the state")]
    Encode { source: serde_json::Error },
}

impl StateError {
    pub(super) fn encode(source: serde_json::Error) -> Self {
        Self::Encode { source }
    }

    pub(super) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.into() }
    }
}

/// Says what failed on which path.
pub(crate) fn io<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StateError + 'a {
    move |source| StateError::Io { what, path: path.to_owned(), source }
}
