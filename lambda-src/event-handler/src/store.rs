//! Completing a payment: its row in the table.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use handler_kit::aws::{self, Unavailable};
use handler_kit::item::{self, Item, text, text_of};
use payments_domain::{PaymentKey, PaymentStatus, Timestamp};
use thiserror::Error;

use crate::Deps;

/// A payment is completed, with the time of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Completed {
    /// By this message.
    Now(String),
    /// By an earlier one.
    Before(String),
}

/// Why a payment was not completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// There is no such row.
    #[error("payment not found")]
    Absent,
    /// There is one, in no status that we know.
    #[error("the payment is neither processing nor completed")]
    Foreign,
    /// AWS did not do it; it may later. Already logged.
    #[error("the payment could not be completed now")]
    Unavailable,
}

impl From<Unavailable> for StoreError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Completes a payment, unless it is completed already.
///
/// A call whose reply is lost is repeated by the SDK, and finds the payment completed by itself.
pub(crate) async fn complete(
    deps: &Deps,
    key: &PaymentKey,
    now: &Timestamp,
) -> Result<Completed, StoreError> {
    let item = Item::from([
        ("payment_id".to_owned(), text(key.id.as_str())),
        ("timestamp".to_owned(), text(key.timestamp.as_str())),
    ]);
    let sent = deps
        .dynamodb
        .update_item()
        .table_name(&deps.config.table)
        .set_key(Some(item.clone()))
        .update_expression("SET #status = :completed, completed_at = :now")
        .condition_expression("#status = :processing")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":completed", text(PaymentStatus::Completed.as_str()))
        .expression_attribute_values(":processing", text(PaymentStatus::Processing.as_str()))
        .expression_attribute_values(":now", text(now.as_str()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = sent else { return Ok(Completed::Now(now.to_string())) };
    let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return Err(aws::failed("UpdateItem", &error).into());
    };
    let row = match failed.item().filter(|row| !row.is_empty()) {
        Some(row) => Some(row.clone()),
        None => item::get(&deps.dynamodb, &deps.config.table, item).await?,
    };
    let row = row.ok_or(StoreError::Absent)?;
    match (text_of(&row, "status"), text_of(&row, "completed_at")) {
        (Some(status), Some(then)) if status == PaymentStatus::Completed.as_str() => {
            Ok(Completed::Before(then.to_owned()))
        }
        _ => Err(StoreError::Foreign),
    }
}
