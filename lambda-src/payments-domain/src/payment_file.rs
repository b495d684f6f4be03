//! A file of payments: one JSON object, or an array of them.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;
use thiserror::Error;

use crate::json::{self, JsonError};
use crate::{Payment, PaymentError, card_number};

/// The largest file read, in bytes: 1 MiB.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The most payments in one file.
pub const MAX_PAYMENTS: usize = 1_000;

/// How many faulty payments of a file an error names.
const MOST_NAMED: usize = 10;

/// Why a file is refused. It is refused whole: nothing of it is processed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaymentFileError {
    /// More than [`MAX_FILE_BYTES`].
    #[error("the file is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or a field name given twice.
    #[error("the file is {0}")]
    Json(JsonError),
    /// A full card number, anywhere in the file.
    #[error("a full card number is not accepted in any field")]
    CardNumber,
    /// An array without payments.
    #[error("the file holds no payment")]
    Empty,
    /// More than [`MAX_PAYMENTS`].
    #[error("the file holds more than {MAX_PAYMENTS} payments")]
    TooMany,
    /// Payments that break the rules.
    #[error("{0}")]
    Payments(Faults),
    /// Two payments with one transaction id and different contents.
    #[error("payment {0} has the transactionId of an earlier one and other content")]
    Contradiction(usize),
}

/// The payments of a file that break the rules, by their place from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<(usize, PaymentError)>);

/// Reads a file of payments. Every payment must be valid for any to be returned.
///
/// The same payment given twice in one file is returned twice; processing makes it one.
///
/// # Errors
/// Why the file is refused, as a [`PaymentFileError`].
pub fn parse_file(bytes: &[u8]) -> Result<Vec<Payment>, PaymentFileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(PaymentFileError::TooLarge);
    }
    let value = json::parse(bytes).map_err(PaymentFileError::Json)?;
    if card_number::anywhere_in(&value) {
        return Err(PaymentFileError::CardNumber);
    }
    let values = match &value {
        Value::Array(values) if values.is_empty() => return Err(PaymentFileError::Empty),
        Value::Array(values) if values.len() > MAX_PAYMENTS => {
            return Err(PaymentFileError::TooMany);
        }
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };

    let mut payments = Vec::with_capacity(values.len());
    let mut faults = Vec::new();
    for (place, value) in (1..).zip(values) {
        match Payment::try_from(value) {
            Ok(payment) => payments.push(payment),
            Err(error) => faults.push((place, error)),
        }
    }
    if !faults.is_empty() {
        return Err(PaymentFileError::Payments(Faults(faults)));
    }

    let mut first = HashMap::new();
    for (place, payment) in (1..).zip(&payments) {
        if *first.entry(&payment.transaction_id).or_insert(payment) != payment {
            return Err(PaymentFileError::Contradiction(place));
        }
    }
    Ok(payments)
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (place, error)) in self.0.iter().take(MOST_NAMED).enumerate() {
            let between = if position == 0 { "" } else { "; " };
            write!(f, "{between}payment {place}: {error}")?;
        }
        match self.0.len().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn payment(id: &str, amount: &str) -> Value {
        json!({"transactionId": id, "amount": amount, "currency": "EUR", "cardLast4": "0001"})
    }

    fn parse(value: &Value) -> Result<Vec<Payment>, PaymentFileError> {
        parse_file(value.to_string().as_bytes())
    }

    #[test]
    fn one_payment_or_an_array() {
        assert_eq!(parse(&payment("a", "1")).unwrap().len(), 1);
        assert_eq!(parse(&json!([payment("a", "1"), payment("b", "2")])).unwrap().len(), 2);
        assert_eq!(parse(&json!([payment("a", "1"), payment("a", "1.00")])).unwrap().len(), 2);
    }

    #[test]
    fn a_file_is_refused_whole() {
        let error = parse(&json!([payment("a", "1"), payment("b", "0"), 7])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "payment 2: amount must be positive; payment 3: a payment must be a JSON object"
        );
        let twice = json!([payment("a", "1"), payment("a", "2")]);
        assert_eq!(parse(&twice), Err(PaymentFileError::Contradiction(2)));
        assert_eq!(parse(&json!([])), Err(PaymentFileError::Empty));
        let many: Value = (0..=MAX_PAYMENTS).map(|place| json!(place)).collect();
        assert_eq!(parse(&many), Err(PaymentFileError::TooMany));
        let large = vec![b' '; MAX_FILE_BYTES + 1];
        assert_eq!(parse_file(&large), Err(PaymentFileError::TooLarge));
        assert!(matches!(parse_file(b"card=1"), Err(PaymentFileError::Json(_))));
        let card = json!([payment("a", "1"), {"x": ["4111-1111-1111-1111"]}]);
        assert_eq!(parse(&card), Err(PaymentFileError::CardNumber));
    }

    #[test]
    fn many_faults_are_cut_short() {
        let faulty: Value = (0..12).map(|_| json!(1)).collect();
        assert!(parse(&faulty).unwrap_err().to_string().ends_with("; and 2 more"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_file(&bytes);
        }
    }
}
