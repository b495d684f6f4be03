//! What a customer did before, as far as it is read.

use aws_sdk_dynamodb::Client;
use handler_kit::aws::{self, Unavailable};
use handler_kit::item::{Item, number, number_of, text, text_of};
use handler_kit::log;
use payments_domain::{Amount, CustomerId, Past};
use serde_json::json;

const INDEX: &str = "customer-id-timestamp-index";

/// How many transactions a page has, and how many pages are read at most: the newest thousand.
const PAGE: i32 = 250;
const PAGES: usize = 4;

/// Reads the customer's transactions up to a time, without the one that is looked at.
///
/// The index follows its table within a moment: what was written just now may not be in it yet.
///
/// # Errors
/// [`Unavailable`]: half a history is none.
pub(crate) async fn read(
    client: &Client,
    table: &str,
    customer: &CustomerId,
    until: u64,
    except: &str,
) -> Result<Vec<Past>, Unavailable> {
    let mut history = Vec::new();
    let mut start = None;
    for _ in 0..PAGES {
        let sent = client
            .query()
            .table_name(table)
            .index_name(INDEX)
            .key_condition_expression("customer_id = :customer AND #timestamp <= :until")
            .projection_expression("transaction_id, #timestamp, #status, amount, currency")
            .expression_attribute_names("#timestamp", "timestamp")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":customer", text(customer.as_str()))
            .expression_attribute_values(":until", number(until))
            .scan_index_forward(false)
            .limit(PAGE)
            .set_exclusive_start_key(start)
            .send()
            .await;
        let reply = sent.map_err(|error| aws::failed("Query", &error))?;
        let others = |item: &&Item| text_of(item, "transaction_id") != Some(except);
        history.extend(reply.items().iter().filter(others).filter_map(past));
        start = reply.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    Ok(history)
}

/// Reads a row; one that is not of ours is logged and none.
fn past(item: &Item) -> Option<Past> {
    let past = parse(item);
    if past.is_none() {
        log::error("row has an unknown format", json!({}));
    }
    past
}

fn parse(item: &Item) -> Option<Past> {
    let amount = item.get("amount")?.as_n().ok()?;
    Some(Past {
        timestamp: number_of(item, "timestamp")?,
        amount: Amount::parse(amount, text_of(item, "currency")?.parse().ok()?).ok()?,
        status: text_of(item, "status")?.parse().ok()?,
    })
}
