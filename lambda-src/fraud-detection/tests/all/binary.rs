//! The compiled function against Lambda's runtime interface and an emulated table.

use crate::common::{NOW, environment, event, start, start_with};
use handler_tests::transactions::{Transactions, row};
use handler_tests::{CARD, Outcome, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_scores_event_after_event_and_logs_no_content() {
    let at = Transactions::new().await;
    at.put(row("old", NOW - 7_200_000, "approved")).await;
    at.put(row("new", NOW - 1, "approved")).await;
    let function = start(&at);
    function.send(event().to_string());
    let reasons = ["other transactions of the customer in the last hour: 1"];
    let scored = json!({"score": 4, "decision": "approve", "reasons": reasons});
    assert_eq!(function.response(), scored);
    let mut card = event();
    card["customerId"] = json!(CARD);
    function.send(card.to_string());
    let Outcome::Error(error) = function.outcome() else { panic!("no error") };
    assert_eq!(error["errorType"], "TransactionError");
    assert!(!error.to_string().contains("1111"));
    function.send(event().to_string());
    assert_eq!(function.response(), scored);

    let said = untimed(&function.said());
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["transaction scored", "event refused", "transaction scored"]);
    assert_eq!(lines[0]["transactionId"], "tx-1");
    for secret in ["12.5", "c-1", "4111"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn whatever_bytes_come_the_process_goes_on() {
    let at = Transactions::new().await;
    let function = start(&at);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for wrong in ["null", "0", "{}", "[]", &deep, r#"{"amount":1,"amount":2}"#] {
        function.send(wrong);
        let Outcome::Error(error) = function.outcome() else { panic!("{wrong:.60} is scored") };
        assert_eq!(error["errorType"], "TransactionError");
    }
    for noise in garbled(&event()) {
        function.send(noise);
        function.outcome();
    }
    function.send(event().to_string());
    assert_eq!(function.response()["score"], 30);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_table_that_is_absent_is_a_function_error_without_internals() {
    let at = Transactions::new().await;
    let mut absent = environment(&at);
    absent.push(("TABLE_NAME", "absent"));
    let function = start_with(&absent, &at.endpoint);
    function.send(event().to_string());
    let Outcome::Error(error) = function.outcome() else { panic!("no error") };
    assert_eq!(error["errorType"], "Unavailable");
    assert_eq!(error["errorMessage"], "the history could not be read now");
    assert!(function.said().contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn a_missing_or_wrong_variable_is_an_initialisation_error() {
    let at = Transactions::new().await;
    handler_tests::every_variable_is_needed(&environment(&at), start_with);
    let mut wrong = environment(&at);
    wrong.push(("AMOUNT_WEIGHT", "31"));
    let function = start_with(&wrong, "http://127.0.0.1:1");
    let Outcome::InitError(error) = function.outcome() else { panic!("no init error") };
    let said = error["errorMessage"].as_str().unwrap();
    assert!(said.ends_with("is invalid: the weights must sum up to 100"), "{said}");
}
