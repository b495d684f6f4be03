//! How a sandbox is started, and what it is then.

use std::path::PathBuf;

/// How to start a sandbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartOptions {
    /// AWS seconds per second for what takes AWS a while; `None` makes everything instant.
    pub time_scale: Option<f64>,
    /// The port on 127.0.0.1; `None` takes the one used before, or any free one.
    pub port: Option<u16>,
    /// What it does not hold requests to, of `shapes`, `permissions` and `behaviour`.
    pub lax: Vec<String>,
    /// `new` or `seasoned`: whose quotas it has.
    pub account: Option<String>,
    /// The file with all that the operator may do. `None`: everything.
    pub operator_policy: Option<PathBuf>,
}

impl StartOptions {
    /// How strict it is, as the server takes it.
    pub(crate) fn strictness(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if !self.lax.is_empty() {
            arguments.extend(["--lax".to_owned(), self.lax.join(",")]);
        }
        if let Some(account) = &self.account {
            arguments.extend(["--account".to_owned(), account.clone()]);
        }
        if let Some(policy) = &self.operator_policy {
            arguments.extend(["--operator-policy".to_owned(), policy.display().to_string()]);
        }
        arguments
    }
}

/// A running sandbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// Where it answers, such as `http://127.0.0.1:40123`.
    pub endpoint: String,
    /// The server's process id.
    pub pid: u32,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// AWS seconds per second, if it takes its time.
    pub time_scale: Option<f64>,
    /// How strict it is, as its server was told; empty where that is as always.
    pub strictness: Vec<String>,
    /// When it was started: UTC, RFC 3339.
    pub since: String,
    /// Where it logs.
    pub log: PathBuf,
}
