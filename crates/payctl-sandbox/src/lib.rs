//! The loopback AWS: a pinned emulator with payctl's overlay, in a private Python environment.
//!
//! [`Sandbox`] starts, stops and resets it. The emulator is a process of its own that outlives
//! payctl; everything it needs and keeps is below one home folder:
//!
//! | path | what |
//! |---|---|
//! | `venv-<digest>/` | the Python environment, made on first use |
//! | `overlay-<digest>/` | the overlay's sources, written from this binary |
//! | `contents.pickle` | what the emulated AWS holds |
//! | `code/` | the unpacked code of functions that ran |
//! | `sandbox.json` | the server that was started last: process, port, token |
//! | `operator-policy.json` | what the operator may do, with `--operator-policy own` |
//! | `sandbox.log` | what the server and nobody else prints |
//! | `start.lock` | held while starting |
//! | `server.lock` | held by the server while it lives; names its process |

mod error;
mod http;
mod options;
mod overlay;
mod python;
mod server;

use std::path::{Path, PathBuf};

pub use error::SandboxError;
pub use options::{Running, StartOptions};

/// A sandbox, running or not, and the folder it lives in.
#[derive(Clone, Debug)]
pub struct Sandbox {
    home: PathBuf,
}

/// Whether a sandbox runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It runs and answers.
    Running(Running),
    /// It does not run; its contents are kept.
    Stopped,
}

impl Sandbox {
    /// The sandbox that lives in `home`. Nothing is touched yet.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    /// Where what the operator may do is kept, where payctl works it out itself.
    #[must_use]
    pub fn operator_policy_path(&self) -> PathBuf {
        self.home.join("operator-policy.json")
    }

    /// The user's own sandbox: `$PAYCTL_SANDBOX_HOME`, else `payctl/sandbox` below
    /// `$XDG_CACHE_HOME` or `$HOME/.cache`.
    pub fn default_home() -> Result<PathBuf, SandboxError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(home) = set("PAYCTL_SANDBOX_HOME") {
            return Ok(home.into());
        }
        let cache = set("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")))
            .ok_or(SandboxError::NoHome)?;
        Ok(cache.join("payctl").join("sandbox"))
    }

    /// Starts the sandbox, or answers the running one; the first start makes its Python
    /// environment, which takes a minute. `progress` hears what is being done.
    ///
    /// A sandbox that runs with another time scale or port than asked for is an error.
    pub async fn start(
        &self,
        options: &StartOptions,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Running, SandboxError> {
        server::start(&self.home, options, progress).await
    }

    /// Stops the sandbox and keeps its contents; `true` when something was stopped.
    pub async fn stop(&self) -> Result<bool, SandboxError> {
        server::stop(&self.home).await
    }

    /// Whether the sandbox runs.
    pub async fn status(&self) -> Result<Status, SandboxError> {
        Ok(server::running(&self.home).await?.map_or(Status::Stopped, Status::Running))
    }

    /// Empties the sandbox, running or not.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        server::reset(&self.home).await
    }

    /// Where the server logs.
    pub fn log_path(&self) -> PathBuf {
        server::log_path(&self.home)
    }
}
