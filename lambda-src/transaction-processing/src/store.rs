//! Writing a transaction at most once, and deciding it at most once. The row is described in the
//! crate's documentation.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use handler_kit::aws::{self, Unavailable};
use handler_kit::item::{self, Item, number, put_once, text, text_of};
use handler_kit::log;
use payments_domain::{Decided, PaymentId, TransactionRequest, TransactionStatus};
use serde_json::json;
use thiserror::Error;

use crate::Deps;
use crate::row::{self, Row};

/// Why a transaction was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// The key was used with other content.
    #[error("Idempotency-Key was already used with other content")]
    OtherContent,
    /// AWS did not take it; it may later. Already logged.
    #[error("the transaction could not be written now")]
    Unavailable,
}

impl From<Unavailable> for StoreError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Puts the row of a transaction, unless there is one, and returns what there is.
pub(crate) async fn record(
    deps: &Deps,
    id: &PaymentId,
    request: &TransactionRequest,
    now: u64,
) -> Result<Row, StoreError> {
    let digest = request.digest();
    let item = row::item(id, request, &digest, now, deps.config.retention);
    let table = &deps.config.table;
    let Some(first) = put_once(&deps.dynamodb, table, &["transaction_id"], item).await? else {
        return Ok(Row::pending(now));
    };
    let found = Row::read(&first).ok_or(StoreError::Unavailable)?;
    match text_of(&first, "digest") {
        Some(stored) if stored == digest.as_str() => Ok(found),
        _ => Err(StoreError::OtherContent),
    }
}

/// Writes what was decided about a transaction, unless that is written, and returns the row as it is
/// by now.
///
/// A call whose reply is lost is repeated by the SDK, and finds the transaction decided by itself.
pub(crate) async fn decide(
    deps: &Deps,
    id: &PaymentId,
    pending: Row,
    decided: Decided,
) -> Result<Row, Unavailable> {
    let reasons = decided.reasons.iter().map(|reason| text(reason)).collect();
    let mut change = Change {
        update: "SET #status = :status, reasons = :reasons, decided_at = :at",
        condition: "#status = :pending",
        values: vec![
            (":status", text(decided.status.as_str())),
            (":pending", text(TransactionStatus::Pending.as_str())),
            (":reasons", AttributeValue::L(reasons)),
            (":at", number(decided.at)),
        ],
        status: true,
    };
    if let Some(score) = decided.score {
        change.update =
            "SET #status = :status, reasons = :reasons, decided_at = :at, score = :score";
        change.values.push((":score", number(score.into())));
    }
    match update(deps, id, change).await? {
        None => Ok(Row { decided: Some(decided), ..pending }),
        Some(first) => Row::read(&first).ok_or(Unavailable),
    }
}

/// Notes that the notice of a transaction was published, unless it is noted.
pub(crate) async fn note(deps: &Deps, id: &PaymentId, now: u64) -> Result<(), Unavailable> {
    let change = Change {
        update: "SET notified_at = :now",
        // An update would make the row of one that is gone.
        condition: "attribute_exists(transaction_id) AND attribute_not_exists(notified_at)",
        values: vec![(":now", number(now))],
        status: false,
    };
    update(deps, id, change).await.map(drop)
}

/// A change of a row on a condition.
struct Change {
    update: &'static str,
    condition: &'static str,
    values: Vec<(&'static str, AttributeValue)>,
    /// Whether it names the status, which is a word of the language.
    status: bool,
}

/// Changes a row; or returns it as it is, when the condition does not hold.
async fn update(deps: &Deps, id: &PaymentId, change: Change) -> Result<Option<Item>, Unavailable> {
    let table = &deps.config.table;
    let values = change.values.into_iter().map(|(name, value)| (name.to_owned(), value));
    let names = change.status.then(|| [("#status".to_owned(), "status".to_owned())].into());
    let sent = deps
        .dynamodb
        .update_item()
        .table_name(table)
        .set_key(Some(row::key(id)))
        .update_expression(change.update)
        .condition_expression(change.condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(Some(values.collect()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = sent else { return Ok(None) };
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return Err(aws::failed("UpdateItem", &error));
    };
    let found = match failed.item().filter(|row| !row.is_empty()) {
        Some(row) => Some(row.clone()),
        None => item::get(&deps.dynamodb, table, row::key(id)).await?,
    };
    if found.is_none() {
        log::error("row no longer exists", json!({"transactionId": id.as_str()}));
    }
    found.ok_or(Unavailable).map(Some)
}
