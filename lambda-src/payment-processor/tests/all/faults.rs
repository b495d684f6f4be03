//! The handler against a DynamoDB that answers what the test says: the replies no emulator gives.

use crate::common::{Stack, direct, payment};
use handler_tests::{Request, Scripted};
use payment_processor::{Config, handle};
use payments_domain::Payment;
use serde_json::{Value, json};

/// A status with a body; or none, and the connection breaks.
type Canned = Option<(u16, String)>;

fn written() -> Canned {
    Scripted::item(&json!({}))
}

fn failure(status: u16, code: &str) -> Canned {
    Scripted::failure(status, code, json!({}))
}

fn cancelled(reasons: [Value; 2]) -> Canned {
    let more = json!({"CancellationReasons": reasons});
    Scripted::failure(400, "TransactionCanceledException", more)
}

fn conflict() -> Canned {
    cancelled([json!({"Code": "TransactionConflict"}), json!({"Code": "None"})])
}

fn claimed(item: Option<&Value>) -> Canned {
    let mut reason = json!({"Code": "ConditionalCheckFailed"});
    if let Some(item) = item {
        reason["Item"] = item.clone();
    }
    cancelled([reason, json!({"Code": "None"})])
}

/// The claim of `payment("tx-1")`, processed at 7.
fn claim() -> Value {
    let digest = Payment::try_from(&payment("tx-1")).unwrap().digest();
    json!({
        "transactionId": {"S": "tx-1"},
        "timestamp": {"N": "0"},
        "digest": {"S": digest.as_str()},
        "processedAt": {"N": "7"},
    })
}

/// Sends one direct payment to a table that gives these answers, and then the last one for ever.
async fn run(canned: Vec<Canned>) -> (u16, Value, Vec<Request>) {
    let table = Scripted::start(canned);
    let config = Config {
        table: "table".to_owned(),
        bucket: "bucket".to_owned(),
        key: "key".to_owned(),
        function: None,
    };
    let stack = Stack::at(&table.endpoint, config);
    let reply = handle(direct(&payment("tx-1")), &stack.deps).await.unwrap();
    (reply.status_code, serde_json::from_str(&reply.body).unwrap(), table.asked())
}

fn tokens(asked: &[Request]) -> Vec<String> {
    let token = |input: Value| input["ClientRequestToken"].as_str().unwrap().to_owned();
    asked.iter().map(|request| token(request.json())).collect()
}

#[tokio::test]
async fn a_transaction_that_met_others_is_tried_anew() {
    let (status, reply, asked) = run(vec![conflict(), conflict(), written()]).await;
    assert_eq!((status, &reply["status"]), (200, &json!("processed")));
    let tokens = tokens(&asked);
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2], "a cancelled token is spent");
}

#[tokio::test]
async fn a_transaction_that_keeps_meeting_others_is_given_up() {
    let (status, reply, asked) = run(vec![conflict()]).await;
    assert_eq!((status, reply), (500, json!({"error": "internal error"})));
    assert_eq!(asked.len(), 10);
}

#[tokio::test]
async fn a_lost_reply_is_asked_for_again_under_the_same_token() {
    for lost in [None, failure(500, "InternalServerError")] {
        let (status, reply, asked) = run(vec![lost, written()]).await;
        assert_eq!((status, &reply["status"]), (200, &json!("processed")));
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].json(), asked[1].json(), "the same token with the same items");
    }
}

#[tokio::test]
async fn a_transaction_in_progress_is_waited_for() {
    let busy = failure(400, "TransactionInProgressException");
    let (status, reply, _) = run(vec![busy, claimed(Some(&claim()))]).await;
    assert_eq!((status, &reply["status"]), (200, &json!("duplicate")));
    assert_eq!(reply["timestamp"], 7);
}

#[tokio::test]
async fn a_claim_that_the_reply_leaves_out_is_read() {
    let item = Scripted::item(&json!({"Item": claim()}));
    let (status, reply, asked) = run(vec![claimed(None), item]).await;
    assert_eq!((status, &reply["status"]), (200, &json!("duplicate")));
    assert_eq!(asked[1].operation, "GetItem");
    assert_eq!(asked[1].json()["ConsistentRead"], true);
    assert_eq!(asked[1].json()["Key"]["timestamp"]["N"], "0");
}

#[tokio::test]
async fn a_claim_decides_by_its_content() {
    let mut other = claim();
    other["digest"]["S"] = json!("0");
    let (status, reply, _) = run(vec![claimed(Some(&other))]).await;
    assert_eq!(status, 400);
    assert_eq!(reply["error"], "transactionId was already used with other content");
    let foreign = json!({"transactionId": {"S": "tx-1"}, "timestamp": {"N": "0"}});
    let (status, _, _) = run(vec![claimed(Some(&foreign))]).await;
    assert_eq!(status, 500, "neither a duplicate nor the caller's fault");
}

#[tokio::test]
async fn other_failures_say_nothing_to_the_caller() {
    let failures = [
        failure(400, "AccessDeniedException"),
        failure(400, "ValidationException"),
        failure(400, "ResourceNotFoundException"),
        failure(400, "IdempotentParameterMismatchException"),
        cancelled([json!({"Code": "None"}), json!({"Code": "ValidationError"})]),
        Scripted::item(&json!("not what was expected")),
        Some((503, "null".to_owned())),
    ];
    for canned in failures {
        let (status, reply, _) = run(vec![canned.clone()]).await;
        let internal = (status, &reply["error"]) == (500, &json!("internal error"));
        // A 200 is a 200: DynamoDB's reply has nothing in it that we need.
        let done = canned.is_some_and(|(status, _)| status == 200) && status == 200;
        assert!(internal || done, "{status} {reply}");
    }
}
