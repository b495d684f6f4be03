//! What the tests share: a table and a topic, the real binary, requests.

use handler_tests::Function;
use handler_tests::transactions::{Transactions, payment, posted, row};
use serde_json::{Value, json};
use transaction_processing::{Config, Deps, Reply, handle};

/// A table and a topic, and the handler that works with them.
pub struct Stack {
    pub deps: Deps,
    pub at: Transactions,
}

impl Stack {
    pub async fn new() -> Self {
        let at = Transactions::new().await;
        let deps = Deps::new(&at.shared(), config(&at, &[]));
        Self { deps, at }
    }

    /// A stack in which whatever comes is declined.
    pub async fn declining() -> Self {
        let mut stack = Self::new().await;
        let all = [("REVIEW_SCORE", "0"), ("DECLINE_SCORE", "0")];
        stack.deps.config = config(&stack.at, &all);
        stack
    }

    /// The handler's dependencies, with one of the two somewhere else.
    pub fn with(&self, part: Part, endpoint: &str) -> Deps {
        let other = Deps::new(&handler_tests::config(endpoint), self.deps.config.clone());
        match part {
            Part::Table => Deps { dynamodb: other.dynamodb, ..self.deps.clone() },
            Part::Topic => Deps { sns: other.sns, ..self.deps.clone() },
        }
    }

    /// Posts the payment under a key.
    pub async fn post(&self, key: &str) -> Reply {
        handle(request(key, &payment()), &self.deps).await
    }

    /// Puts rows of earlier transactions of the customer, all just before the given time.
    pub async fn past(&self, count: u64, timestamp: u64, status: &str) {
        for number in 0..count {
            let id = format!("{status}-{number}");
            self.at.put(row(&id, timestamp - number, status)).await;
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Part {
    Table,
    Topic,
}

fn config(at: &Transactions, changed: &[(&str, &str)]) -> Config {
    let mut all = changed.to_vec();
    all.extend(at.environment());
    let value = |name: &str| all.iter().find(|(it, _)| *it == name).map(|(_, value)| *value);
    Config::read(|name| value(name).map(str::to_owned)).unwrap()
}

/// The event of a payment that is posted under a key.
pub fn request(key: &str, payment: &Value) -> Value {
    posted("/process", Some(key), &payment.to_string())
}

/// The payment with one field changed.
pub fn with(name: &str, value: Value) -> Value {
    let mut changed = payment();
    changed[name] = value;
    changed
}

pub fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// What an answer has in common with the notice of it.
pub fn notice_of(answer: &Value) -> Value {
    json!({
        "version": 1,
        "transactionId": answer["transactionId"],
        "status": "declined",
        "score": answer["score"],
        "timestamp": answer["timestamp"],
    })
}

/// Starts the real binary.
pub fn start(at: &Transactions) -> Function {
    start_with(&at.environment(), &at.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_transaction-processing"), environment, endpoint)
}
