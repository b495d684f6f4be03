//! The compiled function against Lambda's runtime interface and emulated tables and buckets.

use crate::common::{Stack, direct, notification, payment, start, start_with};
use handler_tests::{CARD, Function, Outcome, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_answers_event_after_event() {
    let stack = Stack::new().await;
    let function = start(&stack);

    let (status, first) = function.invoke(&direct(&payment("tx-1")));
    assert_eq!((status, &first["status"]), (200, &json!("processed")), "{first}");
    let (status, again) = function.invoke(&direct(&payment("tx-1")));
    assert_eq!((status, &again["status"]), (200, &json!("duplicate")));
    assert_eq!(again["timestamp"], first["timestamp"]);
    let (status, bad) = function.invoke(&json!({"Hello": "there"}));
    assert_eq!(status, 400);
    assert!(bad["error"].as_str().unwrap().contains("either Records or payment_data"));
    assert_eq!(stack.rows().await.len(), 1);

    let said = function.said();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["requestId"].as_str().unwrap().starts_with("request-")));
    assert_eq!(lines[0]["message"], "payment processed");
    assert_eq!(lines[0]["transactionId"], "tx-1");
    let said = untimed(&said);
    assert!(!said.contains("4242") && !said.contains("there"), "{said}");
}

#[tokio::test]
async fn an_amount_keeps_its_digits_all_the_way() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let event = |amount: &str, id: &str| {
        format!(
            r#"{{"payment_data":{{"transactionId":"{id}","amount":{amount},"currency":"USD","cardLast4":"4242"}}}}"#
        )
    };
    function.send(event("0.29", "tx-1"));
    let (status, reply) = function.answer();
    assert_eq!((status, &reply["amount"]), (200, &json!("0.29")));
    function.send(event("999999.9900000000000000000001", "tx-2"));
    let (status, reply) = function.answer();
    assert_eq!((status, &reply["error"]), (400, &json!("amount has too many decimals; USD has 2")));
    function.send(event(r#"1,"amount":2"#, "tx-3"));
    let (status, reply) = function.answer();
    assert_eq!(status, 400);
    assert!(reply["error"].as_str().unwrap().contains("given twice"));
    assert_eq!(stack.rows().await.len(), 1);
}

#[tokio::test]
async fn a_card_number_leaves_no_trace() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let grouped = "4111 1111 1111 1111";
    let mut events = Vec::new();
    for field in ["transactionId", "amount", "currency", "cardLast4", "metadata", "cardNumber"] {
        for value in [json!(CARD), json!(grouped), json!({grouped: [CARD]})] {
            let mut bad = payment("tx-1");
            bad[field] = value;
            events.push(direct(&bad));
        }
    }
    events.push(json!({"payment_data": payment("tx-1"), "note": CARD}));
    events.push(json!({CARD: 1}));
    for (place, event) in events.iter().enumerate() {
        let (status, reply) = function.invoke(event);
        assert_eq!(status, 400, "{place}");
        assert!(!reply.to_string().contains("1111"), "{reply}");
    }
    stack.put("payments/card.json", json!([payment("tx-1"), {"n": CARD}]).to_string()).await;
    stack.put(&format!("payments/{CARD}.json"), payment("tx-2").to_string()).await;
    let files = notification(&[
        (stack.bucket(), "payments/card.json", None),
        (stack.bucket(), &format!("payments/{CARD}.json"), None),
    ]);
    let (status, reply) = function.invoke(&files);
    assert_eq!(status, 400);
    assert!(!reply.to_string().contains("1111"), "{reply}");
    assert!(stack.items().await.is_empty());
    let said = function.said();
    assert!(said.contains("a full card number is not accepted"), "{said}");
    assert!(!untimed(&said).contains("1111"), "{said}");
}

#[tokio::test]
async fn files_are_processed_and_bad_ones_named() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let version = stack.put("payments/a b.json", payment("tx-1").to_string()).await;
    stack.put("payments/bad.json", json!([payment("tx-2"), 7]).to_string()).await;
    let (status, reply) =
        function.invoke(&notification(&[(stack.bucket(), "payments/a+b.json", Some(&version))]));
    assert_eq!((status, &reply["processed"]), (200, &json!(1)), "{reply}");
    let (status, reply) = function.invoke(&notification(&[
        (stack.bucket(), "payments/a+b.json", Some(&version)),
        (stack.bucket(), "payments/bad.json", None),
    ]));
    assert_eq!(status, 207, "{reply}");
    assert_eq!((&reply["duplicates"], &reply["failed"]), (&json!(1), &json!(1)));
    assert_eq!(reply["files"][1]["reason"], "payment 2: a payment must be a JSON object");
    assert_eq!(stack.rows().await.len(), 1);
}

#[tokio::test]
async fn of_twenty_deliveries_to_five_processes_one_is_stored() {
    let stack = Stack::new().await;
    stack.put("payments/a.json", payment("tx-1").to_string()).await;
    let functions: Vec<Function> = (0..5).map(|_| start(&stack)).collect();
    let by_file = notification(&[(stack.bucket(), "payments/a.json", None)]);
    for function in &functions {
        for _ in 0..2 {
            function.send(direct(&payment("tx-1")).to_string());
            function.send(by_file.to_string());
        }
    }
    let mut processed = 0;
    for function in &functions {
        for _ in 0..4 {
            let (status, reply) = function.answer();
            assert_eq!(status, 200, "{reply}");
            processed += usize::from(reply["status"] == "processed" || reply["processed"] == 1);
        }
    }
    assert_eq!(processed, 1);
    assert_eq!(stack.items().await.len(), 2, "one claim and one row");
}

#[tokio::test]
async fn what_may_pass_is_a_function_error_only_for_s3() {
    let stack = Stack::new().await;
    stack.put("payments/a.json", payment("tx-1").to_string()).await;
    let function = start_with(
        &[("DYNAMODB_TABLE", "absent"), ("S3_BUCKET", stack.bucket()), ("KMS_KEY_ID", "key")],
        &stack.endpoint,
    );
    let (status, reply) = function.invoke(&direct(&payment("tx-1")));
    assert_eq!((status, reply), (500, json!({"error": "internal error"})));
    function.send(notification(&[(stack.bucket(), "payments/a.json", None)]).to_string());
    let Outcome::Error(error) = function.outcome() else { panic!("no function error") };
    assert_eq!(error["errorType"], "Redeliver");
    assert!(!error.to_string().contains("absent"), "{error}");
    assert!(function.said().contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn whatever_bytes_come_the_process_goes_on() {
    let stack = Stack::new().await;
    let function = start(&stack);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let deep_payment = format!(r#"{{"payment_data":{deep}}}"#);
    let token = r#"{"payment_data":{"$serde_json::private::Number":"x"}}"#;
    let raw = r#"{"payment_data":{"$serde_json::private::RawValue":"x"}}"#;
    for event in ["null", "0", "\"\"", "1e999", &deep, &deep_payment, token, raw] {
        function.send(event);
        let (status, _) = function.answer();
        assert_eq!(status, 400, "{event:.60}");
    }
    for bytes in
        [&b""[..], b"{", br#"{"a":4111111111111111x"#, b"\xff\xfe", b"{\"a\":\"\xff\"}", b"\0"]
    {
        function.send(bytes);
        let Outcome::Error(error) = function.outcome() else { panic!("{bytes:?} is not an event") };
        assert!(!error.to_string().contains("4111"), "{error}");
    }
    for noise in garbled(&direct(&payment("tx-1"))) {
        function.send(noise);
        function.outcome();
    }
    assert_eq!(function.invoke(&direct(&payment("tx-last"))).0, 200);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_missing_variable_is_an_initialisation_error() {
    let all = [("DYNAMODB_TABLE", "t"), ("S3_BUCKET", "b"), ("KMS_KEY_ID", "k")];
    handler_tests::every_variable_is_needed(&all, start_with);
}
