//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use crate::common::{Stack, body, request, with};
use handler_tests::any::{any_amount, any_json, runtime};
use handler_tests::transactions::{payment, posted};
use handler_tests::{CARD, check_reply};
use proptest::prelude::*;
use serde_json::{Value, json};
use transaction_processing::handle;

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "httpMethod routeKey rawPath requestContext http method headers idempotency-key \
         body isBase64Encoded customerId amount cardLast4",
        &["POST", "POST /process", "/process", CARD],
    )
}

#[test]
fn any_event_gets_an_answer_and_leaves_nothing() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(300), |(event in any_event(), wrapped in 0..4)| {
        let event = match wrapped {
            0 => event,
            1 => posted("/process", Some("order-7"), &event.to_string()),
            2 => {
                let mut wrapped = posted("/process", None, &payment().to_string());
                // A header that is a key would make it a valid request.
                wrapped["headers"] = json!([event]);
                wrapped
            }
            _ => {
                let mut wrapped = posted("/process", Some("order-7"), "");
                wrapped["body"] = event;
                wrapped
            }
        };
        check_reply(&runtime.block_on(handle(event, &stack.deps)), &[400, 404, 405, 422]);
    });
    assert!(runtime.block_on(stack.at.is_empty()));
}

#[test]
fn any_valid_transaction_is_processed_and_repeated_alike() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(30), |(
        key in "[A-Za-z._:-]{8,128}",
        customer in "[A-Za-z._:-]{1,128}",
        amount in any_amount(100, 500_000),
    )| {
        let mut sent = with("customerId", json!(customer));
        sent["amount"] = json!(amount);
        let first = runtime.block_on(handle(request(&key, &sent), &stack.deps));
        check_reply(&first, &[200]);
        prop_assert_eq!(&runtime.block_on(handle(request(&key, &sent), &stack.deps)), &first);
        prop_assert_eq!(&body(&first)["amount"], &sent["amount"]);
    });
}
