//! The handler itself, against emulated tables and buckets.

use std::collections::BTreeSet;

use crate::common::{Row, Stack, direct, notification, payment};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::ServerSideEncryption;
use handler_tests::{CARD, join_all};
use payment_processor::{Deps, Redeliver, Reply, handle};
use serde_json::{Value, json};

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

async fn answer(stack: &Stack, event: Value) -> (u16, Value) {
    let reply = handle(event, &stack.deps).await.unwrap();
    (reply.status_code, body(&reply))
}

#[tokio::test]
async fn a_direct_payment_becomes_a_claim_and_a_row() {
    let stack = Stack::new().await;
    let (status, reply) = answer(&stack, direct(&payment("tx-1"))).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!(reply["status"], "processed");
    assert_eq!(reply["amount"], "12.50");

    let rows = stack.rows().await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["transactionId"].as_s().unwrap(), "tx-1");
    assert_eq!(row["timestamp"].as_n().unwrap(), &reply["timestamp"].to_string());
    assert!(["12.50", "12.5"].contains(&row["amount"].as_n().unwrap().as_str()));
    assert_eq!(row["currency"].as_s().unwrap(), "USD");
    assert_eq!(row["cardLast4"].as_s().unwrap(), "4242");
    assert_eq!(row["source"].as_s().unwrap(), "direct");
    let metadata = row["metadata"].as_m().unwrap();
    assert_eq!(metadata["order"].as_s().unwrap(), "A-1");
    assert_eq!(metadata["items"].as_n().unwrap(), "3");
    assert!(metadata["gift"].as_bool().unwrap());

    let items = stack.items().await;
    assert_eq!(items.len(), 2);
    let claim = items.iter().find(|item| item["kind"].as_s().unwrap() == "claim").unwrap();
    assert_eq!(claim["timestamp"].as_n().unwrap(), "0");
    assert_eq!(claim["transactionId"].as_s().unwrap(), "claim#tx-1", "not in a query's way");
    assert_eq!(claim["processedAt"], row["timestamp"]);
    assert_eq!(claim["digest"].as_s().unwrap().len(), 64);
}

#[tokio::test]
async fn the_same_payment_again_gets_the_first_result() {
    let stack = Stack::new().await;
    let (_, first) = answer(&stack, direct(&payment("tx-1"))).await;
    let before = stack.items().await;
    let mut same = payment("tx-1");
    same["amount"] = json!("12.5");
    let (status, again) = answer(&stack, direct(&same)).await;
    assert_eq!((status, &again["status"]), (200, &json!("duplicate")));
    assert_eq!(again["timestamp"], first["timestamp"]);
    assert!(same_items(&stack.items().await, &before));
}

#[tokio::test]
async fn other_content_under_a_used_id_is_refused() {
    let stack = Stack::new().await;
    answer(&stack, direct(&payment("tx-1"))).await;
    let before = stack.items().await;
    for (field, value) in [
        ("amount", json!("12.51")),
        ("currency", json!("EUR")),
        ("cardLast4", json!("4243")),
        ("metadata", json!({})),
    ] {
        let mut other = payment("tx-1");
        other[field] = value;
        let (status, reply) = answer(&stack, direct(&other)).await;
        assert_eq!(status, 400, "{field}");
        assert_eq!(reply["error"], "transactionId was already used with other content");
    }
    assert!(same_items(&stack.items().await, &before));
}

#[tokio::test]
async fn of_many_at_once_one_is_processed() {
    let stack = Stack::new().await;
    let same = (0..20).map(|_| handle(direct(&payment("tx-1")), &stack.deps));
    let mut statuses = Vec::new();
    for reply in join_all(same).await {
        let reply = reply.unwrap();
        assert_eq!(reply.status_code, 200);
        statuses.push(body(&reply)["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(statuses.iter().filter(|status| *status == "processed").count(), 1);
    assert_eq!(stack.items().await.len(), 2);
}

#[tokio::test]
async fn of_many_different_at_once_one_is_processed() {
    let stack = Stack::new().await;
    let different = (1..=20).map(|amount| {
        let mut other = payment("tx-1");
        other["amount"] = json!(amount);
        handle(direct(&other), &stack.deps)
    });
    let replies = join_all(different).await;
    let statuses: Vec<u16> = replies.iter().map(|it| it.as_ref().unwrap().status_code).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 19);
    assert_eq!(stack.items().await.len(), 2);
}

#[tokio::test]
async fn bad_payments_and_events_are_refused_with_a_reason() {
    let stack = Stack::new().await;
    let mut negative = payment("tx-1");
    negative["amount"] = json!("-1");
    let mut card = payment("tx-2");
    card["metadata"]["note"] = json!(CARD);
    let cases = [
        (json!({}), "either Records or payment_data"),
        (json!({"Records": []}), "1 to 1000 records"),
        (direct(&json!(7)), "must be a JSON object"),
        (direct(&negative), "must be positive"),
        (direct(&card), "full card number"),
    ];
    for (event, reason) in cases {
        let (status, reply) = answer(&stack, event).await;
        assert_eq!(status, 400);
        let error = reply["error"].as_str().unwrap();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains(CARD));
    }
    assert!(stack.items().await.is_empty());
}

#[tokio::test]
async fn a_file_is_processed_once_however_often_it_is_notified() {
    let stack = Stack::new().await;
    let file = json!([payment("tx-1"), payment("tx-2"), payment("tx-1")]).to_string();
    let version = stack.put("payments/day 1+é.json", file).await;
    let event = notification(&[(stack.bucket(), "payments/day+1%2B%C3%A9.json", Some(&version))]);
    let (status, reply) = answer(&stack, event.clone()).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!((&reply["processed"], &reply["duplicates"]), (&json!(2), &json!(1)));
    assert_eq!(reply["files"][0]["key"], "payments/day 1+é.json");
    let source = format!("s3://{}/payments/day 1+é.json?versionId={version}", stack.bucket());
    assert_eq!(stack.rows().await[0]["source"].as_s().unwrap(), &source);

    let before = stack.items().await;
    let (status, reply) = answer(&stack, event).await;
    assert_eq!(status, 200);
    assert_eq!((&reply["processed"], &reply["duplicates"]), (&json!(0), &json!(3)));
    assert!(same_items(&stack.items().await, &before));
}

#[tokio::test]
async fn the_notified_version_is_read_not_the_latest() {
    let stack = Stack::new().await;
    let version = stack.put("payments/a.json", payment("tx-old").to_string()).await;
    stack.put("payments/a.json", payment("tx-new").to_string()).await;
    answer(&stack, notification(&[(stack.bucket(), "payments/a.json", Some(&version))])).await;
    assert_eq!(stack.rows().await[0]["transactionId"].as_s().unwrap(), "tx-old");
}

#[tokio::test]
async fn a_mixed_batch_names_each_failure() {
    let stack = Stack::new().await;
    stack.put("good.json", payment("tx-1").to_string()).await;
    stack.put("not-json", "card=1").await;
    stack.put("card.json", json!({"x": CARD}).to_string()).await;
    stack.put("large.json", vec![b' '; 1024 * 1024 + 1]).await;
    stack.put_with("aes.json", payment("tx-2").to_string(), aes()).await;
    stack.put_with("plain.json", payment("tx-3").to_string(), None).await;
    let mut other = payment("tx-1");
    other["amount"] = json!(1);
    stack.put("partly.json", json!([other, payment("tx-4")]).to_string()).await;
    let bucket = stack.bucket();
    let event = notification(&[
        (bucket, "good.json", None),
        (bucket, "not-json", None),
        (bucket, "card.json", None),
        (bucket, "large.json", None),
        (bucket, "aes.json", None),
        (bucket, "plain.json", None),
        (bucket, "absent.json", None),
        ("another-bucket", "good.json", None),
        (bucket, CARD, None),
        (bucket, "%ff", None),
        (bucket, "partly.json", None),
    ]);
    let (status, reply) = answer(&stack, event).await;
    assert_eq!(status, 207, "{reply}");
    let reasons: Vec<&str> = reply["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["reason"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        reasons,
        [
            "",
            "the file is not valid JSON, or a field name given twice (line 1, column 1)",
            "a full card number is not accepted in any field",
            "the file is larger than 1048576 bytes",
            "",
            "the file is stored without server-side encryption",
            "the file does not exist",
            "the file is not in the payment bucket",
            "a full card number is not accepted in an object key",
            "the object key is not url-encoded UTF-8",
            "payment 1: transactionId was already used with other content",
        ]
    );
    assert_eq!(reply["files"][8]["key"], Value::Null);
    assert!(!reply.to_string().contains(CARD));
    let stored: BTreeSet<String> =
        stack.rows().await.iter().map(|row| row["transactionId"].as_s().unwrap().clone()).collect();
    assert_eq!(stored, ["tx-1", "tx-2", "tx-4"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_batch_where_all_fails_is_a_bad_event() {
    let stack = Stack::new().await;
    let gone = notification(&[(stack.bucket(), "absent.json", None)]);
    let (status, reply) = answer(&stack, gone).await;
    assert_eq!((status, &reply["failed"]), (400, &json!(1)));
    let version = notification(&[(stack.bucket(), "absent.json", Some("no-such-version"))]);
    assert_eq!(answer(&stack, version).await.0, 400);
}

#[tokio::test]
async fn what_may_pass_is_a_500_to_a_caller_and_a_redelivery_to_s3() {
    let stack = Stack::new().await;
    stack.put("a.json", payment("tx-1").to_string()).await;
    let mut broken = stack.deps.clone();
    broken.config.table = "no-such-table".to_owned();
    let reply = handle(direct(&payment("tx-1")), &broken).await.unwrap();
    assert_eq!(reply.status_code, 500);
    assert_eq!(reply.body, r#"{"error":"internal error"}"#);
    let event = notification(&[(stack.bucket(), "a.json", None)]);
    assert_eq!(handle(event, &broken).await, Err(Redeliver));
}

#[tokio::test]
async fn a_redelivery_finishes_what_was_begun() {
    let stack = Stack::new().await;
    stack.put("a.json", payment("tx-1").to_string()).await;
    let elsewhere = Stack::new().await;
    let mut half = stack.deps.clone();
    half.config.table = elsewhere.deps.config.table.clone();
    let event = notification(&[(stack.bucket(), "a.json", None)]);
    handle(event.clone(), &half).await.unwrap();
    stack.put("b.json", payment("tx-2").to_string()).await;
    let both = notification(&[(stack.bucket(), "a.json", None), (stack.bucket(), "b.json", None)]);
    let reply = handle(both, &half).await.unwrap();
    assert_eq!(body(&reply)["duplicates"], 1);
    assert_eq!(body(&reply)["processed"], 1);
    assert_eq!(elsewhere.rows().await.len(), 2);
}

fn aes() -> Option<ServerSideEncryption> {
    Some(ServerSideEncryption::Aes256)
}

/// Whether two looks at a table saw the same items, in whatever order.
fn same_items(left: &[Row], right: &[Row]) -> bool {
    left.len() == right.len() && left.iter().all(|item| right.contains(item))
}

/// An older function kept claims under the payment's own id.
#[tokio::test]
async fn a_former_claim_holds() {
    let stack = Stack::new().await;
    let (_, first) = answer(&stack, direct(&payment("tx-1"))).await;
    let Deps { dynamodb, config, .. } = &stack.deps;
    let items = stack.items().await;
    let mut claim = items.into_iter().find(|item| item["kind"].as_s().unwrap() == "claim").unwrap();
    let key = ["transactionId", "timestamp"].map(|name| (name.to_owned(), claim[name].clone()));
    let delete = dynamodb.delete_item().table_name(&config.table).set_key(Some(key.into()));
    delete.send().await.unwrap();
    claim.insert("transactionId".to_owned(), AttributeValue::S("tx-1".to_owned()));
    let put = dynamodb.put_item().table_name(&config.table).set_item(Some(claim));
    put.send().await.unwrap();
    let before = stack.items().await;

    let (status, again) = answer(&stack, direct(&payment("tx-1"))).await;
    assert_eq!((status, &again["status"]), (200, &json!("duplicate")));
    assert_eq!(again["timestamp"], first["timestamp"]);
    let mut other = payment("tx-1");
    other["amount"] = json!("13");
    assert_eq!(answer(&stack, direct(&other)).await.0, 400);
    assert!(same_items(&stack.items().await, &before), "nothing is written");
}

#[tokio::test]
async fn a_refused_file_leaves_a_record_of_why_and_a_good_one_none() {
    let stack = Stack::new().await;
    let good = stack.put("payments/good.json", payment("tx-1").to_string()).await;
    let mut yen = payment("tx-2");
    yen["currency"] = json!("CHF");
    let bad = stack.put("payments/bad.json", yen.to_string()).await;
    let mut other = payment("tx-1");
    other["amount"] = json!("13");
    let conflict = stack.put("payments/conflict.json", other.to_string()).await;
    let bucket = stack.bucket();
    let event = notification(&[
        (bucket, "payments/good.json", Some(&good)),
        (bucket, "payments/bad.json", Some(&bad)),
        (bucket, "payments/conflict.json", Some(&conflict)),
    ]);
    let (status, _) = answer(&stack, event.clone()).await;
    assert_eq!(status, 207);
    let records = stack.rejected().await;
    let keys: Vec<&str> = records.iter().map(|(key, _)| key.as_str()).collect();
    let place = |key: &str, version: &str| format!("rejected/payments/{key}.json/{version}.json");
    assert_eq!(keys, [place("bad", &bad), place("conflict", &conflict)]);
    assert_eq!(records[0].1["key"], "payments/bad.json");
    assert_eq!(records[0].1["versionId"], json!(bad));
    assert!(records[0].1["reason"].as_str().unwrap().contains("currency"), "{records:?}");
    let used = "transactionId was already used with other content";
    assert!(records[1].1["reason"].as_str().unwrap().contains(used), "{records:?}");
    assert!(!format!("{records:?}").contains("4242"), "nothing of a payment");
    // A second delivery says the same and writes nothing anew.
    answer(&stack, event).await;
    assert_eq!(stack.rejected().await, records);
}
