//! What the customer has to do with it.

use std::net::TcpListener;

use crate::common::{Stack, body};
use handler_tests::Customers;
use handler_tests::transactions::{payment, posted};
use payment_validation::{Reply, handle};
use serde_json::json;

async fn post(stack: &Stack) -> Reply {
    handle(&posted("/validate", None, &payment().to_string()), &stack.deps).await
}

#[tokio::test]
async fn a_blocked_customer_is_refused() {
    let stack = Stack::new().await;
    assert_eq!(post(&stack).await.status_code, 200);
    stack.at.block("c-2").await;
    assert_eq!(post(&stack).await.status_code, 200, "somebody else");
    stack.at.block("c-1").await;
    let refused = post(&stack).await;
    let reasons = json!({"valid": false, "reasons": ["the customer is blocked"]});
    assert_eq!((refused.status_code, body(&refused)), (422, reasons));
    let direct = handle(&json!({"payment_data": payment()}), &stack.deps).await;
    assert_eq!(direct, refused);
    stack.at.query("UPDATE customers SET status = 'active'").await;
    assert_eq!(post(&stack).await.status_code, 200);
    assert_eq!(stack.at.count("decisions").await, 0, "it keeps nothing");
}

#[tokio::test]
async fn a_rule_that_is_broken_needs_no_look_at_the_customer() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stack = Stack::with(Customers::through(closed).await);
    let mut wrong = payment();
    wrong["amount"] = json!(0);
    let reply = handle(&json!({"payment_data": wrong}), &stack.deps).await;
    assert_eq!(reply.status_code, 422);

    let away = post(&stack).await;
    assert_eq!((away.status_code, away.headers["Retry-After"]), (503, "5"));
    let hint = "the database is not available now; send the same request again";
    assert_eq!(body(&away), json!({"error": hint}));
}

#[tokio::test]
async fn a_process_goes_on_while_the_password_changes_and_connections_end() {
    let stack = Stack::new().await;
    let function = stack.start();
    let event = posted("/validate", None, &payment().to_string());
    assert_eq!(function.invoke(&event).0, 200);
    stack.at.put("AWSPENDING", "the next one").await;
    stack.at.set_password("the next one").await;
    for _ in 0..3 {
        stack.at.terminate().await;
        assert_eq!(function.invoke(&event).0, 200);
    }
    stack.at.put("AWSCURRENT", "the last one").await;
    stack.at.set_password("the last one").await;
    stack.at.terminate().await;
    assert_eq!(function.invoke(&event).0, 200);
    let said = function.said();
    assert!(!said.contains("the next one") && !said.contains("the last one"), "{said}");
}
