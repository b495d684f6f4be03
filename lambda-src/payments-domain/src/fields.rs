//! The fields of a payment, whichever form it has.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    Amount, AmountError, CardLast4Error, Currency, CurrencyError, CustomerIdError, MetadataError,
    TransactionIdError, card_number,
};

/// Why a JSON value is not a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PaymentError {
    /// A full card number, anywhere in the value.
    #[error("a full card number is not accepted in any field")]
    CardNumber,
    /// Not an object.
    #[error("a payment must be a JSON object")]
    NotAnObject,
    /// A field beside the known ones, which these are. Its own name is not repeated: it is the
    /// caller's text.
    #[error("unknown field; a payment has {}", .0.join(", "))]
    UnknownField(&'static [&'static str]),
    /// A required field is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The transaction id breaks its rules.
    #[error(transparent)]
    TransactionId(#[from] TransactionIdError),
    /// The customer id breaks its rules.
    #[error(transparent)]
    CustomerId(#[from] CustomerIdError),
    /// The amount breaks its rules.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The currency is not one of ours.
    #[error(transparent)]
    Currency(#[from] CurrencyError),
    /// The last four digits are not that.
    #[error(transparent)]
    CardLast4(#[from] CardLast4Error),
    /// The time is not that.
    #[error("timestamp must be whole milliseconds since 1970")]
    Timestamp,
    /// The metadata break their rules.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// The fields of an object that has none beside the known ones.
pub(crate) struct Fields<'value>(&'value Map<String, Value>);

impl<'value> Fields<'value> {
    pub(crate) fn read(
        value: &'value Value,
        known: &'static [&'static str],
    ) -> Result<Self, PaymentError> {
        // Before all else, so that no later message can carry one.
        if card_number::anywhere_in(value) {
            return Err(PaymentError::CardNumber);
        }
        let fields = value.as_object().ok_or(PaymentError::NotAnObject)?;
        if fields.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(PaymentError::UnknownField(known));
        }
        Ok(Self(fields))
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&'value Value, PaymentError> {
        self.get(name).ok_or(PaymentError::Missing(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'value Value> {
        self.0.get(name)
    }
}

/// Reads a JSON number, or a string holding one.
pub(crate) fn amount(value: &Value, currency: Currency) -> Result<Amount, AmountError> {
    match value {
        Value::Number(number) => Amount::parse(&number.to_string(), currency),
        Value::String(text) => Amount::parse(text, currency),
        _ => Err(AmountError::NotPlain),
    }
}
