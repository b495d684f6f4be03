//! The caller's name of a customer.

use std::str::FromStr;

use thiserror::Error;

use crate::id;

/// The caller's name of a customer: 1 to 128 characters of `A-Z a-z 0-9 . _ : -`.
///
/// The set keeps addresses and names of people out: a customer is known by a number or a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomerId(String);

/// The text is not a customer id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("customerId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
pub struct CustomerIdError;

impl CustomerId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CustomerId {
    type Err = CustomerIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if id::is_id(text) { Ok(Self(text.to_owned())) } else { Err(CustomerIdError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules() {
        assert_eq!("cus_1:a".parse::<CustomerId>().unwrap().as_str(), "cus_1:a");
        for text in ["", "a b", "someone@example.com", "é", &"x".repeat(129)] {
            assert_eq!(text.parse::<CustomerId>(), Err(CustomerIdError), "{text:?}");
        }
    }
}
