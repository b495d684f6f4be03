//! The audit record of a decision: an object that is written once.

use handler_kit::aws::Unavailable;
use handler_kit::object;
use payments_domain::{Decided, PaymentId, Timestamp, TransactionRequest};
use serde_json::{Value, json};

use crate::{Config, Deps};

/// Leaves the record, unless it is there. It is made of what the row has, so it is the same whoever
/// writes it, and of nothing of a card.
pub(crate) async fn leave(
    deps: &Deps,
    id: &PaymentId,
    transaction: &TransactionRequest,
    timestamp: u64,
    decided: &Decided,
) -> Result<(), Unavailable> {
    let Config { bucket, encryption, .. } = &deps.config;
    let taken = Timestamp::from_milliseconds(timestamp);
    let key = format!("audit/{}/{id}.json", taken.date());
    let record = record(id, transaction, &taken, decided).to_string();
    object::put_once(&deps.s3, bucket, &key, &record, encryption).await
}

fn record(
    id: &PaymentId,
    transaction: &TransactionRequest,
    taken: &Timestamp,
    decided: &Decided,
) -> Value {
    let amount = transaction.amount;
    json!({
        "transactionId": id.as_str(),
        "customerId": transaction.customer_id.as_str(),
        "amount": amount.to_string(),
        "currency": amount.currency().code(),
        "timestamp": taken.as_str(),
        "status": decided.status.as_str(),
        "score": decided.score,
        "reasons": decided.reasons,
        "decidedAt": Timestamp::from_milliseconds(decided.at).as_str(),
    })
}
