//! Whatever comes as an event or as a body: an answer API Gateway takes, never a panic, and no card
//! number in it.

use crate::common::{Stack, body};
use handler_tests::any::{any_amount, any_json, runtime};
use handler_tests::payments::{asked, order, posted};
use handler_tests::{CARD, check_reply};
use payments_api::handle;
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "httpMethod path resource body isBase64Encoded headers Idempotency-Key \
         queryStringParameters status limit next customerId amount",
        &["GET", "POST", "/payments", "/payments/{id}", "processing", CARD],
    )
}

#[test]
fn any_event_gets_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(300), |(event in any_event(), wrapped in 0..4)| {
        let event = match wrapped {
            0 => event,
            1 => posted(None, &event.to_string()),
            2 => {
                let mut wrapped = asked("GET", "/payments");
                wrapped["queryStringParameters"] = event;
                wrapped
            }
            _ => {
                let mut wrapped = posted(None, "");
                wrapped["headers"] = event;
                wrapped
            }
        };
        check_reply(&runtime.block_on(handle(event, &stack.deps)), &[200, 400, 404, 405]);
    });
    assert!(runtime.block_on(stack.at.is_empty()));
}

#[test]
fn any_path_and_any_parameters_get_an_answer() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(300), |(
        path in "/payments/\\PC{0,40}|/payments/[0-9a-f-]{36}|/payments",
        status in prop::option::of("\\PC{0,9}|processing|completed"),
        limit in prop::option::of("[0-9]{1,3}|\\PC{0,5}"),
        next in prop::option::of("\\PC{0,60}|[A-Za-z0-9_-]{87,100}"),
    )| {
        let mut event = asked("GET", &path);
        event["queryStringParameters"] = json!({"status": status, "limit": limit, "next": next});
        check_reply(&runtime.block_on(handle(event, &stack.deps)), &[200, 400, 404]);
    });
}

#[test]
fn any_valid_payment_is_taken_and_repeated_alike() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(30), |(
        key in "[A-Za-z._:-]{1,128}",
        customer in "[A-Za-z._:-]{1,128}",
        amount in any_amount(1, 100_000_000),
    )| {
        let mut payment = order();
        payment["customerId"] = json!(customer);
        payment["amount"] = json!(amount);
        let event = posted(Some(&key), &payment.to_string());
        let first = runtime.block_on(handle(event.clone(), &stack.deps));
        // Two cases may have met under a short key.
        check_reply(&first, &[202, 409]);
        prop_assert_eq!(&runtime.block_on(handle(event, &stack.deps)), &first);
        if first.status_code == 202 {
            let taken = body(&first);
            prop_assert_eq!(&taken["amount"], &payment["amount"]);
            let path = format!("/payments/{}", taken["paymentId"].as_str().unwrap());
            prop_assert_eq!(runtime.block_on(stack.get(&path, json!(null))), (200, taken));
        }
    });
}
