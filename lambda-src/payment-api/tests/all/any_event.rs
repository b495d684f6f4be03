//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{Stack, payment, post, post_binary};
use handler_tests::any::{any_amount, any_cut, any_json, runtime};
use handler_tests::{CARD, check_reply};
use payment_api::handle;
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "httpMethod path resource body isBase64Encoded headers transactionId customerId amount cvv",
        &["POST", "/process-payment", CARD, "{}"],
    )
}

#[test]
fn any_event_gets_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(500), |(event in any_event(), wrapped in 0..4)| {
        let event = match wrapped {
            0 => event,
            1 => post(&event.to_string()),
            2 => post_binary(event.to_string().as_bytes()),
            _ => {
                let mut wrapped = post("");
                wrapped["body"] = event;
                wrapped
            }
        };
        check_reply(&runtime.block_on(handle(event, &stack.deps)), &[400, 404, 405]);
    });
    assert!(runtime.block_on(stack.is_empty()));
}

#[test]
fn any_body_gets_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let valid = payment("tx-1").to_string();
    proptest!(ProptestConfig::with_cases(200), |(bytes in any_cut(&valid))| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for event in [post_binary(&bytes), post(&text)] {
            check_reply(&runtime.block_on(handle(event, &stack.deps)), &[400]);
        }
    });
    assert!(runtime.block_on(stack.is_empty()));
}

#[test]
fn any_valid_payment_is_processed_and_repeated_alike() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let count = AtomicU32::new(0);
    proptest!(ProptestConfig::with_cases(40), |(
        id in "[A-Za-z._:-]{1,120}",
        customer in "[A-Za-z._:-]{1,128}",
        amount in any_amount(1, 100_000_000),
    )| {
        // Two cases must not meet, nor one and what it shrinks to.
        let id = format!("{}-{id}", count.fetch_add(1, Ordering::Relaxed));
        let body = json!({"transactionId": id, "customerId": customer, "amount": amount});
        let number = format!(r#"{{"amount":{amount},"customerId":"{customer}","transactionId":"{id}"}}"#);
        let first = runtime.block_on(handle(post(&body.to_string()), &stack.deps));
        check_reply(&first, &[200]);
        let result: Value = serde_json::from_str(&first.body).unwrap();
        prop_assert_eq!(&result["amount"], &json!(amount));
        let again = runtime.block_on(handle(post(&number), &stack.deps));
        prop_assert_eq!(&again, &first);
        let (receipt, _, _) = runtime.block_on(stack.receipt(&id));
        prop_assert_eq!(receipt, first.body);
    });
}
