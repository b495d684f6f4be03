//! From an event to an answer.

use handler_kit::api::Reply;
use handler_kit::log;
use payments_domain::CustomerPayment;
use serde_json::{Value, json};

use crate::request::Refused;
use crate::store::{self, Recorded, StoreError};
use crate::{Deps, receipt, request};

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
