//! From an event to a score.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use handler_kit::aws::{SdkConfig, Unavailable};
use handler_kit::{aws, log, milliseconds};
use payments_domain::{Assessment, PaymentError, Transaction};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::{Config, history};

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where transactions are kept.
    pub dynamodb: Client,
    /// What the environment says.
    pub config: Config,
    /// The clock.
    pub now: fn() -> SystemTime,
}

/// The answer to one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// From 0 to 100.
    pub score: u8,
    /// `approve`, `review` or `decline`.
    pub decision: &'static str,
    /// What made the score, if anything did.
    pub reasons: Vec<String>,
}

/// Why an event gets no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// It is not a transaction.
    #[error(transparent)]
    Transaction(#[from] PaymentError),
    /// AWS did not do it; it may later. Already logged.
    #[error("the history could not be read now")]
    Unavailable,
}

impl From<Unavailable> for ScoreError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Assessment> for Scored {
    fn from(assessment: Assessment) -> Self {
        let reasons = assessment.reasons.iter().map(ToString::to_string).collect();
        Self { score: assessment.score, decision: assessment.decision.as_str(), reasons }
    }
}

impl Deps {
    /// Makes a client from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        // The function has half a minute for what takes four calls at most.
        let shared = aws::config(Duration::from_millis(2_500), Duration::from_secs(6)).await;
        Self::new(&shared, config)
    }

    /// Makes a client from what clients share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self { dynamodb: Client::new(shared), config, now: SystemTime::now }
    }
}

/// Scores the transaction of one event.
///
/// # Errors
/// Why there is no score, as a [`ScoreError`].
pub async fn handle(event: &Value, deps: &Deps) -> Result<Scored, ScoreError> {
    let transaction = Transaction::try_from(event).inspect_err(|error| {
        log::warn("event refused", json!({"reason": error.to_string()}));
    })?;
    let (id, customer) = (transaction.transaction_id.as_str(), &transaction.customer_id);
    let timestamp = transaction.timestamp.unwrap_or_else(|| milliseconds((deps.now)()));
    let Deps { dynamodb, config, .. } = deps;
    // What the customer did before it.
    let before = history::read(dynamodb, &config.table, customer, timestamp, id).await;
    let before = before.inspect_err(|_| {
        log::error("transaction not scored", json!({"transactionId": id}));
    })?;
    let scored = Scored::from(config.rules.assess(transaction.amount, timestamp, &before));
    let logged = json!({"transactionId": id, "score": scored.score, "decision": scored.decision});
    log::info("transaction scored", logged);
    Ok(scored)
}
