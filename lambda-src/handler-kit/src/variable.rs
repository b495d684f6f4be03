//! The function's own environment variables.

use std::fmt::Display;
use std::str::FromStr;

use thiserror::Error;

/// A variable is not set, or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("environment variable {0} is missing")]
pub struct MissingVariable(pub &'static str);

/// Why variables are not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VariableError {
    /// One is not set, or empty.
    #[error(transparent)]
    Missing(#[from] MissingVariable),
    /// One, or several together, say what they must not.
    #[error("environment variable {0} is invalid: {1}")]
    Wrong(&'static str, String),
}

impl VariableError {
    /// The variables `names` are wrong, and why. The reason must not repeat a secret.
    pub fn wrong(names: &'static str, reason: impl Display) -> Self {
        Self::Wrong(names, reason.to_string())
    }
}

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

/// Reads one variable that is more than text.
///
/// # Errors
/// A [`VariableError`] with its name.
pub fn parsed<T: FromStr<Err: Display>>(
    lookup: impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<T, VariableError> {
    let text = required(lookup, name)?;
    text.trim().parse().map_err(|error| VariableError::wrong(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_or_its_fault_is_named() {
        let read = |text: &str| parsed::<u8>(|_| Some(text.to_owned()), "DAYS");
        assert_eq!((read("7"), read(" 7 ")), (Ok(7), Ok(7)));
        assert_eq!(read(" "), Err(MissingVariable("DAYS").into()));
        let error = read("x").unwrap_err().to_string();
        assert_eq!(error, "environment variable DAYS is invalid: invalid digit found in string");
        let missing = parsed::<u8>(|_| None, "DAYS").unwrap_err().to_string();
        assert_eq!(missing, "environment variable DAYS is missing");
    }
}
