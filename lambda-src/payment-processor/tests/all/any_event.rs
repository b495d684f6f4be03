//! Whatever comes as an event or in a file: an answer, never a panic, and no card number in it.

use crate::common::{Stack, notification, payment};
use handler_tests::CARD;
use payment_processor::handle;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// JSON built from the words the handler looks for.
fn any_event() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Records",
        "s3",
        "bucket",
        "object",
        "name",
        "key",
        "versionId",
        "eventName",
        "transactionId",
        "amount",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!(CARD)),
        Just(json!("ObjectCreated:Put")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word.clone(), inner, 0..5).prop_map(|fields| json!(fields)),
        ]
    })
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
    proptest!(ProptestConfig::with_cases(100), |(
        noise in prop::collection::vec(any::<u8>(), 0..60),
        cut in 0..valid.len(),
        keep in any::<bool>(),
    )| {
        let mut bytes = valid.as_bytes()[..if keep { cut } else { 0 }].to_vec();
        bytes.extend(noise);
        let reply = runtime.block_on(async {
            stack.put("any.json", bytes).await;
            handle(notification(&[(stack.bucket(), "any.json", None)]), &stack.deps).await
        });
        prop_assert_eq!(reply.unwrap().status_code, 400);
    });
    assert!(runtime.block_on(stack.items()).is_empty());
}
