//! The four digits of a card number that may be kept.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The last four digits of a card number. `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardLast4(String);

/// The text is not four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cardLast4 must be a string of exactly four digits")]
pub struct CardLast4Error;

impl CardLast4 {
    /// The four digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CardLast4 {
    type Err = CardLast4Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let four = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        if four { Ok(Self(text.to_owned())) } else { Err(CardLast4Error) }
    }
}

impl fmt::Debug for CardLast4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardLast4(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_four_ascii_digits() {
        assert_eq!("0042".parse::<CardLast4>().unwrap().as_str(), "0042");
        for text in ["", "123", "12345", "12a4", " 123", "１２３４", "١٢٣٤", "-123"] {
            assert_eq!(text.parse::<CardLast4>(), Err(CardLast4Error), "{text:?}");
        }
    }

    #[test]
    fn debug_hides_the_digits() {
        let shown = format!("{:?}", "4242".parse::<CardLast4>());
        assert!(!shown.contains("4242"), "{shown}");
    }
}
