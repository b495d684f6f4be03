//! The Lambda function `payment-api`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use handler_kit::{log, runtime};
use payment_api::{Config, Deps, Reply, handle};
use payments_domain::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::hide_panics();
    let config = match Config::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => return runtime::cannot_start(&error.to_string()),
    };
    let deps = Deps::connect(config).await;
    runtime::serve(async |event: &str| Ok(answer(event, &deps).await)).await
}

async fn answer(event: &str, deps: &Deps) -> Reply {
    match json::parse(event.as_bytes()) {
        Ok(event) => handle(event, deps).await,
        Err(error) => {
            log::warn("event refused", serde_json::json!({"reason": error.to_string()}));
            Reply::refused(400, &format!("the event is {error}"))
        }
    }
}
