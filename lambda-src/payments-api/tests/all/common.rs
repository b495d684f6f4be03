//! What the tests share: a table, a queue and a bucket, the real binary, requests.

use handler_kit::object::Encryption;
use handler_tests::Function;
use handler_tests::payments::{Payments, asked, order, posted};
use payments_api::{Config, Deps, Reply, handle};
use serde_json::{Value, json};

/// A table, a queue and a bucket, and the handler that works with them.
pub struct Stack {
    pub deps: Deps,
    pub at: Payments,
}

impl Stack {
    pub async fn new() -> Self {
        let at = Payments::new().await;
        let config = Config {
            table: at.table.clone(),
            queue: at.queue.clone(),
            bucket: at.bucket.clone(),
            encryption: Encryption::OfTheBucket,
        };
        Self { deps: Deps::new(&at.shared(), config), at }
    }

    /// The handler's dependencies, with one of the three somewhere else.
    pub fn with(&self, part: Part, endpoint: &str) -> Deps {
        let other = Deps::new(&handler_tests::config(endpoint), self.deps.config.clone());
        match part {
            Part::Table => Deps { dynamodb: other.dynamodb, ..self.deps.clone() },
            Part::Bucket => Deps { s3: other.s3, ..self.deps.clone() },
            Part::Queue => Deps { sqs: other.sqs, ..self.deps.clone() },
        }
    }

    /// Posts the order under a key.
    pub async fn post(&self, key: &str) -> Reply {
        handle(posted(Some(key), &order().to_string()), &self.deps).await
    }

    /// Gets a path with parameters.
    pub async fn get(&self, path: &str, parameters: Value) -> (u16, Value) {
        let mut event = asked("GET", path);
        event["queryStringParameters"] = parameters;
        let reply = handle(event, &self.deps).await;
        (reply.status_code, body(&reply))
    }

    /// All pages of a list, as ids.
    pub async fn pages(&self, status: Option<&str>, limit: usize) -> Vec<Vec<String>> {
        let mut parameters = json!({"status": status, "limit": limit.to_string()});
        let mut pages = Vec::new();
        loop {
            let (code, page) = self.get("/payments", parameters.clone()).await;
            assert_eq!(code, 200, "{page}");
            let ids = page["payments"].as_array().unwrap().iter();
            pages.push(ids.map(|it| it["paymentId"].as_str().unwrap().to_owned()).collect());
            let Some(next) = page.get("next") else { return pages };
            parameters["next"] = next.clone();
            assert!(pages.len() < 1_000, "a list has an end");
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Part {
    Table,
    Bucket,
    Queue,
}

pub fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// Starts the real binary.
pub fn start(at: &Payments) -> Function {
    start_with(&at.environment(), &at.endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_payments-api"), environment, endpoint)
}
