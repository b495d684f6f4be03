//! An exact amount of money.

use std::fmt;

use thiserror::Error;

use crate::Currency;

/// The most whole units one payment can move, in any currency.
const MAX_UNITS: u64 = 1_000_000;

/// An exact, positive amount of at most 1,000,000 units, held as whole minor units (cents; yen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Anything but digits with at most one decimal point between them.
    #[error("amount must be a plain decimal such as 12.50, without sign or exponent")]
    NotPlain,
    /// More decimals than the currency has.
    #[error("amount has too many decimals; {} has {}", .0, .0.decimals())]
    TooPrecise(Currency),
    /// Zero.
    #[error("amount must be positive")]
    NotPositive,
    /// Above the limit.
    #[error("amount must be at most 1,000,000")]
    TooLarge,
}

impl Amount {
    /// Reads the text of a JSON number, or of a string holding one.
    ///
    /// `10`, `10.5` and `10.50` are the same dollars; `010`, `+10`, `1e1`, `.5`, `5.` and `10.500`
    /// are refused.
    ///
    /// # Errors
    /// What the text breaks, as an [`AmountError`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        if text.starts_with('-') {
            return Err(AmountError::NotPositive);
        }
        let (units, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(AmountError::NotPlain),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let padded = units.len() > 1 && units.starts_with('0');
        if units.is_empty() || padded || !digits(units) || !digits(fraction) {
            return Err(AmountError::NotPlain);
        }
        if fraction.len() > currency.decimals() {
            return Err(AmountError::TooPrecise(currency));
        }

        // Only a number too long for u64 fails to parse here.
        let minor: Option<u64> =
            format!("{units}{fraction:0<width$}", width = currency.decimals()).parse().ok();
        match minor {
            Some(0) => Err(AmountError::NotPositive),
            Some(minor) if minor <= MAX_UNITS * scale(currency) => Ok(Self { minor, currency }),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// The amount in minor units: cents of a dollar, whole yen.
    #[must_use]
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// The amount in hundredths of a unit, whatever the currency: a yen has a hundred.
    pub(crate) fn hundredths(self) -> u64 {
        self.minor * 100 / scale(self.currency)
    }

    /// What it is an amount of.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }
}

/// Writes the number alone, with all the decimals the currency has: `12.50`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = scale(self.currency);
        write!(f, "{}", self.minor / scale)?;
        match self.currency.decimals() {
            0 => Ok(()),
            width => write!(f, ".{:0width$}", self.minor % scale),
        }
    }
}

/// Minor units in one unit.
fn scale(currency: Currency) -> u64 {
    match currency.decimals() {
        0 => 1,
        _ => 100,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Result<u64, AmountError> {
        Amount::parse(text, Currency::Usd).map(Amount::minor)
    }

    #[test]
    fn plain_decimals_are_read_exactly() {
        assert_eq!(usd("10"), Ok(1_000));
        assert_eq!(usd("10.5"), Ok(1_050));
        assert_eq!(usd("10.05"), Ok(1_005));
        assert_eq!(usd("0.01"), Ok(1));
        assert_eq!(usd("0.29"), Ok(29), "a float would make this 28");
        assert_eq!(usd("1000000.00"), Ok(100_000_000));
        assert_eq!(Amount::parse("1000000", Currency::Jpy).map(Amount::minor), Ok(1_000_000));
    }

    #[test]
    fn everything_else_is_refused() {
        use AmountError::{NotPlain, NotPositive, TooLarge, TooPrecise};
        let cases = [
            ("", NotPlain),
            (".", NotPlain),
            (".5", NotPlain),
            ("5.", NotPlain),
            ("1.2.3", NotPlain),
            ("+1", NotPlain),
            ("1e3", NotPlain),
            ("1E3", NotPlain),
            ("010", NotPlain),
            ("00", NotPlain),
            (" 1", NotPlain),
            ("1,000", NotPlain),
            ("NaN", NotPlain),
            ("inf", NotPlain),
            ("١", NotPlain),
            ("-1", NotPositive),
            ("-0", NotPositive),
            ("0", NotPositive),
            ("0.00", NotPositive),
            ("1.001", TooPrecise(Currency::Usd)),
            ("1.000", TooPrecise(Currency::Usd)),
            ("1000000.01", TooLarge),
            ("1000001", TooLarge),
            ("99999999999999999999999999", TooLarge),
            ("18446744073709551615", TooLarge),
        ];
        for (text, error) in cases {
            assert_eq!(usd(text), Err(error), "{text:?}");
        }
        assert_eq!(Amount::parse("100.0", Currency::Jpy), Err(TooPrecise(Currency::Jpy)));
    }

    proptest! {
        #[test]
        fn writing_and_reading_is_the_identity(
            minor in 1_u64..=100_000_000,
            currency in prop::sample::select(&[Currency::Usd, Currency::Eur, Currency::Gbp]),
        ) {
            let amount = Amount { minor, currency };
            prop_assert_eq!(Amount::parse(&amount.to_string(), currency), Ok(amount));
        }

        #[test]
        fn yen_have_no_decimals(minor in 1_u64..=1_000_000) {
            let amount = Amount { minor, currency: Currency::Jpy };
            prop_assert_eq!(amount.to_string(), minor.to_string());
            prop_assert_eq!(Amount::parse(&amount.to_string(), Currency::Jpy), Ok(amount));
        }

        #[test]
        fn any_text_is_refused_or_within_the_limits(
            text in "\\PC{0,24}|[0-9]{0,24}\\.?[0-9]{0,4}|[+-]?[0-9.eE]{0,12}",
            currency in prop::sample::select(&Currency::ALL),
        ) {
            if let Ok(amount) = Amount::parse(&text, currency) {
                prop_assert!(amount.minor() >= 1);
                prop_assert!(amount.minor() <= MAX_UNITS * scale(currency));
            }
        }
    }
}
