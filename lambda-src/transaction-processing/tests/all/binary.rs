//! The compiled function against Lambda's runtime interface, the scoring, and an emulated table, topic
//! and bucket.

use crate::common::{Stack, notice_of, request, start_with, with};
use handler_tests::transactions::payment;
use handler_tests::{CARD, Function, Outcome, Scripted, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_answers_request_after_request_and_logs_no_content() {
    let stack = Stack::new().await;
    let function = stack.start();
    let event = request("order-7", &payment());
    let (status, first) = function.invoke(&event);
    assert_eq!((status, &first["status"]), (200, &json!("approved")), "{first}");
    assert_eq!(function.invoke(&event), (200, first.clone()));
    assert_eq!(function.invoke(&request("order-7", &with("amount", json!(7)))).0, 409);
    for name in ["customerId", "cardLast4", "metadata", "pan"] {
        let (status, refused) = function.invoke(&request("order-8", &with(name, json!(CARD))));
        assert_eq!(status, 422, "{name}");
        assert!(!refused.to_string().contains("1111"), "{refused}");
    }
    assert_eq!(function.invoke(&request(CARD, &payment())).0, 400);
    assert_eq!(stack.at.items().await.len(), 1);

    let said = untimed(&function.said());
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    let [done, invalid] = ["transaction processed", "transaction is not valid"];
    assert_eq!(
        messages,
        [
            done,
            done,
            "Idempotency-Key used with other content",
            invalid,
            invalid,
            invalid,
            invalid,
            "request refused"
        ]
    );
    assert_eq!(lines[0]["transactionId"], first["transactionId"]);
    for secret in ["12.5", "203.0.113.7", "c-1", "order-7", "4242", CARD] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn of_twenty_requests_to_five_processes_one_is_written() {
    let stack = Stack::declining().await;
    let functions: Vec<Function> = (0..5).map(|_| stack.start()).collect();
    let event = request("order-7", &payment()).to_string();
    for function in &functions {
        for _ in 0..4 {
            function.send(event.clone());
        }
    }
    let mut answers = Vec::new();
    for function in &functions {
        for _ in 0..4 {
            answers.push(function.answer());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((answers[0].0, stack.at.items().await.len()), (200, 1));
    stack.at.record(answers[0].1["transactionId"].as_str().unwrap()).await;
    let (notices, one) = (stack.at.notices().await, notice_of(&answers[0].1));
    assert!(!notices.is_empty() && notices.iter().all(|notice| *notice == one), "{notices:?}");
}

#[tokio::test]
async fn what_a_kill_before_the_notice_leaves_is_finished_by_a_repeat() {
    let stack = Stack::declining().await;
    // It never takes anything: the process dies while it tries.
    let deaf = Scripted::start(vec![None]);
    let mut environment = stack.whole_environment();
    environment.push(("AWS_ENDPOINT_URL_SNS", &deaf.endpoint));
    let function = start_with(&environment, &stack.at.endpoint);
    let event = request("order-7", &payment());
    function.send(event.to_string());
    deaf.wait();
    drop(function);
    let rows = stack.at.items().await;
    assert_eq!((rows.len(), rows[0]["status"].as_s().unwrap().as_str()), (1, "declined"));
    assert!(stack.at.notices().await.is_empty());

    // What is decided stays.
    let (status, answer) = stack.start().invoke(&event);
    assert_eq!((status, &answer["status"]), (200, &json!("declined")));
    assert_eq!(answer["timestamp"].to_string(), *rows[0]["timestamp"].as_n().unwrap());
    assert_eq!(stack.at.notices().await, [notice_of(&answer)]);
    let rows = stack.at.items().await;
    assert!(rows.len() == 1 && rows[0].contains_key("notified_at"));
}

#[tokio::test]
async fn what_fails_is_answered_without_internals_and_published() {
    let stack = Stack::new().await;
    let mut absent = stack.whole_environment();
    absent.push(("TABLE_NAME", "absent"));
    let function = start_with(&absent, &stack.at.endpoint);
    let answer = function.invoke(&request("order-7", &payment()));
    assert_eq!(answer, (500, json!({"error": "internal error"})));
    let notices = stack.at.notices().await;
    assert_eq!((&notices[0]["status"], &notices[0]["step"]), (&json!("failed"), &json!("write")));
    assert!(function.said().contains("ResourceNotFoundException"));
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
    for noise in garbled(&request("order-7", &payment())) {
        function.send(noise);
        function.outcome();
    }
    assert_eq!(function.invoke(&request("last", &payment())).0, 200);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_missing_or_wrong_variable_is_an_initialisation_error() {
    let stack = Stack::new().await;
    handler_tests::every_variable_is_needed(&stack.environment(), start_with);
    for (name, value) in
        [("TOPIC_ARN", "failed-transactions"), ("RETENTION_DAYS", "0"), ("MAXIMUM_AMOUNT", "0.50")]
    {
        let mut wrong = stack.environment();
        wrong.push((name, value));
        let function = start_with(&wrong, "http://127.0.0.1:1");
        let Outcome::InitError(error) = function.outcome() else { panic!("no init error") };
        let said = error["errorMessage"].as_str().unwrap();
        assert!(said.contains(name) && said.contains(" is invalid: "), "{said}");
    }
}
