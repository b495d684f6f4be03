//! The currencies a payment can be in.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A currency we take, by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Japanese yen, which has no minor unit.
    Jpy,
}

/// The text is not a currency we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("currency must be one of USD, EUR, GBP, JPY")]
pub struct CurrencyError;

impl Currency {
    /// Every currency we take.
    pub const ALL: [Self; 4] = [Self::Usd, Self::Eur, Self::Gbp, Self::Jpy];

    /// The ISO 4217 code, in capitals.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
        }
    }

    /// How many decimals an amount in it can have.
    #[must_use]
    pub fn decimals(self) -> usize {
        match self {
            Self::Usd | Self::Eur | Self::Gbp => 2,
            Self::Jpy => 0,
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|currency| currency.code() == code).ok_or(CurrencyError)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_reads_back_and_other_texts_are_refused() {
        for currency in Currency::ALL {
            assert_eq!(currency.to_string().parse(), Ok(currency));
        }
        for text in ["", "usd", "USDT", "XXX"] {
            assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text:?}");
        }
    }
}
