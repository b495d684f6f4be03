//! The handler itself, against the scoring and an emulated table, topic and bucket.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{Stack, body, notice_of, request, with};
use handler_kit::object::Encryption;
use handler_tests::transactions::{payment, posted};
use handler_tests::{CARD, join_all};
use serde_json::{Value, json};
use transaction_processing::{Reply, handle};

const THEN: u64 = 1_795_311_498_250;
const NOW: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_millis(THEN);
const LATER: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(4_000_000_000);

#[tokio::test]
async fn a_transaction_becomes_a_row_and_an_answer() {
    let mut stack = Stack::new().await;
    stack.deps.now = NOW;
    let sent = with("metadata", json!({"order": "A-1", "items": 3, "gift": true}));
    let reply = handle(request("order-7", &sent), &stack.deps).await;
    assert_eq!(reply.status_code, 200, "{}", reply.body);
    // The id that payments-api has for this key.
    let id = "775b2ede-3974-80ba-b927-bf3ebe2f83a9";
    assert_eq!(
        body(&reply),
        json!({
            "transactionId": id,
            "status": "approved",
            "score": 30,
            "timestamp": THEN,
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "EUR",
        })
    );
    let rows = stack.at.items().await;
    assert_eq!(rows.len(), 1);
    let text = |name: &str| rows[0][name].as_s().unwrap().as_str();
    let number = |name: &str| rows[0][name].as_n().unwrap().parse::<f64>().unwrap();
    assert_eq!((text("transaction_id"), text("customer_id")), (id, "c-1"));
    assert_eq!((text("status"), text("currency"), text("card_last4")), ("approved", "EUR", "4242"));
    assert_eq!((number("amount"), number("score")), (12.5, 30.0));
    assert_eq!(rows[0]["timestamp"].as_n().unwrap(), &THEN.to_string());
    assert_eq!(rows[0]["decided_at"].as_n().unwrap(), &THEN.to_string());
    let expires = THEN / 1_000 + 365 * 86_400;
    assert_eq!(rows[0]["expires_at"].as_n().unwrap(), &expires.to_string());
    assert_eq!(rows[0]["reasons"].as_l().unwrap().len(), 2);
    let metadata = rows[0]["metadata"].as_m().unwrap();
    assert_eq!(metadata["order"].as_s().unwrap(), "A-1");
    assert_eq!((metadata["items"].as_n().unwrap().as_str(), metadata.len()), ("3", 3));
    assert_eq!(text("digest").len(), 64);
    assert!(!rows[0].contains_key("notified_at"));
    assert!(!format!("{rows:?}").contains("order-7"), "the key is kept nowhere");
    assert!(stack.at.notices().await.is_empty());
}

#[tokio::test]
async fn every_decision_leaves_a_record_without_card_data() {
    let mut stack = Stack::declining().await;
    stack.deps.now = NOW;
    let reply = stack.post("order-7").await;
    let answer = body(&reply);
    let id = answer["transactionId"].as_str().unwrap();
    let (record, key) = stack.at.record(id).await;
    assert_eq!(
        record,
        json!({
            "transactionId": id,
            "customerId": "c-1",
            "amount": "12.50",
            "currency": "EUR",
            "timestamp": "2026-11-22T01:38:18.250Z",
            "status": "declined",
            "score": 30,
            "reasons": [
                "no amount in this currency from before the last hour to compare with",
                "no transaction of the customer from before the last hour that is decided",
            ],
            "decidedAt": "2026-11-22T01:38:18.250Z",
        })
    );
    assert_eq!(stack.at.versions().await, [format!("audit/2026-11-22/{id}.json")]);
    assert_eq!(key, None, "the bucket's own");
    stack.deps.now = LATER;
    assert_eq!(stack.post("order-7").await, reply);
    assert_eq!(stack.at.record(id).await.0, record, "once, and as it was");

    stack.deps.config.encryption = Encryption::with(Some("alias/payment-s3".to_owned()));
    let other = body(&stack.post("order-8").await);
    let (record, key) = stack.at.record(other["transactionId"].as_str().unwrap()).await;
    assert_eq!(
        (record["status"].clone(), key.as_deref()),
        (json!("declined"), Some("alias/payment-s3"))
    );
}

/// With the defaults of the stack, and everything in between.
#[tokio::test]
async fn a_burst_of_a_new_customer_is_held_and_then_declined() {
    let stack = Stack::scored_with(&[("VELOCITY_LIMIT", "8")]).await;
    let most = with("amount", json!("5000"));
    let mut statuses = Vec::new();
    for number in 1..=10 {
        let reply = handle(request(&format!("order-{number}"), &most), &stack.deps).await;
        statuses.push(body(&reply)["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(statuses[0], "approved", "{statuses:?}");
    assert_eq!((&*statuses[4], &*statuses[9]), ("review", "declined"), "{statuses:?}");
    assert_eq!(stack.at.versions().await.len(), 10);
}

#[tokio::test]
async fn the_same_content_again_gets_the_first_answer_byte_for_byte() {
    let mut stack = Stack::declining().await;
    let first = stack.post("order-7").await;
    let before = stack.at.items().await;
    assert_eq!(stack.at.notices().await, [notice_of(&body(&first))]);
    stack.deps.now = LATER;
    // By now much has happened that would have made another score.
    stack.past(20, THEN, "declined").await;
    let spelled = "{ \"currency\": \"EUR\",\n \"amount\": 12.5, \"cardLast4\":\"4242\", \
                   \"customerId\": \"c\\u002d1\" }";
    for same in [payment().to_string(), spelled.to_owned()] {
        for key in ["order-7", "\"order-7\""] {
            let reply = handle(posted("/process", Some(key), &same), &stack.deps).await;
            assert_eq!(reply, first, "{same}");
        }
    }
    let after = stack.at.items().await;
    assert_eq!(after.len(), before.len() + 20);
    assert!(after.contains(&before[0]));
    assert!(stack.at.notices().await.is_empty(), "it was published once");
}

#[tokio::test]
async fn other_content_under_a_used_key_is_a_conflict() {
    let stack = Stack::new().await;
    stack.post("order-7").await;
    let before = stack.at.items().await;
    for (name, value) in [
        ("amount", json!("12.51")),
        ("currency", json!("USD")),
        ("customerId", json!("c-2")),
        ("cardLast4", json!("4243")),
        ("metadata", json!({"order": "A-1"})),
    ] {
        let reply = handle(request("order-7", &with(name, value)), &stack.deps).await;
        assert_eq!(reply.status_code, 409, "{name}");
        assert_eq!(body(&reply)["error"], "Idempotency-Key was already used with other content");
    }
    assert_eq!(stack.at.items().await, before);
    assert!(stack.at.notices().await.is_empty());
}

#[tokio::test]
async fn a_history_decides_and_only_a_declined_one_is_published() {
    let mut stack = Stack::new().await;
    stack.deps.now = NOW;
    stack.past(4, THEN - 7_200_000, "approved").await;
    assert_eq!(body(&stack.post("order-1").await)["score"], 0);
    stack.past(9, THEN, "declined").await;
    // Ten in the hour, and nine of fourteen bad.
    let held = body(&stack.post("order-2").await);
    assert_eq!((&held["status"], &held["score"]), (&json!("review"), &json!(60)));
    assert!(stack.at.notices().await.is_empty());
    let high = request("order-3", &with("amount", json!("1000")));
    let declined = body(&handle(high, &stack.deps).await);
    assert_eq!(declined["status"], "declined");
    assert!(declined["score"].as_u64().unwrap() >= 80);
    assert!(declined.get("reasons").is_none(), "they are not the caller's business");
    assert_eq!(stack.at.notices().await, [notice_of(&declined)]);
    let rows = stack.at.items().await;
    let id = declined["transactionId"].as_str().unwrap();
    let row = rows.iter().find(|row| row["transaction_id"].as_s().unwrap() == id).unwrap();
    assert_eq!(row["notified_at"].as_n().unwrap(), &THEN.to_string());
    assert_eq!(row["reasons"].as_l().unwrap().len(), 3);
}

#[tokio::test]
async fn of_twenty_at_once_one_is_written_and_all_get_its_answer() {
    let stack = Stack::declining().await;
    let replies = join_all((0..20).map(|_| stack.post("order-7"))).await;
    assert_eq!(replies[0].status_code, 200);
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    assert_eq!(stack.at.items().await.len(), 1);
    stack.at.record(body(&replies[0])["transactionId"].as_str().unwrap()).await;
    let notices = stack.at.notices().await;
    let one = notice_of(&body(&replies[0]));
    assert!(!notices.is_empty() && notices.iter().all(|notice| *notice == one), "{notices:?}");
}

#[tokio::test]
async fn of_twenty_different_at_once_one_is_written() {
    let stack = Stack::new().await;
    let different = (1..=20)
        .map(|amount| handle(request("order-7", &with("amount", json!(amount))), &stack.deps));
    let replies = join_all(different).await;
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status_code == 200).collect();
    let lost = replies.iter().filter(|reply| reply.status_code == 409).count();
    assert_eq!((won.len(), lost), (1, 19));
    assert_eq!(stack.at.items().await.len(), 1);
}

#[tokio::test]
async fn what_is_not_valid_is_refused_with_all_reasons_and_leaves_nothing() {
    let stack = Stack::new().await;
    let mut wrong = with("amount", json!("5000.01"));
    wrong["currency"] = json!("GBP");
    wrong["customerId"] = json!("someone@example.com");
    let reply = handle(request("order-7", &wrong), &stack.deps).await;
    assert_eq!(reply.status_code, 422);
    let reasons = [
        "customerId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -",
        "amount must be at most 5000.00",
        "currency is not accepted; it must be one of USD, EUR, JPY",
    ];
    let refused = json!({"error": "the transaction is not valid", "reasons": reasons});
    assert_eq!(body(&reply), refused);
    for name in ["customerId", "amount", "cardLast4", "metadata", "pan"] {
        let reply = handle(request("order-7", &with(name, json!(CARD))), &stack.deps).await;
        assert_eq!(reply.status_code, 422, "{name}");
        assert!(!reply.body.contains("1111"), "{}", reply.body);
    }
    assert!(stack.at.is_empty().await);
}

#[tokio::test]
async fn what_is_no_request_is_told_apart_and_leaves_nothing() {
    let stack = Stack::new().await;
    let valid = payment().to_string();
    let mut get = request("order-7", &payment());
    get["requestContext"]["http"]["method"] = json!("GET");
    for (event, status, reason) in [
        (json!({}), 400, "not a request to an API"),
        (posted("/process", None, &valid), 400, "the Idempotency-Key header is required"),
        (posted("/process", Some("a b"), &valid), 400, "Idempotency-Key must be"),
        (posted("/process", Some(CARD), &valid), 400, "not accepted in Idempotency-Key"),
        (posted("/process", Some("a"), ""), 400, "the body is missing"),
        (posted("/process", Some("a"), "{"), 400, "not valid JSON"),
        (posted("/validate", Some("a"), &valid), 404, "posted to /process"),
        (get, 405, "the method must be POST"),
    ] {
        let reply = handle(event, &stack.deps).await;
        assert_eq!(reply.status_code, status, "{reason}");
        let error = body(&reply)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(reason) && !error.contains("1111"), "{error}");
        assert_eq!(reply.headers.contains_key("Allow"), status == 405);
    }
    assert!(stack.at.is_empty().await);
}

#[tokio::test]
async fn a_rest_api_is_served_as_well() {
    let stack = Stack::new().await;
    let event: Value = json!({
        "resource": "/process",
        "path": "/process",
        "httpMethod": "POST",
        "headers": {"Idempotency-Key": "order-7"},
        "body": payment().to_string(),
        "isBase64Encoded": false,
    });
    assert_eq!(handle(event, &stack.deps).await, stack.post("order-7").await);
    assert_eq!(stack.at.items().await.len(), 1);
}
