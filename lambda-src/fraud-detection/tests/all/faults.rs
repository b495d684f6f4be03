//! The handler against a DynamoDB that answers what the test says.

use crate::common::{NOW, Stack, event};
use fraud_detection::{ScoreError, Scored, handle};
use handler_tests::{Request, Scripted};
use serde_json::{Value, json};

type Answer = Option<(u16, String)>;

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

async fn with(answers: Vec<Answer>) -> (Result<Scored, ScoreError>, Vec<Request>) {
    let stack = Stack::new().await;
    let table = Scripted::start(answers);
    let scored = handle(&event(), &stack.with_table(&table.endpoint)).await;
    (scored, table.asked())
}

fn page(id: &str, more: bool) -> Answer {
    let row = json!({
        "transaction_id": {"S": id},
        "timestamp": {"N": NOW.to_string()},
        "status": {"S": "declined"},
        "amount": {"N": "12.5"},
        "currency": {"S": "EUR"},
    });
    let mut page = json!({"Items": [row]});
    if more {
        page["LastEvaluatedKey"] = json!({"transaction_id": {"S": id}});
    }
    Scripted::item(&page)
}

#[tokio::test]
async fn the_history_is_asked_for_page_by_page_newest_first() {
    let (scored, asked) = with(vec![page("a", true), page("b", false)]).await;
    assert!(scored.unwrap().reasons[0].ends_with("hour: 2"));
    let [first, second]: [Value; 2] = [asked[0].json(), asked[1].json()];
    assert_eq!((asked.len(), asked[0].operation.as_str()), (2, "Query"));
    assert_eq!(first["IndexName"], "customer-id-timestamp-index");
    assert_eq!((&first["ScanIndexForward"], &first["Limit"]), (&json!(false), &json!(250)));
    assert_eq!(first["ExpressionAttributeValues"][":customer"]["S"], "c-1");
    assert_eq!(first["ExpressionAttributeValues"][":until"]["N"], NOW.to_string());
    assert!(first.get("ExclusiveStartKey").is_none());
    assert_eq!(second["ExclusiveStartKey"], json!({"transaction_id": {"S": "a"}}));
}

#[tokio::test]
async fn a_history_without_end_is_read_to_its_bound() {
    let (scored, asked) = with(vec![page("a", true)]).await;
    assert!(scored.unwrap().reasons[0].ends_with("hour: 4"));
    assert_eq!(asked.len(), 4);
}

#[tokio::test]
async fn a_table_that_fails_is_tried_again_and_then_there_is_no_score() {
    let failure = |status, code| Scripted::failure(status, code, json!({"message": "secret"}));
    for (answer, tries) in [
        (failure(400, "ProvisionedThroughputExceededException"), TRIES),
        (failure(500, "InternalServerError"), TRIES),
        (None, TRIES),
        (failure(400, "AccessDeniedException"), 1),
        (failure(400, "ResourceNotFoundException"), 1),
    ] {
        let (scored, asked) = with(vec![answer.clone()]).await;
        assert_eq!((scored, asked.len()), (Err(ScoreError::Unavailable), tries), "{answer:?}");
        // Half a history is none.
        let (scored, _) = with(vec![page("a", true), answer]).await;
        assert_eq!(scored, Err(ScoreError::Unavailable));
    }
    let (scored, _) = with(vec![None, page("a", false)]).await;
    assert!(scored.is_ok());
}
