//! The function's configuration: its environment variables.

use handler_kit::{VariableError, parsed};
use payments_domain::Limits;

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// What a payment is held against, as [`limits`] reads it.
    pub limits: Limits,
    /// `SECRET_ARN` and `SSL_CERT_FILE`: the database with the customers.
    pub database: payments_database::Config,
}

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`VariableError`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let database = payments_database::Config::read(&lookup, "payment-validation");
        Ok(Self { limits: limits(&lookup)?, database: database? })
    }
}

/// Reads the limits: `MINIMUM_AMOUNT` and `MAXIMUM_AMOUNT`, plain decimals such as `0.50`, in units of
/// whatever currency; `CURRENCIES`, codes with commas between them.
///
/// # Errors
/// The first [`VariableError`].
pub fn limits(lookup: impl Fn(&str) -> Option<String>) -> Result<Limits, VariableError> {
    let minimum = parsed(&lookup, "MINIMUM_AMOUNT")?;
    let maximum = parsed(&lookup, "MAXIMUM_AMOUNT")?;
    let limits = Limits::new(minimum, maximum, parsed(&lookup, "CURRENCIES")?);
    limits.map_err(|error| VariableError::wrong("MINIMUM_AMOUNT or MAXIMUM_AMOUNT", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(minimum: &str, maximum: &str, currencies: &str) -> Result<Config, String> {
        let value = |name: &str| match name {
            "MINIMUM_AMOUNT" => Some(minimum.to_owned()),
            "MAXIMUM_AMOUNT" => Some(maximum.to_owned()),
            "SECRET_ARN" => Some("arn:secret".to_owned()),
            "SSL_CERT_FILE" => None,
            _ => Some(currencies.to_owned()),
        };
        Config::read(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_variable_is_required_and_has_to_make_sense() {
        assert!(read("0.50", "5000", "USD, EUR").is_ok());
        for (minimum, maximum, currencies, fault) in [
            (" ", "1", "USD", "environment variable MINIMUM_AMOUNT is missing"),
            ("1", "", "USD", "environment variable MAXIMUM_AMOUNT is missing"),
            ("1", "1", "", "environment variable CURRENCIES is missing"),
            ("-1", "1", "USD", "MINIMUM_AMOUNT is invalid: amount must be positive"),
            ("1", "2000000", "USD", "MAXIMUM_AMOUNT is invalid: amount must be at most 1,000,000"),
            ("1", "1e3", "USD", "MAXIMUM_AMOUNT is invalid: amount must be a plain decimal"),
            ("1", "2", "USD,CHF", "CURRENCIES is invalid: each currency must be one of USD, EUR"),
            ("2", "1", "USD", "MAXIMUM_AMOUNT is invalid: the minimum is above the maximum"),
        ] {
            let error = read(minimum, maximum, currencies).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
    }
}
