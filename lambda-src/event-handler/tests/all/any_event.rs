//! Whatever comes as an event or as a message: an answer, never a panic, and nothing done.

use crate::common::{Stack, key};
use event_handler::handle;
use handler_tests::payments::batch;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// JSON built from the words the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    let words =
        ["Records", "messageId", "body", "eventSource", "paymentId", "timestamp", "version"];
    let word = prop::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("aws:sqs")),
        Just(json!(key(1).message())),
    ];
    leaf.prop_recursive(4, 30, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word.clone(), inner, 0..7).prop_map(|fields| json!(fields)),
        ]
    })
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
    proptest!(ProptestConfig::with_cases(100), |(
        noise in "\\PC{0,60}",
        cut in 0..good.len(),
        keep in any::<bool>(),
    )| {
        let bad = format!("{}{noise}", &good[..if keep { cut } else { 0 }]);
        let event = batch([("bad", bad.as_str()), ("good", &good)]);
        prop_assert_eq!(runtime.block_on(stack.failed(event)), ["bad"]);
    });
    assert_eq!(runtime.block_on(stack.at.versions()).len(), 1);
}
