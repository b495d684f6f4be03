//! Whatever comes as an event or in a file: an answer, never a panic, and no card number in it.

use crate::common::{Stack, notification, payment};
use handler_tests::CARD;
use handler_tests::any::{any_cut, any_json, runtime};
use payment_processor::handle;
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "Records s3 bucket object name key versionId eventName transactionId amount",
        &[CARD, "ObjectCreated:Put"],
    )
}

#[test]
fn any_event_gets_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(300), |(event in any_event(), wrapped in 0..3)| {
        let event = match wrapped {
            0 => event,
            1 => json!({"payment_data": event}),
            _ => json!({"Records": [event]}),
        };
        let reply = runtime.block_on(handle(event, &stack.deps)).unwrap();
        prop_assert_eq!(reply.status_code, 400);
        prop_assert!(!reply.body.contains(CARD));
    });
}

#[test]
fn any_file_gets_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let valid = payment("tx-1").to_string();
    proptest!(ProptestConfig::with_cases(100), |(bytes in any_cut(&valid))| {
        let reply = runtime.block_on(async {
            stack.put("any.json", bytes).await;
            handle(notification(&[(stack.bucket(), "any.json", None)]), &stack.deps).await
        });
        prop_assert_eq!(reply.unwrap().status_code, 400);
    });
    assert!(runtime.block_on(stack.items()).is_empty());
}
