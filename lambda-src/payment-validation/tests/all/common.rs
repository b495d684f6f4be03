//! What the tests share: the rules, customers, the real binary, requests.

use std::sync::{Mutex, OnceLock};

use handler_tests::any::runtime;
use handler_tests::transactions::{LIMITS, posted};
use handler_tests::{Customers, Function};
use payment_validation::{Config, Deps, Reply, handle};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Customers, and the handler that looks at them.
pub struct Stack {
    pub at: Customers,
    pub deps: Deps,
}

impl Stack {
    /// One with a schema, and without a customer.
    pub async fn new() -> Self {
        let stack = Self::with(Customers::new().await);
        stack.deps.database.migrate().await.unwrap();
        stack
    }

    pub fn with(at: Customers) -> Self {
        let all = [&LIMITS[..], &at.environment()].concat();
        let value = |name: &str| all.iter().find(|(it, _)| *it == name);
        let config = Config::read(|name| value(name).map(|(_, value)| (*value).to_owned()));
        let shared = handler_tests::config(handler_tests::endpoint());
        Self { deps: Deps::new(&shared, config.unwrap()), at }
    }

    /// The variables that the function cannot do without.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        [&LIMITS[..], &self.at.environment()[..1]].concat()
    }

    /// Starts the real binary.
    pub fn start(&self) -> Function {
        let all = [&LIMITS[..], &self.at.environment()].concat();
        start_with(&all, handler_tests::endpoint())
    }
}

/// Handles an event, with one stack for all tests that do not look at what is in it.
pub fn ask(event: &Value) -> Reply {
    static SHARED: OnceLock<Mutex<(Runtime, Stack)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let runtime = runtime();
        let stack = runtime.block_on(Stack::new());
        Mutex::new((runtime, stack))
    });
    let shared = shared.lock().unwrap();
    shared.0.block_on(handle(event, &shared.1.deps))
}

/// Posts a body.
pub fn post(body: &str) -> Reply {
    ask(&posted("/validate", None, body))
}

pub fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_payment-validation"), environment, endpoint)
}
