//! One transaction that is to be scored.

use serde_json::Value;

use crate::fields::{self, Fields};
use crate::{
    Amount, Currency, CurrencyError, CustomerId, CustomerIdError, PaymentError, TransactionId,
    TransactionIdError,
};

const FIELDS: [&str; 5] = ["transactionId", "customerId", "amount", "currency", "timestamp"];

/// The last millisecond of the year 9999.
const LAST: u64 = 253_402_300_799_999;

/// One transaction that is to be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its name, under which it may be in the table already.
    pub transaction_id: TransactionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// How much, and of what.
    pub amount: Amount,
    /// When, in milliseconds since 1970; if it is not told, now.
    pub timestamp: Option<u64>,
}

impl TryFrom<&Value> for Transaction {
    type Error = PaymentError;

    fn try_from(value: &Value) -> Result<Self, PaymentError> {
        // A time far ahead may have a card number's digits: those from 2096 on begin as a Visa's.
        let (timestamp, rest) = without_timestamp(value);
        let fields = Fields::read(&rest, &FIELDS)?;
        let transaction_id = fields.required("transactionId")?;
        let customer_id = fields.required("customerId")?;
        let amount = fields.required("amount")?;
        let currency = fields.required("currency")?;
        let currency: Currency = currency.as_str().ok_or(CurrencyError)?.parse()?;
        Ok(Self {
            transaction_id: transaction_id.as_str().ok_or(TransactionIdError)?.parse()?,
            customer_id: customer_id.as_str().ok_or(CustomerIdError)?.parse()?,
            amount: fields::amount(amount, currency)?,
            timestamp: timestamp.map(milliseconds).transpose()?,
        })
    }
}

fn without_timestamp(value: &Value) -> (Option<Value>, Value) {
    let mut rest = value.clone();
    let timestamp = rest.as_object_mut().and_then(|fields| fields.remove("timestamp"));
    (timestamp, rest)
}

fn milliseconds(value: Value) -> Result<u64, PaymentError> {
    value.as_u64().filter(|since| *since <= LAST).ok_or(PaymentError::Timestamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn with(name: &str, value: Value) -> Result<Transaction, PaymentError> {
        let mut transaction = json!({
            "transactionId": "tx-1",
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "EUR",
        });
        transaction[name] = value;
        Transaction::try_from(&transaction)
    }

    #[test]
    fn a_transaction_is_read_with_or_without_its_time() {
        let read = with("timestamp", json!(1_795_311_498_250_u64)).unwrap();
        assert_eq!(read.timestamp, Some(1_795_311_498_250));
        assert_eq!((read.transaction_id.as_str(), read.amount.minor()), ("tx-1", 1_250));
        assert_eq!(with("amount", json!(12)).unwrap().timestamp, None);
    }

    #[test]
    fn what_is_missing_unknown_or_wrong_is_named() {
        for value in [json!(null), json!(-1), json!(1.5), json!("1"), json!(LAST + 1), json!([])] {
            assert_eq!(with("timestamp", value), Err(PaymentError::Timestamp));
        }
        assert_eq!(with("cardLast4", json!("1234")), Err(PaymentError::UnknownField(&FIELDS)));
        assert_eq!(with("pan", json!("4111 1111 1111 1111")), Err(PaymentError::CardNumber));
        let card = json!(4_111_111_111_111_111_u64);
        assert_eq!(with("timestamp", card), Err(PaymentError::Timestamp));
        assert_eq!(Transaction::try_from(&json!([])), Err(PaymentError::NotAnObject));
        for name in ["transactionId", "customerId", "amount", "currency"] {
            assert!(with(name, json!(true)).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_time_is_read_also_one_that_passes_for_a_card_number(since in 0..=LAST) {
            prop_assert_eq!(with("timestamp", json!(since)).unwrap().timestamp, Some(since));
        }
    }
}
