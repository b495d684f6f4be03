//! What the tests share: a table and a bucket, the real binary, payments and events.

mod stack;

pub use stack::Stack;

use aws_smithy_types::base64;
use handler_tests::Function;
use serde_json::{Value, json};

/// One valid payment of 12.50 dollars.
pub fn payment(id: &str) -> Value {
    json!({"transactionId": id, "customerId": "c-1", "amount": "12.50"})
}

/// The event that API Gateway makes of a body.
pub fn post(body: &str) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("events/process-payment.json"))
        .expect("the event is JSON");
    event["body"] = json!(body);
    event
}

/// The same for an API that declares the body's type as binary.
pub fn post_binary(body: &[u8]) -> Value {
    let mut event = post(&base64::encode(body));
    event["isBase64Encoded"] = json!(true);
    event
}

/// Starts the real binary for a stack.
pub fn start(stack: &Stack) -> Function {
    start_with(&stack.environment(), &stack.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_payment-api"), environment, endpoint)
}
