//! The handler against a DynamoDB and an S3 that answer what the test says: the replies no emulator
//! gives.

use crate::common::{Stack, payment, post};
use handler_tests::{Request, Scripted};
use payment_api::{Reply, handle};
use payments_domain::CustomerPayment;
use serde_json::{Value, json};

type Answer = Option<(u16, String)>;

const INTERNAL: &str = r#"{"error":"internal error"}"#;

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

fn failure(status: u16, code: &str) -> Answer {
    Scripted::failure(status, code, json!({"message": "secret"}))
}

/// The item of `payment("tx-1")`.
fn item() -> Value {
    let digest = CustomerPayment::try_from(&payment("tx-1")).unwrap().digest();
    json!({
        "transactionId": {"S": "tx-1"},
        "digest": {"S": digest.as_str()},
        "result": {"S": "the first result"},
    })
}

/// Sends one payment to a table that gives these answers, and a real bucket.
async fn with_table(answers: Vec<Answer>) -> (Stack, Reply, Vec<Request>) {
    let stack = Stack::new().await;
    let table = Scripted::start(answers);
    let deps = stack.with(Some(&table.endpoint), None);
    let reply = handle(post(&payment("tx-1").to_string()), &deps).await;
    (stack, reply, table.asked())
}

/// Sends one payment to a real table, and a bucket that gives these answers.
async fn with_bucket(answers: Vec<Answer>) -> (Stack, Reply, Vec<Request>) {
    let stack = Stack::new().await;
    let bucket = Scripted::start(answers);
    let deps = stack.with(None, Some(&bucket.endpoint));
    let reply = handle(post(&payment("tx-1").to_string()), &deps).await;
    (stack, reply, bucket.asked())
}

#[tokio::test]
async fn an_item_that_blocks_the_write_decides_by_its_content() {
    let (stack, reply, asked) = with_table(vec![Scripted::condition_failed(Some(&item()))]).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (200, "the first result"));
    assert_eq!(stack.receipt("tx-1").await.0, "the first result", "the receipt is made up for");
    assert_eq!(asked.len(), 1);
    let input = asked[0].json();
    assert_eq!(input["ConditionExpression"], "attribute_not_exists(transactionId)");
    assert_eq!(input["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");

    let mut other = item();
    other["digest"]["S"] = json!("0");
    let (stack, reply, _) = with_table(vec![Scripted::condition_failed(Some(&other))]).await;
    assert_eq!(reply.status_code, 409);
    assert!(stack.versions().await.is_empty());

    let foreign = json!({"transactionId": {"S": "tx-1"}});
    let (stack, reply, _) = with_table(vec![Scripted::condition_failed(Some(&foreign))]).await;
    assert_eq!(reply.status_code, 500, "neither a repeat nor the caller's fault");
    assert!(stack.versions().await.is_empty());
}

#[tokio::test]
async fn an_item_that_the_reply_leaves_out_is_read_consistently() {
    let read = Scripted::item(&json!({"Item": item()}));
    let (_, reply, asked) = with_table(vec![Scripted::condition_failed(None), read]).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (200, "the first result"));
    assert_eq!(asked[1].operation, "GetItem");
    assert_eq!(asked[1].json()["ConsistentRead"], true);
    assert_eq!(asked[1].json()["Key"], json!({"transactionId": {"S": "tx-1"}}));

    for answer in [Scripted::item(&json!({})), failure(400, "AccessDeniedException")] {
        let (stack, reply, asked) =
            with_table(vec![Scripted::condition_failed(None), answer]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
        assert_eq!(asked.len(), 2);
        assert!(stack.versions().await.is_empty());
    }
}

#[tokio::test]
async fn a_put_whose_reply_is_lost_finds_its_own_item() {
    let (stack, reply, asked) =
        with_table(vec![None, Scripted::condition_failed(Some(&item()))]).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (200, "the first result"));
    assert_eq!(asked[0].json(), asked[1].json());
    assert_eq!(stack.receipt("tx-1").await.0, reply.body);
}

#[tokio::test]
async fn a_table_that_throttles_or_fails_is_tried_again_and_then_given_up() {
    for answer in [
        failure(400, "ProvisionedThroughputExceededException"),
        failure(400, "ThrottlingException"),
        failure(500, "InternalServerError"),
        Some((503, "secret".to_owned())),
        None,
    ] {
        let (stack, reply, asked) = with_table(vec![answer.clone()]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert_eq!(asked.len(), TRIES, "{answer:?}");
        assert!(stack.versions().await.is_empty(), "no receipt without an item");

        let written = Scripted::item(&json!({}));
        let (_, reply, _) = with_table(vec![answer.clone(), written]).await;
        assert_eq!(reply.status_code, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn a_table_that_refuses_is_not_asked_again() {
    for code in ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"] {
        let (stack, reply, asked) = with_table(vec![failure(400, code)]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{code}");
        assert_eq!(asked.len(), 1, "{code}");
        assert!(stack.versions().await.is_empty());
    }
}

#[tokio::test]
async fn what_fails_between_the_writes_is_completed_by_a_repeat() {
    for (answer, tries) in [
        (Scripted::s3_failure(403, "AccessDenied"), 1),
        (Scripted::s3_failure(503, "SlowDown"), TRIES),
        (Scripted::s3_failure(500, "InternalError"), TRIES),
        (None, TRIES),
    ] {
        let (stack, reply, asked) = with_bucket(vec![answer.clone()]).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert_eq!(asked.len(), tries, "{answer:?}");
        let items = stack.items().await;
        assert_eq!((items.len(), stack.versions().await.len()), (1, 0));

        let mut other = payment("tx-1");
        other["amount"] = json!("12.51");
        let other = handle(post(&other.to_string()), &stack.deps).await;
        assert_eq!((other.status_code, stack.versions().await.len()), (409, 0));

        let repeat = handle(post(&payment("tx-1").to_string()), &stack.deps).await;
        assert_eq!(repeat.status_code, 200);
        assert_eq!(&repeat.body, items[0]["result"].as_s().unwrap());
        assert_eq!(stack.receipt("tx-1").await.0, repeat.body);
        assert_eq!(stack.items().await, items);
    }
}

#[tokio::test]
async fn a_receipt_that_is_there_is_left_alone() {
    let (stack, reply, asked) =
        with_bucket(vec![Scripted::s3_failure(412, "PreconditionFailed")]).await;
    assert_eq!(reply.status_code, 200);
    assert_eq!(&reply.body, stack.items().await[0]["result"].as_s().unwrap());
    assert_eq!(asked.len(), 1);
    let path = format!("PUT /{}/receipts/tx-1.json", stack.deps.config.bucket);
    assert!(asked[0].operation.starts_with(&path), "{}", asked[0].operation);
    assert_eq!(asked[0].header("if-none-match"), Some("*"));
    assert_eq!(asked[0].header("x-amz-server-side-encryption"), Some("aws:kms"));
    assert_eq!(asked[0].header("x-amz-server-side-encryption-aws-kms-key-id"), None);
    assert_eq!(asked[0].body, reply.body);
}

#[tokio::test]
async fn an_upload_that_met_another_one_is_tried_again() {
    let met = Scripted::s3_failure(409, "ConditionalRequestConflict");
    let there = Scripted::s3_failure(412, "PreconditionFailed");
    let (_, reply, asked) = with_bucket(vec![met.clone(), met.clone(), there]).await;
    assert_eq!((reply.status_code, asked.len()), (200, 3));
    let (_, reply, asked) = with_bucket(vec![met]).await;
    assert_eq!((reply.status_code, asked.len()), (500, 3));
}
