//! Both handlers of the system: from a posted payment, through the queue, to a completed one.

use std::time::Duration;

use crate::common::Stack;
use aws_sdk_sqs::types::Message;
use event_handler::handle;
use handler_kit::object::Encryption;
use handler_tests::join_all;
use handler_tests::payments::{Payments, asked, batch_of, order, posted};
use serde_json::{Value, json};

fn api(at: &Payments) -> payments_api::Deps {
    let config = payments_api::Config {
        table: at.table.clone(),
        queue: at.queue.clone(),
        bucket: at.bucket.clone(),
        encryption: Encryption::OfTheBucket,
    };
    payments_api::Deps::new(&at.shared(), config)
}

async fn get(api: &payments_api::Deps, path: &str, parameters: Value) -> Value {
    let mut event = asked("GET", path);
    event["queryStringParameters"] = parameters;
    serde_json::from_str(&payments_api::handle(event, api).await.body).unwrap()
}

/// Handles what is in the queue until nothing comes any more.
async fn drain(stack: &Stack) {
    loop {
        let received = stack.at.receive(&stack.at.queue).await;
        if received.is_empty() {
            return;
        }
        let answer = handle(batch_of(&received), &stack.deps).await.unwrap();
        stack.at.settle(&received, &serde_json::to_value(answer).unwrap()).await;
    }
}

#[tokio::test]
async fn a_posted_payment_is_completed_through_the_queue() {
    let stack = Stack::new().await;
    let api = api(&stack.at);
    let event = posted(Some("order-7"), &order().to_string());
    let first = payments_api::handle(event.clone(), &api).await;
    let taken: Value = serde_json::from_str(&first.body).unwrap();
    drain(&stack).await;

    let id = taken["paymentId"].as_str().unwrap();
    let shown = get(&api, &format!("/payments/{id}"), json!(null)).await;
    assert_eq!(shown["status"], "completed");
    assert!(shown["completedAt"].as_str().unwrap() >= shown["timestamp"].as_str().unwrap());
    assert_eq!(shown["amount"], "12.50");
    let listed = get(&api, "/payments", json!({"status": "completed"})).await;
    assert_eq!(listed, json!({"payments": [shown]}));
    let listed = get(&api, "/payments", json!({"status": "processing"})).await;
    assert_eq!(listed, json!({"payments": []}));

    let mut objects = stack.at.versions().await;
    objects.sort();
    let date = &taken["timestamp"].as_str().unwrap()[..10];
    let object = |status: &str| format!("audit/{date}/{id}/{status}.json");
    assert_eq!(objects, [object("completed"), object("processing")]);

    // A repeat after all is done gets the first answer and queues nothing.
    assert_eq!(payments_api::handle(event, &api).await, first);
    assert!(stack.at.bodies(&stack.at.queue).await.is_empty());
}

/// Both handlers are stopped after ever more time; the caller repeats, and the queue delivers again.
#[tokio::test]
async fn stopped_anywhere_every_payment_is_completed_once() {
    let stack = Stack::new().await;
    let api = api(&stack.at);
    let keys: Vec<String> = (0..30).map(|number| format!("order-{number}")).collect();
    for (key, number) in keys.iter().zip(0..) {
        let event = posted(Some(key), &order().to_string());
        let time_limit = Duration::from_micros(700 * number);
        let _ = tokio::time::timeout(time_limit, payments_api::handle(event.clone(), &api)).await;
        let twice = (0..2).map(|_| payments_api::handle(event.clone(), &api));
        assert!(join_all(twice).await.iter().all(|reply| reply.status_code == 202));
    }
    for number in 0.. {
        let received = stack.at.receive(&stack.at.queue).await;
        if received.is_empty() {
            break;
        }
        // The third receive is the last before the dead-letter queue.
        let time_limit = Duration::from_millis(if number % 3 < 2 { 5 * number } else { 60_000 });
        let stopped =
            tokio::time::timeout(time_limit, handle(batch_of(&received), &stack.deps)).await;
        let answer = match stopped {
            Ok(answer) => serde_json::to_value(answer.unwrap()).unwrap(),
            // Nothing of it is deleted, and all of it comes again.
            Err(_) => {
                let failure = |it: &Message| json!({"itemIdentifier": it.message_id});
                json!({"batchItemFailures": received.iter().map(failure).collect::<Vec<_>>()})
            }
        };
        stack.at.settle(&received, &answer).await;
    }
    let rows = stack.at.rows().await;
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row["status"].as_s().unwrap() == "completed"));
    assert_eq!(stack.at.versions().await.len(), 60, "two objects each, of one version");
    assert!(stack.at.bodies(&stack.at.dead).await.is_empty());
}
