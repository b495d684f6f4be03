//! The compiled function against Lambda's runtime interface and emulated tables and buckets.

use crate::common::{Stack, payment, post, post_binary, start, start_with};
use handler_tests::{CARD, Function, Scripted, garbled, untimed};
use serde_json::{Value, json};

/// The whole answer, as API Gateway gets it.
fn whole(function: &Function, event: &Value) -> Value {
    function.send(event.to_string());
    function.response()
}

#[tokio::test]
async fn a_process_answers_request_after_request() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let text = payment("tx-1").to_string();

    let first = whole(&function, &post(&text));
    assert_eq!(first["statusCode"], 200, "{first}");
    assert_eq!(first["isBase64Encoded"], false);
    assert_eq!(
        first["headers"],
        json!({"Content-Type": "application/json", "Cache-Control": "no-store"})
    );
    let result = first["body"].as_str().unwrap();
    assert_eq!(stack.receipt("tx-1").await.0, result);
    assert_eq!(whole(&function, &post(&text)), first);
    assert_eq!(whole(&function, &post_binary(text.as_bytes())), first);

    let mut other = payment("tx-1");
    other["amount"] = json!(7);
    assert_eq!(function.invoke(&post(&other.to_string())).0, 409);
    let mut get = post(&text);
    get["httpMethod"] = json!("GET");
    assert_eq!(whole(&function, &get)["headers"]["Allow"], "POST");
    assert_eq!(stack.items().await.len(), 1);
    assert_eq!(stack.versions().await.len(), 1);

    let said = function.said();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "payment recorded",
            "payment was recorded before",
            "payment was recorded before",
            "transactionId used with other content",
            "request refused",
        ]
    );
    assert!(lines.iter().all(|line| line["requestId"].as_str().unwrap().starts_with("request-")));
    assert_eq!(lines[0]["transactionId"], "tx-1");
    let said = untimed(&said);
    assert!(!said.contains("12.5") && !said.contains("203.0.113.7") && !said.contains("c-1"));
}

#[tokio::test]
async fn an_amount_keeps_its_digits_all_the_way() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let event = |amount: &str, id: &str| {
        post(&format!(r#"{{"transactionId":"{id}","customerId":"c-1","amount":{amount}}}"#))
    };
    let (status, reply) = function.invoke(&event("0.29", "tx-1"));
    assert_eq!((status, &reply["amount"]), (200, &json!("0.29")));
    let (status, reply) = function.invoke(&event("999999.9900000000000000000001", "tx-2"));
    assert_eq!((status, &reply["error"]), (400, &json!("amount has too many decimals; USD has 2")));
    let (status, reply) = function.invoke(&event(r#"1,"amount":2"#, "tx-3"));
    assert_eq!(status, 400);
    assert!(reply["error"].as_str().unwrap().contains("given twice"));
    assert_eq!(stack.items().await.len(), 1);
}

#[tokio::test]
async fn card_data_leaves_no_trace() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let grouped = "4111 1111 1111 1111";
    for field in ["transactionId", "customerId", "amount", "pan", "cardNumber"] {
        for value in [json!(CARD), json!(grouped), json!({grouped: [CARD]})] {
            let mut bad = payment("tx-1");
            bad[field] = value;
            let bad = bad.to_string();
            for event in [post(&bad), post_binary(bad.as_bytes())] {
                let (status, reply) = function.invoke(&event);
                assert_eq!(status, 400, "{field}");
                assert!(!reply.to_string().contains("1111"), "{reply}");
            }
        }
    }
    for field in ["cvv", "pin", "track2", "expiry"] {
        let mut bad = payment("tx-1");
        bad[field] = json!("9876");
        let (status, reply) = function.invoke(&post(&bad.to_string()));
        assert_eq!(status, 400);
        assert!(!reply.to_string().contains("9876"), "{reply}");
    }
    // Beside the body it is neither read, stored nor logged.
    let mut event = post(&payment("tx-1").to_string());
    event["queryStringParameters"] = json!({"pan": CARD});
    event["headers"]["X-Card"] = json!(CARD);
    assert_eq!(function.invoke(&event).0, 200);
    assert!(!format!("{:?}", stack.items().await).contains("1111"));
    assert!(!stack.receipt("tx-1").await.0.contains(CARD));
    let said = untimed(&function.said());
    assert!(said.contains("a full card number is not accepted"), "{said}");
    assert!(!said.contains("1111") && !said.contains("9876"), "{said}");
}

#[tokio::test]
async fn of_twenty_requests_to_five_processes_one_is_stored() {
    let stack = Stack::new().await;
    let functions: Vec<Function> = (0..5).map(|_| start(&stack)).collect();
    let text = payment("tx-1").to_string();
    for function in &functions {
        for _ in 0..2 {
            function.send(post(&text).to_string());
            function.send(post_binary(text.as_bytes()).to_string());
        }
    }
    let mut results = Vec::new();
    for function in &functions {
        for _ in 0..4 {
            let reply = function.response();
            assert_eq!(reply["statusCode"], 200, "{reply}");
            results.push(reply["body"].as_str().unwrap().to_owned());
        }
    }
    assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
    assert_eq!(stack.items().await.len(), 1);
    assert_eq!(stack.versions().await, ["receipts/tx-1.json"]);
    assert_eq!(stack.receipt("tx-1").await.0, results[0]);
    let recorded: usize = functions
        .into_iter()
        .map(|function| function.said().matches("\"payment recorded\"").count())
        .sum();
    assert_eq!(recorded, 1);
}

#[tokio::test]
async fn what_a_kill_between_the_writes_leaves_is_completed_by_a_repeat() {
    let stack = Stack::new().await;
    // A bucket that never takes the receipt: the process dies while it tries.
    let bucket = Scripted::start(vec![None]);
    let mut environment = stack.environment().to_vec();
    environment.push(("AWS_ENDPOINT_URL_S3", &bucket.endpoint));
    let function = start_with(&environment, &stack.endpoint);
    function.send(post(&payment("tx-1").to_string()).to_string());
    bucket.wait();
    drop(function);
    let items = stack.items().await;
    assert_eq!((items.len(), stack.versions().await.len()), (1, 0));

    let (status, result) = start(&stack).invoke(&post(&payment("tx-1").to_string()));
    assert_eq!(status, 200);
    let (receipt, _, _) = stack.receipt("tx-1").await;
    assert_eq!(&receipt, items[0]["result"].as_s().unwrap());
    assert_eq!(serde_json::from_str::<Value>(&receipt).unwrap(), result);
    assert_eq!(stack.items().await, items);
}

#[tokio::test]
async fn what_fails_is_answered_without_internals() {
    let stack = Stack::new().await;
    let absent = [("DYNAMODB_TABLE", "absent"), ("S3_BUCKET", "absent")];
    let function = start_with(&absent, &stack.endpoint);
    let (status, reply) = function.invoke(&post(&payment("tx-1").to_string()));
    assert_eq!((status, reply), (500, json!({"error": "internal error"})));
    let said = function.said();
    assert!(said.contains("ResourceNotFoundException") && said.contains("PutItem"), "{said}");
}

#[tokio::test]
async fn whatever_bytes_come_the_process_goes_on() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let number = r#"{"$serde_json::private::Number":"x"}"#;
    for event in ["null", "0", "\"\"", "1e999", &deep, number] {
        function.send(event);
        let (status, _) = function.answer();
        assert_eq!(status, 400, "{event:.60}");
    }
    for body in [&deep[..16_000], number, "null", "\u{0}"] {
        for event in [post(body), post_binary(body.as_bytes())] {
            assert_eq!(function.invoke(&event).0, 400, "{body:.60}");
        }
    }
    for noise in garbled(&post(&payment("tx-1").to_string())) {
        function.send(noise);
        function.outcome();
    }
    assert_eq!(function.invoke(&post(&payment("tx-last").to_string())).0, 200);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_missing_variable_is_an_initialisation_error() {
    let all = [("DYNAMODB_TABLE", "t"), ("S3_BUCKET", "b")];
    handler_tests::every_variable_is_needed(&all, start_with);
}
