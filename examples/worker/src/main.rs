//! The smallest function that is of use behind a queue and behind a REST API: what one's own code
//! starts from.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

/// A queue sends messages in batches, and API Gateway one request at a time.
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(match event.payload.get("Records").and_then(Value::as_array) {
        Some(records) => batch(records),
        None => request(&event.payload),
    })
}

/// Works on a batch, and names the messages that failed: those that are not JSON. Only these come
/// again, and after as many attempts as the queue allows they wait among its dead letters.
fn batch(records: &[Value]) -> Value {
    let failed: Vec<&Value> = records
        .iter()
        .filter(|record| {
            let body = record["body"].as_str().unwrap_or_default();
            // Here one's own code would work on the message.
            serde_json::from_str::<Value>(body).is_err()
        })
        .map(|record| &record["messageId"])
        .collect();
    // Never the messages themselves: what is in them may be a payment.
    log(&json!({"message": "batch", "records": records.len(), "failed": failed.len()}));
    let failures: Vec<Value> = failed.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": failures})
}

/// Answers a request with what was asked; one whose body is there and not JSON is refused.
fn request(event: &Value) -> Value {
    let body = event["body"].as_str();
    let is_json = body.is_none_or(|body| serde_json::from_str::<Value>(body).is_ok());
    let (status, answer) = if is_json {
        // Here one's own code would read or write the table.
        let table = std::env::var("TABLE_NAME").ok();
        let asked = json!({"method": event["httpMethod"], "path": event["path"], "table": table});
        (200, asked)
    } else {
        (400, json!({"error": "the body is not JSON"}))
    };
    log(&json!({"message": "request", "method": event["httpMethod"], "status": status}));
    json!({
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": answer.to_string(),
        "isBase64Encoded": false,
    })
}

/// One line on standard output, which Lambda takes to the function's log group.
fn log(line: &Value) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_json_comes_again() {
        let records = [
            json!({"messageId": "a", "body": "{\"refund\": 1}"}),
            json!({"messageId": "b", "body": "not JSON"}),
            json!({"messageId": "c"}),
        ];
        let expected =
            json!({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "c"}]});
        assert_eq!(batch(&records), expected);
        assert_eq!(batch(&records[..1]), json!({"batchItemFailures": []}));
    }

    #[test]
    fn a_body_is_json_or_refused() {
        let asked = |body: Value| {
            request(&json!({"httpMethod": "POST", "path": "/payments", "body": body}))["statusCode"]
                .clone()
        };
        assert_eq!(asked(json!("{}")), 200);
        assert_eq!(asked(json!(null)), 200);
        assert_eq!(asked(json!("{")), 400);
    }
}
