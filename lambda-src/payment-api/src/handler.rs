//! From an event to an answer.

use std::time::{Duration, SystemTime};

use handler_kit::api::Reply;
use handler_kit::aws::SdkConfig;
use handler_kit::{aws, log};
use payments_domain::CustomerPayment;
use serde_json::{Value, json};

use crate::request::Refused;
use crate::store::{self, Recorded, StoreError};
use crate::{Config, receipt, request};

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where receipts are written.
    pub s3: aws_sdk_s3::Client,
    /// Where payments are recorded.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// What the environment says.
    pub config: Config,
    /// The clock.
    pub now: fn() -> SystemTime,
}

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        // API Gateway waits 29 seconds for an answer (default of a REST API's `timeoutInMillis`),
        // which takes three calls at most, or two more when uploads meet.
        let shared = aws::config(Duration::from_secs(3), Duration::from_secs(8)).await;
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

/// Answers one request to the API.
pub async fn handle(event: Value, deps: &Deps) -> Reply {
    let payment = match request::read(&event) {
        Ok(payment) => payment,
        Err(refused) => {
            let reply = Reply::bad_request(refused.status(), &refused.to_string());
            return if refused == Refused::Method { reply.allowing("POST") } else { reply };
        }
    };
    match process(deps, &payment).await {
        Ok(result) => Reply::new(200, result),
        Err(error @ StoreError::OtherContent) => Reply::refused(409, &error.to_string()),
        Err(StoreError::Unavailable) => Reply::internal(),
    }
}

/// The item first, then the receipt: only what is recorded gets one. Every request, also a repeat,
/// sees to the receipt, so that one which was lost between the two is written by the next.
async fn process(deps: &Deps, payment: &CustomerPayment) -> Result<String, StoreError> {
    let id = json!({"transactionId": payment.transaction_id.as_str()});
    let recorded = store::record(deps, payment).await;
    match &recorded {
        Ok(Recorded::Now(_)) => log::info("payment recorded", id.clone()),
        Ok(Recorded::Before(_)) => log::info("payment was recorded before", id.clone()),
        Err(StoreError::OtherContent) => {
            log::warn("transactionId used with other content", id.clone());
        }
        Err(StoreError::Unavailable) => log::error("payment not recorded", id.clone()),
    }
    let (Recorded::Now(result) | Recorded::Before(result)) = recorded?;
    if let Err(error) = receipt::write(deps, &payment.transaction_id, &result).await {
        log::error("receipt not written", id);
        return Err(error.into());
    }
    Ok(result)
}
