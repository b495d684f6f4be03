//! What every handler does alike, whatever it handles: its log, its variables, its clients of AWS
//! and Lambda. No rule of payments is in here; those are in `payments-domain`.

pub mod api;
pub mod aws;
pub mod item;
mod join;
pub mod log;
pub mod object;
pub mod runtime;
mod variable;

use std::time::{SystemTime, UNIX_EPOCH};

pub use join::join_all;
pub use variable::{MissingVariable, VariableError, parsed, required};

/// The time as the handlers store and answer it: milliseconds since 1970.
#[must_use]
pub fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
