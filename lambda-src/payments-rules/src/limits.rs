//! What a business takes of all that is a valid payment.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{Amount, AmountError, Currency, CurrencyError};

/// The least or the most a payment may be of, in units of whatever currency: `0.50` is as many
/// dollars as pounds, and keeps no yen out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    hundredths: u64,
}

/// The currencies that are taken, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currencies(BTreeSet<Currency>);

/// What a business takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    minimum: Bound,
    maximum: Bound,
    currencies: Currencies,
}

/// The limits let nothing pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the minimum is above the maximum")]
pub struct LimitsError;

/// The text is not a list of currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("each {0}")]
pub struct CurrenciesError(#[from] CurrencyError);

/// Why a valid payment is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LimitError {
    /// Too little.
    #[error("amount must be at least {0}")]
    BelowMinimum(Bound),
    /// Too much.
    #[error("amount must be at most {0}")]
    AboveMaximum(Bound),
    /// Not of the currencies that are taken.
    #[error("currency is not accepted; it must be one of {0}")]
    Currency(Currencies),
}

impl Limits {
    /// Puts limits together.
    ///
    /// # Errors
    /// [`LimitsError`], when the minimum is above the maximum.
    pub fn new(
        minimum: Bound,
        maximum: Bound,
        currencies: Currencies,
    ) -> Result<Self, LimitsError> {
        if minimum > maximum {
            return Err(LimitsError);
        }
        Ok(Self { minimum, maximum, currencies })
    }

    /// All that an amount breaks.
    pub fn broken_by(&self, amount: Amount) -> impl Iterator<Item = LimitError> {
        let bound = Bound { hundredths: amount.hundredths() };
        let below = (bound < self.minimum).then_some(LimitError::BelowMinimum(self.minimum));
        let above = (bound > self.maximum).then_some(LimitError::AboveMaximum(self.maximum));
        below.into_iter().chain(above).chain(self.refusing(amount.currency()))
    }

    fn refusing(&self, currency: Currency) -> Option<LimitError> {
        let taken = self.currencies.0.contains(&currency);
        (!taken).then(|| LimitError::Currency(self.currencies.clone()))
    }
}

/// Reads a plain decimal, by the rules of an [`Amount`] of dollars: no currency has more decimals.
impl FromStr for Bound {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Amount::parse(text, Currency::Usd).map(|amount| Self { hundredths: amount.hundredths() })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
    }
}

/// Reads codes with commas between them, and blanks if one likes.
impl FromStr for Currencies {
    type Err = CurrenciesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let codes = text.split(',').map(|code| code.trim().parse());
        Ok(Self(codes.collect::<Result<_, CurrencyError>>()?))
    }
}

impl fmt::Display for Currencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.0.iter().map(|currency| currency.code()).collect();
        f.write_str(&codes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(minimum: &str, maximum: &str, currencies: &str) -> Result<Limits, LimitsError> {
        let bound = |text: &str| text.parse().unwrap();
        Limits::new(bound(minimum), bound(maximum), currencies.parse().unwrap())
    }

    fn broken(amount: &str, currency: Currency) -> Vec<String> {
        let limits = limits("1.50", "500", "USD,JPY").unwrap();
        let amount = Amount::parse(amount, currency).unwrap();
        limits.broken_by(amount).map(|error| error.to_string()).collect()
    }

    #[test]
    fn what_is_within_the_limits_breaks_none_and_all_that_is_broken_is_named() {
        for amount in ["1.50", "12", "500.00"] {
            assert_eq!(broken(amount, Currency::Usd), [""; 0], "{amount}");
        }
        assert_eq!(broken("1.49", Currency::Usd), ["amount must be at least 1.50"]);
        assert_eq!(broken("500.01", Currency::Usd), ["amount must be at most 500.00"]);
        let elsewhere = "currency is not accepted; it must be one of USD, JPY";
        assert_eq!(broken("12", Currency::Eur), [elsewhere]);
        assert_eq!(broken("501", Currency::Gbp), ["amount must be at most 500.00", elsewhere]);
    }

    #[test]
    fn a_yen_is_a_unit() {
        assert_eq!(broken("1", Currency::Jpy), ["amount must be at least 1.50"]);
        assert_eq!(broken("2", Currency::Jpy), [""; 0]);
        assert_eq!(broken("501", Currency::Jpy), ["amount must be at most 500.00"]);
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        assert_eq!(limits("2", "1.99", "EUR"), Err(LimitsError));
        assert!(limits("2", "2", "EUR").is_ok());
        for text in ["", "0", "-1", "1,5", "1000000.01", "1.001"] {
            assert!(text.parse::<Bound>().is_err(), "{text:?}");
        }
        for text in ["", ",", "EUR,", "eur", "EUR;USD", "CHF"] {
            assert!(text.parse::<Currencies>().is_err(), "{text:?}");
        }
        let spaced: Currencies = " USD , EUR,USD".parse().unwrap();
        assert_eq!(spaced, "EUR,USD".parse().unwrap());
    }

    proptest! {
        #[test]
        fn an_amount_is_refused_exactly_when_it_is_outside(
            minimum in 1_u64..=1_000,
            more in 0_u64..=1_000,
            cents in 1_u64..=3_000,
        ) {
            let text = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
            let limits = limits(&text(minimum), &text(minimum + more), "USD").unwrap();
            let amount = Amount::parse(&text(cents), Currency::Usd).unwrap();
            let within = (minimum..=minimum + more).contains(&cents);
            prop_assert_eq!(limits.broken_by(amount).count(), usize::from(!within));
        }
    }
}
