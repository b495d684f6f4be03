//! Who holds an environment's lock.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Who holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The host's name.
    pub host: String,
    /// What it does, such as `up`.
    pub command: String,
    /// Since when.
    pub since: String,
}

impl Display for Holder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { pid, host, command, since } = self;
        write!(f, "`payctl {command}`, process {pid} on {host}, since {since}")
    }
}
