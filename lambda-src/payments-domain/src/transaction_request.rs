//! One transaction that a caller asks for, who leaves its name to us.

use serde_json::Value;
use thiserror::Error;

use crate::fields::{self, Fields};
use crate::{
    Amount, CardLast4, CardLast4Error, Currency, CurrencyError, CustomerId, CustomerIdError,
    Digest, LimitError, Limits, Metadata, MetadataError, PaymentError,
};

const FIELDS: [&str; 5] = ["customerId", "amount", "currency", "cardLast4", "metadata"];

/// One valid transaction that a caller asks for, within the limits of the business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRequest {
    /// Who pays.
    pub customer_id: CustomerId,
    /// How much, and of what.
    pub amount: Amount,
    /// Which card, as far as that may be kept, if it is by card.
    pub card_last4: Option<CardLast4>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
}

/// One reason of several why a transaction is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RefusalReason {
    /// It is not a valid payment.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// It is one that the business does not take.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl TransactionRequest {
    /// Reads a transaction and holds it to the limits.
    ///
    /// # Errors
    /// All that is wrong with it. A card number, an unknown field and what is not an object come
    /// alone: then nothing else is looked at.
    pub fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<RefusalReason>> {
        let fields = Fields::read(value, &FIELDS).map_err(|error| vec![error.into()])?;
        let mut reasons = Vec::new();
        let customer_id = noted(customer_id(&fields), &mut reasons);
        let currency = noted(currency(&fields), &mut reasons);
        let amount = noted(fields.required("amount"), &mut reasons);
        // What an amount may be depends on its currency.
        let amount = amount.zip(currency).and_then(|(amount, currency)| {
            noted(fields::amount(amount, currency).map_err(Into::into), &mut reasons)
        });
        reasons.extend(amount.iter().flat_map(|it| limits.broken_by(*it)).map(Into::into));
        let card_last4 = noted(card_last4(&fields), &mut reasons);
        let metadata = noted(metadata(&fields), &mut reasons);
        match (customer_id, amount, card_last4, metadata) {
            (Some(customer_id), Some(amount), Some(card_last4), Some(metadata))
                if reasons.is_empty() =>
            {
                Ok(Self { customer_id, amount, card_last4, metadata })
            }
            _ => Err(reasons),
        }
    }

    /// Fingerprints the content. `10.5`, `10.50` and `"10.50"` dollars are the same content.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let (amount, currency) = (self.amount.to_string(), self.amount.currency().code());
        let mut parts = vec!["transaction-1", self.customer_id.as_str(), &amount, currency];
        // Nothing else is an empty part.
        parts.push(self.card_last4.as_ref().map_or("", CardLast4::as_str));
        parts.extend(self.metadata.parts());
        Digest::of(&parts)
    }
}

/// What was read; or nothing, and the reason is noted.
fn noted<T>(read: Result<T, PaymentError>, reasons: &mut Vec<RefusalReason>) -> Option<T> {
    read.map_err(|error| reasons.push(error.into())).ok()
}

fn customer_id(fields: &Fields<'_>) -> Result<CustomerId, PaymentError> {
    Ok(fields.required("customerId")?.as_str().ok_or(CustomerIdError)?.parse()?)
}

fn currency(fields: &Fields<'_>) -> Result<Currency, PaymentError> {
    Ok(fields.required("currency")?.as_str().ok_or(CurrencyError)?.parse()?)
}

fn card_last4(fields: &Fields<'_>) -> Result<Option<CardLast4>, PaymentError> {
    let Some(value) = fields.get("cardLast4") else { return Ok(None) };
    Ok(Some(value.as_str().ok_or(CardLast4Error)?.parse()?))
}

fn metadata(fields: &Fields<'_>) -> Result<Metadata, PaymentError> {
    let read = fields.get("metadata").map(Metadata::try_from).transpose();
    Ok(read.map_err(|error: MetadataError| PaymentError::from(error))?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::json;

    fn good() -> Value {
        json!({
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "EUR",
            "cardLast4": "4242",
            "metadata": {"order": "A-1"},
        })
    }

    fn read(value: &Value) -> Result<TransactionRequest, Vec<String>> {
        let currencies = "USD,EUR,JPY".parse().unwrap();
        let limits = Limits::new("1".parse().unwrap(), "500".parse().unwrap(), currencies);
        let texts = |reasons: Vec<RefusalReason>| reasons.iter().map(ToString::to_string).collect();
        TransactionRequest::read(value, &limits.unwrap()).map_err(texts)
    }

    fn with(name: &str, value: Value) -> Result<TransactionRequest, Vec<String>> {
        let mut transaction = good();
        transaction[name] = value;
        read(&transaction)
    }

    #[test]
    fn a_transaction_is_read_and_its_spelling_is_not_content() {
        let first = read(&good()).unwrap();
        assert_eq!((first.amount.minor(), first.customer_id.as_str()), (1_250, "c-1"));
        assert_eq!(first.card_last4.as_ref().unwrap().as_str(), "4242");
        let same = good().to_string().replace("\"12.50\"", "12.5");
        let same = read(&json::parse(same.as_bytes()).unwrap()).unwrap();
        assert_eq!((same.digest(), &same), (first.digest(), &first));
        let bare = json!({"customerId": "c-1", "amount": 12, "currency": "JPY"});
        let bare = read(&bare).unwrap();
        assert!(bare.card_last4.is_none() && bare.metadata.is_empty());
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let all = json!({
            "customerId": "someone@example.com",
            "amount": 501,
            "currency": "GBP",
            "cardLast4": "12345",
            "metadata": {"cvv": "123"},
        });
        assert_eq!(
            read(&all).unwrap_err(),
            [
                "customerId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -",
                "amount must be at most 500.00",
                "currency is not accepted; it must be one of USD, EUR, JPY",
                "cardLast4 must be a string of exactly four digits",
                "metadata must not carry card data or authentication data (CVV, PIN, track)",
            ]
        );
        let missing = ["customerId is missing", "currency is missing", "amount is missing"];
        assert_eq!(read(&json!({})).unwrap_err(), missing);
        let currency = "currency must be one of USD, EUR, GBP, JPY";
        assert_eq!(with("currency", json!("eur")).unwrap_err(), [currency]);
        assert_eq!(with("amount", json!(0)).unwrap_err(), ["amount must be positive"]);
        assert_eq!(with("amount", json!("0.99")).unwrap_err(), ["amount must be at least 1.00"]);
        assert_eq!(with("cardLast4", json!(null)).unwrap_err().len(), 1);
        assert_eq!(with("metadata", json!(null)).unwrap_err(), ["metadata must be an object"]);
    }

    #[test]
    fn a_card_number_an_unknown_field_and_no_object_come_alone() {
        let card = ["a full card number is not accepted in any field"];
        for name in ["customerId", "amount", "cardLast4", "metadata", "pan"] {
            assert_eq!(with(name, json!("4111 1111 1111 1111")).unwrap_err(), card, "{name}");
        }
        let unknown = with("transactionId", json!("tx-1")).unwrap_err();
        assert!(unknown[0].starts_with("unknown field; a payment has customerId, amount"));
        assert_eq!(read(&json!([])).unwrap_err(), ["a payment must be a JSON object"]);
    }

    #[test]
    fn the_digest_tells_contents_apart_and_stays_what_it_is() {
        let first = read(&good()).unwrap().digest();
        // Stored with every row: another value would turn every repeat into a conflict.
        assert_eq!(
            first.as_str(),
            "e2422a25bbaf231d55379999b0835299143257899177baf34107da904b615e53"
        );
        for (name, value) in [
            ("customerId", json!("c-2")),
            ("amount", json!("12.51")),
            ("currency", json!("USD")),
            ("cardLast4", json!("4243")),
            ("metadata", json!({})),
            ("metadata", json!({"order": "A-2"})),
        ] {
            assert_ne!(first, with(name, value).unwrap().digest(), "{name}");
        }
        let mut cash = good();
        cash.as_object_mut().unwrap().remove("cardLast4");
        assert_ne!(first, read(&cash).unwrap().digest());
    }

    proptest! {
        #[test]
        fn no_reason_repeats_what_was_sent(secret in "[a-z]{12,20}") {
            for name in FIELDS.into_iter().chain([secret.as_str()]) {
                let reasons = with(name, json!([secret])).unwrap_err();
                prop_assert!(!reasons.is_empty());
                prop_assert!(!reasons.concat().contains(&secret), "{:?}", reasons);
            }
        }
    }
}
