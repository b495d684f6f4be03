//! Items of a table, and putting one that is put once.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use payments_domain::{Metadata, MetadataValue};
use serde_json::json;

use crate::aws::{self, Unavailable};
use crate::log;

/// An item of a table, or its key.
pub type Item = HashMap<String, AttributeValue>;

/// An attribute of text.
#[must_use]
pub fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// The text of an attribute, if the item has it.
#[must_use]
pub fn text_of<'item>(item: &'item Item, name: &str) -> Option<&'item str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// An attribute of a whole number.
#[must_use]
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The whole number of an attribute, if the item has it.
#[must_use]
pub fn number_of(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// An attribute of metadata: a map.
#[must_use]
pub fn map(metadata: &Metadata) -> AttributeValue {
    let entry = |(name, value): (&str, &MetadataValue)| {
        let value = match value {
            MetadataValue::Text(text) => AttributeValue::S(text.clone()),
            MetadataValue::Number(number) => AttributeValue::N(number.clone()),
            MetadataValue::Flag(flag) => AttributeValue::Bool(*flag),
        };
        (name.to_owned(), value)
    };
    AttributeValue::M(metadata.entries().map(entry).collect())
}

/// Puts an item, unless there is one under its key, which is then returned. `key` names the
/// attributes of the table's key, the hash first.
///
/// A call whose reply is lost is repeated by the SDK and finds its own item.
///
/// # Errors
/// [`Unavailable`], when it is not known to be there.
pub async fn put_once(
    client: &Client,
    table: &str,
    key: &[&str],
    item: Item,
) -> Result<Option<Item>, Unavailable> {
    let hash = key.first().copied().unwrap_or_default();
    let part = |name: &&str| Some(((*name).to_owned(), item.get(*name)?.clone()));
    let key = key.iter().filter_map(part).collect();
    let sent = client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(format!("attribute_not_exists({hash})"))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = sent else { return Ok(None) };
    let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
    else {
        return Err(aws::failed("PutItem", &error));
    };
    if let Some(first) = taken.item().filter(|item| !item.is_empty()) {
        return Ok(Some(first.clone()));
    }
    // The reply did not bring it.
    let first = get(client, table, key).await?;
    if first.is_none() {
        log::error("conflicting item no longer exists", json!({}));
    }
    first.ok_or(Unavailable).map(Some)
}

/// Reads the item under a key as it is by now.
///
/// # Errors
/// [`Unavailable`].
pub async fn get(client: &Client, table: &str, key: Item) -> Result<Option<Item>, Unavailable> {
    let request = client.get_item().table_name(table).consistent_read(true);
    match request.set_key(Some(key)).send().await {
        Ok(reply) => Ok(reply.item),
        Err(error) => Err(aws::failed("GetItem", &error)),
    }
}
