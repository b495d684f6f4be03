//! What the function answers.

use payments_domain::Payment;
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::Recorded;

/// An answer in the shape of an API proxy integration: a status, and JSON as a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// 200, 207, 400 or 500.
    pub status_code: u16,
    /// The body: a JSON document as text.
    pub body: String,
}

/// What became of one file.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct FileReport {
    /// The object's key, unless it could not be read or must not be repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Its place in the event, from 1.
    pub(crate) record: usize,
    pub(crate) processed: usize,
    pub(crate) duplicates: usize,
    /// Why the file, or some payments of it, were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Reply {
    /// A direct payment was recorded, now or before.
    pub(crate) fn recorded(payment: &Payment, recorded: Recorded) -> Self {
        let (status, timestamp) = match recorded {
            Recorded::Now(timestamp) => ("processed", timestamp),
            Recorded::Before(timestamp) => ("duplicate", timestamp),
        };
        let body = json!({
            "status": status,
            "transactionId": payment.transaction_id.as_str(),
            "timestamp": timestamp,
            "amount": payment.amount.to_string(),
            "currency": payment.amount.currency().code(),
        });
        Self::new(200, &body)
    }

    /// The event, or the payment in it, is refused.
    pub fn refused(reason: &str) -> Self {
        Self::new(400, &json!({"error": reason}))
    }

    /// Something failed that is not the caller's fault and not the caller's business.
    pub(crate) fn internal() -> Self {
        Self::new(500, &json!({"error": "internal error"}))
    }

    /// What became of the files of an event: 200 all, 207 some, 400 none.
    pub(crate) fn files(files: &[FileReport]) -> Self {
        let failed = files.iter().filter(|file| file.reason.is_some()).count();
        let recorded: usize = files.iter().map(|file| file.processed + file.duplicates).sum();
        let status = match (failed, recorded) {
            (0, _) => 200,
            (_, 0) => 400,
            _ => 207,
        };
        let body = json!({
            "processed": files.iter().map(|file| file.processed).sum::<usize>(),
            "duplicates": files.iter().map(|file| file.duplicates).sum::<usize>(),
            "failed": failed,
            "files": files,
        });
        Self::new(status, &body)
    }

    fn new(status_code: u16, body: &Value) -> Self {
        Self { status_code, body: body.to_string() }
    }
}
