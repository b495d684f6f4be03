//! What the tests share: a table, a queue and a bucket, the real binary, rows and messages.

use aws_sdk_dynamodb::types::AttributeValue;
use event_handler::{Config, Deps, handle};
use handler_kit::item::text;
use handler_kit::object::Encryption;
use handler_tests::payments::Payments;
use handler_tests::{Function, Item};
use payments_domain::{PaymentId, PaymentKey, PaymentStatus, Timestamp};
use serde_json::Value;

/// A table, a queue and a bucket, and the handler that works with them.
pub struct Stack {
    pub deps: Deps,
    pub at: Payments,
}

impl Stack {
    pub async fn new() -> Self {
        let at = Payments::new().await;
        let config = Config {
            table: at.table.clone(),
            bucket: at.bucket.clone(),
            encryption: Encryption::OfTheBucket,
        };
        Self { deps: Deps::new(&at.shared(), config), at }
    }

    /// Puts the row of a payment in a status.
    pub async fn put(&self, key: &PaymentKey, status: &str) {
        self.at.put(row(key, status)).await;
    }

    /// Handles a batch, and returns which messages failed.
    pub async fn failed(&self, event: Value) -> Vec<String> {
        failed(event, &self.deps).await
    }

    /// Status and time of completion of a payment.
    pub async fn status(&self, key: &PaymentKey) -> (String, Option<String>) {
        let rows = self.at.rows().await;
        let row = rows.iter().find(|row| row["payment_id"].as_s().unwrap() == key.id.as_str());
        let text = |name: &str| row.unwrap().get(name).map(|it| it.as_s().unwrap().clone());
        (text("status").unwrap(), text("completed_at"))
    }
}

pub async fn failed(event: Value, deps: &Deps) -> Vec<String> {
    let failures = handle(event, deps).await.unwrap().batch_item_failures;
    failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// The key of the payment with a number.
pub fn key(number: u8) -> PaymentKey {
    let timestamp = Timestamp::from_milliseconds(1_795_311_498_250 + u64::from(number));
    PaymentKey { id: PaymentId::from_random([number; 16]), timestamp }
}

pub fn row(key: &PaymentKey, status: &str) -> Item {
    Item::from([
        ("payment_id".to_owned(), text(key.id.as_str())),
        ("timestamp".to_owned(), text(key.timestamp.as_str())),
        ("status".to_owned(), text(status)),
        ("customer_id".to_owned(), text("c-1")),
        ("amount".to_owned(), AttributeValue::N("12.50".to_owned())),
        ("currency".to_owned(), text("EUR")),
    ])
}

pub fn object(key: &PaymentKey) -> String {
    key.audit_object(PaymentStatus::Completed)
}

/// Starts the real binary.
pub fn start(at: &Payments) -> Function {
    start_with(&at.environment(), &at.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_event-handler"), environment, endpoint)
}
