//! From a batch to the messages that failed.

use std::time::{Duration, SystemTime};

use handler_kit::aws::SdkConfig;
use handler_kit::{aws, join_all, log, milliseconds, object};
use payments_domain::{MessageError, PaymentKey, PaymentStatus, Timestamp};
use serde_json::{Value, json};
use thiserror::Error;

use crate::batch::{self, Message};
use crate::store::{self, Completed, StoreError};
use crate::{BatchError, Config, Failures};

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where audit objects are written.
    pub s3: aws_sdk_s3::Client,
    /// Where payments are kept.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// What the environment says.
    pub config: Config,
    /// The clock.
    pub now: fn() -> SystemTime,
}

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

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        // The function has a minute for what takes three calls, or two more when uploads meet.
        let shared = aws::config(Duration::from_secs(3), Duration::from_secs(10)).await;
        Self::new(&shared, config)
    }

    /// Makes clients from what they share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self {
            s3: aws::s3(shared),
            dynamodb: aws_sdk_dynamodb::Client::new(shared),
            config,
            now: SystemTime::now,
        }
    }
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
