//! What the tests share: a table, a topic, a bucket, customers and the scoring, the real binary,
//! requests.

use handler_tests::any::runtime;
use handler_tests::transactions::{LIMITS, SCORING, Transactions, payment, posted, row};
use handler_tests::{Customers, Function, Scripted};
use serde_json::{Value, json};
use transaction_processing::{Config, Deps, Reply, handle};

/// What the scoring is invoked by.
pub const SCORING_FUNCTION: &str = "fraud-detection-test";

/// The scores with which whatever comes is declined.
pub const DECLINE: [(&str, &str); 2] = [("REVIEW_SCORE", "0"), ("DECLINE_SCORE", "0")];

/// A table, a topic, a bucket, customers and the scoring, and the handler that works with them.
pub struct Stack {
    pub deps: Deps,
    pub at: Transactions,
    pub customers: Customers,
    pub scoring: Scripted,
}

impl Stack {
    pub async fn new() -> Self {
        Self::scored_with(&[]).await
    }

    /// A stack in which whatever comes is declined.
    pub async fn declining() -> Self {
        Self::scored_with(&DECLINE).await
    }

    /// A stack with some rules of the scoring changed.
    pub async fn scored_with(changed: &[(&str, &str)]) -> Self {
        let stack = Self::kept_in(Customers::new().await, changed).await;
        stack.deps.database.migrate().await.unwrap();
        stack
    }

    /// A stack with these customers, whose schema may not be there.
    pub async fn kept_in(customers: Customers, changed: &[(&str, &str)]) -> Self {
        let at = Transactions::new().await;
        let scoring = scoring(&at, changed);
        let deps = {
            let all = [variables(&at, &customers), customers.environment().to_vec()].concat();
            let config = Config::read(|name| value_of(&all, name)).unwrap();
            let other = Deps::new(&handler_tests::config(&scoring.endpoint), config.clone());
            Deps { lambda: other.lambda, ..Deps::new(&at.shared(), config) }
        };
        Self { deps, at, customers, scoring }
    }

    /// The variables that the function cannot do without.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        variables(&self.at, &self.customers)
    }

    /// The same, with what the tests need beside.
    pub fn whole_environment(&self) -> Vec<(&str, &str)> {
        let scoring = ("AWS_ENDPOINT_URL_LAMBDA", self.scoring.endpoint.as_str());
        [self.environment(), vec![self.customers.environment()[1], scoring]].concat()
    }

    /// Starts the real binary.
    pub fn start(&self) -> Function {
        start_with(&self.whole_environment(), &self.at.endpoint)
    }

    /// The handler's dependencies, with one of them somewhere else.
    pub fn with(&self, part: Part, endpoint: &str) -> Deps {
        let other = Deps::new(&handler_tests::config(endpoint), self.deps.config.clone());
        match part {
            Part::Table => Deps { dynamodb: other.dynamodb, ..self.deps.clone() },
            Part::Scoring => Deps { lambda: other.lambda, ..self.deps.clone() },
            Part::Bucket => Deps { s3: other.s3, ..self.deps.clone() },
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
    Scoring,
    Bucket,
    Topic,
}

fn value_of(all: &[(&str, &str)], name: &str) -> Option<String> {
    all.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
}

fn variables<'it>(at: &'it Transactions, customers: &'it Customers) -> Vec<(&'it str, &'it str)> {
    let own = [
        ("TABLE_NAME", at.table.as_str()),
        ("TOPIC_ARN", &at.topic),
        ("SCORING_FUNCTION", SCORING_FUNCTION),
        ("AUDIT_BUCKET", &at.bucket),
        ("RETENTION_DAYS", "365"),
        ("SECRET_ARN", &customers.secret),
    ];
    [&own, &LIMITS[..]].concat()
}

/// Lambda's side of an invocation, with the real scoring behind it.
fn scoring(at: &Transactions, changed: &[(&str, &str)]) -> Scripted {
    let all = [changed, &[("TABLE_NAME", at.table.as_str())], &SCORING].concat();
    let config = fraud_detection::Config::read(|name| value_of(&all, name)).unwrap();
    let deps = fraud_detection::Deps::new(&at.shared(), config);
    let runtime = runtime();
    Scripted::answering(move |request| {
        let invoked = format!("POST /2015-03-31/functions/{SCORING_FUNCTION}/invocations");
        // Nothing else is invoked; a handler that is stopped may have sent half of it.
        if request.operation != invoked {
            return ("", "this is not the scoring".to_owned());
        }
        match runtime.block_on(fraud_detection::handle(&request.json(), &deps)) {
            Ok(scored) => ("", serde_json::to_string(&scored).unwrap()),
            Err(error) => ("X-Amz-Function-Error: Unhandled\r\n", error.to_string()),
        }
    })
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

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_transaction-processing"), environment, endpoint)
}
