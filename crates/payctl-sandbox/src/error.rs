//! What can go wrong with a sandbox.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be done with a sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The user's cache folder is unknown.
    #[error("find a home for the sandbox: set PAYCTL_SANDBOX_HOME or HOME")]
    NoHome,
    /// A file or folder of the sandbox could not be used.
    #[error("{action} {path}")]
    File {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No Python that the emulator runs on.
    #[error(
        "find Python 3.10 or newer (tried {tried}): install it (Debian, Ubuntu: `apt install \
         python3 python3-venv`; macOS: `brew install python`), or point PAYCTL_PYTHON at one"
    )]
    NoPython {
        /// The commands that were tried.
        tried: String,
    },
    /// The Python environment could not be made.
    #[error("{step}: {last_lines}\nthe whole output is in {log}")]
    Environment {
        /// What failed, such as `install the emulator`.
        step: &'static str,
        /// The end of what the step printed.
        last_lines: String,
        /// Where all of it is.
        log: PathBuf,
    },
    /// A program could not be run at all.
    #[error("run {program}")]
    Program {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The server ended or stayed silent.
    #[error("start the sandbox's server: {reason}: {last_lines}\nits log is {log}")]
    NotUp {
        /// How it failed, such as `it ended`.
        reason: &'static str,
        /// The end of its log.
        last_lines: String,
        /// Where all of it is.
        log: PathBuf,
    },
    /// The sandbox runs with other options than asked for.
    #[error(
        "the sandbox was to start with {wanted}, and runs already, with {found}: `payctl sandbox stop` \
         stops it first (its contents are kept)"
    )]
    RunsOtherwise {
        /// What was asked for.
        wanted: String,
        /// How it runs.
        found: String,
    },
    /// The server lives but does not answer, or does not end.
    #[error("{action} the sandbox: process {pid} does not {expected}; end it by hand")]
    Unresponsive {
        /// What was tried, such as `stop`.
        action: &'static str,
        /// The server's process id.
        pid: u32,
        /// What it does not do.
        expected: &'static str,
    },
    /// A control call failed.
    #[error("call {path} of the sandbox at port {port}: {reason}; its log is {log}")]
    Control {
        /// The control call.
        path: &'static str,
        /// The server's port.
        port: u16,
        /// What it answered.
        reason: String,
        /// Where the server logs.
        log: PathBuf,
    },
}

/// Names the file in an I/O error.
pub(crate) trait At<T> {
    /// The error becomes "`action` `path`".
    fn at(self, action: &'static str, path: &Path) -> Result<T, SandboxError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, SandboxError> {
        self.map_err(|source| SandboxError::File { action, path: path.to_owned(), source })
    }
}
