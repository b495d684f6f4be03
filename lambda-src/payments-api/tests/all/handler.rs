//! Taking payments: the handler itself, against an emulated table, queue and bucket.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{Stack, body};
use handler_kit::object::Encryption;
use handler_tests::payments::{asked, order, posted};
use handler_tests::{CARD, join_all};
use payments_api::{Reply, handle};
use payments_domain::PaymentKey;
use serde_json::{Value, json};

const NOW: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_millis(1_795_311_498_250);
const LATER: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(4_000_000_000);

#[tokio::test]
async fn a_payment_becomes_a_row_an_audit_object_and_a_message() {
    let mut stack = Stack::new().await;
    stack.deps.now = NOW;
    let reply = stack.post("order-7").await;
    assert_eq!(reply.status_code, 202, "{}", reply.body);
    assert_eq!(reply.headers["Content-Type"], "application/json");
    let taken = body(&reply);
    let id = taken["paymentId"].as_str().unwrap();
    assert_eq!(
        taken,
        json!({
            "paymentId": id,
            "status": "processing",
            "timestamp": "2026-11-22T01:38:18.250Z",
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "EUR",
        })
    );

    let rows = stack.at.rows().await;
    assert_eq!(rows.len(), 1);
    let text = |name: &str| rows[0][name].as_s().unwrap().as_str();
    assert_eq!((text("payment_id"), text("timestamp")), (id, "2026-11-22T01:38:18.250Z"));
    assert_eq!((text("status"), text("customer_id")), ("processing", "c-1"));
    assert_eq!(text("currency"), "EUR");
    assert!(["12.50", "12.5"].contains(&rows[0]["amount"].as_n().unwrap().as_str()));

    let object = format!("audit/2026-11-22/{id}/processing.json");
    assert_eq!(stack.at.versions().await, [object.as_str()]);
    assert_eq!(stack.at.object(&object).await, reply.body);
    assert_eq!(stack.at.key_of(&object).await, None);

    let messages = stack.at.bodies(&stack.at.queue).await;
    assert_eq!(messages.len(), 1);
    let key = PaymentKey::from_message(&messages[0]).unwrap();
    assert_eq!((key.id.as_str(), key.timestamp.as_str()), (id, "2026-11-22T01:38:18.250Z"));

    let guard = stack.at.items().await.into_iter().find(|item| !item.contains_key("status"));
    let guard = guard.unwrap();
    assert_eq!(guard["timestamp"].as_s().unwrap(), "0000-00-00T00:00:00.000Z");
    let stored = format!("{guard:?} {rows:?} {messages:?}");
    assert!(!stored.contains("order-7"), "the key is kept nowhere");
}

#[tokio::test]
async fn without_a_key_every_request_is_a_payment() {
    let stack = Stack::new().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let reply = handle(posted(None, &order().to_string()), &stack.deps).await;
        assert_eq!(reply.status_code, 202);
        ids.push(body(&reply)["paymentId"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(stack.at.items().await.len(), 2, "and needs no guard");
    assert_eq!(stack.at.versions().await.len(), 2);
    assert_eq!(stack.at.bodies(&stack.at.queue).await.len(), 2);
}

#[tokio::test]
async fn the_same_content_again_gets_the_first_answer_byte_for_byte() {
    let mut stack = Stack::new().await;
    let first = stack.post("order-7").await;
    let before = stack.at.rows().await;
    stack.deps.now = LATER;
    for same in [
        r#"{"customerId":"c-1","amount":"12.50","currency":"EUR"}"#,
        "{ \"currency\": \"EUR\",\n\t\"amount\": 12.5, \"customerId\": \"c\\u002d1\" }\n",
    ] {
        for key in ["order-7", "\"order-7\""] {
            assert_eq!(handle(posted(Some(key), same), &stack.deps).await, first, "{same}");
        }
    }
    assert_eq!(stack.at.rows().await, before);
    assert_eq!(stack.at.items().await.len(), 2);
    assert_eq!(stack.at.versions().await.len(), 1);
}

#[tokio::test]
async fn a_completed_payment_keeps_its_first_answer_and_is_not_queued_again() {
    let stack = Stack::new().await;
    let first = stack.post("order-7").await;
    assert_eq!(stack.at.bodies(&stack.at.queue).await.len(), 1);
    let mut row = stack.at.rows().await.remove(0);
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    row.insert("status".to_owned(), text("completed"));
    row.insert("completed_at".to_owned(), text("2026-11-22T01:38:19.000Z"));
    stack.at.put(row).await;

    assert_eq!(stack.post("order-7").await, first);
    assert!(stack.at.bodies(&stack.at.queue).await.is_empty());
    let path = format!("/payments/{}", body(&first)["paymentId"].as_str().unwrap());
    let (status, shown) = stack.get(&path, json!(null)).await;
    assert_eq!((status, &shown["status"]), (200, &json!("completed")));
    assert_eq!(shown["completedAt"], "2026-11-22T01:38:19.000Z");
}

#[tokio::test]
async fn other_content_under_a_used_key_is_a_conflict() {
    let stack = Stack::new().await;
    stack.post("order-7").await;
    let before = stack.at.rows().await;
    stack.at.bodies(&stack.at.queue).await;
    for (field, value) in
        [("amount", json!("12.51")), ("customerId", json!("c-2")), ("currency", json!("USD"))]
    {
        let mut other = order();
        other[field] = value;
        let reply = handle(posted(Some("order-7"), &other.to_string()), &stack.deps).await;
        assert_eq!(reply.status_code, 409, "{field}");
        let error = "Idempotency-Key was already used with other content";
        assert_eq!(body(&reply), json!({"error": error}));
    }
    assert_eq!(stack.at.rows().await, before);
    assert_eq!(stack.at.versions().await.len(), 1);
    assert!(stack.at.bodies(&stack.at.queue).await.is_empty());
}

#[tokio::test]
async fn of_twenty_at_once_at_different_times_one_is_taken_and_all_get_its_answer() {
    let stack = Stack::new().await;
    let replies = join_all((0..20).map(|_| stack.post("order-7"))).await;
    assert_eq!(replies[0].status_code, 202);
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    assert_eq!((stack.at.rows().await.len(), stack.at.items().await.len()), (1, 2));
    assert_eq!(stack.at.versions().await.len(), 1);
    let messages = stack.at.bodies(&stack.at.queue).await;
    assert!(!messages.is_empty());
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
}

#[tokio::test]
async fn of_twenty_different_at_once_one_is_taken() {
    let stack = Stack::new().await;
    let different = (1..=20).map(|amount| {
        let mut other = order();
        other["amount"] = json!(amount);
        handle(posted(Some("order-7"), &other.to_string()), &stack.deps)
    });
    let replies = join_all(different).await;
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status_code == 202).collect();
    let lost = replies.iter().filter(|reply| reply.status_code == 409).count();
    assert_eq!((won.len(), lost), (1, 19));
    assert_eq!(stack.at.rows().await.len(), 1);
    let objects = stack.at.versions().await;
    assert_eq!(objects.len(), 1);
    assert_eq!(stack.at.object(&objects[0]).await, won[0].body);
    assert_eq!(stack.at.bodies(&stack.at.queue).await.len(), 1);
}

#[tokio::test]
async fn an_audit_object_is_encrypted_with_the_key_that_is_named() {
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let mut stack = Stack::new().await;
    stack.deps.config.encryption = Encryption::with(Some(KEY.to_owned()));
    assert_eq!(stack.post("order-7").await.status_code, 202);
    let objects = stack.at.versions().await;
    assert_eq!(stack.at.key_of(&objects[0]).await.as_deref(), Some(KEY));
}

#[tokio::test]
async fn bad_requests_are_refused_with_a_reason_and_leave_nothing() {
    let stack = Stack::new().await;
    let with = |name: &str, value: Value| {
        let mut bad = order();
        bad[name] = value;
        posted(Some("order-7"), &bad.to_string())
    };
    let mut no_key = with("amount", json!(1));
    no_key["headers"]["Idempotency-Key"] = json!("a b");
    let mut card_key = no_key.clone();
    card_key["headers"]["Idempotency-Key"] = json!(CARD);
    let cases = [
        (json!({}), "not a request to an API"),
        (posted(None, ""), "the body is missing"),
        (posted(None, "{"), "not valid JSON"),
        (posted(None, r#"{"amount":1,"amount":2}"#), "given twice"),
        (posted(None, "[]"), "must be a JSON object"),
        (posted(None, "{}"), "customerId is missing"),
        (with("customerId", json!("someone@example.com")), "customerId must be"),
        (with("amount", json!(-1)), "must be positive"),
        (with("amount", json!("1.001")), "too many decimals"),
        (with("amount", json!(1_000_001)), "at most 1,000,000"),
        (with("currency", json!("CHF")), "currency must be one of"),
        (with("paymentId", json!("mine")), "unknown field"),
        (with("cvv", json!("123")), "unknown field"),
        (with("pan", json!(CARD)), "full card number"),
        (no_key, "Idempotency-Key must be"),
        (card_key, "not accepted in Idempotency-Key"),
    ];
    for (event, reason) in cases {
        let reply = handle(event, &stack.deps).await;
        assert_eq!(reply.status_code, 400, "{reason}");
        let error = body(&reply)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains(CARD) && !error.contains("example"), "{error}");
    }
    assert!(stack.at.is_empty().await);
}

#[tokio::test]
async fn another_path_and_another_method_are_told_apart() {
    let stack = Stack::new().await;
    let reply = handle(asked("DELETE", "/payments"), &stack.deps).await;
    assert_eq!((reply.status_code, reply.headers["Allow"]), (405, "GET, POST"));
    let path = "/payments/00000000-0000-4000-8000-000000000000";
    let reply = handle(asked("POST", path), &stack.deps).await;
    assert_eq!((reply.status_code, reply.headers["Allow"]), (405, "GET"));
    let mut elsewhere = asked("GET", "/payments");
    elsewhere["resource"] = json!("/{proxy+}");
    elsewhere["path"] = json!("/admin");
    let reply = handle(elsewhere, &stack.deps).await;
    assert_eq!(reply.status_code, 404);
    assert!(!reply.headers.contains_key("Allow") && !reply.body.contains("admin"));
}
