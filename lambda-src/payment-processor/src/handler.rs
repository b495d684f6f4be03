//! From an event to an answer.

use handler_kit::log;
use payments_domain::Payment;
use serde_json::{Value, json};
use thiserror::Error;

use crate::event::{Event, Object, RecordError};
use crate::file::{self, FileError};
use crate::reply::FileReport;
use crate::store::{self, Recorded, StoreError};
use crate::{Deps, Reply, rejected};

/// How many refused payments of a file its reason names.
const MOST_NAMED: usize = 10;

/// The event met a failure that may pass: Lambda should deliver it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("some files could not be processed now; deliver the event again")]
pub struct Redeliver;

/// Handles one event: a direct payment, or a notification of files.
///
/// # Errors
/// [`Redeliver`] when a file of a notification met a failure that may pass.
pub async fn handle(event: Value, deps: &Deps) -> Result<Reply, Redeliver> {
    match Event::read(event) {
        Ok(Event::Direct(payment)) => Ok(direct(&payment, deps).await),
        Ok(Event::Files(files)) => notified(&files, deps).await,
        Err(error) => {
            log::warn("event refused", json!({"reason": error.to_string()}));
            Ok(Reply::refused(&error.to_string()))
        }
    }
}

async fn direct(payment: &Value, deps: &Deps) -> Reply {
    let payment = match Payment::try_from(payment) {
        Ok(payment) => payment,
        Err(error) => {
            log::warn("payment refused", json!({"reason": error.to_string()}));
            return Reply::refused(&error.to_string());
        }
    };
    match record(deps, &payment, "direct").await {
        Ok(recorded) => Reply::recorded(&payment, recorded),
        Err(error @ StoreError::OtherContent) => Reply::refused(&error.to_string()),
        Err(StoreError::Unavailable) => Reply::internal(),
    }
}

/// Every file gets its turn, whatever happens to the others.
async fn notified(files: &[Result<Object, RecordError>], deps: &Deps) -> Result<Reply, Redeliver> {
    let mut reports = Vec::with_capacity(files.len());
    let (mut again, mut refused) = (false, 0);
    for (place, file) in (1..).zip(files) {
        let mut report = FileReport { record: place, ..FileReport::default() };
        match file {
            Ok(object) => {
                report.key = Some(object.key.clone());
                let mut done = process(object, deps, &mut report).await;
                if let Some(reason) = report.reason.as_deref().filter(|_| done.is_ok()) {
                    // One of another bucket is none of ours to keep records of.
                    if object.bucket == deps.config.bucket {
                        let kept = rejected::record(deps, object, reason).await;
                        done = kept.map_err(|_| Redeliver);
                    }
                }
                refused += usize::from(done.is_ok() && report.reason.is_some());
                again |= done.is_err();
            }
            Err(error) => {
                report.reason = Some(error.to_string());
                refused += 1;
            }
        }
        match &report.reason {
            Some(reason) => log::warn(
                "file refused",
                json!({"record": place, "key": report.key, "reason": reason}),
            ),
            None => log::info("file done", json!(report)),
        }
        reports.push(report);
    }
    if refused > 0 {
        rejected::count(deps, refused);
    }
    if again { Err(Redeliver) } else { Ok(Reply::files(&reports)) }
}

/// Processes one file and writes down what became of it.
async fn process(object: &Object, deps: &Deps, report: &mut FileReport) -> Result<(), Redeliver> {
    let payments = match file::read(deps, object).await {
        Ok(payments) => payments,
        Err(error) => {
            report.reason = Some(error.to_string());
            return if matches!(error, FileError::Unavailable) { Err(Redeliver) } else { Ok(()) };
        }
    };
    let source = match &object.version {
        Some(version) => format!("s3://{}/{}?versionId={version}", object.bucket, object.key),
        None => format!("s3://{}/{}", object.bucket, object.key),
    };
    let mut refused = Vec::new();
    for (place, payment) in (1..).zip(&payments) {
        match record(deps, payment, &source).await {
            Ok(Recorded::Now(_)) => report.processed += 1,
            Ok(Recorded::Before(_)) => report.duplicates += 1,
            Err(StoreError::OtherContent) => refused.push(place),
            // The rest of the file would most likely fare the same: leave it to the redelivery.
            Err(error @ StoreError::Unavailable) => {
                report.reason = Some(error.to_string());
                return Err(Redeliver);
            }
        }
    }
    report.reason = reason(&refused);
    Ok(())
}

async fn record(deps: &Deps, payment: &Payment, source: &str) -> Result<Recorded, StoreError> {
    let recorded = store::record(deps, payment, source).await;
    let id = json!({"transactionId": payment.transaction_id.as_str()});
    match recorded {
        Ok(Recorded::Now(_)) => log::info("payment processed", id),
        Ok(Recorded::Before(_)) => log::info("payment is a duplicate", id),
        Err(StoreError::OtherContent) => log::warn("transactionId used with other content", id),
        Err(StoreError::Unavailable) => log::error("payment not recorded", id),
    }
    recorded
}

/// Names the payments of a file, by place, whose id was used before with other content.
fn reason(refused: &[usize]) -> Option<String> {
    let named: Vec<String> = refused.iter().take(MOST_NAMED).map(usize::to_string).collect();
    let more = match refused.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let error = StoreError::OtherContent;
    (!refused.is_empty()).then(|| format!("payment {}{more}: {error}", named.join(", ")))
}
