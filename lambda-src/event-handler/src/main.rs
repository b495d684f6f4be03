//! The Lambda function `event-handler`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use event_handler::{BatchError, Config, Deps, Failures, handle};
use handler_kit::log;
use handler_kit::runtime::{self, Diagnostic};
use payments_domain::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        runtime::serve(async |event: &str| answer(event, &deps).await.map_err(diagnostic)).await
    })
    .await
}

async fn answer(event: &str, deps: &Deps) -> Result<Failures, BatchError> {
    match json::parse(event.as_bytes()) {
        Ok(event) => handle(event, deps).await,
        Err(error) => {
            log::error("event refused", serde_json::json!({"reason": error.to_string()}));
            Err(BatchError)
        }
    }
}

fn diagnostic(error: BatchError) -> Diagnostic {
    Diagnostic { error_type: "BatchError".to_owned(), error_message: error.to_string() }
}
