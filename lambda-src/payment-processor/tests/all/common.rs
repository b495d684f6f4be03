//! What the tests share: a table and a bucket, the real binary, payments and events.

mod stack;

pub use stack::{Row, Stack};

use handler_tests::Function;
use serde_json::{Value, json};

/// Starts the real binary for a stack.
pub fn start(stack: &Stack) -> Function {
    let config = &stack.deps.config;
    let environment = [
        ("DYNAMODB_TABLE", config.table.as_str()),
        ("S3_BUCKET", &config.bucket),
        ("KMS_KEY_ID", &config.key),
    ];
    start_with(&environment, &stack.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_payment-processor"), environment, endpoint)
}

/// One valid payment of 12.50 dollars.
pub fn payment(id: &str) -> Value {
    json!({
        "transactionId": id,
        "amount": "12.50",
        "currency": "USD",
        "cardLast4": "4242",
        "metadata": {"order": "A-1", "items": 3, "gift": true},
    })
}

pub fn direct(payment: &Value) -> Value {
    json!({"payment_data": payment})
}

/// A notification as S3 sends it, for objects given as bucket, encoded key and version.
pub fn notification(objects: &[(&str, &str, Option<&str>)]) -> Value {
    let record = |(bucket, key, version): &(&str, &str, Option<&str>)| {
        let mut object = json!({"key": key, "size": 1, "eTag": "0", "sequencer": "0"});
        if let Some(version) = version {
            object["versionId"] = json!(version);
        }
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventName": "ObjectCreated:Put",
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": object},
        })
    };
    json!({"Records": objects.iter().map(record).collect::<Vec<_>>()})
}
