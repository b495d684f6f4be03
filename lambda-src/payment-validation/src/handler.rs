//! From an event to an answer.

use handler_kit::api::Reply;
use handler_kit::log;
use payments_domain::TransactionRequest;
use serde_json::{Value, json};

use crate::request::Refused;
use crate::{Config, request};

/// Answers one request to the API, or one direct payment.
#[must_use]
pub fn handle(event: &Value, config: &Config) -> Reply {
    match request::read(event) {
        Ok(payment) => validate(&payment, config),
        Err(refused) => {
            let reply = Reply::bad_request(refused.status(), &refused.to_string());
            if refused == Refused::Method { reply.allowing("POST") } else { reply }
        }
    }
}

fn validate(payment: &Value, config: &Config) -> Reply {
    match TransactionRequest::read(payment, &config.limits) {
        Ok(payment) => {
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
        Err(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            log::warn("payment is not valid", json!({"reasons": reasons}));
            Reply::new(422, json!({"valid": false, "reasons": reasons}).to_string())
        }
    }
}
