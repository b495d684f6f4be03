//! Showing payments: the handler itself, against an emulated table.

use std::collections::BTreeSet;

use crate::common::{Stack, body};
use aws_sdk_dynamodb::types::AttributeValue;
use handler_tests::CARD;
use handler_tests::payments::{order, posted};
use payments_api::handle;
use serde_json::json;

/// Ten payments, five of them under a key, the last three completed; as ids, in order of time.
async fn ten() -> (Stack, Vec<String>) {
    let stack = Stack::new().await;
    let mut ids = Vec::new();
    for number in 0..10_u32 {
        let key = format!("order-{number}");
        let key = number.is_multiple_of(2).then_some(key.as_str());
        let reply = handle(posted(key, &order().to_string()), &stack.deps).await;
        ids.push(body(&reply)["paymentId"].as_str().unwrap().to_owned());
        // No two at the same time, so that there is one order.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    for mut row in stack.at.rows().await {
        if ids[7..].contains(row["payment_id"].as_s().unwrap()) {
            row.insert("status".to_owned(), AttributeValue::S("completed".to_owned()));
            row.insert("completed_at".to_owned(), AttributeValue::S("then".to_owned()));
            stack.at.put(row).await;
        }
    }
    (stack, ids)
}

#[tokio::test]
async fn a_payment_is_shown_by_its_id() {
    let stack = Stack::new().await;
    let taken = body(&stack.post("order-7").await);
    let path = format!("/payments/{}", taken["paymentId"].as_str().unwrap());
    assert_eq!(stack.get(&path, json!(null)).await, (200, taken));

    let none = json!({"error": "payment not found"});
    for id in ["00000000-0000-4000-8000-000000000000", "x", CARD, "%2e%2e"] {
        let (status, shown) = stack.get(&format!("/payments/{id}"), json!(null)).await;
        assert_eq!((status, shown), (404, none.clone()), "{id}");
    }
}

#[tokio::test]
async fn a_guard_without_a_row_is_no_payment() {
    let stack = Stack::new().await;
    let taken = body(&stack.post("order-7").await);
    let guard = stack.at.items().await.into_iter().find(|item| !item.contains_key("status"));
    let other = Stack::new().await;
    other.at.put(guard.unwrap()).await;
    let path = format!("/payments/{}", taken["paymentId"].as_str().unwrap());
    assert_eq!(other.get(&path, json!(null)).await.0, 404);
    for status in [None, Some("processing"), Some("completed")] {
        assert!(other.pages(status, 1).await.concat().is_empty(), "{status:?}");
    }
}

#[tokio::test]
async fn a_status_is_listed_newest_first_in_pages_of_any_size() {
    let (stack, ids) = ten().await;
    let newest_first = |ids: &[String]| ids.iter().rev().cloned().collect::<Vec<_>>();
    for limit in [1, 2, 3, 7, 100] {
        let processing = stack.pages(Some("processing"), limit).await;
        assert_eq!(processing.concat(), newest_first(&ids[..7]), "{limit}");
        assert_eq!(processing.len(), 7_usize.div_ceil(limit), "no page is empty or short");
        let completed = stack.pages(Some("completed"), limit).await;
        assert_eq!(completed.concat(), newest_first(&ids[7..]), "{limit}");
    }
}

#[tokio::test]
async fn all_are_listed_once_and_without_guards() {
    let (stack, ids) = ten().await;
    for limit in [1, 2, 3, 9, 10, 11, 100] {
        let pages = stack.pages(None, limit).await;
        assert!(pages.iter().all(|page| page.len() <= limit), "{pages:?}");
        let listed = pages.concat();
        assert_eq!(listed.len(), 10, "{limit}");
        let listed: BTreeSet<String> = listed.into_iter().collect();
        assert_eq!(listed, ids.iter().cloned().collect(), "{limit}");
    }
}

#[tokio::test]
async fn a_page_has_a_usual_size_and_payments_in_full() {
    let stack = Stack::new().await;
    for number in 0..26 {
        stack.post(&format!("order-{number}")).await;
    }
    let (_, page) = stack.get("/payments", json!(null)).await;
    assert_eq!(page["payments"].as_array().unwrap().len(), 25);
    let (_, page) = stack.get("/payments", json!({"limit": "100"})).await;
    assert!(page.get("next").is_none());
    let first = &page["payments"][0];
    assert_eq!((&first["amount"], &first["currency"]), (&json!("12.50"), &json!("EUR")));
    assert_eq!((&first["customerId"], &first["status"]), (&json!("c-1"), &json!("processing")));
}

#[tokio::test]
async fn a_token_is_of_its_own_list_and_a_made_up_one_is_refused() {
    let (stack, _) = ten().await;
    let (_, page) = stack.get("/payments", json!({"status": "processing", "limit": "1"})).await;
    let token = page["next"].as_str().unwrap();
    for parameters in [
        json!({"status": "completed", "next": token}),
        json!({"next": token}),
        json!({"status": "processing", "next": token[1..]}),
        json!({"status": "processing", "next": ""}),
        json!({"status": "processing", "next": "AAAA"}),
        json!({"status": "processing", "next": CARD}),
        json!({"status": "processing", "next": r#"{"payment_id":{"S":"x"}}"#}),
    ] {
        let (status, refused) = stack.get("/payments", parameters).await;
        let error = "next is not a page token of this list";
        assert_eq!((status, refused), (400, json!({"error": error})));
    }
    for (name, value) in [("limit", "0"), ("limit", "ten"), ("status", "failed")] {
        let (status, _) = stack.get("/payments", json!({name: value})).await;
        assert_eq!(status, 400, "{name}={value}");
    }
}

#[tokio::test]
async fn a_token_survives_what_its_payment_became() {
    let (stack, ids) = ten().await;
    let (_, page) = stack.get("/payments", json!({"status": "processing", "limit": "2"})).await;
    // The payment that the page ended with is completed before the next is asked for.
    let last = page["payments"][1]["paymentId"].as_str().unwrap();
    for mut row in stack.at.rows().await {
        if row["payment_id"].as_s().unwrap() == last {
            row.insert("status".to_owned(), AttributeValue::S("completed".to_owned()));
            stack.at.put(row).await;
        }
    }
    let next = json!({"status": "processing", "limit": "100", "next": page["next"]});
    let (_, page) = stack.get("/payments", next).await;
    assert_eq!(page["payments"].as_array().unwrap().len(), 5);
    assert_eq!(page["payments"][0]["paymentId"], *ids[4]);
}

#[tokio::test]
async fn what_is_not_one_of_ours_is_left_out_of_lists() {
    let stack = Stack::new().await;
    stack.post("order-7").await;
    let mut foreign = stack.at.rows().await.remove(0);
    let id = "00000000-0000-4000-8000-000000000000";
    foreign.insert("payment_id".to_owned(), AttributeValue::S(id.to_owned()));
    foreign.remove("amount");
    stack.at.put(foreign).await;
    for status in [None, Some("processing")] {
        assert_eq!(stack.pages(status, 10).await.concat().len(), 1);
    }
    let (status, shown) = stack.get(&format!("/payments/{id}"), json!(null)).await;
    assert_eq!((status, shown), (500, json!({"error": "internal error"})));
}
