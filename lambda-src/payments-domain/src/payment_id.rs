//! Our name of a payment.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{Digest, IdempotencyKey};

/// Our name of a payment: a UUID in lower case. What is in a UUID is never taken for a card number,
/// so neither is an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentId(String);

/// The text is not a payment id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a payment id must be a UUID in lower case")]
pub struct PaymentIdError;

impl PaymentId {
    /// The id of the payment that is asked for under a key: the same for every repeat.
    ///
    /// It is stored, so it must stay what it is from one version to the next.
    #[must_use]
    pub fn of(key: &IdempotencyKey) -> Self {
        Self::from_hex(Digest::of(&["payment-id-1", key.as_str()]).as_str(), '8')
    }

    /// The id of a payment that is asked for without a key, from random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self::from_hex(&format!("{:032x}", u128::from_be_bytes(bytes)), '4')
    }

    /// Takes 32 hexadecimal digits; two of them make room for the version (RFC 9562: 4 is random,
    /// 8 is one's own way) and the variant.
    fn from_hex(hex: &str, version: char) -> Self {
        let mut id = String::with_capacity(36);
        for (place, digit) in hex.chars().take(32).enumerate() {
            if matches!(place, 8 | 12 | 16 | 20) {
                id.push('-');
            }
            id.push(match place {
                12 => version,
                16 => {
                    ['8', '9', 'a', 'b'][digit.to_digit(16).map_or(0, |digit| digit as usize % 4)]
                }
                _ => digit,
            });
        }
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PaymentId {
    type Err = PaymentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |(place, byte): (usize, u8)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        let all = text.len() == 36 && text.bytes().enumerate().all(fits);
        if all { Ok(Self(text.to_owned())) } else { Err(PaymentIdError) }
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card_number;

    #[test]
    fn a_key_has_one_id_and_it_stays() {
        let id = |key: &str| PaymentId::of(&key.parse().unwrap());
        // Stored: another value would turn every repeat into a second payment.
        assert_eq!(id("order-7").as_str(), "775b2ede-3974-80ba-b927-bf3ebe2f83a9");
        assert_eq!(id("\"order-7\""), id("order-7"));
        assert_ne!(id("order-8"), id("order-7"));
        assert_eq!(
            PaymentId::from_random([0; 16]).as_str(),
            "00000000-0000-4000-8000-000000000000"
        );
    }

    #[test]
    fn other_texts_are_refused() {
        let upper = "0A000000-0000-4000-8000-000000000000";
        let long = "00000000-0000-4000-8000-0000000000000";
        for text in ["", "x", upper, long, &long[..35], "00000000x0000-4000-8000-000000000000"] {
            assert_eq!(text.parse::<PaymentId>(), Err(PaymentIdError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_id_reads_back_and_is_no_card_number(bytes: [u8; 16], key in "[A-Za-z0-9._:-]{1,12}") {
            for id in [PaymentId::from_random(bytes), PaymentId::of(&key.parse().unwrap())] {
                prop_assert_eq!(id.to_string().parse::<PaymentId>(), Ok(id.clone()));
                prop_assert!(!card_number::within(id.as_str()));
            }
        }
    }
}
