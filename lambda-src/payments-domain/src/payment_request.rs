//! One payment that a caller asks for, who leaves its name to us.

use serde_json::Value;

use crate::fields::{self, Fields};
use crate::{Amount, Currency, CurrencyError, CustomerId, CustomerIdError, Digest, PaymentError};

const FIELDS: [&str; 3] = ["customerId", "amount", "currency"];

/// One valid payment that a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Who pays.
    pub customer_id: CustomerId,
    /// How much, and of what.
    pub amount: Amount,
}

impl PaymentRequest {
    /// Fingerprints the content. `10.5`, `10.50` and `"10.50"` dollars are the same content.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let (amount, currency) = (self.amount.to_string(), self.amount.currency().code());
        Digest::of(&["payment-request-1", self.customer_id.as_str(), &amount, currency])
    }
}

impl TryFrom<&Value> for PaymentRequest {
    type Error = PaymentError;

    fn try_from(value: &Value) -> Result<Self, PaymentError> {
        let fields = Fields::read(value, &FIELDS)?;
        let customer_id = fields.required("customerId")?;
        let amount = fields.required("amount")?;
        let currency = fields.required("currency")?;
        let currency: Currency = currency.as_str().ok_or(CurrencyError)?.parse()?;
        Ok(Self {
            customer_id: customer_id.as_str().ok_or(CustomerIdError)?.parse()?,
            amount: fields::amount(amount, currency)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{AmountError, json};

    fn with(name: &str, value: Value) -> Result<PaymentRequest, PaymentError> {
        let mut payment = json!({"customerId": "c-1", "amount": "12.50", "currency": "EUR"});
        payment[name] = value;
        PaymentRequest::try_from(&payment)
    }

    #[test]
    fn a_request_is_read_and_its_spelling_is_not_content() {
        let first = with("amount", json!("12.50")).unwrap();
        assert_eq!((first.amount.minor(), first.amount.currency()), (1_250, Currency::Eur));
        assert_eq!(first.customer_id.as_str(), "c-1");
        let same = r#" {"currency":"EUR", "amount": 12.5, "customerId":"c\u002d1"} "#;
        let same = PaymentRequest::try_from(&json::parse(same.as_bytes()).unwrap()).unwrap();
        assert_eq!((same.digest(), &same), (first.digest(), &first));
    }

    #[test]
    fn the_digest_tells_contents_apart_and_stays_what_it_is() {
        let first = with("amount", json!("12.50")).unwrap().digest();
        // Stored with every key: another value would turn every repeat into a conflict.
        assert_eq!(
            first.as_str(),
            "f40e79c101dfb19a6e5ec7660369ac3ece8d73fa72f4e4c705dd6a253f66559b"
        );
        assert_ne!(first, with("customerId", json!("c-2")).unwrap().digest());
        assert_ne!(first, with("amount", json!("12.51")).unwrap().digest());
        assert_ne!(first, with("currency", json!("USD")).unwrap().digest());
    }

    #[test]
    fn what_is_missing_unknown_or_wrong_is_named() {
        use PaymentError as Error;
        for name in FIELDS {
            let mut payment = json!({"customerId": "c", "amount": 1, "currency": "JPY"});
            payment.as_object_mut().unwrap().remove(name);
            assert_eq!(PaymentRequest::try_from(&payment), Err(Error::Missing(name)));
        }
        for unknown in ["paymentId", "transactionId", "cardLast4", "cvv"] {
            let error = with(unknown, json!("123")).unwrap_err();
            assert_eq!(error, Error::UnknownField(&FIELDS));
            let said = "unknown field; a payment has customerId, amount, currency";
            assert_eq!(error.to_string(), said);
        }
        assert_eq!(with("customerId", json!(7)), Err(CustomerIdError.into()));
        assert_eq!(with("currency", json!("usd")), Err(CurrencyError.into()));
        assert_eq!(with("currency", json!(null)), Err(CurrencyError.into()));
        assert_eq!(with("amount", json!("0")), Err(AmountError::NotPositive.into()));
        assert_eq!(with("pan", json!("4111 1111 1111 1111")), Err(Error::CardNumber));
        assert_eq!(PaymentRequest::try_from(&json!([])), Err(Error::NotAnObject));
    }

    proptest! {
        #[test]
        fn no_error_repeats_what_was_sent(secret in "[a-z]{12,20}") {
            let mut errors = FIELDS.map(|name| with(name, json!([secret])).unwrap_err()).to_vec();
            errors.push(with(&secret, json!(1)).unwrap_err());
            for error in errors {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }
}
