//! Recording a payment at most once. The item is described in the crate's documentation.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use handler_kit::{aws, log, milliseconds};
use payments_domain::{CustomerPayment, Digest};
use serde_json::json;
use thiserror::Error;

use crate::Deps;

type Item = HashMap<String, AttributeValue>;

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

/// Records a payment, unless it is recorded already.
pub(crate) async fn record(deps: &Deps, payment: &CustomerPayment) -> Result<Recorded, StoreError> {
    let digest = payment.digest();
    let timestamp = milliseconds((deps.now)());
    let result = result(payment, timestamp);
    let sent = deps
        .dynamodb
        .put_item()
        .table_name(&deps.config.table)
        .set_item(Some(item(payment, &digest, timestamp, &result)))
        .condition_expression("attribute_not_exists(transactionId)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = sent else {
        return Ok(Recorded::Now(result));
    };
    let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
    else {
        aws::failed("PutItem", &error);
        return Err(StoreError::Unavailable);
    };
    match taken.item().filter(|item| !item.is_empty()) {
        Some(first) => compare(first, &digest),
        None => compare(&first(deps, payment).await?, &digest),
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

/// Reads the first item, for a reply that did not bring it.
async fn first(deps: &Deps, payment: &CustomerPayment) -> Result<Item, StoreError> {
    let id = AttributeValue::S(payment.transaction_id.as_str().to_owned());
    let request = deps.dynamodb.get_item().table_name(&deps.config.table).consistent_read(true);
    match request.key("transactionId", id).send().await {
        Ok(reply) => reply.item.ok_or_else(|| {
            log::error("the item that was in the way is gone", json!({}));
            StoreError::Unavailable
        }),
        Err(error) => {
            aws::failed("GetItem", &error);
            Err(StoreError::Unavailable)
        }
    }
}

fn compare(first: &Item, digest: &Digest) -> Result<Recorded, StoreError> {
    let text = |name: &str| first.get(name).and_then(|value| value.as_s().ok());
    match (text("digest"), text("result")) {
        (Some(stored), Some(result)) if stored == digest.as_str() => {
            Ok(Recorded::Before(result.clone()))
        }
        (Some(_), Some(_)) => Err(StoreError::OtherContent),
        _ => {
            log::error("the item in the way is not one of ours", json!({}));
            Err(StoreError::Unavailable)
        }
    }
}

fn item(payment: &CustomerPayment, digest: &Digest, timestamp: u64, result: &str) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
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
