//! The function's own environment variables.

use thiserror::Error;

/// A variable is not set, or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("environment variable {0} is missing")]
pub struct MissingVariable(pub &'static str);

/// Reads one variable through `lookup`; blanks alone are no value.
///
/// # Errors
/// [`MissingVariable`] with its name.
pub fn required(
    lookup: impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<String, MissingVariable> {
    lookup(name).filter(|value| !value.trim().is_empty()).ok_or(MissingVariable(name))
}
