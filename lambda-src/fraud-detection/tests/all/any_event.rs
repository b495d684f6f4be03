//! Whatever comes as an event: a score in its range or an error, never a panic, and nothing done.

use crate::common::{NOW, Stack, event};
use fraud_detection::handle;
use handler_tests::CARD;
use handler_tests::transactions::row;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const WORDS: [&str; 6] = ["transactionId", "customerId", "amount", "currency", "timestamp", ""];

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["EUR", "12.50", "c-1", CARD]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 6, move |inner| {
        let word = prop::sample::select(WORDS.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word, inner, 0..7).prop_map(|fields| json!(fields)),
        ]
    })
}

#[test]
fn any_event_gets_a_score_or_an_error() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let words = prop::sample::select(WORDS.to_vec());
    proptest!(ProptestConfig::with_cases(300), |(
        value in any_value(), name in words, whole in any::<bool>(),
    )| {
        let mut sent = event();
        sent[name] = value.clone();
        let sent = if whole { value } else { sent };
        match runtime.block_on(handle(&sent, &stack.deps)) {
            Ok(scored) => prop_assert!(scored.score <= 100),
            Err(error) => prop_assert!(!error.to_string().contains(CARD)),
        }
    });
    assert!(runtime.block_on(stack.at.is_empty()));
}

#[test]
fn any_transaction_is_scored_and_scored_alike_again() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    for (number, status) in (0..).zip(["approved", "review", "declined", "pending"]) {
        runtime.block_on(stack.at.put(row(&format!("old-{number}"), NOW - number, status)));
    }
    proptest!(ProptestConfig::with_cases(60), |(
        customer in "c-1|[a-z]{3}", cents in 1_u32..=100_000_000, since in 0..=2 * NOW,
    )| {
        let mut sent = event();
        sent["customerId"] = json!(customer);
        sent["amount"] = json!(format!("{}.{:02}", cents / 100, cents % 100));
        sent["timestamp"] = json!(since);
        let first = runtime.block_on(handle(&sent, &stack.deps)).unwrap();
        prop_assert!(first.score <= 100);
        prop_assert_eq!(runtime.block_on(handle(&sent, &stack.deps)).unwrap(), first);
    });
}
