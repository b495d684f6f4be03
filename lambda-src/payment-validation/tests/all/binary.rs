//! The compiled function against Lambda's runtime interface.

use crate::common::{Stack, start_with};
use handler_tests::transactions::{payment, posted};
use handler_tests::{CARD, Outcome, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_answers_request_after_request_and_logs_no_content() {
    let stack = Stack::new().await;
    let function = stack.start();
    let (status, valid) = function.invoke(&posted("/validate", None, &payment().to_string()));
    assert_eq!((status, &valid["valid"]), (200, &json!(true)));
    let mut wrong = payment();
    wrong["amount"] = json!("5000.01");
    let (status, invalid) = function.invoke(&posted("/validate", None, &wrong.to_string()));
    let reasons = json!(["amount must be at most 5000.00"]);
    assert_eq!((status, invalid), (422, json!({"valid": false, "reasons": reasons})));
    let mut card = payment();
    card["metadata"] = json!({"note": CARD});
    let (status, refused) = function.invoke(&posted("/validate", None, &card.to_string()));
    assert_eq!(status, 422);
    assert!(!refused.to_string().contains("1111"));
    assert_eq!(function.invoke(&json!({"payment_data": payment()})), (200, valid));
    assert_eq!(function.invoke(&posted("/elsewhere", None, "{}")).0, 404);

    let said = untimed(&function.said());
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    let invalid = "payment is not valid";
    let valid = "payment is valid";
    assert_eq!(messages, [valid, invalid, invalid, valid, "request refused"]);
    assert!(lines.iter().all(|line| line["requestId"].as_str().unwrap().starts_with("request-")));
    for secret in ["12.5", "5000.01", "c-1", "4242", "4111", "203.0.113.7"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn whatever_bytes_come_the_process_goes_on() {
    let stack = Stack::new().await;
    let function = stack.start();
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for event in ["null", "0", "\"\"", "1e999", &deep] {
        function.send(event);
        assert_eq!(function.answer().0, 400, "{event:.60}");
    }
    let event = posted("/validate", None, &payment().to_string());
    for noise in garbled(&event) {
        function.send(noise);
        function.outcome();
    }
    assert_eq!(function.invoke(&event).0, 200);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_missing_or_wrong_variable_is_an_initialisation_error() {
    let stack = Stack::new().await;
    handler_tests::every_variable_is_needed(&stack.environment(), start_with);
    let mut wrong = stack.environment();
    wrong.push(("CURRENCIES", "CHF"));
    let function = start_with(&wrong, "http://127.0.0.1:1");
    let Outcome::InitError(error) = function.outcome() else { panic!("no init error") };
    let reason = "environment variable CURRENCIES is invalid: each currency must be one of USD, EUR, GBP, JPY";
    assert_eq!(error["errorMessage"], reason);
}
