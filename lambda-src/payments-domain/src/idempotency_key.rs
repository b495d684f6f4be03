//! The caller's name of a request.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{card_number, id};

/// The caller's name of a request, so that a repeat is known as one: 1 to 128 characters of
/// `A-Z a-z 0-9 . _ : -`, bare or in quotes. `Debug` hides it: who knows it can repeat the request.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a text is not an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdempotencyKeyError {
    /// Too long, empty, or of other characters.
    #[error("Idempotency-Key must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
    NotPlain,
    /// A full card number.
    #[error("a full card number is not accepted in Idempotency-Key")]
    CardNumber,
}

impl IdempotencyKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The header's draft standard has its value as a quoted string, most callers send it bare.
        let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let text = quoted.unwrap_or(text);
        if card_number::within(text) {
            return Err(IdempotencyKeyError::CardNumber);
        }
        if id::is_id(text) { Ok(Self(text.to_owned())) } else { Err(IdempotencyKeyError::NotPlain) }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules() {
        let key = |text: &str| text.parse::<IdempotencyKey>();
        assert_eq!(key("order-7").unwrap().as_str(), "order-7");
        assert_eq!(key("\"order-7\""), key("order-7"));
        assert!(!format!("{:?}", key("order-7")).contains("order"));
        for text in ["", "\"\"", "\"", "a b", "\"a", "a\"", "é", &"x".repeat(129)] {
            assert_eq!(key(text), Err(IdempotencyKeyError::NotPlain), "{text:?}");
        }
        for text in ["4111-1111-1111-1111", "\"4111111111111111\""] {
            assert_eq!(key(text), Err(IdempotencyKeyError::CardNumber));
        }
    }
}
