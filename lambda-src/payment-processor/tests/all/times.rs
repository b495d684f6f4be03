//! Files that are named by a time, as `send-payment` and most uploaders name them. A tenth of all
//! times in milliseconds pass the Luhn check, and are no card numbers for that.

use crate::common::{Stack, notification, payment};
use handler_tests::{Request, Scripted};
use payment_processor::{Config, handle};
use serde_json::Value;

/// The most files that one event tells of.
const FILES: u64 = 1_000;

/// The first name's time, 2026-11-29T00:00:00Z.
const FIRST: u64 = 1_795_910_400_000;

/// Hands over one event with as many files as there may be, each named by the next millisecond.
async fn handed_over(stack: &Stack, bucket: &str, first: u64) -> Value {
    let keys: Vec<String> =
        (first..first + FILES).map(|time| format!("payments/demo-{time}.json")).collect();
    let objects: Vec<_> = keys.iter().map(|key| (bucket, key.as_str(), None)).collect();
    let reply = handle(notification(&objects), &stack.deps).await.unwrap();
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let files = body["files"].as_array().unwrap();
    for (key, file) in keys.iter().zip(files) {
        assert_eq!(file["key"], **key, "a key with a card number is not repeated: {file}");
    }
    assert_eq!(files.len() as u64, FILES);
    body
}

fn stack(aws: &Scripted) -> Stack {
    let config = Config {
        table: "table".to_owned(),
        bucket: "bucket".to_owned(),
        key: "key".to_owned(),
        function: None,
    };
    Stack::at(&aws.endpoint, config)
}

/// Another bucket's file is refused right behind the check of its key, before S3 is asked.
#[tokio::test]
async fn ten_thousand_consecutive_names_pass_the_check_of_keys() {
    let aws = Scripted::start(vec![None]);
    let stack = stack(&aws);
    for first in (FIRST..FIRST + 10 * FILES).step_by(usize::try_from(FILES).unwrap()) {
        let body = handed_over(&stack, "another-bucket", first).await;
        for file in body["files"].as_array().unwrap() {
            assert_eq!(file["reason"], "the file is not in the payment bucket");
        }
    }
    assert_eq!(aws.asked().len(), 0);
}

#[tokio::test]
async fn a_thousand_consecutive_names_become_a_thousand_payments() {
    // Under every key an encrypted file, as `send-payment` makes it; and every transaction is
    // taken.
    let aws = Scripted::answering(|request: &Request| {
        if request.operation == "TransactWriteItems" {
            return ("", "{}".to_owned());
        }
        let path = request.operation.split('?').next().unwrap();
        let id = path.rsplit('/').next().unwrap().trim_end_matches(".json");
        ("x-amz-server-side-encryption: aws:kms\r\n", payment(id).to_string())
    });
    let body = handed_over(&stack(&aws), "bucket", FIRST).await;
    assert_eq!((&body["processed"], &body["failed"]), (&FILES.into(), &0.into()));
    let asked = aws.asked();
    let written = asked.iter().filter(|request| request.operation == "TransactWriteItems");
    assert_eq!(written.count() as u64, FILES);
}
