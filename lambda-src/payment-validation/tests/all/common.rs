//! What the tests share: the rules, the real binary, requests.

use handler_tests::Function;
use handler_tests::transactions::{LIMITS, posted};
use payment_validation::{Config, Reply, handle};
use serde_json::Value;

/// The variables of the function.
pub fn environment() -> Vec<(&'static str, &'static str)> {
    LIMITS.to_vec()
}

/// The rules. The log goes where the test runner can hold it back.
pub fn config() -> Config {
    handler_kit::log::to(|line| println!("{line}"));
    let value = |name: &str| LIMITS.iter().find(|(it, _)| *it == name);
    Config::read(|name| value(name).map(|(_, value)| (*value).to_owned())).unwrap()
}

/// Posts a body.
pub fn post(body: &str) -> Reply {
    handle(&posted("/validate", None, body), &config())
}

pub fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// Starts the real binary, which calls nobody.
pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_payment-validation"), environment, endpoint)
}

pub fn start() -> Function {
    start_with(&environment(), "http://127.0.0.1:1")
}
