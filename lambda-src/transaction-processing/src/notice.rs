//! Notices of transactions that were declined or failed.

use aws_sdk_sns::types::MessageAttributeValue;
use handler_kit::aws::{self, Unavailable};
use payments_domain::{Decided, PaymentId, TransactionStatus};
use serde_json::{Value, json};

use crate::Deps;
use crate::step::Step;

/// A subscriber may be older or newer than the function.
const VERSION: u32 = 1;

/// Publishes that a transaction was declined.
pub(crate) async fn declined(
    deps: &Deps,
    id: &PaymentId,
    timestamp: u64,
    decided: &Decided,
) -> Result<(), Unavailable> {
    let status = TransactionStatus::Declined.as_str();
    let more = json!({"score": decided.score, "timestamp": timestamp});
    publish(deps, id, status, more).await
}

/// Publishes that a transaction could not be processed now, and at which step.
pub(crate) async fn failed(deps: &Deps, id: &PaymentId, step: Step) -> Result<(), Unavailable> {
    publish(deps, id, "failed", json!({"step": step.as_str()})).await
}

/// A notice names a transaction by our id, and neither its customer nor its amount: whoever may
/// know those finds them in the table.
async fn publish(
    deps: &Deps,
    id: &PaymentId,
    status: &str,
    more: Value,
) -> Result<(), Unavailable> {
    let mut notice = json!({"version": VERSION, "transactionId": id.as_str(), "status": status});
    if let (Value::Object(notice), Value::Object(more)) = (&mut notice, more) {
        notice.extend(more);
    }
    // What a subscription filters by.
    let attribute = MessageAttributeValue::builder().data_type("String").string_value(status);
    let attribute = attribute.build().map_err(|_| Unavailable)?;
    let request = deps.sns.publish().topic_arn(deps.config.topic.as_str());
    let request = request.subject(format!("transaction {status}"));
    let request = request.message(notice.to_string()).message_attributes("status", attribute);
    request.send().await.map(drop).map_err(|error| aws::failed("Publish", &error))
}
