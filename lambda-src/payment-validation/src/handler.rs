//! From an event to an answer.

use std::time::Duration;

use handler_kit::api::Reply;
use handler_kit::aws::SdkConfig;
use handler_kit::{aws, log};
use payments_database::{BLOCKED, Database, Failed};
use payments_domain::TransactionRequest;
use serde_json::{Value, json};

use crate::request::Refused;
use crate::{Config, request};

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where customers are kept.
    pub database: Database,
    /// What the environment says.
    pub config: Config,
}

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        // The database gives up after a few seconds, reading its secret included.
        let shared = aws::config(Duration::from_millis(1_500), Duration::from_secs(3)).await;
        Self::new(&shared, config)
    }

    /// Makes clients from what they share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self { database: Database::new(shared, config.database.clone()), config }
    }
}

/// Answers one request to the API, or one direct payment.
pub async fn handle(event: &Value, deps: &Deps) -> Reply {
    match request::read(event) {
        Ok(payment) => validate(&payment, deps).await,
        Err(refused) => {
            let reply = Reply::bad_request(refused.status(), &refused.to_string());
            if refused == Refused::Method { reply.allowing("POST") } else { reply }
        }
    }
}

async fn validate(payment: &Value, deps: &Deps) -> Reply {
    let payment = match TransactionRequest::read(payment, &deps.config.limits) {
        Ok(payment) => payment,
        Err(reasons) => return invalid(reasons.iter().map(ToString::to_string).collect()),
    };
    match deps.database.is_blocked(&payment.customer_id).await {
        Ok(false) => {}
        Ok(true) => return invalid(vec![BLOCKED.to_owned()]),
        Err(Failed) => return Reply::unavailable(&Failed.to_string()),
    }
    log::info("payment is valid", json!({}));
    let (amount, currency) = (payment.amount, payment.amount.currency());
    let valid = json!({
        "valid": true,
        "customerId": payment.customer_id.as_str(),
        "amount": amount.to_string(),
        "currency": currency.code(),
    });
    Reply::new(200, valid.to_string())
}

fn invalid(reasons: Vec<String>) -> Reply {
    log::warn("payment is not valid", json!({"reasons": reasons}));
    Reply::new(422, json!({"valid": false, "reasons": reasons}).to_string())
}
