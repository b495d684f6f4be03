//! The handler itself, against emulated tables and buckets.

use std::time::{Duration, UNIX_EPOCH};

use crate::common::{Stack, payment, post, post_binary};
use aws_sdk_s3::types::ServerSideEncryption;
use handler_tests::{CARD, join_all};
use payment_api::{Reply, handle};
use serde_json::{Value, json};

async fn send(stack: &Stack, body: &Value) -> Reply {
    handle(post(&body.to_string()), &stack.deps).await
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn a_payment_becomes_an_item_a_receipt_and_an_answer() {
    let mut stack = Stack::new().await;
    stack.deps.now = || UNIX_EPOCH + Duration::from_millis(7);
    let reply = send(&stack, &payment("tx-1")).await;
    assert_eq!(reply.status_code, 200, "{}", reply.body);
    assert_eq!(reply.headers["Content-Type"], "application/json");
    assert_eq!(
        body(&reply),
        json!({
            "status": "processed",
            "transactionId": "tx-1",
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "USD",
            "timestamp": 7,
        })
    );

    let items = stack.items().await;
    assert_eq!(items.len(), 1);
    let text = |name: &str| items[0][name].as_s().unwrap().as_str();
    assert_eq!((text("transactionId"), text("customerId")), ("tx-1", "c-1"));
    assert_eq!((text("currency"), text("status")), ("USD", "processed"));
    assert!(["12.50", "12.5"].contains(&items[0]["amount"].as_n().unwrap().as_str()));
    assert_eq!(items[0]["timestamp"].as_n().unwrap(), "7");
    assert_eq!(text("digest").len(), 64);
    assert_eq!(text("result"), reply.body);
    assert_eq!(stack.of_customer("c-1").await, items);

    assert_eq!(stack.versions().await, ["receipts/tx-1.json"]);
    let (receipt, encryption, _) = stack.receipt("tx-1").await;
    assert_eq!(receipt, reply.body);
    assert_eq!(encryption, Some(ServerSideEncryption::AwsKms));
}

#[tokio::test]
async fn the_same_content_again_gets_the_first_result_byte_for_byte() {
    let mut stack = Stack::new().await;
    let first = send(&stack, &payment("tx-1")).await;
    let before = stack.items().await;
    stack.deps.now = || UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    for same in [
        r#"{"transactionId":"tx-1","customerId":"c-1","amount":"12.50"}"#,
        "{ \"amount\": 12.5,\n\t\"customerId\": \"c-1\", \"transactionId\": \"tx-1\" }\n",
        r#"{"customerId":"c-1","transactionId":"tx\u002d1","amount":12.50}"#,
        r#"{"transactionId":"tx-1","customerId":"c-1","amount":"12.5"}"#,
    ] {
        assert_eq!(handle(post(same), &stack.deps).await, first, "{same}");
        assert_eq!(handle(post_binary(same.as_bytes()), &stack.deps).await, first, "{same}");
    }
    assert_eq!(stack.items().await, before);
    assert_eq!(stack.versions().await.len(), 1);
}

#[tokio::test]
async fn other_content_under_a_used_id_is_a_conflict() {
    let stack = Stack::new().await;
    let first = send(&stack, &payment("tx-1")).await;
    let before = stack.items().await;
    for (field, value) in [("amount", json!("12.51")), ("customerId", json!("c-2"))] {
        let mut other = payment("tx-1");
        other[field] = value;
        let reply = send(&stack, &other).await;
        assert_eq!(reply.status_code, 409, "{field}");
        assert_eq!(body(&reply)["error"], "transactionId was already used with other content");
    }
    assert_eq!(stack.items().await, before);
    assert_eq!(stack.versions().await.len(), 1);
    assert_eq!(stack.receipt("tx-1").await.0, first.body);
}

#[tokio::test]
async fn of_twenty_at_once_one_is_stored_and_all_get_its_result() {
    let stack = Stack::new().await;
    let same = (0..20).map(|_| handle(post(&payment("tx-1").to_string()), &stack.deps));
    let replies = join_all(same).await;
    assert_eq!(replies[0].status_code, 200);
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    assert_eq!(stack.items().await.len(), 1);
    assert_eq!(stack.versions().await, ["receipts/tx-1.json"]);
    assert_eq!(stack.receipt("tx-1").await.0, replies[0].body);
}

#[tokio::test]
async fn of_twenty_different_at_once_one_is_stored() {
    let stack = Stack::new().await;
    let different = (1..=20).map(|amount| {
        let mut other = payment("tx-1");
        other["amount"] = json!(amount);
        handle(post(&other.to_string()), &stack.deps)
    });
    let replies = join_all(different).await;
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status_code == 200).collect();
    let lost = replies.iter().filter(|reply| reply.status_code == 409).count();
    assert_eq!((won.len(), lost), (1, 19));
    assert_eq!(stack.items().await.len(), 1);
    assert_eq!(stack.receipt("tx-1").await.0, won[0].body);
    assert_eq!(stack.versions().await.len(), 1);
}

#[tokio::test]
async fn bad_requests_are_refused_with_a_reason_and_leave_nothing() {
    let stack = Stack::new().await;
    let with = |name: &str, value: Value| {
        let mut bad = payment("tx-1");
        bad[name] = value;
        post(&bad.to_string())
    };
    let mut not_base64 = post("%%");
    not_base64["isBase64Encoded"] = json!(true);
    let cases = [
        (json!({}), "not a request to an API"),
        (json!({"Records": []}), "not a request to an API"),
        (post(""), "the body is missing"),
        (not_base64, "not base64"),
        (post_binary(b"\xff"), "not valid JSON"),
        (post(&" ".repeat(16 * 1024 + 1)), "larger than 16384 bytes"),
        (post("{"), "not valid JSON"),
        (post(r#"{"amount":1,"amount":2}"#), "given twice"),
        (post("[]"), "must be a JSON object"),
        (post("{}"), "transactionId is missing"),
        (with("transactionId", json!("a b")), "transactionId must be"),
        (with("customerId", json!("someone@example.com")), "customerId must be"),
        (with("amount", json!(-1)), "must be positive"),
        (with("amount", json!("1.001")), "too many decimals"),
        (with("amount", json!(1_000_001)), "at most 1,000,000"),
        (with("amount", json!(true)), "plain decimal"),
        (with("currency", json!("JPY")), "unknown field"),
        (with("cvv", json!("123")), "unknown field"),
        (with("pan", json!(CARD)), "full card number"),
        (with("customerId", json!(CARD)), "full card number"),
    ];
    for (event, reason) in cases {
        let reply = handle(event, &stack.deps).await;
        assert_eq!(reply.status_code, 400, "{reason}");
        let error = body(&reply)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains(CARD) && !error.contains("example"), "{error}");
    }
    assert!(stack.is_empty().await);
}

#[tokio::test]
async fn another_path_and_another_method_are_told_apart() {
    let stack = Stack::new().await;
    let mut other = post(&payment("tx-1").to_string());
    other["httpMethod"] = json!("GET");
    let reply = handle(other.clone(), &stack.deps).await;
    assert_eq!((reply.status_code, reply.headers["Allow"]), (405, "POST"));
    other["resource"] = json!("/{proxy+}");
    other["path"] = json!("/admin");
    let reply = handle(other, &stack.deps).await;
    assert_eq!(reply.status_code, 404);
    assert!(!reply.headers.contains_key("Allow") && !reply.body.contains("admin"));
    assert!(stack.is_empty().await);
}

#[tokio::test]
async fn a_receipt_is_encrypted_with_the_key_that_is_named() {
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let mut stack = Stack::new().await;
    stack.deps.config.key = Some(KEY.to_owned());
    assert_eq!(send(&stack, &payment("tx-1")).await.status_code, 200);
    let (_, encryption, key) = stack.receipt("tx-1").await;
    assert_eq!((encryption, key.as_deref()), (Some(ServerSideEncryption::AwsKms), Some(KEY)));
}

#[tokio::test]
async fn a_request_without_a_table_or_a_bucket_is_answered_without_internals() {
    let stack = Stack::new().await;
    let mut broken = stack.deps.clone();
    broken.config.table = "no-such-table".to_owned();
    let event = post(&payment("tx-1").to_string());
    let reply = handle(event.clone(), &broken).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (500, r#"{"error":"internal error"}"#));
    assert!(stack.is_empty().await, "no receipt without an item");

    let mut broken = stack.deps.clone();
    broken.config.bucket = "no-such-bucket".to_owned();
    assert_eq!(handle(event.clone(), &broken).await, reply);
    assert_eq!((stack.items().await.len(), stack.versions().await.len()), (1, 0));
    let repeat = handle(event, &stack.deps).await;
    assert_eq!(repeat.status_code, 200);
    assert_eq!(stack.receipt("tx-1").await.0, repeat.body);
}
