//! Who holds an environment's lock.

use serde::{Deserialize, Serialize};

/// Who holds the lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
