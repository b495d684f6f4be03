//! Recording a payment at most once. The rows are described in the crate's documentation.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use handler_kit::item::{self, Item, map, number, text, text_of};
use handler_kit::{aws, log, milliseconds};
use payments_domain::{Digest, Payment};
use serde_json::json;
use thiserror::Error;

use crate::Deps;

/// How often a transaction that met another one is tried.
const ATTEMPTS: u32 = 10;

/// The range key of a claim; no payment is from 1970.
const CLAIM: u64 = 0;
/// What the hash key of a claim begins with; no id of a payment has such a character.
const OF_CLAIMS: &str = "claim#";

/// A payment is recorded, with the row's timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// By this delivery.
    Now(u64),
    /// By an earlier delivery of the same content.
    Before(u64),
}

/// Why a payment was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// The id was used with other content.
    #[error("transactionId was already used with other content")]
    OtherContent,
    /// AWS did not record it; it may later. Already logged.
    #[error("the payment could not be recorded now")]
    Unavailable,
}

/// What became of one transaction.
enum Attempt {
    Written,
    /// A claim exists; its item, if the reply had it.
    Claimed(Option<Item>),
    /// Another transaction works on the same item.
    Met,
    Failed,
}

/// Records a payment, unless it is recorded already.
pub(crate) async fn record(
    deps: &Deps,
    payment: &Payment,
    source: &str,
) -> Result<Recorded, StoreError> {
    let digest = payment.digest();
    let timestamp = milliseconds((deps.now)());
    for attempt in 0..ATTEMPTS {
        match write(deps, payment, &digest, timestamp, source).await {
            Attempt::Written => return Ok(Recorded::Now(timestamp)),
            Attempt::Claimed(Some(claim)) => return compare(&claim, &digest),
            Attempt::Claimed(None) => return compare(&claim(deps, payment).await?, &digest),
            Attempt::Met => tokio::time::sleep(pause(attempt)).await,
            Attempt::Failed => return Err(StoreError::Unavailable),
        }
    }
    log::error("transaction kept conflicting with others", json!({"attempts": ATTEMPTS}));
    Err(StoreError::Unavailable)
}

/// One transaction. The SDK repeats a lost call with the same client token, so that a reply that
/// got lost on the way does not turn a written payment into a duplicate.
async fn write(
    deps: &Deps,
    payment: &Payment,
    digest: &Digest,
    timestamp: u64,
    source: &str,
) -> Attempt {
    let claim = Put::builder()
        .table_name(&deps.config.table)
        .set_item(Some(claim_item(payment, digest, timestamp)))
        .condition_expression("attribute_not_exists(transactionId)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build();
    // Claims were kept under the payment's own id once, and hold as well.
    let former = ConditionCheck::builder()
        .table_name(&deps.config.table)
        .set_key(Some(claim_key(payment.transaction_id.as_str().to_owned())))
        .condition_expression("attribute_not_exists(transactionId)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build();
    let row = Put::builder()
        .table_name(&deps.config.table)
        .set_item(Some(row_item(payment, timestamp, source)))
        .build();
    let (Ok(claim), Ok(former), Ok(row)) = (claim, former, row) else {
        log::error("transaction is incomplete", json!({}));
        return Attempt::Failed;
    };
    let sent = deps
        .dynamodb
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(claim).build())
        .transact_items(TransactWriteItem::builder().condition_check(former).build())
        .transact_items(TransactWriteItem::builder().put(row).build())
        .send()
        .await;
    match sent {
        Ok(_) => Attempt::Written,
        Err(error) => explain(&error),
    }
}

/// Sorts an error by its code, and a cancelled transaction by the reasons of its items.
fn explain(error: &SdkError<TransactWriteItemsError>) -> Attempt {
    use TransactWriteItemsError as Error;
    match error.as_service_error() {
        Some(Error::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            if let Some(attempt) = by_reasons(reasons) {
                return attempt;
            }
            let codes: Vec<_> = reasons.iter().map(CancellationReason::code).collect();
            log::error("transaction was cancelled", json!({"reasons": codes}));
            Attempt::Failed
        }
        Some(Error::TransactionInProgressException(_)) => Attempt::Met,
        _ => {
            aws::failed("TransactWriteItems", error);
            Attempt::Failed
        }
    }
}

/// The first reasons are the claim's: one that exists decides, whatever the row met.
fn by_reasons(reasons: &[CancellationReason]) -> Option<Attempt> {
    let mut of_claims = reasons.iter().take(2);
    if let Some(claim) = of_claims.find(|it| it.code() == Some("ConditionalCheckFailed")) {
        return Some(Attempt::Claimed(claim.item.clone().filter(|item| !item.is_empty())));
    }
    let may_pass = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let mut codes = reasons.iter().filter_map(CancellationReason::code);
    codes.any(|code| may_pass.contains(&code)).then_some(Attempt::Met)
}

/// Reads the claim, for a reply that did not bring it.
async fn claim(deps: &Deps, payment: &Payment) -> Result<Item, StoreError> {
    for id in [of_claim(payment), payment.transaction_id.as_str().to_owned()] {
        let claim = item::get(&deps.dynamodb, &deps.config.table, claim_key(id)).await;
        if let Some(claim) = claim.map_err(|_| StoreError::Unavailable)? {
            return Ok(claim);
        }
    }
    Err(StoreError::Unavailable)
}

/// The hash key of a claim: another one than the payment's, so that whoever asks for a payment by its
/// id finds one row.
fn of_claim(payment: &Payment) -> String {
    format!("{OF_CLAIMS}{}", payment.transaction_id.as_str())
}

fn claim_key(id: String) -> Item {
    Item::from([
        ("transactionId".to_owned(), AttributeValue::S(id)),
        ("timestamp".to_owned(), number(CLAIM)),
    ])
}

fn compare(claim: &Item, digest: &Digest) -> Result<Recorded, StoreError> {
    let stored = text_of(claim, "digest");
    let processed = claim.get("processedAt").and_then(|value| value.as_n().ok()?.parse().ok());
    match (stored, processed) {
        (Some(stored), Some(timestamp)) if stored == digest.as_str() => {
            Ok(Recorded::Before(timestamp))
        }
        (Some(_), Some(_)) => Err(StoreError::OtherContent),
        _ => {
            log::error("claim has an unknown format", json!({}));
            Err(StoreError::Unavailable)
        }
    }
}

fn claim_item(payment: &Payment, digest: &Digest, timestamp: u64) -> Item {
    let mut item = claim_key(of_claim(payment));
    item.extend([
        ("kind".to_owned(), text("claim")),
        ("digest".to_owned(), text(digest.as_str())),
        ("processedAt".to_owned(), number(timestamp)),
    ]);
    item
}

fn row_item(payment: &Payment, timestamp: u64, source: &str) -> Item {
    let mut row = Item::from([
        ("transactionId".to_owned(), text(payment.transaction_id.as_str())),
        ("timestamp".to_owned(), number(timestamp)),
        ("kind".to_owned(), text("payment")),
        ("status".to_owned(), text("processed")),
        ("amount".to_owned(), AttributeValue::N(payment.amount.to_string())),
        ("currency".to_owned(), text(payment.amount.currency().code())),
        ("cardLast4".to_owned(), text(payment.card_last4.as_str())),
        ("source".to_owned(), text(source)),
    ]);
    if !payment.metadata.is_empty() {
        row.insert("metadata".to_owned(), map(&payment.metadata));
    }
    row
}

/// Up to 20 ms, then up to twice as long each time, at most a second: at random, so that two that
/// met do not meet again.
fn pause(attempt: u32) -> Duration {
    let longest = 20_u64.saturating_mul(1 << attempt.min(10)).min(1_000);
    Duration::from_millis(fastrand::u64(1..=longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
    }

    #[test]
    fn a_claim_that_exists_decides() {
        for codes in [["ConditionalCheckFailed", "None"], ["None", "ConditionalCheckFailed"]] {
            assert!(matches!(by_reasons(&reasons(&codes)), Some(Attempt::Claimed(None))));
        }
    }

    #[test]
    fn what_met_another_transaction_is_tried_again() {
        for codes in [["TransactionConflict", "None"], ["None", "ThrottlingError"]] {
            assert!(matches!(by_reasons(&reasons(&codes)), Some(Attempt::Met)));
        }
        assert!(by_reasons(&reasons(&["ValidationError", "None"])).is_none());
        assert!(by_reasons(&[]).is_none());
    }

    #[test]
    fn pauses_grow_to_a_second() {
        assert!(pause(0) <= Duration::from_millis(20));
        for attempt in 0..100 {
            assert!(pause(attempt) <= Duration::from_secs(1));
        }
    }
}
