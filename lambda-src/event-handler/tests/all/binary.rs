//! The compiled function against Lambda's runtime interface and an emulated table, queue and bucket.

use crate::common::{Stack, key, object, start, start_with};
use handler_tests::payments::batch;
use handler_tests::{CARD, Outcome, Scripted, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_answers_batch_after_batch() {
    let stack = Stack::new().await;
    let function = start(&stack.at);
    stack.put(&key(1), "processing").await;
    let good = key(1).message();
    function.send(batch([("a", good.as_str())]).to_string());
    assert_eq!(function.response(), json!({"batchItemFailures": []}));
    let absent = key(7).message();
    let mixed = batch([("b", CARD), ("c", &good), ("d", &absent)]);
    function.send(mixed.to_string());
    let failures = json!([{"itemIdentifier": "b"}, {"itemIdentifier": "d"}]);
    assert_eq!(function.response(), json!({"batchItemFailures": failures}));
    assert_eq!(stack.status(&key(1)).await.0, "completed");
    assert_eq!(stack.at.versions().await, [object(&key(1))]);

    let said = untimed(&function.said());
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut messages: Vec<&str> =
        lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    // Messages of one batch are handled at once.
    messages[1..].sort_unstable();
    assert_eq!(
        messages,
        ["payment completed", "message failed", "message failed", "payment was completed before"]
    );
    assert!(lines.iter().all(|line| line["requestId"].as_str().unwrap().starts_with("request-")));
    assert!(said.contains("payment not found"), "{said}");
    assert!(!said.contains("4111"), "{said}");
}

#[tokio::test]
async fn what_is_no_batch_is_a_function_error_and_the_process_goes_on() {
    let stack = Stack::new().await;
    let function = start(&stack.at);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let nameless = format!(r#"{{"Records":[{{"body":"{CARD}"}}]}}"#);
    for event in ["null", "0", "{}", r#"{"Records":[]}"#, &nameless, &deep] {
        function.send(event);
        let Outcome::Error(error) = function.outcome() else {
            panic!("{event:.60} is not a batch")
        };
        assert_eq!(error["errorType"], "BatchError");
        assert!(!error.to_string().contains("4111"), "{error}");
    }
    for noise in garbled(&batch([("a", key(1).message().as_str()), ("b", "x")])) {
        function.send(noise);
        function.outcome();
    }
    function.send(batch([("a", "x")]).to_string());
    assert_eq!(function.response()["batchItemFailures"].as_array().unwrap().len(), 1);
    let said = function.said();
    assert!(!said.contains("panicked") && !said.contains("4111"), "{said}");
}

#[tokio::test]
async fn what_a_kill_between_the_writes_leaves_is_finished_by_the_next_delivery() {
    let stack = Stack::new().await;
    stack.put(&key(1), "processing").await;
    // A bucket that never takes anything: the process dies while it tries.
    let bucket = Scripted::start(vec![None]);
    let mut environment = stack.at.environment().to_vec();
    environment.push(("AWS_ENDPOINT_URL_S3", &bucket.endpoint));
    let function = start_with(&environment, &stack.at.endpoint);
    let event = batch([("a", key(1).message().as_str())]).to_string();
    function.send(event.clone());
    bucket.wait();
    drop(function);
    let (status, then) = stack.status(&key(1)).await;
    assert_eq!((status.as_str(), stack.at.versions().await.len()), ("completed", 0));

    let function = start(&stack.at);
    function.send(event);
    assert_eq!(function.response(), json!({"batchItemFailures": []}));
    assert!(stack.at.object(&object(&key(1))).await.contains(&then.unwrap()));
}

#[tokio::test]
async fn a_table_that_is_absent_fails_every_message_and_says_so() {
    let stack = Stack::new().await;
    let absent = [("TABLE_NAME", "absent"), ("BUCKET_NAME", "absent")];
    let function = start_with(&absent, &stack.at.endpoint);
    let message = key(1).message();
    function.send(batch([("a", message.as_str()), ("b", &message)]).to_string());
    assert_eq!(function.response()["batchItemFailures"].as_array().unwrap().len(), 2);
    assert!(function.said().contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn a_missing_variable_is_an_initialisation_error() {
    let all = [("TABLE_NAME", "t"), ("BUCKET_NAME", "b")];
    handler_tests::every_variable_is_needed(&all, start_with);
}
