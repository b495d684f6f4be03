//! The handler against a DynamoDB and an S3 that answer what the test says.

use crate::common::{Stack, failed, key, object};
use event_handler::Deps;
use handler_tests::payments::batch;
use handler_tests::{Request, Scripted};
use serde_json::{Value, json};

type Answer = Option<(u16, String)>;

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

fn failure(status: u16, code: &str) -> Answer {
    Scripted::failure(status, code, json!({"message": "secret"}))
}

fn completed() -> Value {
    json!({"status": {"S": "completed"}, "completed_at": {"S": "then"}})
}

fn one() -> Value {
    batch([("a", key(1).message().as_str())])
}

/// Handles one message with a table that gives these answers, and a real bucket.
async fn with_table(answers: Vec<Answer>) -> (Stack, bool, Vec<Request>) {
    let stack = Stack::new().await;
    let table = Scripted::start(answers);
    let there = Deps::new(&handler_tests::config(&table.endpoint), stack.deps.config.clone());
    let deps = Deps { s3: stack.deps.s3.clone(), ..there };
    let done = failed(one(), &deps).await.is_empty();
    (stack, done, table.asked())
}

#[tokio::test]
async fn a_row_is_completed_only_from_processing() {
    let (stack, done, asked) = with_table(vec![Scripted::item(&json!({}))]).await;
    assert!(done);
    assert_eq!((asked[0].operation.as_str(), asked.len()), ("UpdateItem", 1));
    let input = asked[0].json();
    assert_eq!(input["ConditionExpression"], "#status = :processing");
    assert_eq!(input["ExpressionAttributeValues"][":processing"]["S"], "processing");
    assert_eq!(input["Key"]["payment_id"]["S"], key(1).id.as_str());
    assert_eq!(input["Key"]["timestamp"]["S"], key(1).timestamp.as_str());
    assert_eq!(stack.at.versions().await.len(), 1);
}

#[tokio::test]
async fn a_row_that_was_completed_keeps_its_time() {
    for answers in [
        vec![Scripted::condition_failed(Some(&completed()))],
        // A reply that leaves it out, and one that was lost.
        vec![Scripted::condition_failed(None), Scripted::item(&json!({"Item": completed()}))],
        vec![None, Scripted::condition_failed(Some(&completed()))],
    ] {
        let (stack, done, _) = with_table(answers).await;
        assert!(done);
        let text: Value = serde_json::from_str(&stack.at.object(&object(&key(1))).await).unwrap();
        assert_eq!(text["completedAt"], "then");
    }
}

#[tokio::test]
async fn a_row_that_is_absent_or_foreign_is_a_failure() {
    let unfinished = json!({"status": {"S": "completed"}});
    for answers in [
        vec![Scripted::condition_failed(None), Scripted::item(&json!({}))],
        vec![Scripted::condition_failed(None), failure(400, "AccessDeniedException")],
        vec![Scripted::condition_failed(Some(&json!({"status": {"S": "refunded"}})))],
        vec![Scripted::condition_failed(Some(&unfinished))],
        vec![failure(400, "ValidationException")],
    ] {
        let (stack, done, asked) = with_table(answers.clone()).await;
        assert!(!done, "{answers:?}");
        assert_eq!(asked.len(), answers.len());
        assert!(stack.at.versions().await.is_empty());
    }
}

#[tokio::test]
async fn a_table_that_throttles_or_fails_is_tried_again_and_then_given_up() {
    for answer in [
        failure(400, "ProvisionedThroughputExceededException"),
        failure(500, "InternalServerError"),
        None,
    ] {
        let (stack, done, asked) = with_table(vec![answer.clone()]).await;
        assert!(!done && asked.len() == TRIES, "{answer:?}");
        assert!(stack.at.versions().await.is_empty());
        let (_, done, _) = with_table(vec![answer, Scripted::item(&json!({}))]).await;
        assert!(done);
    }
}

#[tokio::test]
async fn an_audit_object_that_was_lost_is_written_by_the_next_delivery() {
    for (answer, tries) in [
        (Scripted::s3_failure(403, "AccessDenied"), 1),
        (Scripted::s3_failure(503, "SlowDown"), TRIES),
        (Scripted::s3_failure(409, "ConditionalRequestConflict"), 3),
        (None, TRIES),
    ] {
        let stack = Stack::new().await;
        stack.put(&key(1), "processing").await;
        let bucket = Scripted::start(vec![answer.clone()]);
        let there = Deps::new(&handler_tests::config(&bucket.endpoint), stack.deps.config.clone());
        let deps = Deps { dynamodb: stack.deps.dynamodb.clone(), ..there };
        assert_eq!(failed(one(), &deps).await, ["a"], "{answer:?}");
        assert_eq!(bucket.asked().len(), tries, "{answer:?}");
        let (status, then) = stack.status(&key(1)).await;
        assert_eq!((status.as_str(), stack.at.versions().await.len()), ("completed", 0));

        assert!(stack.failed(one()).await.is_empty());
        let text = stack.at.object(&object(&key(1))).await;
        assert!(text.contains(&then.unwrap()), "{text}");
    }
}

#[tokio::test]
async fn one_message_that_fails_holds_up_no_other() {
    let stack = Stack::new().await;
    // The first call is some message's, and breaks; the others are answered.
    let broken = failure(400, "AccessDeniedException");
    let table = Scripted::start(vec![broken, Scripted::item(&json!({}))]);
    let there = Deps::new(&handler_tests::config(&table.endpoint), stack.deps.config.clone());
    let deps = Deps { s3: stack.deps.s3.clone(), ..there };
    let messages: Vec<String> = (0..10).map(|number| key(number).message()).collect();
    let ids: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let event = batch(ids.iter().zip(&messages).map(|(id, body)| (id.as_str(), body.as_str())));
    assert_eq!(failed(event, &deps).await.len(), 1);
    assert_eq!(stack.at.versions().await.len(), 9);
}
