//! One payment, as the caller states it.

use serde_json::Value;

use crate::fields::{self, Fields};
use crate::{
    Amount, CardLast4, CardLast4Error, Currency, CurrencyError, Digest, Metadata, PaymentError,
    TransactionId, TransactionIdError,
};

const FIELDS: [&str; 5] = ["transactionId", "amount", "currency", "cardLast4", "metadata"];

/// One valid payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The caller's name for it; it is processed at most once.
    pub transaction_id: TransactionId,
    /// How much, and of what.
    pub amount: Amount,
    /// Which card, as far as that may be kept.
    pub card_last4: CardLast4,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
}

impl Payment {
    /// Fingerprints the content. `10.5` and `10.50` dollars are the same content.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let amount = self.amount.to_string();
        let mut parts = vec![
            "payment-1",
            self.transaction_id.as_str(),
            &amount,
            self.amount.currency().code(),
            self.card_last4.as_str(),
        ];
        parts.extend(self.metadata.parts());
        Digest::of(&parts)
    }
}

impl TryFrom<&Value> for Payment {
    type Error = PaymentError;

    fn try_from(value: &Value) -> Result<Self, Self::Error> {
        let fields = Fields::read(value, &FIELDS)?;
        let transaction_id = fields.required("transactionId")?;
        let amount = fields.required("amount")?;
        let currency = fields.required("currency")?;
        let card_last4 = fields.required("cardLast4")?;

        let transaction_id = transaction_id.as_str().ok_or(TransactionIdError)?.parse()?;
        let currency: Currency = currency.as_str().ok_or(CurrencyError)?.parse()?;
        let amount = fields::amount(amount, currency)?;
        let card_last4 = card_last4.as_str().ok_or(CardLast4Error)?.parse()?;
        let metadata = fields.get("metadata").map(Metadata::try_from).transpose()?;
        Ok(Self { transaction_id, amount, card_last4, metadata: metadata.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{AmountError, MetadataError, json};

    fn good() -> Value {
        json!({
            "transactionId": "tx-1",
            "amount": "12.50",
            "currency": "USD",
            "cardLast4": "4242",
            "metadata": {"order": "A-1"},
        })
    }

    fn with(name: &str, value: Value) -> Result<Payment, PaymentError> {
        let mut payment = good();
        payment[name] = value;
        Payment::try_from(&payment)
    }

    #[test]
    fn a_payment_is_read() {
        let payment = Payment::try_from(&good()).unwrap();
        assert_eq!(payment.transaction_id.as_str(), "tx-1");
        assert_eq!(payment.amount.minor(), 1_250);
        assert_eq!(payment.amount.currency(), Currency::Usd);
        assert_eq!(payment.card_last4.as_str(), "4242");
    }

    #[test]
    fn a_number_is_read_from_its_text() {
        let payment = |amount: &str| {
            let text = good().to_string().replace("\"12.50\"", amount);
            Payment::try_from(&json::parse(text.as_bytes()).unwrap()).map(|read| read.amount)
        };
        assert_eq!(payment("0.29").unwrap().minor(), 29);
        assert_eq!(payment("1000000.00").unwrap().minor(), 100_000_000);
        let unseen_by_a_float = payment("1000000.0000000000000000000001").unwrap_err();
        assert_eq!(unseen_by_a_float, AmountError::TooPrecise(Currency::Usd).into());
        assert_eq!(payment("1e2").unwrap_err(), AmountError::NotPlain.into());
    }

    #[test]
    fn what_is_missing_unknown_or_wrong_is_named() {
        for name in ["transactionId", "amount", "currency", "cardLast4"] {
            let mut payment = good();
            payment.as_object_mut().unwrap().remove(name);
            assert_eq!(Payment::try_from(&payment), Err(PaymentError::Missing(name)));
        }
        assert_eq!(with("cvv", json!("123")), Err(PaymentError::UnknownField(&FIELDS)));
        assert_eq!(with("transactionId", json!(7)), Err(TransactionIdError.into()));
        assert_eq!(with("amount", json!(null)), Err(AmountError::NotPlain.into()));
        assert_eq!(with("currency", json!("usd")), Err(CurrencyError.into()));
        assert_eq!(with("cardLast4", json!(4242)), Err(CardLast4Error.into()));
        assert_eq!(with("metadata", json!(null)), Err(MetadataError::NotAnObject.into()));
        assert_eq!(Payment::try_from(&json!([])), Err(PaymentError::NotAnObject));
    }

    #[test]
    fn a_card_number_is_refused_first_and_never_repeated() {
        const CARD: &str = "4111 1111 1111 1111";
        let cases = [
            with("transactionId", json!("4111-1111-1111-1111")),
            with("amount", json!(4_111_111_111_111_111_u64)),
            with("currency", json!(CARD)),
            with("cardLast4", json!("4111111111111111")),
            with("metadata", json!({"note": CARD})),
            with("metadata", json!({CARD: 1})),
            with("metadata", json!({"deep": [{"er": CARD}]})),
            with(CARD, json!(1)),
        ];
        for case in cases {
            let error = case.unwrap_err();
            assert_eq!(error, PaymentError::CardNumber);
            assert!(!format!("{error} {error:?}").contains("1111"));
        }
    }

    #[test]
    fn the_digest_tells_contents_apart() {
        let digest = |name: &str, value: Value| with(name, value).unwrap().digest();
        let first = Payment::try_from(&good()).unwrap().digest();
        assert_eq!(first, digest("amount", json!("12.5")));
        // Stored with every payment: another value would turn every repeat into a contradiction.
        assert_eq!(
            first.as_str(),
            "6e41e65f8cb102c27198bf02e3874d0ed2d7e9e7dba239becab6b53031d34893"
        );
        assert_ne!(first, digest("transactionId", json!("tx-2")));
        assert_ne!(first, digest("amount", json!("12.51")));
        assert_ne!(first, digest("currency", json!("EUR")));
        assert_ne!(first, digest("cardLast4", json!("4243")));
        assert_ne!(first, digest("metadata", json!({})));
        assert_ne!(
            digest("metadata", json!({"a": "1"})),
            digest("metadata", json!({"a": 1})),
            "a text and a number differ"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(&FIELDS).prop_map(str::to_owned).boxed();
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            prop::sample::select(&["USD", "JPY", "4242", "12.50"]).prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, move |inner| {
            let name = prop_oneof![names.clone(), "\\PC{0,8}".prop_map(String::from)];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..6)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused(value in any_json()) {
            let _ = Payment::try_from(&value);
        }

        #[test]
        fn no_error_repeats_what_was_sent(secret in "[a-z]{12,20}") {
            for name in FIELDS {
                if let Err(error) = with(name, json!([secret])) {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains(&secret));
                }
            }
            let error = with(&secret, json!(1)).unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }
}
