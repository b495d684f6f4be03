//! One payment of a customer, as it is posted to an API.

use serde_json::Value;

use crate::fields::{self, Fields};
use crate::{
    Amount, Currency, CustomerId, CustomerIdError, Digest, PaymentError, TransactionId,
    TransactionIdError,
};

const FIELDS: [&str; 3] = ["transactionId", "customerId", "amount"];

/// One valid payment of a customer.
///
/// It names no currency. The amounts are US dollars, and a field `currency` is refused like any
/// unknown one: yen taken for dollars would be worse than an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPayment {
    /// The caller's name for it; it is processed at most once.
    pub transaction_id: TransactionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// How much.
    pub amount: Amount,
}

impl CustomerPayment {
    /// What its amounts are of.
    pub const CURRENCY: Currency = Currency::Usd;

    /// Fingerprints the content. `10.5`, `10.50` and `"10.50"` are the same content.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let amount = self.amount.to_string();
        let (transaction, customer) = (self.transaction_id.as_str(), self.customer_id.as_str());
        Digest::of(&["customer-payment-1", transaction, customer, &amount, Self::CURRENCY.code()])
    }
}

impl TryFrom<&Value> for CustomerPayment {
    type Error = PaymentError;

    fn try_from(value: &Value) -> Result<Self, PaymentError> {
        let fields = Fields::read(value, &FIELDS)?;
        let transaction_id = fields.required("transactionId")?;
        let customer_id = fields.required("customerId")?;
        let amount = fields.required("amount")?;
        Ok(Self {
            transaction_id: transaction_id.as_str().ok_or(TransactionIdError)?.parse()?,
            customer_id: customer_id.as_str().ok_or(CustomerIdError)?.parse()?,
            amount: fields::amount(amount, Self::CURRENCY)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{AmountError, json};

    fn read(text: &str) -> Result<CustomerPayment, PaymentError> {
        CustomerPayment::try_from(&json::parse(text.as_bytes()).unwrap())
    }

    fn with(name: &str, value: Value) -> Result<CustomerPayment, PaymentError> {
        let mut payment = json!({"transactionId": "tx-1", "customerId": "c-1", "amount": "12.50"});
        payment[name] = value;
        CustomerPayment::try_from(&payment)
    }

    #[test]
    fn a_payment_is_read_and_its_spelling_is_not_content() {
        let first = read(r#"{"transactionId":"tx-1","customerId":"c-1","amount":12.50}"#).unwrap();
        assert_eq!(first.amount.minor(), 1_250);
        assert_eq!(first.amount.currency(), Currency::Usd);
        for same in [
            r#" { "amount" : 12.5, "customerId":"c-1" , "transactionId":"tx-1" } "#,
            r#"{"transactionId":"tx-1","customerId":"c-1","amount":"12.50"}"#,
            r#"{"transactionId":"tx\u002d1","customerId":"c-1","amount":"12.5"}"#,
        ] {
            assert_eq!(read(same).unwrap(), first);
            assert_eq!(read(same).unwrap().digest(), first.digest());
        }
    }

    #[test]
    fn the_digest_tells_contents_apart_and_stays_what_it_is() {
        let first = with("amount", json!("12.50")).unwrap().digest();
        // Stored with every payment: another value would turn every repeat into a conflict.
        assert_eq!(
            first.as_str(),
            "d753cf94a497f6030b83c79ee64591c4943666ab0de09db560d8480c7c7600e3"
        );
        assert_ne!(first, with("transactionId", json!("tx-2")).unwrap().digest());
        assert_ne!(first, with("customerId", json!("c-2")).unwrap().digest());
        assert_ne!(first, with("amount", json!("12.51")).unwrap().digest());
    }

    #[test]
    fn what_is_missing_unknown_or_wrong_is_named() {
        use PaymentError as Error;
        for name in FIELDS {
            let mut payment = json!({"transactionId": "t", "customerId": "c", "amount": 1});
            payment.as_object_mut().unwrap().remove(name);
            assert_eq!(CustomerPayment::try_from(&payment), Err(Error::Missing(name)));
        }
        assert_eq!(CustomerPayment::try_from(&json!([])), Err(Error::NotAnObject));
        for unknown in ["pan", "cvv", "currency", "cardLast4", ""] {
            assert_eq!(with(unknown, json!("123")), Err(Error::UnknownField(&FIELDS)));
        }
        assert_eq!(with("transactionId", json!(7)), Err(TransactionIdError.into()));
        assert_eq!(with("customerId", json!(["c"])), Err(CustomerIdError.into()));
        assert_eq!(with("amount", json!(null)), Err(AmountError::NotPlain.into()));
        assert_eq!(with("amount", json!(0)), Err(AmountError::NotPositive.into()));
        assert_eq!(with("amount", json!("1e2")), Err(AmountError::NotPlain.into()));
        assert_eq!(with("amount", json!(1_000_001)), Err(AmountError::TooLarge.into()));
        let precise = AmountError::TooPrecise(Currency::Usd);
        let text = r#"{"transactionId":"t","customerId":"c","amount":0.100000000000000000001}"#;
        assert_eq!(read(text), Err(precise.into()), "a float would make this ten cents");
    }

    #[test]
    fn a_card_number_is_refused_first() {
        const CARD: &str = "4111 1111 1111 1111";
        for (name, value) in [
            ("transactionId", json!("4111-1111-1111-1111")),
            ("customerId", json!("4111111111111111")),
            ("amount", json!(4_111_111_111_111_111_u64)),
            ("pan", json!({"deep": [CARD]})),
            (CARD, json!(1)),
        ] {
            let error = with(name, value).unwrap_err();
            assert_eq!(error, PaymentError::CardNumber, "{name}");
        }
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
