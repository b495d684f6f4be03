//! What the tests share: a table, the real binary, events.

use fraud_detection::{Config, Deps};
use handler_tests::Function;
use handler_tests::transactions::{SCORING, Transactions};
use serde_json::{Value, json};

/// The time of the transactions that are scored.
pub const NOW: u64 = 1_795_311_498_250;

/// A table, and the handler that reads it.
pub struct Stack {
    pub deps: Deps,
    pub at: Transactions,
}

impl Stack {
    pub async fn new() -> Self {
        let at = Transactions::new().await;
        let deps = Deps::new(&at.shared(), config(&at));
        Self { deps, at }
    }

    /// The handler's dependencies, with the table somewhere else.
    pub fn with_table(&self, endpoint: &str) -> Deps {
        Deps::new(&handler_tests::config(endpoint), self.deps.config.clone())
    }
}

fn config(at: &Transactions) -> Config {
    let all = environment(at);
    let value = |name: &str| all.iter().find(|(it, _)| *it == name).map(|(_, value)| *value);
    Config::read(|name| value(name).map(str::to_owned)).unwrap()
}

/// The event of a transaction of 12.50 euros.
pub fn event() -> Value {
    json!({
        "transactionId": "tx-1",
        "customerId": "c-1",
        "amount": "12.50",
        "currency": "EUR",
        "timestamp": NOW,
    })
}

/// The variables of the function.
pub fn environment(at: &Transactions) -> Vec<(&str, &str)> {
    [&[("TABLE_NAME", at.table.as_str())], &SCORING[..]].concat()
}

/// Starts the real binary.
pub fn start(at: &Transactions) -> Function {
    start_with(&environment(at), &at.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_fraud-detection"), environment, endpoint)
}
