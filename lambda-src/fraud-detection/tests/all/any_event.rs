//! Whatever comes as an event: a score in its range or an error, never a panic, and nothing done.

use crate::common::{NOW, Stack, event};
use fraud_detection::handle;
use handler_tests::CARD;
use handler_tests::any::{any_amount, any_json, runtime};
use handler_tests::transactions::row;
use proptest::prelude::*;
use serde_json::json;

const WORDS: &str = "transactionId customerId amount currency timestamp";

#[test]
fn any_event_gets_a_score_or_an_error() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let words = prop::sample::select(WORDS.split(' ').chain([""]).collect::<Vec<_>>());
    proptest!(ProptestConfig::with_cases(300), |(
        value in any_json(WORDS, &["EUR", "12.50", "c-1", CARD]),
        name in words,
        whole in any::<bool>(),
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
        customer in "c-1|[a-z]{3}", amount in any_amount(1, 100_000_000), since in 0..=2 * NOW,
    )| {
        let mut sent = event();
        sent["customerId"] = json!(customer);
        sent["amount"] = json!(amount);
        sent["timestamp"] = json!(since);
        let first = runtime.block_on(handle(&sent, &stack.deps)).unwrap();
        prop_assert!(first.score <= 100);
        prop_assert_eq!(runtime.block_on(handle(&sent, &stack.deps)).unwrap(), first);
    });
}
