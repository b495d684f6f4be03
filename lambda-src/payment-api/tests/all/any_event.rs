//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{Stack, payment, post, post_binary};
use handler_tests::{CARD, check_reply};
use payment_api::handle;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// JSON built from the words the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "httpMethod",
        "path",
        "resource",
        "body",
        "isBase64Encoded",
        "headers",
        "transactionId",
        "customerId",
        "amount",
        "cvv",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("POST")),
        Just(json!("/process-payment")),
        Just(json!(CARD)),
        Just(json!("{}")),
    ];
    leaf.prop_recursive(4, 30, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(word.clone(), inner, 0..9)
                .prop_map(|fields| json!(fields)),
        ]
    })
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
    proptest!(ProptestConfig::with_cases(200), |(
        noise in prop::collection::vec(any::<u8>(), 0..60),
        cut in 0..valid.len(),
        keep in any::<bool>(),
    )| {
        let mut bytes = valid.as_bytes()[..if keep { cut } else { 0 }].to_vec();
        bytes.extend(noise);
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
        cents in 1_u32..=100_000_000,
    )| {
        // Two cases must not meet, nor one and what it shrinks to.
        let id = format!("{}-{id}", count.fetch_add(1, Ordering::Relaxed));
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
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
