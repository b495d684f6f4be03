//! The handler against a DynamoDB that answers what the test says: the replies no emulator gives.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{Stack, direct, payment};
use payment_processor::{Config, handle};
use payments_domain::Payment;
use serde_json::{Value, json};

/// A status with a body, or a connection that breaks.
type Canned = Option<(u16, Value)>;

/// What the function asked: the operation and its input.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

fn written() -> Canned {
    Some((200, json!({})))
}

fn failure(status: u16, code: &str) -> Canned {
    Some((status, json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")})))
}

fn cancelled(reasons: [Value; 2]) -> Canned {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    Some((400, json!({"__type": kind, "CancellationReasons": reasons})))
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
async fn run(canned: Vec<Canned>) -> (u16, Value, Vec<(String, Value)>) {
    let asked = Asked::default();
    let endpoint = serve(canned, Arc::clone(&asked));
    let config =
        Config { table: "table".to_owned(), bucket: "bucket".to_owned(), key: "key".to_owned() };
    let stack = Stack::at(&endpoint, config).await;
    let reply = handle(direct(&payment("tx-1")), &stack.deps).await.unwrap();
    let asked = asked.lock().unwrap().clone();
    (reply.status_code, serde_json::from_str(&reply.body).unwrap(), asked)
}

fn tokens(asked: &[(String, Value)]) -> Vec<&str> {
    asked.iter().map(|(_, input)| input["ClientRequestToken"].as_str().unwrap()).collect()
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
        assert_eq!(asked[0], asked[1], "the same token with the same items");
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
    let item = Some((200, json!({"Item": claim()})));
    let (status, reply, asked) = run(vec![claimed(None), item]).await;
    assert_eq!((status, &reply["status"]), (200, &json!("duplicate")));
    assert_eq!(asked[1].0, "GetItem");
    assert_eq!(asked[1].1["ConsistentRead"], true);
    assert_eq!(asked[1].1["Key"]["timestamp"]["N"], "0");
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
        Some((200, json!("not what was expected"))),
        Some((503, Value::Null)),
    ];
    for canned in failures {
        let (status, reply, _) = run(vec![canned.clone()]).await;
        let internal = (status, &reply["error"]) == (500, &json!("internal error"));
        // A 200 is a 200: DynamoDB's reply has nothing in it that we need.
        let done = canned.is_some_and(|(status, _)| status == 200) && status == 200;
        assert!(internal || done, "{status} {reply}");
    }
}

fn serve(canned: Vec<Canned>, asked: Asked) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            // One request per connection; a connection that breaks is one of the answers.
            let _ = stream.and_then(|stream| answer(&stream, &canned, &asked));
        }
    });
    endpoint
}

fn answer(mut stream: &TcpStream, canned: &[Canned], asked: &Asked) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(target) = line.strip_prefix("x-amz-target:") {
            operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        }
        if let Some(told) = line.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut asked = asked.lock().unwrap();
    let name = if operation == "getitem" { "GetItem" } else { "TransactWriteItems" };
    asked.push((name.to_owned(), serde_json::from_slice(&body)?));
    let place = asked.len().min(canned.len()) - 1;
    let Some((status, body)) = &canned[place] else { return Ok(()) };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: application/x-amz-json-1.0\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
