//! The handler itself, against an emulated table, queue and bucket.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{Stack, key, object};
use event_handler::{BatchError, handle};
use handler_kit::object::Encryption;
use handler_tests::join_all;
use handler_tests::payments::{batch, batch_of};
use payments_domain::Timestamp;
use serde_json::json;

const NOW: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_millis(1_795_311_500_000);
const THEN: &str = "2026-11-22T01:38:20.000Z";
const LATER: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(4_000_000_000);

#[tokio::test]
async fn a_queued_payment_is_completed_and_audited() {
    let mut stack = Stack::new().await;
    stack.deps.now = NOW;
    stack.put(&key(1), "processing").await;
    stack.put(&key(2), "processing").await;
    assert!(stack.failed(batch([("a", key(1).message().as_str())])).await.is_empty());

    assert_eq!(stack.status(&key(1)).await, ("completed".to_owned(), Some(THEN.to_owned())));
    assert_eq!(stack.status(&key(2)).await, ("processing".to_owned(), None));
    let rows = stack.at.rows().await;
    assert!(rows.iter().all(|row| row["customer_id"].as_s().unwrap() == "c-1"));
    assert_eq!(stack.at.versions().await, [object(&key(1))]);
    let text = stack.at.object(&object(&key(1))).await;
    assert_eq!(
        text,
        json!({
            "paymentId": key(1).id.as_str(),
            "status": "completed",
            "timestamp": key(1).timestamp.as_str(),
            "completedAt": THEN,
        })
        .to_string()
    );
    assert_eq!(stack.at.key_of(&object(&key(1))).await, None);
}

#[tokio::test]
async fn a_repeat_changes_nothing() {
    let mut stack = Stack::new().await;
    stack.deps.now = NOW;
    stack.put(&key(1), "processing").await;
    let message = key(1).message();
    // Twice in one batch, and again later.
    let event = batch([("a", message.as_str()), ("b", &message)]);
    assert!(stack.failed(event.clone()).await.is_empty());
    let rows = stack.at.rows().await;
    stack.deps.now = LATER;
    assert!(stack.failed(event).await.is_empty());
    assert_eq!(stack.at.rows().await, rows);
    assert_eq!(stack.at.versions().await.len(), 1);
}

#[tokio::test]
async fn of_twenty_deliveries_at_once_one_completes() {
    let stack = Stack::new().await;
    stack.put(&key(1), "processing").await;
    let message = key(1).message();
    let deliveries = (0..20).map(|_| stack.failed(batch([("a", message.as_str())])));
    assert!(join_all(deliveries).await.concat().is_empty());
    assert_eq!(stack.at.versions().await.len(), 1);
    let (_, then) = stack.status(&key(1)).await;
    let audit = stack.at.object(&object(&key(1))).await;
    assert!(audit.contains(&then.unwrap()), "{audit}");
}

#[tokio::test]
async fn each_failed_message_is_named_and_the_others_are_done() {
    let stack = Stack::new().await;
    for number in [1, 2] {
        stack.put(&key(number), "processing").await;
    }
    stack.put(&key(3), "refunded").await;
    // A guard, as payments-api puts it, must not become a payment.
    let mut guard = key(4);
    guard.timestamp = Timestamp::before_all();
    let mut item = crate::common::row(&guard, "");
    item.remove("status");
    stack.at.put(item).await;
    // A row of the right id at another time is another row.
    let mut other_time = key(1);
    other_time.timestamp = key(9).timestamp;
    let messages = [
        ("good", key(1).message()),
        ("not json", "card=1".to_owned()),
        ("no message", "{}".to_owned()),
        ("empty", String::new()),
        ("absent", key(7).message()),
        ("other time", other_time.message()),
        ("foreign", key(3).message()),
        ("guard", guard.message()),
        ("good too", key(2).message()),
    ];
    let event = batch(messages.iter().map(|(id, body)| (*id, body.as_str())));
    let failed = stack.failed(event).await;
    let wanted = ["not json", "no message", "empty", "absent", "other time", "foreign", "guard"];
    assert_eq!(failed, wanted);
    for number in [1, 2] {
        assert_eq!(stack.status(&key(number)).await.0, "completed");
    }
    assert_eq!(stack.status(&key(3)).await.0, "refunded");
    assert_eq!((stack.at.items().await.len(), stack.at.rows().await.len()), (4, 3));
    assert_eq!(stack.at.versions().await.len(), 2);
}

#[tokio::test]
async fn a_bad_message_ends_in_the_dead_letter_queue_and_its_batch_does_not() {
    let stack = Stack::new().await;
    stack.put(&key(1), "processing").await;
    stack.at.send("no message of ours").await;
    stack.at.send(&key(1).message()).await;
    stack.at.send(&key(7).message()).await;
    let mut sizes = Vec::new();
    for _ in 0..4 {
        let received = stack.at.receive(&stack.at.queue).await;
        if !received.is_empty() {
            let answer = handle(batch_of(&received), &stack.deps).await.unwrap();
            stack.at.settle(&received, &serde_json::to_value(answer).unwrap()).await;
        }
        sizes.push(received.len());
    }
    assert_eq!(sizes, [3, 2, 2, 0], "three receives");
    let mut dead = stack.at.bodies(&stack.at.dead).await;
    dead.sort();
    let mut wanted = ["no message of ours".to_owned(), key(7).message()];
    wanted.sort();
    assert_eq!(dead, wanted);
    assert_eq!(stack.status(&key(1)).await.0, "completed");
}

#[tokio::test]
async fn what_is_no_batch_is_an_error_and_nothing_is_done() {
    let stack = Stack::new().await;
    stack.put(&key(1), "processing").await;
    let mut nameless = batch([("a", key(1).message().as_str()), ("b", "x")]);
    nameless["Records"][1].as_object_mut().unwrap().remove("messageId");
    for event in [json!({}), json!({"Records": []}), json!(null), nameless] {
        assert_eq!(handle(event, &stack.deps).await, Err(BatchError));
    }
    assert_eq!(stack.status(&key(1)).await.0, "processing");
    assert!(stack.at.versions().await.is_empty());
}

#[tokio::test]
async fn an_audit_object_is_encrypted_with_the_key_that_is_named() {
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let mut stack = Stack::new().await;
    stack.deps.config.encryption = Encryption::with(Some(KEY.to_owned()));
    stack.put(&key(1), "processing").await;
    assert!(stack.failed(batch([("a", key(1).message().as_str())])).await.is_empty());
    assert_eq!(stack.at.key_of(&object(&key(1))).await.as_deref(), Some(KEY));
}
