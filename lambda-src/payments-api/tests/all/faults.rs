//! The handler against a DynamoDB, an S3 and an SQS that answer what the test says, and the handler
//! that is stopped anywhere.

use std::time::Duration;

use crate::common::{Part, Stack, body};
use handler_tests::payments::{asked, order, posted};
use handler_tests::{Request, Scripted};
use payments_api::{Reply, handle};
use payments_domain::PaymentRequest;
use serde_json::{Value, json};

type Answer = Option<(u16, String)>;

const INTERNAL: &str = r#"{"error":"internal error"}"#;
const TAKEN: &str = "2026-11-22T01:38:18.250Z";

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

fn failure(status: u16, code: &str) -> Answer {
    Scripted::failure(status, code, json!({"message": "secret"}))
}

fn written() -> Answer {
    Scripted::item(&json!({}))
}

fn guard() -> Value {
    let digest = PaymentRequest::try_from(&order()).unwrap().digest();
    json!({"taken": {"S": TAKEN}, "digest": {"S": digest.as_str()}})
}

/// Posts the order under a key, with one of the three giving these answers.
async fn with(part: Part, answers: Vec<Answer>) -> (Stack, Reply, Vec<Request>) {
    let stack = Stack::new().await;
    let scripted = Scripted::start(answers);
    let deps = stack.with(part, &scripted.endpoint);
    let reply = handle(posted(Some("order-7"), &order().to_string()), &deps).await;
    (stack, reply, scripted.asked())
}

#[tokio::test]
async fn a_guard_that_was_there_says_when_the_payment_was_taken() {
    let (stack, reply, asked) =
        with(Part::Table, vec![Scripted::condition_failed(Some(&guard())), written()]).await;
    assert_eq!(reply.status_code, 202);
    assert_eq!(body(&reply)["timestamp"], TAKEN);
    let [guard, row] = [asked[0].json(), asked[1].json()];
    assert_eq!(asked.len(), 2);
    for put in [&guard, &row] {
        assert_eq!(put["ConditionExpression"], "attribute_not_exists(payment_id)");
        assert_eq!(put["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    }
    assert_eq!(guard["Item"]["timestamp"]["S"], "0000-00-00T00:00:00.000Z");
    assert!(guard["Item"].get("status").is_none(), "the index must not have it");
    assert_eq!(row["Item"]["timestamp"]["S"], TAKEN);
    assert_eq!(guard["Item"]["payment_id"], row["Item"]["payment_id"]);
    assert_eq!(stack.at.bodies(&stack.at.queue).await.len(), 1);
}

#[tokio::test]
async fn a_guard_decides_by_its_content() {
    let mut other = guard();
    other["digest"]["S"] = json!("0");
    let (stack, reply, asked) =
        with(Part::Table, vec![Scripted::condition_failed(Some(&other))]).await;
    assert_eq!((reply.status_code, asked.len()), (409, 1));
    assert!(stack.at.is_empty().await);
    for foreign in [json!({"digest": guard()["digest"]}), json!({"payment_id": {"S": "x"}})] {
        let (stack, reply, _) =
            with(Part::Table, vec![Scripted::condition_failed(Some(&foreign))]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
        assert!(stack.at.is_empty().await);
    }
}

#[tokio::test]
async fn a_guard_that_the_reply_leaves_out_is_read_consistently() {
    let read = Scripted::item(&json!({"Item": guard()}));
    let (_, reply, asked) =
        with(Part::Table, vec![Scripted::condition_failed(None), read, written()]).await;
    assert_eq!(body(&reply)["timestamp"], TAKEN);
    assert_eq!((asked[1].operation.as_str(), asked.len()), ("GetItem", 3));
    assert_eq!(asked[1].json()["ConsistentRead"], true);
    assert_eq!(asked[1].json()["Key"]["timestamp"]["S"], "0000-00-00T00:00:00.000Z");
    for answer in [written(), failure(400, "AccessDeniedException")] {
        let (_, reply, _) = with(Part::Table, vec![Scripted::condition_failed(None), answer]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
    }
}

#[tokio::test]
async fn a_guard_whose_reply_is_lost_is_found_again() {
    let (_, reply, asked) =
        with(Part::Table, vec![None, Scripted::condition_failed(Some(&guard())), written()]).await;
    assert_eq!((reply.status_code, asked.len()), (202, 3));
    assert_eq!(asked[0].json(), asked[1].json());
}

#[tokio::test]
async fn a_table_that_throttles_or_fails_is_tried_again_and_then_given_up() {
    for answer in [
        failure(400, "ProvisionedThroughputExceededException"),
        failure(400, "ThrottlingException"),
        failure(500, "InternalServerError"),
        None,
    ] {
        let (stack, reply, asked) = with(Part::Table, vec![answer.clone()]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert_eq!(asked.len(), TRIES, "{answer:?}");
        assert!(stack.at.is_empty().await);
        // The guard is there and the row is not.
        let (stack, reply, _) = with(Part::Table, vec![written(), answer.clone()]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert!(stack.at.is_empty().await, "no object and no message without a row");
    }
    for code in ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"] {
        let (_, reply, asked) = with(Part::Table, vec![failure(400, code)]).await;
        assert_eq!((reply.status_code, reply.body.as_str(), asked.len()), (500, INTERNAL, 1));
    }
}

#[tokio::test]
async fn what_fails_after_the_row_is_finished_by_a_repeat() {
    for (part, answer, tries) in [
        (Part::Bucket, Scripted::s3_failure(403, "AccessDenied"), 1),
        (Part::Bucket, Scripted::s3_failure(503, "SlowDown"), TRIES),
        (Part::Bucket, None, TRIES),
        (Part::Queue, failure(400, "QueueDoesNotExist"), 1),
        (Part::Queue, failure(400, "KmsThrottled"), 1),
        (Part::Queue, failure(500, "InternalFailure"), TRIES),
        (Part::Queue, None, TRIES),
    ] {
        let (stack, reply, asked) = with(part, vec![answer.clone()]).await;
        let case = format!("{part:?} {answer:?}");
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{case}");
        assert_eq!(asked.len(), tries, "{case}");
        let rows = stack.at.rows().await;
        let objects = usize::from(matches!(part, Part::Queue));
        assert_eq!((rows.len(), stack.at.versions().await.len()), (1, objects), "{case}");
        assert!(stack.at.bodies(&stack.at.queue).await.is_empty(), "{case}");

        let mut other = order();
        other["amount"] = json!("12.51");
        let other = handle(posted(Some("order-7"), &other.to_string()), &stack.deps).await;
        assert_eq!(other.status_code, 409);
        assert!(stack.at.bodies(&stack.at.queue).await.is_empty(), "{case}");

        let repeat = stack.post("order-7").await;
        assert_eq!(repeat.status_code, 202, "{case}");
        assert_eq!(body(&repeat)["timestamp"], *rows[0]["timestamp"].as_s().unwrap());
        assert_eq!(stack.at.rows().await, rows);
        assert_eq!(stack.at.versions().await.len(), 1);
        assert_eq!(stack.at.bodies(&stack.at.queue).await.len(), 1);
    }
}

#[tokio::test]
async fn the_message_and_the_object_are_asked_for_as_they_should() {
    let there = Scripted::s3_failure(412, "PreconditionFailed");
    let (stack, reply, asked) = with(Part::Bucket, vec![there]).await;
    assert_eq!(reply.status_code, 202, "an object that is there is left alone");
    let id = body(&reply)["paymentId"].as_str().unwrap().to_owned();
    let path = format!("PUT /{}/audit/", stack.at.bucket);
    assert!(asked[0].operation.starts_with(&path), "{}", asked[0].operation);
    assert_eq!(asked[0].header("if-none-match"), Some("*"));
    assert_eq!(asked[0].header("x-amz-server-side-encryption"), None, "the bucket knows");
    assert_eq!(asked[0].body, reply.body);

    let (stack, _, asked) = with(Part::Queue, vec![failure(400, "QueueDoesNotExist")]).await;
    assert_eq!(asked[0].operation, "SendMessage");
    assert_eq!(asked[0].json()["QueueUrl"], *stack.at.queue);
    let message = asked[0].json()["MessageBody"].as_str().unwrap().to_owned();
    assert!(message.contains(&id) && !message.contains("12.5"), "{message}");
}

#[tokio::test]
async fn lists_and_payments_that_cannot_be_read_are_answered_without_internals() {
    let stack = Stack::new().await;
    let scripted = Scripted::start(vec![failure(400, "AccessDeniedException")]);
    let deps = stack.with(Part::Table, &scripted.endpoint);
    let mut by_status = asked("GET", "/payments");
    by_status["queryStringParameters"] = json!({"status": "completed", "limit": "10"});
    let one = asked("GET", "/payments/00000000-0000-4000-8000-000000000000");
    for event in [by_status, asked("GET", "/payments"), one] {
        let reply = handle(event, &deps).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
    }
    let asked = scripted.asked();
    let asked: Vec<(&str, Value)> =
        asked.iter().map(|request| (request.operation.as_str(), request.json())).collect();
    let [("Query", index), ("Scan", all), ("Query", one)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!((&index["IndexName"], &index["Limit"]), (&json!("status-index"), &json!(11)));
    assert_eq!(index["ScanIndexForward"], false);
    assert_eq!(
        (&all["Limit"], &all["FilterExpression"]),
        (&json!(51), &json!("attribute_exists(#status)"))
    );
    assert_eq!((&one["ConsistentRead"], &one["Limit"]), (&json!(true), &json!(1)));
}

/// A scan of nothing but guards ends with one: the token that it makes leads on.
#[tokio::test]
async fn a_list_that_ends_with_a_guard_goes_on_from_there() {
    let stack = Stack::new().await;
    let key = json!({
        "payment_id": {"S": "00000000-0000-4000-8000-000000000000"},
        "timestamp": {"S": "0000-00-00T00:00:00.000Z"},
    });
    let page = Scripted::item(&json!({"Items": [], "LastEvaluatedKey": key}));
    let scripted = Scripted::start(vec![page, Scripted::item(&json!({"Items": []}))]);
    let deps = stack.with(Part::Table, &scripted.endpoint);
    let mut event = asked("GET", "/payments");
    let first = body(&handle(event.clone(), &deps).await);
    assert_eq!(first["payments"], json!([]));
    event["queryStringParameters"] = json!({"next": first["next"]});
    assert_eq!(handle(event, &deps).await.body, r#"{"payments":[]}"#);
    assert_eq!(scripted.asked()[1].json()["ExclusiveStartKey"], key);
}

/// Stops the handler after ever more time, wherever it is, and lets a repeat finish.
#[tokio::test]
async fn stopped_anywhere_a_repeat_finishes_and_nothing_is_done_twice() {
    let stack = Stack::new().await;
    let mut stopped = 0;
    for number in 0..60 {
        let key = format!("order-{number}");
        let time_limit = Duration::from_micros(500 * number);
        stopped += usize::from(tokio::time::timeout(time_limit, stack.post(&key)).await.is_err());
        assert_eq!(stack.post(&key).await.status_code, 202);
    }
    assert!(stopped > 0, "nothing was stopped");
    assert_eq!((stack.at.rows().await.len(), stack.at.items().await.len()), (60, 120));
    let mut objects = stack.at.versions().await;
    objects.dedup();
    assert_eq!((objects.len(), stack.at.versions().await.len()), (60, 60));
    let mut messages = stack.at.bodies(&stack.at.queue).await;
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), 60, "each was sent, some twice");
}
