//! A batch of messages, and the answer to it.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The event is not a batch of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the event must be a batch of messages, each with a messageId")]
pub struct BatchError;

/// One message of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'event> {
    pub(crate) id: &'event str,
    /// Whatever somebody sent; nothing that is not a text.
    pub(crate) body: &'event str,
}

/// Which messages of a batch failed, as an event source mapping takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    /// The failed ones, in the order of the batch. None is a batch that is done.
    pub batch_item_failures: Vec<Failure>,
}

/// One message that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its `messageId`.
    pub item_identifier: String,
}

/// Reads a batch.
pub(crate) fn read(event: &Value) -> Result<Vec<Message<'_>>, BatchError> {
    let records = event.get("Records").and_then(Value::as_array).ok_or(BatchError)?;
    if records.is_empty() {
        return Err(BatchError);
    }
    records.iter().map(message).collect()
}

fn message(record: &Value) -> Result<Message<'_>, BatchError> {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let from_a_queue = text("eventSource").is_none_or(|source| source == "aws:sqs");
    // A failure is told by its id. An empty one would fail the whole batch.
    let id = text("messageId").filter(|id| from_a_queue && !id.is_empty()).ok_or(BatchError)?;
    Ok(Message { id, body: text("body").unwrap_or_default() })
}

impl<'event> FromIterator<Message<'event>> for Failures {
    fn from_iter<M: IntoIterator<Item = Message<'event>>>(failed: M) -> Self {
        let failure = |message: Message| Failure { item_identifier: message.id.to_owned() };
        Self { batch_item_failures: failed.into_iter().map(failure).collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_is_read_with_whatever_bodies() {
        let event = json!({"Records": [
            {"messageId": "1", "body": "x", "eventSource": "aws:sqs", "attributes": {}},
            {"messageId": "2", "body": {"x": 1}},
            {"messageId": "3"},
        ]});
        let bodies: Vec<&str> = read(&event).unwrap().iter().map(|message| message.body).collect();
        assert_eq!(bodies, ["x", "", ""]);
    }

    #[test]
    fn what_is_no_batch_is_an_error() {
        for event in [
            json!(null),
            json!([]),
            json!({}),
            json!({"Records": null}),
            json!({"Records": []}),
            json!({"Records": [7]}),
            json!({"Records": [{"messageId": "1"}, {"body": "x"}]}),
            json!({"Records": [{"messageId": "", "body": "x"}]}),
            json!({"Records": [{"messageId": 1, "body": "x"}]}),
            json!({"Records": [{"messageId": "1", "body": "x", "eventSource": "aws:s3"}]}),
        ] {
            assert_eq!(read(&event), Err(BatchError), "{event}");
        }
    }

    #[test]
    fn the_answer_names_failures_as_the_mapping_wants_it() {
        let message = Message { id: "1", body: "x" };
        let failures = serde_json::to_value(Failures::from_iter([message])).unwrap();
        assert_eq!(failures, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
        let none = serde_json::to_value(Failures::default()).unwrap();
        assert_eq!(none, json!({"batchItemFailures": []}));
    }
}
