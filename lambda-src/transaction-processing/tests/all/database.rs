//! The handler and the database: a real PostgreSQL over TLS.

use std::net::TcpListener;

use crate::common::{Part, Stack, body, notice_of, request, with};
use handler_tests::transactions::payment;
use handler_tests::{Customers, Outcome, Scripted, Wire, database, join_all};
use serde_json::{Value, json};
use transaction_processing::{Answer, handle, invoke};

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[tokio::test]
async fn a_payment_is_counted_for_its_customer_once() {
    let stack = Stack::new().await;
    let replies = join_all((0..20).map(|_| stack.post("order-7"))).await;
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    assert_eq!(stack.customers.total("c-1", "EUR").await, Some((1, "12.50".to_owned())));
    let row = &stack.customers.query("SELECT transaction_id, status, score FROM decisions").await;
    let id = body(&replies[0])["transactionId"].as_str().unwrap().to_owned();
    assert_eq!((row.len(), row[0].get::<_, String>(0)), (1, id));
    assert_eq!((row[0].get::<_, &str>(1), row[0].get::<_, i16>(2)), ("approved", 30));
    let yen = handle(request("order-8", &with("currency", json!("JPY"))), &stack.deps).await;
    assert_eq!(yen.status_code, 422, "12.50 yen are none");
    let mut yen = with("currency", json!("JPY"));
    yen["amount"] = json!(700);
    assert_eq!(handle(request("order-8", &yen), &stack.deps).await.status_code, 200);
    assert_eq!(stack.customers.total("c-1", "JPY").await, Some((1, "700".to_owned())));
}

#[tokio::test]
async fn the_payment_of_a_blocked_customer_is_declined() {
    let stack = Stack::new().await;
    stack.customers.block("c-1").await;
    let reply = stack.post("order-7").await;
    let answer = body(&reply);
    assert_eq!((reply.status_code, &answer["status"]), (200, &json!("declined")));
    assert_eq!(stack.at.notices().await, [notice_of(&answer)]);
    let reasons = stack.at.items().await[0]["reasons"].as_l().unwrap().clone();
    assert_eq!(reasons[0].as_s().unwrap(), "the customer is blocked");
    assert_eq!(reasons.len(), 3, "and those of its score");
    let (record, _) = stack.at.record(answer["transactionId"].as_str().unwrap()).await;
    assert_eq!(record["reasons"][0], "the customer is blocked");
    assert_eq!(stack.customers.total("c-1", "EUR").await, None);
    let other = handle(request("order-8", &with("customerId", json!("c-2"))), &stack.deps).await;
    assert_eq!(body(&other)["status"], "approved");
}

/// The process dies after the decision and before the row says so: the decision stands, whatever the
/// score is by then.
#[tokio::test]
async fn what_the_database_decided_is_what_the_row_says() {
    let stack = Stack::new().await;
    // The row is there, and the decision too, which the row does not say yet.
    stack.post("order-7").await;
    let mut pending = stack.at.items().await.remove(0);
    for name in ["score", "reasons", "decided_at"] {
        pending.remove(name);
    }
    pending.insert("status".to_owned(), handler_kit::item::text("pending"));
    stack.at.put(pending).await;
    stack.customers.block("c-1").await;
    let senseless = Scripted::answering(|_| ("", String::new()));
    let deps = stack.with(Part::Scoring, &senseless.endpoint);
    let answer = body(&handle(request("order-7", &payment()), &deps).await);
    assert_eq!(senseless.asked().len(), 1, "it would have been held, and declined");
    assert_eq!((&answer["status"], &answer["score"]), (&json!("approved"), &json!(30)));
    assert_eq!(stack.at.items().await[0]["status"].as_s().unwrap(), "approved");
    assert_eq!(stack.customers.total("c-1", "EUR").await, Some((1, "12.50".to_owned())));
}

#[tokio::test]
async fn with_the_database_away_the_caller_is_told_to_come_again() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stack = Stack::kept_in(Customers::through(closed).await, &[]).await;
    let reply = stack.post("order-7").await;
    assert_eq!((reply.status_code, reply.headers["Retry-After"]), (503, "5"));
    let hint = "the database is not available now; send the same request again";
    assert_eq!(body(&reply), json!({"error": hint}));
    let notices = stack.at.notices().await;
    assert_eq!((&notices[0]["status"], &notices[0]["step"]), (&json!("failed"), &json!("decide")));
    assert_eq!(stack.at.items().await[0]["status"].as_s().unwrap(), "pending");
    assert!(stack.at.versions().await.is_empty());

    let there = Stack::new().await;
    let mut deps = stack.deps.clone();
    deps.database = there.deps.database.clone();
    let reply = handle(request("order-7", &payment()), &deps).await;
    assert_eq!(body(&reply)["status"], "approved");
    assert_eq!(there.customers.total("c-1", "EUR").await, Some((1, "12.50".to_owned())));
}

/// Payments come to processes as Lambda has them, in every step of three rotations, with connections
/// that are kept and with new ones.
#[tokio::test]
async fn payments_flow_while_the_password_rotates_and_connections_end() {
    let stack = Stack::new().await;
    let functions: Vec<_> = (0..3).map(|_| stack.start()).collect();
    let mut posted = 0;
    let mut pay = || {
        for function in &functions {
            posted += 1;
            // A customer each, who is nobody's suspect.
            let sent = with("customerId", json!(format!("c-{posted}")));
            function.send(bytes(&request(&format!("order-{posted}"), &sent)));
        }
        for function in &functions {
            let (status, answer) = function.answer();
            assert_eq!((status, &answer["status"]), (200, &json!("approved")), "{answer}");
        }
    };
    pay();
    let authority = stack.customers.environment()[1].1.to_owned();
    let config = secrets_rotation::Config::read(|_| Some(authority.clone())).unwrap();
    let rotation = secrets_rotation::Deps::new(&stack.at.shared(), config);
    for _ in 0..3 {
        let event = stack.customers.begin_rotation().await;
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            secrets_rotation::handle(&event(step), &rotation).await.unwrap();
            pay();
            stack.customers.terminate().await;
            pay();
        }
    }
    assert_eq!(stack.customers.count("customer_totals").await, 75);
    assert_eq!(stack.customers.count("customer_totals WHERE payments = 1").await, 75);
}

/// The process ends at every piece that goes over the wire to the database.
#[tokio::test]
async fn killed_anywhere_on_the_way_to_the_database_a_repeat_counts_once() {
    let wire = Wire::default();
    let customers = Customers::through(wire.to(database().port)).await;
    let stack = Stack::kept_in(customers, &[]).await;
    stack.deps.database.migrate().await.unwrap();
    for piece in 1.. {
        let function = stack.start();
        wire.cut_at(piece);
        let sent = with("customerId", json!(format!("c-{piece}")));
        let event = request(&format!("order-{piece}"), &sent);
        function.send(bytes(&event));
        let answered = loop {
            if wire.is_cut() {
                break false;
            }
            let all = "decisions d JOIN customer_totals t USING (customer_id)";
            let mine = format!("{all} WHERE customer_id = 'c-{piece}'");
            if stack.customers.count(&mine).await == 1 && !wire.is_cut() {
                break true;
            }
        };
        if answered {
            function.response();
        }
        drop(function);
        wire.mend();
        let reply = handle(event, &stack.deps).await;
        assert_eq!(body(&reply)["status"], "approved", "{}", reply.body);
        let total = stack.customers.total(&format!("c-{piece}"), "EUR").await;
        assert_eq!(total, Some((1, "12.50".to_owned())), "piece {piece}");
        if answered {
            assert!(piece > 8, "a login and a statement have more pieces than {piece}");
            break;
        }
    }
}

#[tokio::test]
async fn the_schema_is_made_when_it_is_asked_for() {
    let stack = Stack::kept_in(Customers::new().await, &[]).await;
    let function = stack.start();
    for applied in [json!([1]), json!([])] {
        function.send(bytes(&json!({"migrate": true})));
        assert_eq!(function.response(), json!({"schema": 1, "applied": applied}));
    }
    assert_eq!(function.invoke(&request("order-7", &payment())).0, 200);
    // Nothing else is taken for it.
    let mut asked = request("order-8", &payment());
    asked["migrate"] = json!(true);
    assert_eq!(function.invoke(&asked).0, 200);
    for event in [json!({"migrate": false}), json!({"migrate": true, "more": 1}), json!(true)] {
        assert_eq!(function.invoke(&event).0, 400, "{event}");
    }
    let done = invoke(json!({"migrate": true}), &stack.deps).await.unwrap();
    assert!(matches!(done, Answer::Migrated(_)));
}

/// Where nobody asked for it, the first payment has it made.
#[tokio::test]
async fn the_first_payment_has_the_schema_made() {
    let stack = Stack::kept_in(Customers::new().await, &[]).await;
    let function = stack.start();
    assert_eq!(function.invoke(&request("order-7", &payment())).0, 200);
    assert_eq!(stack.customers.count("schema_migrations").await, 1);
    assert_eq!(stack.customers.count("decisions").await, 1);
}

#[tokio::test]
async fn a_schema_that_cannot_be_made_is_a_function_error() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stack = Stack::kept_in(Customers::through(closed).await, &[]).await;
    let function = stack.start();
    function.send(bytes(&json!({"migrate": true})));
    let Outcome::Error(error) = function.outcome() else { panic!("no error") };
    assert_eq!(error["errorType"], "MigrationError");
}
