//! Whatever comes as an event or as a message: an answer, never a panic, and nothing done.

use crate::common::{Stack, key};
use event_handler::handle;
use handler_tests::any::{any_cut, any_json, runtime};
use handler_tests::payments::batch;
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON built from what the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    any_json(
        "Records messageId body eventSource paymentId timestamp version",
        &["aws:sqs", &key(1).message()],
    )
}

#[test]
fn any_event_is_a_batch_whose_messages_fail_or_an_error() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    proptest!(ProptestConfig::with_cases(300), |(event in any_event(), wrapped in any::<bool>())| {
        let event = if wrapped { json!({"Records": [event]}) } else { event };
        if let Ok(failures) = runtime.block_on(handle(event.clone(), &stack.deps)) {
            let records = event["Records"].as_array().unwrap();
            prop_assert_eq!(failures.batch_item_failures.len(), records.len());
        }
    });
    assert!(runtime.block_on(stack.at.is_empty()));
}

#[test]
fn any_message_fails_alone() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    runtime.block_on(stack.put(&key(1), "processing"));
    let good = key(1).message();
    proptest!(ProptestConfig::with_cases(100), |(bad in any_cut(&good))| {
        let bad = String::from_utf8_lossy(&bad);
        let event = batch([("bad", &*bad), ("good", &good)]);
        prop_assert_eq!(runtime.block_on(stack.failed(event)), ["bad"]);
    });
    assert_eq!(runtime.block_on(stack.at.versions()).len(), 1);
}
