//! The Lambda function `payment-processor`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use handler_kit::log;
use handler_kit::runtime::{self, Diagnostic};
use payment_processor::{Config, Deps, Redeliver, Reply, handle};
use payments_domain::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        runtime::serve(async |event: &str| answer(event, &deps).await.map_err(repeat)).await
    })
    .await
}

async fn answer(event: &str, deps: &Deps) -> Result<Reply, Redeliver> {
    match json::parse(event.as_bytes()) {
        Ok(event) => handle(event, deps).await,
        Err(error) => {
            log::warn("event refused", serde_json::json!({"reason": error.to_string()}));
            Ok(Reply::refused(&format!("the event is {error}")))
        }
    }
}

fn repeat(error: Redeliver) -> Diagnostic {
    Diagnostic { error_type: "Redeliver".to_owned(), error_message: error.to_string() }
}
