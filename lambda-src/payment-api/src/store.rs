//! Recording a payment at most once. The item is described in the crate's documentation.

use aws_sdk_dynamodb::types::AttributeValue;
use handler_kit::aws::Unavailable;
use handler_kit::item::{Item, put_once, text, text_of};
use handler_kit::{log, milliseconds};
use payments_domain::{CustomerPayment, Digest};
use serde_json::json;
use thiserror::Error;

use crate::Deps;

/// A payment is recorded, with its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// By this request.
    Now(String),
    /// By an earlier request of the same content, or by a try of this one whose reply was lost.
    Before(String),
}

/// Why a payment was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// The id was used with other content.
    #[error("transactionId was already used with other content")]
    OtherContent,
    /// AWS did not take it; it may later. Already logged.
    #[error("the payment could not be processed now")]
    Unavailable,
}

impl From<Unavailable> for StoreError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Records a payment, unless it is recorded already.
pub(crate) async fn record(deps: &Deps, payment: &CustomerPayment) -> Result<Recorded, StoreError> {
    let digest = payment.digest();
    let timestamp = milliseconds((deps.now)());
    let result = result(payment, timestamp);
    let item = item(payment, &digest, timestamp, &result);
    match put_once(&deps.dynamodb, &deps.config.table, &["transactionId"], item).await? {
        None => Ok(Recorded::Now(result)),
        Some(first) => compare(&first, &digest),
    }
}

/// The text that the caller gets, now and at every repeat, and that the receipt consists of.
fn result(payment: &CustomerPayment, timestamp: u64) -> String {
    let result = json!({
        "status": "processed",
        "transactionId": payment.transaction_id.as_str(),
        "customerId": payment.customer_id.as_str(),
        "amount": payment.amount.to_string(),
        "currency": payment.amount.currency().code(),
        "timestamp": timestamp,
    });
    result.to_string()
}

fn compare(first: &Item, digest: &Digest) -> Result<Recorded, StoreError> {
    match (text_of(first, "digest"), text_of(first, "result")) {
        (Some(stored), Some(result)) if stored == digest.as_str() => {
            Ok(Recorded::Before(result.to_owned()))
        }
        (Some(_), Some(_)) => Err(StoreError::OtherContent),
        _ => {
            log::error("conflicting item has an unknown format", json!({}));
            Err(StoreError::Unavailable)
        }
    }
}

fn item(payment: &CustomerPayment, digest: &Digest, timestamp: u64, result: &str) -> Item {
    Item::from([
        ("transactionId".to_owned(), text(payment.transaction_id.as_str())),
        ("customerId".to_owned(), text(payment.customer_id.as_str())),
        ("amount".to_owned(), AttributeValue::N(payment.amount.to_string())),
        ("currency".to_owned(), text(payment.amount.currency().code())),
        ("status".to_owned(), text("processed")),
        ("timestamp".to_owned(), AttributeValue::N(timestamp.to_string())),
        ("digest".to_owned(), text(digest.as_str())),
        ("result".to_owned(), text(result)),
    ])
}
