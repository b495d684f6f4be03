//! From an event to an answer.

use handler_kit::api::Reply;
use handler_kit::aws::Unavailable;
use handler_kit::{log, milliseconds};
use payments_database::{Failed as DatabaseFailed, Migrated, Payment};
use payments_domain::{Decided, PaymentId, TransactionRequest, TransactionStatus};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::request::Refused;
use crate::step::Step;
use crate::store::{self, StoreError};
use crate::{Deps, audit, notice, request, score};

/// Why a transaction is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    OtherContent,
    At(Step),
    Late,
}

impl Step {
    fn failed(self) -> impl Fn(Unavailable) -> Failed {
        move |_| Failed::At(self)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OtherContent => Self::OtherContent,
            StoreError::Unavailable => Self::At(Step::Write),
        }
    }
}

/// What the function answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a request to the API.
    Reply(Reply),
    /// To a call for the migration of the schema.
    Migrated(Migrated),
}

/// The schema is not migrated; it may be later. Already logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the schema of the database could not be migrated now")]
pub struct MigrationError;

/// Answers one event: a request to the API, or the call `{"migrate": true}`, which no request is.
///
/// # Errors
/// [`MigrationError`]. A request always has an answer.
pub async fn invoke(event: Value, deps: &Deps) -> Result<Answer, MigrationError> {
    if event != json!({"migrate": true}) {
        return Ok(Answer::Reply(handle(event, deps).await));
    }
    let migrated = tokio::time::timeout(deps.limit, deps.database.migrate()).await;
    match migrated {
        Ok(Ok(migrated)) => Ok(Answer::Migrated(migrated)),
        Ok(Err(DatabaseFailed)) | Err(_) => {
            log::error("schema not migrated", json!({}));
            Err(MigrationError)
        }
    }
}

/// Answers one request to the API.
pub async fn handle(event: Value, deps: &Deps) -> Reply {
    let (key, transaction) = match request::read(&event, &deps.config.limits) {
        Ok(read) => read,
        Err(refused) => return refuse(&refused),
    };
    let id = PaymentId::of(&key);
    let logged = json!({"transactionId": id.as_str()});
    let done = tokio::time::timeout(deps.limit, process(deps, &id, &transaction)).await;
    match done.unwrap_or(Err(Failed::Late)) {
        Ok((timestamp, decided)) => {
            log::info("transaction processed", logged);
            Reply::new(200, answer(&id, &transaction, timestamp, &decided).to_string())
        }
        Err(Failed::OtherContent) => {
            log::warn("Idempotency-Key used with other content", logged);
            Reply::refused(409, &StoreError::OtherContent.to_string())
        }
        Err(Failed::At(step)) => {
            let fields = json!({"transactionId": id.as_str(), "step": step.as_str()});
            log::error("transaction not processed", fields);
            tell(deps, &id, step).await;
            match step {
                Step::Decide => Reply::unavailable(&DatabaseFailed.to_string()),
                _ => Reply::internal(),
            }
        }
        Err(Failed::Late) => {
            log::error("transaction not processed in time", logged);
            Reply::unavailable("it took too long; send the same request again")
        }
    }
}

fn refuse(refused: &Refused) -> Reply {
    let Refused::Invalid(reasons) = refused else {
        let reply = Reply::bad_request(refused.status(), &refused.to_string());
        return if *refused == Refused::Method { reply.allowing("POST") } else { reply };
    };
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    log::warn("transaction is not valid", json!({"reasons": reasons}));
    let body = json!({"error": refused.to_string(), "reasons": reasons});
    Reply::new(refused.status(), body.to_string())
}

/// Does what is to be done for a transaction, or what an earlier request left to do. The steps are
/// described in the crate's documentation.
async fn process(
    deps: &Deps,
    id: &PaymentId,
    transaction: &TransactionRequest,
) -> Result<(u64, Decided), Failed> {
    let now = || milliseconds((deps.now)());
    let mut row = store::record(deps, id, transaction, now()).await?;
    let timestamp = row.timestamp;
    if row.decided.is_none() {
        let proposed = score::decide(deps, id, transaction, timestamp, now()).await;
        let TransactionRequest { customer_id: customer, amount, .. } = transaction;
        let payment = Payment { id, customer, amount: *amount, timestamp };
        let decided = deps.database.decide(payment, &proposed).await;
        let decided = decided.map_err(|DatabaseFailed| Failed::At(Step::Decide))?;
        let written = store::decide(deps, id, row, decided).await;
        row = written.map_err(Step::Follow.failed())?;
    }
    let decided = row.decided.ok_or(Failed::At(Step::Follow))?;
    let left = audit::leave(deps, id, transaction, timestamp, &decided).await;
    left.map_err(Step::Audit.failed())?;
    if decided.status == TransactionStatus::Declined && !row.notified {
        let published = notice::declined(deps, id, timestamp, &decided).await;
        published.map_err(Step::Notify.failed())?;
        store::note(deps, id, now()).await.map_err(Step::Note.failed())?;
    }
    Ok((timestamp, decided))
}

/// Publishes that a step failed, unless it was publishing, or came after it.
async fn tell(deps: &Deps, id: &PaymentId, step: Step) {
    if matches!(step, Step::Write | Step::Decide | Step::Follow | Step::Audit)
        && notice::failed(deps, id, step).await.is_err()
    {
        log::error("failure not published", json!({"transactionId": id.as_str()}));
    }
}

/// The answer: the first one and every repeat are the same, so it is made of what does not change.
/// Why a transaction was declined is not for whoever tried it.
fn answer(
    id: &PaymentId,
    transaction: &TransactionRequest,
    timestamp: u64,
    decided: &Decided,
) -> Value {
    let amount = transaction.amount;
    json!({
        "transactionId": id.as_str(),
        "status": decided.status.as_str(),
        "score": decided.score,
        "timestamp": timestamp,
        "customerId": transaction.customer_id.as_str(),
        "amount": amount.to_string(),
        "currency": amount.currency().code(),
    })
}
