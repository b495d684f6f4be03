//! From an event to an answer.

use handler_kit::api::Reply;
use handler_kit::aws::{self, Unavailable};
use handler_kit::{log, milliseconds, object};
use payments_domain::{
    IdempotencyKey, PaymentId, PaymentKey, PaymentRequest, PaymentStatus, Timestamp,
};
use serde_json::{Value, json};

use crate::request::{Page, Refused, Wish};
use crate::row::Row;
use crate::store::{self, StoreError};
use crate::{Config, Deps, place, request};

/// Answers one request to the API.
pub async fn handle(event: Value, deps: &Deps) -> Reply {
    match request::read(&event) {
        Ok(Wish::Pay(key, payment)) => pay(deps, key.as_ref(), payment).await,
        Ok(Wish::List(page)) => list(deps, &page).await,
        Ok(Wish::Show(id)) => show(deps, &id).await,
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Reply {
    let reply = Reply::bad_request(refused.status(), &refused.to_string());
    match refused {
        Refused::Method(methods) => reply.allowing(methods),
        _ => reply,
    }
}

async fn pay(deps: &Deps, key: Option<&IdempotencyKey>, payment: PaymentRequest) -> Reply {
    let Some(id) = key.map(PaymentId::of).or_else(new_id) else {
        return Reply::internal();
    };
    let logged = json!({"paymentId": id.as_str()});
    match take(deps, id, key.is_some(), payment).await {
        Ok(taken) => {
            log::info("payment accepted", logged);
            Reply::new(202, taken)
        }
        Err(error @ StoreError::OtherContent) => {
            log::warn("Idempotency-Key used with other content", logged);
            Reply::refused(409, &error.to_string())
        }
        Err(StoreError::Unavailable) => {
            log::error("payment not accepted", logged);
            Reply::internal()
        }
    }
}

fn new_id() -> Option<PaymentId> {
    let mut bytes = [0; 16];
    let filled = getrandom::fill(&mut bytes);
    if filled.is_err() {
        log::error("no random bytes available", json!({}));
    }
    filled.ok().map(|()| PaymentId::from_random(bytes))
}

/// Does what is to be done for a payment, or what an earlier request left to do, and returns the
/// answer: the first one and every repeat are the same, so it is made of what does not change.
async fn take(
    deps: &Deps,
    id: PaymentId,
    guarded: bool,
    payment: PaymentRequest,
) -> Result<String, StoreError> {
    let mut timestamp = Timestamp::from_milliseconds(milliseconds((deps.now)()));
    if guarded {
        timestamp = store::guard(deps, &id, &payment.digest(), timestamp).await?;
    }
    let row = Row::new(PaymentKey { id, timestamp }, payment);
    let taken = row.json().to_string();
    let row = store::record(deps, row).await?;
    audit(deps, &row.key, &taken).await?;
    if row.status == PaymentStatus::Processing {
        send(deps, &row.key).await?;
    }
    Ok(taken)
}

async fn audit(deps: &Deps, key: &PaymentKey, taken: &str) -> Result<(), Unavailable> {
    let Config { bucket, encryption, .. } = &deps.config;
    let object = key.audit_object(PaymentStatus::Processing);
    object::put_once(&deps.s3, bucket, &object, taken, encryption).await
}

async fn send(deps: &Deps, key: &PaymentKey) -> Result<(), Unavailable> {
    let request = deps.sqs.send_message().queue_url(&deps.config.queue);
    let sent = request.message_body(key.message()).send().await;
    sent.map(drop).map_err(|error| aws::failed("SendMessage", &error))
}

async fn list(deps: &Deps, page: &Page) -> Reply {
    let Ok((rows, end)) = store::list(deps, page).await else {
        return Reply::internal();
    };
    let mut shown = json!({"payments": rows.iter().map(Row::json).collect::<Vec<_>>()});
    if let Some(end) = end {
        shown["next"] = json!(place::write(&end, page.status));
    }
    Reply::new(200, shown.to_string())
}

async fn show(deps: &Deps, id: &PaymentId) -> Reply {
    match store::find(deps, id).await {
        Ok(Some(row)) => Reply::new(200, row.json().to_string()),
        Ok(None) => refuse(Refused::NoSuchPayment),
        Err(Unavailable) => Reply::internal(),
    }
}
