//! From a batch to the messages that failed.

use handler_kit::{join_all, log, milliseconds, object};
use payments_domain::{MessageError, PaymentKey, PaymentStatus, Timestamp};
use serde_json::{Value, json};
use thiserror::Error;

use crate::batch::{self, Message};
use crate::store::{self, Completed, StoreError};
use crate::{BatchError, Config, Deps, Failures};

/// Why a message failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum Failed {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the audit object could not be written now")]
    Audit,
}

/// Handles one batch, every message by itself.
///
/// # Errors
/// [`BatchError`], before anything is done.
pub async fn handle(event: Value, deps: &Deps) -> Result<Failures, BatchError> {
    let batch = batch::read(&event).inspect_err(|error| {
        log::error("event refused", json!({"reason": error.to_string()}));
    })?;
    let done = join_all((1..).zip(&batch).map(|(place, message)| one(deps, place, message))).await;
    let failed = batch.iter().zip(done).filter(|(_, done)| !done);
    Ok(failed.map(|(message, _)| *message).collect())
}

/// Handles one message, and returns whether it is done.
async fn one(deps: &Deps, place: usize, message: &Message<'_>) -> bool {
    let key = PaymentKey::from_message(message.body);
    // A message that is none of ours is known by its place alone: nothing of it is logged.
    let mut fields = json!({"record": place});
    if let Ok(key) = &key {
        fields["paymentId"] = json!(key.id.as_str());
    }
    let completed = match key {
        Ok(key) => complete(deps, &key).await,
        Err(error) => Err(error.into()),
    };
    match completed {
        Ok(Completed::Now(_)) => log::info("payment completed", fields),
        Ok(Completed::Before(_)) => log::info("payment was completed before", fields),
        Err(error) => {
            fields["reason"] = json!(error.to_string());
            log::error("message failed", fields);
            return false;
        }
    }
    true
}

/// The row first, then the audit object: only what is completed gets one. A repeat sees to the
/// object too, so that one which was lost between the two is written by the next.
async fn complete(deps: &Deps, key: &PaymentKey) -> Result<Completed, Failed> {
    let now = Timestamp::from_milliseconds(milliseconds((deps.now)()));
    let completed = store::complete(deps, key, &now).await?;
    let (Completed::Now(then) | Completed::Before(then)) = &completed;
    let text = json!({
        "paymentId": key.id.as_str(),
        "status": PaymentStatus::Completed.as_str(),
        "timestamp": key.timestamp.as_str(),
        "completedAt": then,
    });
    let Config { bucket, encryption, .. } = &deps.config;
    let object = key.audit_object(PaymentStatus::Completed);
    let written = object::put_once(&deps.s3, bucket, &object, &text.to_string(), encryption).await;
    written.map_err(|_| Failed::Audit)?;
    Ok(completed)
}
