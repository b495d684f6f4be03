//! The row of a payment, and how it is shown.

use aws_sdk_dynamodb::types::AttributeValue;
use handler_kit::item::{Item, text, text_of};
use handler_kit::log;
use payments_domain::{Amount, PaymentKey, PaymentRequest, PaymentStatus};
use serde_json::{Value, json};

/// A payment, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: PaymentKey,
    pub(crate) status: PaymentStatus,
    pub(crate) payment: PaymentRequest,
    pub(crate) completed_at: Option<String>,
}

impl Row {
    /// The row of a payment that is taken.
    pub(crate) fn new(key: PaymentKey, payment: PaymentRequest) -> Self {
        Self { key, status: PaymentStatus::Processing, payment, completed_at: None }
    }

    pub(crate) fn json(&self) -> Value {
        let (payment, amount) = (&self.payment, self.payment.amount);
        let mut shown = json!({
            "paymentId": self.key.id.as_str(),
            "status": self.status.as_str(),
            "timestamp": self.key.timestamp.as_str(),
            "customerId": payment.customer_id.as_str(),
            "amount": amount.to_string(),
            "currency": amount.currency().code(),
        });
        if let Some(completed_at) = &self.completed_at {
            shown["completedAt"] = json!(completed_at);
        }
        shown
    }

    pub(crate) fn item(&self) -> Item {
        let mut item = key_item(&self.key);
        let (payment, amount) = (&self.payment, self.payment.amount);
        item.extend([
            ("status".to_owned(), text(self.status.as_str())),
            ("customer_id".to_owned(), text(payment.customer_id.as_str())),
            ("amount".to_owned(), AttributeValue::N(amount.to_string())),
            ("currency".to_owned(), text(amount.currency().code())),
        ]);
        item
    }

    /// Reads a row; one that is not of ours is logged and none.
    pub(crate) fn read(item: &Item) -> Option<Self> {
        let row = Self::parse(item);
        if row.is_none() {
            log::error("row has an unknown format", json!({}));
        }
        row
    }

    fn parse(item: &Item) -> Option<Self> {
        let amount = item.get("amount")?.as_n().ok()?;
        let amount = Amount::parse(amount, text_of(item, "currency")?.parse().ok()?).ok()?;
        Some(Self {
            key: key_of(item)?,
            status: text_of(item, "status")?.parse().ok()?,
            payment: PaymentRequest {
                customer_id: text_of(item, "customer_id")?.parse().ok()?,
                amount,
            },
            completed_at: text_of(item, "completed_at").map(str::to_owned),
        })
    }
}

/// The key of an item, by attribute.
pub(crate) const KEY: [&str; 2] = ["payment_id", "timestamp"];

pub(crate) fn key_item(key: &PaymentKey) -> Item {
    let values = [key.id.as_str(), key.timestamp.as_str()];
    KEY.into_iter().zip(values).map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// The key that an item has, whether it is a row or a guard.
pub(crate) fn key_of(item: &Item) -> Option<PaymentKey> {
    let [id, timestamp] = KEY.map(|name| text_of(item, name));
    Some(PaymentKey { id: id?.parse().ok()?, timestamp: timestamp?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use payments_domain::{PaymentId, Timestamp};

    use super::*;

    fn row() -> Row {
        let payment = json!({"customerId": "c-1", "amount": "12.50", "currency": "EUR"});
        let timestamp = Timestamp::from_milliseconds(0);
        let key = PaymentKey { id: PaymentId::from_random([0; 16]), timestamp };
        Row::new(key, PaymentRequest::try_from(&payment).unwrap())
    }

    #[test]
    fn a_row_reads_back_however_the_table_writes_its_amount() {
        let mut item = row().item();
        assert_eq!(Row::read(&item), Some(row()));
        item.insert("amount".to_owned(), AttributeValue::N("12.5".to_owned()));
        assert_eq!(Row::read(&item).unwrap().json()["amount"], "12.50");
        item.insert("status".to_owned(), text("completed"));
        item.insert("completed_at".to_owned(), text("then"));
        let shown = Row::read(&item).unwrap().json();
        assert_eq!(
            (&shown["status"], &shown["completedAt"]),
            (&json!("completed"), &json!("then"))
        );
    }

    #[test]
    fn what_is_not_one_of_ours_is_none() {
        for name in ["payment_id", "timestamp", "status", "customer_id", "amount", "currency"] {
            let mut item = row().item();
            item.insert(name.to_owned(), text("x y"));
            assert_eq!(Row::read(&item), None, "{name}");
            item.remove(name);
            assert_eq!(Row::read(&item), None, "{name}");
        }
    }
}
