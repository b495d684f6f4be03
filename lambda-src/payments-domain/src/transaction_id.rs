//! The caller's name of a payment.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id;

/// The caller's name of a payment: 1 to 128 characters of `A-Z a-z 0-9 . _ : -`.
///
/// The set is what goes unescaped into a log line, a table key and a URL path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(String);

/// The text is not a transaction id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("transactionId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
pub struct TransactionIdError;

impl TransactionId {
    /// The longest one, in characters.
    pub const MAX_LEN: usize = id::MAX_LEN;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TransactionId {
    type Err = TransactionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if id::is_id(text) { Ok(Self(text.to_owned())) } else { Err(TransactionIdError) }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules() {
        let longest = "x".repeat(128);
        for text in ["a", "TX-2026.11:22_1", &longest] {
            let id = text.parse::<TransactionId>().unwrap();
            assert_eq!((id.as_str(), id.to_string()), (text, text.to_owned()));
        }
        for text in ["", "a b", "a/b", "é", "a\n", "\u{0}", &"x".repeat(129)] {
            assert_eq!(text.parse::<TransactionId>(), Err(TransactionIdError), "{text:?}");
        }
    }
}
