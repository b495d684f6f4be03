//! The handler itself, against an emulated table.

use std::time::{Duration, UNIX_EPOCH};

use crate::common::{NOW, Stack, event};
use fraud_detection::{ScoreError, Scored, handle};
use handler_tests::CARD;
use handler_tests::transactions::row;
use serde_json::{Value, json};

const HOUR: u64 = 3_600_000;

async fn score(stack: &Stack, event: &Value) -> Scored {
    handle(event, &stack.deps).await.unwrap()
}

#[tokio::test]
async fn a_new_customer_is_neither_good_nor_bad() {
    let stack = Stack::new().await;
    let scored = score(&stack, &event()).await;
    assert_eq!(
        serde_json::to_value(scored).unwrap(),
        json!({"score": 30, "decision": "approve", "reasons": [
            "no amount in this currency from before the last hour to compare with",
            "no transaction of the customer from before the last hour that is decided",
        ]})
    );
    assert!(stack.at.is_empty().await);
}

#[tokio::test]
async fn each_sign_adds_its_weight() {
    let stack = Stack::new().await;
    for number in 0..4 {
        stack.at.put(row(&format!("old-{number}"), NOW - 2 * HOUR, "approved")).await;
    }
    let mut high = event();
    assert_eq!(score(&stack, &high).await.score, 0);
    high["amount"] = json!("62.50");
    assert_eq!(score(&stack, &high).await.score, 30, "five times the usual");
    for number in 0..4 {
        stack.at.put(row(&format!("declined-{number}"), NOW - 2 * HOUR, "declined")).await;
    }
    let scored = score(&stack, &high).await;
    assert_eq!((scored.score, scored.decision), (45, "approve"), "half of the history is bad");
    for number in 0..10 {
        stack.at.put(row(&format!("new-{number}"), NOW - number, "declined")).await;
    }
    let scored = score(&stack, &high).await;
    assert_eq!((scored.score, scored.decision), (93, "decline"));
    assert_eq!(
        scored.reasons,
        [
            "other transactions of the customer in the last hour: 10",
            "the amount is above what the customer usually pays",
            "earlier transactions that were declined or held: 14 of 18",
        ]
    );
    assert_eq!(score(&stack, &event()).await.decision, "review");
}

#[tokio::test]
async fn what_is_later_of_others_or_itself_does_not_count() {
    let stack = Stack::new().await;
    let alone = score(&stack, &event()).await;
    stack.at.put(row("tx-1", NOW, "pending")).await;
    stack.at.put(row("later", NOW + 1, "declined")).await;
    let mut other = row("other", NOW, "declined");
    other.insert("customer_id".to_owned(), handler_kit::item::text("c-2"));
    stack.at.put(other).await;
    // Not one of ours.
    let mut foreign = row("foreign", NOW, "declined");
    foreign.remove("amount");
    stack.at.put(foreign).await;
    assert_eq!(score(&stack, &event()).await, alone);
}

#[tokio::test]
async fn without_a_time_it_is_now() {
    let mut stack = Stack::new().await;
    stack.at.put(row("old", NOW - 1, "approved")).await;
    let mut untimed = event();
    untimed.as_object_mut().unwrap().remove("timestamp");
    stack.deps.now = || UNIX_EPOCH + Duration::from_millis(NOW);
    assert_eq!(score(&stack, &untimed).await.score, 34, "one of ten in the hour");
    stack.deps.now = || UNIX_EPOCH + Duration::from_millis(NOW + HOUR);
    assert_eq!(score(&stack, &untimed).await.score, 0);
}

#[tokio::test]
async fn what_is_no_transaction_is_an_error_that_repeats_nothing() {
    let stack = Stack::new().await;
    for (name, value, reason) in [
        ("transactionId", json!("a b"), "transactionId must be"),
        ("customerId", json!(null), "customerId must be"),
        ("amount", json!("1e3"), "plain decimal"),
        ("currency", json!("CHF"), "currency must be"),
        ("timestamp", json!("now"), "timestamp must be"),
        ("cardLast4", json!("4242"), "unknown field"),
        ("pan", json!(CARD), "full card number"),
    ] {
        let mut wrong = event();
        wrong[name] = value;
        let error = handle(&wrong, &stack.deps).await.unwrap_err();
        assert!(matches!(error, ScoreError::Transaction(_)), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.to_string().contains("1111"), "{error}");
    }
}
