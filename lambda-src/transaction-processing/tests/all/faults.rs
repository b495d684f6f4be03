//! The handler against a DynamoDB, an S3, an SNS and a scoring that answer what the test says, and the
//! handler that is stopped anywhere.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::{Part, Stack, body, notice_of, request, with};
use handler_tests::transactions::payment;
use handler_tests::{Request, Scripted};
use payments_domain::TransactionRequest;
use serde_json::{Value, json};
use transaction_processing::{Reply, handle};

type Answer = Option<(u16, String)>;

const INTERNAL: &str = r#"{"error":"internal error"}"#;
const THEN: u64 = 1_795_311_498_250;

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

fn failure(status: u16, code: &str) -> Answer {
    Scripted::failure(status, code, json!({"message": "secret"}))
}

fn done() -> Answer {
    Scripted::item(&json!({}))
}

/// What is written for the payment, in a status.
fn row(stack: &Stack, status: &str) -> Value {
    let limits = &stack.deps.config.limits;
    let digest = TransactionRequest::read(&payment(), limits).unwrap().digest();
    let mut row = json!({
        "timestamp": {"N": THEN.to_string()},
        "status": {"S": status},
        "digest": {"S": digest.as_str()},
    });
    if status != "pending" {
        row["score"] = json!({"N": "90"});
        row["reasons"] = json!({"L": [{"S": "too fast"}]});
        row["decided_at"] = json!({"N": THEN.to_string()});
    }
    row
}

/// Posts the payment under a key, with a table that gives these answers.
async fn with_table(stack: &Stack, answers: Vec<Answer>) -> (Reply, Vec<Request>) {
    let table = Scripted::start(answers);
    let deps = stack.with(Part::Table, &table.endpoint);
    let reply = handle(request("order-7", &payment()), &deps).await;
    (reply, table.asked())
}

#[tokio::test]
async fn each_step_is_asked_for_as_it_should() {
    let stack = Stack::declining().await;
    let (reply, asked) = with_table(&stack, vec![done()]).await;
    assert_eq!(reply.status_code, 200);
    let operations: Vec<&str> = asked.iter().map(|request| request.operation.as_str()).collect();
    assert_eq!(operations, ["PutItem", "UpdateItem", "UpdateItem"]);
    let [put, decide, note] = [0, 1, 2].map(|place: usize| asked[place].json());
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(transaction_id)");
    assert_eq!(put["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    assert_eq!(put["Item"]["status"]["S"], "pending");
    let scored = stack.scoring.asked()[0].json();
    let timestamp = put["Item"]["timestamp"]["N"].as_str().unwrap();
    assert_eq!(scored["timestamp"].to_string(), timestamp, "as of the time of the row");
    assert_eq!(scored["transactionId"], put["Item"]["transaction_id"]["S"]);
    assert!(scored.get("cardLast4").is_none() && scored.get("metadata").is_none());
    assert_eq!(decide["ConditionExpression"], "#status = :pending");
    assert_eq!(decide["Key"]["transaction_id"], put["Item"]["transaction_id"]);
    assert_eq!(decide["ExpressionAttributeValues"][":status"]["S"], "declined");
    let condition = "attribute_exists(transaction_id) AND attribute_not_exists(notified_at)";
    assert_eq!(note["ConditionExpression"], condition);
    assert_eq!(stack.at.notices().await, [notice_of(&body(&reply))]);
}

#[tokio::test]
async fn a_row_that_was_there_decides_what_is_left_to_do() {
    let stack = Stack::declining().await;
    let there = |status: &str| Scripted::condition_failed(Some(&row(&stack, status)));
    // Written, and not decided: the time is the row's.
    let (reply, asked) = with_table(&stack, vec![there("pending"), done()]).await;
    assert_eq!((body(&reply)["timestamp"].clone(), asked.len()), (json!(THEN), 3));
    assert_eq!(stack.scoring.asked()[0].json()["timestamp"], THEN);
    assert_eq!(stack.at.notices().await.len(), 1);
    // Decided, and not published.
    let (reply, asked) = with_table(&stack, vec![there("declined"), done()]).await;
    assert_eq!((body(&reply)["score"].clone(), asked.len()), (json!(90), 2));
    assert_eq!(stack.at.notices().await, [notice_of(&body(&reply))]);
    // Nothing.
    let mut noted = row(&stack, "declined");
    noted["notified_at"] = json!({"N": "7"});
    for done in [noted, row(&stack, "approved"), row(&stack, "review")] {
        let (reply, asked) =
            with_table(&stack, vec![Scripted::condition_failed(Some(&done))]).await;
        assert_eq!((reply.status_code, asked.len()), (200, 1));
        assert_eq!(body(&reply)["status"], done["status"]["S"]);
    }
    assert!(stack.at.notices().await.is_empty());
}

#[tokio::test]
async fn what_another_request_decided_first_is_what_counts() {
    let stack = Stack::declining().await;
    let approved = row(&stack, "approved");
    for answers in [
        vec![done(), Scripted::condition_failed(Some(&approved))],
        // A reply that leaves the row out.
        vec![done(), Scripted::condition_failed(None), Scripted::item(&json!({"Item": approved}))],
        // One that was lost.
        vec![done(), None, Scripted::condition_failed(Some(&approved))],
    ] {
        let (reply, _) = with_table(&stack, answers).await;
        let answer = body(&reply);
        assert_eq!((&answer["status"], &answer["score"]), (&json!("approved"), &json!(90)));
    }
    assert!(stack.at.notices().await.is_empty());
    // The row is gone.
    let answers = vec![done(), Scripted::condition_failed(None), done()];
    let (reply, _) = with_table(&stack, answers).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
}

#[tokio::test]
async fn a_row_of_other_content_or_of_others_stops_it() {
    let stack = Stack::declining().await;
    let mut other = row(&stack, "pending");
    other["digest"]["S"] = json!("0");
    let (reply, asked) = with_table(&stack, vec![Scripted::condition_failed(Some(&other))]).await;
    assert_eq!((reply.status_code, asked.len()), (409, 1));
    assert!(stack.at.notices().await.is_empty());
    let foreign = json!({"transaction_id": {"S": "x"}});
    let (reply, _) = with_table(&stack, vec![Scripted::condition_failed(Some(&foreign))]).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
}

#[tokio::test]
async fn a_step_that_fails_is_published_and_done_by_a_repeat() {
    for (answer, tries) in [
        (failure(400, "ProvisionedThroughputExceededException"), TRIES),
        (failure(500, "InternalServerError"), TRIES),
        (None, TRIES),
        (failure(400, "AccessDeniedException"), 1),
    ] {
        let stack = Stack::declining().await;
        for (before, step) in [(0, "write"), (1, "follow")] {
            let mut answers = vec![done(); before];
            answers.push(answer.clone());
            let (reply, asked) = with_table(&stack, answers).await;
            let case = format!("{step} {answer:?}");
            assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{case}");
            assert_eq!(asked.len(), before + tries, "{case}");
            let notices = stack.at.notices().await;
            assert_eq!(notices.len(), 1, "{case}");
            assert_eq!(
                (&notices[0]["status"], &notices[0]["step"]),
                (&json!("failed"), &json!(step))
            );
        }
        let reply = stack.post("order-7").await;
        assert_eq!(body(&reply)["status"], "declined");
        assert_eq!(stack.at.notices().await, [notice_of(&body(&reply))]);
    }
}

/// Posts the payment under a key, with a scoring that is somewhere else, and holds it against a
/// payment that is held without a score.
async fn held(endpoint: &str, reason: &str) {
    let stack = Stack::declining().await;
    let reply = handle(request("order-7", &payment()), &stack.with(Part::Scoring, endpoint)).await;
    let answer = body(&reply);
    assert_eq!((reply.status_code, &answer["status"]), (200, &json!("review")), "{answer}");
    assert_eq!(answer["score"], json!(null));
    let rows = stack.at.items().await;
    assert_eq!(rows[0]["status"].as_s().unwrap(), "review");
    assert_eq!(rows[0]["reasons"].as_l().unwrap()[0].as_s().unwrap(), reason);
    let (record, _) = stack.at.record(answer["transactionId"].as_str().unwrap()).await;
    assert_eq!((&record["reasons"], &record["score"]), (&json!([reason]), &json!(null)));
    // A scoring that answers again changes nothing about it.
    assert_eq!(stack.post("order-7").await, reply);
    assert!(stack.at.notices().await.is_empty());
}

#[tokio::test]
async fn without_a_score_a_payment_is_held() {
    let errors = [
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
    ];
    for (status, code) in errors {
        let scoring = Scripted::start(vec![failure(status, code)]);
        held(&scoring.endpoint, "the scoring failed").await;
    }
    held(&Scripted::start(vec![None]).endpoint, "the scoring failed").await;
    let failed = Scripted::answering(|_| {
        let error = json!({"errorType": "Unavailable", "errorMessage": "secret"});
        ("X-Amz-Function-Error: Unhandled\r\n", error.to_string())
    });
    held(&failed.endpoint, "the scoring failed").await;
    for senseless in ["", "null", "{}", r#"{"score":101,"decision":"approve","reasons":[]}"#] {
        let scoring = Scripted::answering(move |_| ("", senseless.to_owned()));
        held(&scoring.endpoint, "the answer of the scoring is no score").await;
    }
}

#[tokio::test]
async fn a_score_is_not_waited_for_for_ever() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    held(&format!("http://{}", silent.local_addr().unwrap()), "no score in time").await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_done_by_a_repeat() {
    let stack = Stack::declining().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    for part in [Part::Table, Part::Bucket, Part::Topic] {
        let mut deps = stack.with(part, &endpoint);
        deps.limit = Duration::from_millis(700);
        let reply = handle(request("order-7", &payment()), &deps).await;
        assert_eq!((reply.status_code, reply.headers["Retry-After"]), (503, "5"), "{part:?}");
        assert!(reply.body.contains("send the same request again"), "{}", reply.body);
    }
    let reply = stack.post("order-7").await;
    assert_eq!(body(&reply)["status"], "declined");
    assert_eq!(stack.at.notices().await, [notice_of(&body(&reply))]);
    assert_eq!(stack.at.versions().await.len(), 1);
}

#[tokio::test]
async fn a_bucket_that_fails_is_published_and_tried_again_by_a_repeat() {
    for (answer, tries) in [
        (Scripted::s3_failure(503, "SlowDown"), TRIES),
        (None, TRIES),
        (Scripted::s3_failure(403, "AccessDenied"), 1),
    ] {
        let stack = Stack::declining().await;
        let bucket = Scripted::start(vec![answer.clone()]);
        let deps = stack.with(Part::Bucket, &bucket.endpoint);
        let reply = handle(request("order-7", &payment()), &deps).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert_eq!(bucket.asked().len(), tries, "{answer:?}");
        assert_eq!(bucket.asked()[0].header("if-none-match"), Some("*"));
        let notices = stack.at.notices().await;
        assert_eq!((notices.len(), &notices[0]["step"]), (1, &json!("audit")));
        let row = &stack.at.items().await[0];
        assert!(row["status"].as_s().unwrap() == "declined" && !row.contains_key("notified_at"));
        let repeat = body(&stack.post("order-7").await);
        let (record, _) = stack.at.record(repeat["transactionId"].as_str().unwrap()).await;
        assert_eq!(record["status"], "declined");
        assert_eq!(stack.at.notices().await, [notice_of(&repeat)]);
    }
}

#[tokio::test]
async fn a_topic_that_fails_is_tried_again_by_a_repeat() {
    let refused = |code: &str| {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code></Error>");
        Some((403, format!("<ErrorResponse>{error}</ErrorResponse>")))
    };
    for (answer, tries) in
        [(refused("AuthorizationError"), 1), (refused("Throttling"), TRIES), (None, TRIES)]
    {
        let stack = Stack::declining().await;
        let topic = Scripted::start(vec![answer.clone()]);
        let deps = stack.with(Part::Topic, &topic.endpoint);
        let reply = handle(request("order-7", &payment()), &deps).await;
        assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL), "{answer:?}");
        assert_eq!(topic.asked().len(), tries, "{answer:?}");
        let published = topic.asked()[0].body.clone();
        assert!(published.contains("Action=Publish"), "{published}");
        assert!(!published.contains("c-1") && !published.contains("12.5"), "{published}");
        let rows = stack.at.items().await;
        assert_eq!(rows[0]["status"].as_s().unwrap(), "declined");
        assert!(!rows[0].contains_key("notified_at"));

        let other = handle(request("order-7", &with("amount", json!(7))), &stack.deps).await;
        assert_eq!(other.status_code, 409);
        assert!(stack.at.notices().await.is_empty());
        let repeat = stack.post("order-7").await;
        assert_eq!(body(&repeat)["timestamp"].to_string(), *rows[0]["timestamp"].as_n().unwrap());
        assert_eq!(stack.at.notices().await, [notice_of(&body(&repeat))]);
        let rows = stack.at.items().await;
        assert!(rows.len() == 1 && rows[0].contains_key("notified_at"));
    }
}

#[tokio::test]
async fn a_note_that_fails_repeats_the_notice_and_nothing_else() {
    let stack = Stack::declining().await;
    let answers = vec![done(), done(), failure(400, "AccessDeniedException")];
    let (reply, _) = with_table(&stack, answers).await;
    assert_eq!((reply.status_code, reply.body.as_str()), (500, INTERNAL));
    assert_eq!(stack.at.notices().await.len(), 1, "and none of the failure");
    let there = Scripted::condition_failed(Some(&row(&stack, "declined")));
    let (reply, asked) = with_table(&stack, vec![there, done()]).await;
    assert_eq!((reply.status_code, asked.len()), (200, 2));
    assert_eq!(stack.at.notices().await, [notice_of(&body(&reply))]);
    // Somebody else noted it meanwhile.
    let there = Scripted::condition_failed(Some(&row(&stack, "declined")));
    let (reply, _) = with_table(&stack, vec![there]).await;
    assert_eq!(reply.status_code, 200);
}

/// Stops the handler after ever more time, wherever it is, and lets a repeat finish.
#[tokio::test]
async fn stopped_anywhere_a_repeat_ends_in_the_same_state() {
    let stack = Stack::declining().await;
    let mut stopped = 0;
    for number in 0..60 {
        let key = format!("order-{number}");
        let time_limit = Duration::from_micros(500 * number);
        stopped += usize::from(tokio::time::timeout(time_limit, stack.post(&key)).await.is_err());
        let reply = stack.post(&key).await;
        assert_eq!(body(&reply)["status"], "declined");
        assert_eq!(stack.post(&key).await, reply);
    }
    assert!(stopped > 0, "nothing was stopped");
    let rows = stack.at.items().await;
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row.contains_key("notified_at")));
    assert_eq!(stack.at.versions().await.len(), 60, "one record of each");
    assert_eq!(stack.customers.count("decisions WHERE status = 'declined'").await, 60);
    let mut notices: Vec<String> =
        stack.at.notices().await.iter().map(|notice| notice["transactionId"].to_string()).collect();
    assert!(notices.len() < 120, "each is repeated at most once");
    notices.sort();
    notices.dedup();
    assert_eq!(notices.len(), 60, "each was published, some twice");
}
