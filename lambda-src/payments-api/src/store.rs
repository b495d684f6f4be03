//! Taking a payment at most once, and finding payments. The items are described in the crate's
//! documentation.

use handler_kit::aws::{self, Unavailable};
use handler_kit::item::{Item, put_once, text, text_of};
use handler_kit::log;
use payments_domain::{Digest, PaymentId, PaymentKey, Timestamp};
use serde_json::json;
use thiserror::Error;

use crate::Deps;
use crate::request::Page;
use crate::row::{KEY, Row, key_item, key_of};

/// Why a payment was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// The key was used with other content.
    #[error("Idempotency-Key was already used with other content")]
    OtherContent,
    /// AWS did not take it; it may later. Already logged.
    #[error("the payment could not be accepted now")]
    Unavailable,
}

impl From<Unavailable> for StoreError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Puts the guard of a payment, unless there is one, and returns when the payment was taken.
pub(crate) async fn guard(
    deps: &Deps,
    id: &PaymentId,
    digest: &Digest,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let mut guard = key_item(&guard_key(id));
    guard.insert("taken".to_owned(), text(now.as_str()));
    guard.insert("digest".to_owned(), text(digest.as_str()));
    let Some(first) = put_once(&deps.dynamodb, &deps.config.table, &KEY, guard).await? else {
        return Ok(now);
    };
    let taken = text_of(&first, "taken").and_then(|taken| taken.parse().ok());
    match (text_of(&first, "digest"), taken) {
        (Some(stored), Some(taken)) if stored == digest.as_str() => Ok(taken),
        (Some(_), Some(_)) => Err(StoreError::OtherContent),
        _ => {
            log::error("guard has an unknown format", json!({}));
            Err(StoreError::Unavailable)
        }
    }
}

/// Before every row of the payment, and of its shape, so that a scan may end with it.
fn guard_key(id: &PaymentId) -> PaymentKey {
    PaymentKey { id: id.clone(), timestamp: Timestamp::before_all() }
}

/// Puts the row of a payment, unless there is one, and returns what there is.
pub(crate) async fn record(deps: &Deps, row: Row) -> Result<Row, StoreError> {
    let found = put_once(&deps.dynamodb, &deps.config.table, &KEY, row.item()).await?;
    found.map_or(Some(row), |first| Row::read(&first)).ok_or(StoreError::Unavailable)
}

/// Finds one payment.
pub(crate) async fn find(deps: &Deps, id: &PaymentId) -> Result<Option<Row>, Unavailable> {
    let guard = guard_key(id);
    let request = deps.dynamodb.query().table_name(&deps.config.table).consistent_read(true);
    let sent = request
        .key_condition_expression("payment_id = :id AND #timestamp > :guard")
        .expression_attribute_names("#timestamp", "timestamp")
        .expression_attribute_values(":id", text(id.as_str()))
        .expression_attribute_values(":guard", text(guard.timestamp.as_str()))
        .limit(1)
        .send()
        .await;
    let reply = sent.map_err(|error| aws::failed("Query", &error))?;
    reply.items().first().map(|item| Row::read(item).ok_or(Unavailable)).transpose()
}

/// Reads one page, and where it ended if there may be more.
pub(crate) async fn list(
    deps: &Deps,
    page: &Page,
) -> Result<(Vec<Row>, Option<PaymentKey>), Unavailable> {
    let (mut items, last) = match page.status {
        Some(_) => indexed(deps, page).await?,
        None => scanned(deps, page).await?,
    };
    // One more than asked for tells whether there are more, without an empty page at the end.
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    let end = if more { items.last() } else { last.as_ref() };
    let end = end.map(|item| key_of(item).ok_or_else(lost)).transpose()?;
    // What is not one of ours is no reason to keep all others back.
    Ok((items.iter().filter_map(Row::read).collect(), end))
}

/// A page must not look like the last one for want of a way on.
fn lost() -> Unavailable {
    log::error("last item of the page has an unknown format", json!({}));
    Unavailable
}

type Found = (Vec<Item>, Option<Item>);

/// The payments of a status, the newest first.
async fn indexed(deps: &Deps, page: &Page) -> Result<Found, Unavailable> {
    let status = page.status.map(|status| text(status.as_str()));
    let start = page.after.as_ref().map(|after| {
        let mut start = key_item(after);
        start.extend(status.clone().map(|status| ("status".to_owned(), status)));
        start
    });
    let request = deps.dynamodb.query().table_name(&deps.config.table).index_name("status-index");
    let sent = request
        .key_condition_expression("#status = :status")
        .expression_attribute_names("#status", "status")
        .set_expression_attribute_values(status.map(|it| Item::from([(":status".to_owned(), it)])))
        .scan_index_forward(false)
        .limit(number(page.limit + 1))
        .set_exclusive_start_key(start)
        .send()
        .await;
    let reply = sent.map_err(|error| aws::failed("Query", &error))?;
    Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
}

/// All payments, without their guards. Next to a payment is at most one guard: among twice as many
/// items there is a page of payments.
async fn scanned(deps: &Deps, page: &Page) -> Result<Found, Unavailable> {
    let request = deps.dynamodb.scan().table_name(&deps.config.table);
    let sent = request
        .filter_expression("attribute_exists(#status)")
        .expression_attribute_names("#status", "status")
        .limit(number(2 * page.limit + 1))
        .set_exclusive_start_key(page.after.as_ref().map(key_item))
        .send()
        .await;
    let reply = sent.map_err(|error| aws::failed("Scan", &error))?;
    Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
}

fn number(limit: usize) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}
