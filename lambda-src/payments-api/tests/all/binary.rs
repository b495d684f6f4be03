//! The compiled function against Lambda's runtime interface and an emulated table, queue and bucket.

use crate::common::{start, start_with};
use handler_tests::payments::{Payments, asked, order, posted};
use handler_tests::{CARD, Function, Scripted, garbled, untimed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_answers_request_after_request() {
    let at = Payments::new().await;
    let function = start(&at);
    let event = posted(Some("order-7"), &order().to_string());
    let (status, first) = function.invoke(&event);
    assert_eq!((status, &first["status"]), (202, &json!("processing")), "{first}");
    assert_eq!(function.invoke(&event), (202, first.clone()));
    let path = format!("/payments/{}", first["paymentId"].as_str().unwrap());
    assert_eq!(function.invoke(&asked("GET", &path)), (200, first.clone()));
    let (status, list) = function.invoke(&asked("GET", "/payments"));
    assert_eq!((status, list), (200, json!({"payments": [first]})));
    let mut other = order();
    other["amount"] = json!(7);
    assert_eq!(function.invoke(&posted(Some("order-7"), &other.to_string())).0, 409);
    assert_eq!(function.invoke(&asked("PATCH", "/payments")).0, 405);
    assert_eq!((at.rows().await.len(), at.versions().await.len()), (1, 1));

    let said = function.said();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "payment accepted",
            "payment accepted",
            "Idempotency-Key used with other content",
            "request refused"
        ]
    );
    assert!(lines.iter().all(|line| line["requestId"].as_str().unwrap().starts_with("request-")));
    assert_eq!(lines[0]["paymentId"], first["paymentId"]);
    let said = untimed(&said);
    for secret in ["12.5", "203.0.113.7", "c-1", "order-7"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn card_data_leaves_no_trace() {
    let at = Payments::new().await;
    let function = start(&at);
    let grouped = "4111 1111 1111 1111";
    for field in ["customerId", "amount", "currency", "pan"] {
        for value in [json!(CARD), json!(grouped), json!({grouped: [CARD]})] {
            let mut bad = order();
            bad[field] = value;
            let (status, reply) = function.invoke(&posted(Some("order-7"), &bad.to_string()));
            assert_eq!(status, 400, "{field}");
            assert!(!reply.to_string().contains("1111"), "{reply}");
        }
    }
    // As a key, an id, a parameter, and beside the body.
    let valid = order().to_string();
    let mut refused = vec![posted(Some(CARD), &valid), asked("GET", &format!("/payments/{CARD}"))];
    for name in ["status", "limit", "next"] {
        let mut list = asked("GET", "/payments");
        list["queryStringParameters"] = json!({name: CARD});
        refused.push(list);
    }
    for event in refused {
        let (status, reply) = function.invoke(&event);
        assert!([400, 404].contains(&status), "{event}");
        assert!(!reply.to_string().contains("1111"), "{reply}");
    }
    assert!(at.is_empty().await);
    let mut event = posted(None, &valid);
    event["headers"]["X-Card"] = json!(CARD);
    assert_eq!(function.invoke(&event).0, 202);
    let stored = format!("{:?} {:?}", at.rows().await, at.bodies(&at.queue).await);
    let said = untimed(&function.said());
    assert!(said.contains("a full card number is not accepted"), "{said}");
    // Our own ids are of random digits.
    assert!(!said.contains(CARD) && !said.contains(grouped) && !stored.contains(CARD), "{said}");
}

#[tokio::test]
async fn of_twenty_requests_to_five_processes_one_is_taken() {
    let at = Payments::new().await;
    let functions: Vec<Function> = (0..5).map(|_| start(&at)).collect();
    let event = posted(Some("order-7"), &order().to_string()).to_string();
    for function in &functions {
        for _ in 0..4 {
            function.send(event.clone());
        }
    }
    let mut answers = Vec::new();
    for function in &functions {
        for _ in 0..4 {
            let reply = function.response();
            assert_eq!(reply["statusCode"], 202, "{reply}");
            answers.push(reply["body"].as_str().unwrap().to_owned());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((at.rows().await.len(), at.items().await.len()), (1, 2));
    let objects = at.versions().await;
    assert_eq!(objects.len(), 1);
    assert_eq!(at.object(&objects[0]).await, answers[0]);
    let messages = at.bodies(&at.queue).await;
    assert!(!messages.is_empty() && messages.iter().all(|message| *message == messages[0]));
}

#[tokio::test]
async fn what_a_kill_between_the_writes_leaves_is_finished_by_a_repeat() {
    for (variable, objects) in [("AWS_ENDPOINT_URL_S3", 0), ("AWS_ENDPOINT_URL_SQS", 1)] {
        let at = Payments::new().await;
        // It never takes anything: the process dies while it tries.
        let deaf = Scripted::start(vec![None]);
        let mut environment = at.environment().to_vec();
        environment.push((variable, &deaf.endpoint));
        let function = start_with(&environment, &at.endpoint);
        let event = posted(Some("order-7"), &order().to_string());
        function.send(event.to_string());
        deaf.wait();
        drop(function);
        let rows = at.rows().await;
        assert_eq!((rows.len(), at.versions().await.len()), (1, objects), "{variable}");
        assert!(at.bodies(&at.queue).await.is_empty());

        let (status, taken) = start(&at).invoke(&event);
        assert_eq!(status, 202);
        assert_eq!(taken["timestamp"], *rows[0]["timestamp"].as_s().unwrap());
        assert_eq!((at.rows().await, at.versions().await.len()), (rows, 1));
        assert_eq!(at.bodies(&at.queue).await.len(), 1);
    }
}

#[tokio::test]
async fn what_fails_is_answered_without_internals() {
    let at = Payments::new().await;
    let absent = [("TABLE_NAME", "absent"), ("QUEUE_URL", "absent"), ("BUCKET_NAME", "absent")];
    let function = start_with(&absent, &at.endpoint);
    for event in [posted(None, &order().to_string()), asked("GET", "/payments")] {
        assert_eq!(function.invoke(&event), (500, json!({"error": "internal error"})));
    }
    let said = function.said();
    for word in ["ResourceNotFoundException", "PutItem", "Scan"] {
        assert!(said.contains(word), "{said}");
    }
}

#[tokio::test]
async fn whatever_bytes_come_the_process_goes_on() {
    let at = Payments::new().await;
    let function = start(&at);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for event in ["null", "0", "\"\"", "1e999", &deep] {
        function.send(event);
        assert_eq!(function.answer().0, 400, "{event:.60}");
    }
    for noise in garbled(&posted(Some("order-7"), &order().to_string())) {
        function.send(noise);
        function.outcome();
    }
    assert_eq!(function.invoke(&posted(Some("last"), &order().to_string())).0, 202);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_missing_variable_is_an_initialisation_error() {
    let all = [("TABLE_NAME", "t"), ("QUEUE_URL", "q"), ("BUCKET_NAME", "b")];
    handler_tests::every_variable_is_needed(&all, start_with);
}
