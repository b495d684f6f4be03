//! The Lambda function `fraud-detection`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use fraud_detection::{Config, Deps, ScoreError, Scored, handle};
use handler_kit::log;
use handler_kit::runtime::{self, Diagnostic};
use payments_domain::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        runtime::serve(async |event: &str| answer(event, &deps).await).await
    })
    .await
}

async fn answer(event: &str, deps: &Deps) -> Result<Scored, Diagnostic> {
    match json::parse(event.as_bytes()) {
        Ok(event) => handle(&event, deps).await.map_err(diagnostic),
        Err(error) => {
            let reason = format!("the event is {error}");
            log::warn("event refused", serde_json::json!({"reason": reason}));
            Err(Diagnostic { error_type: "TransactionError".to_owned(), error_message: reason })
        }
    }
}

fn diagnostic(error: ScoreError) -> Diagnostic {
    let error_type = match error {
        ScoreError::Transaction(_) => "TransactionError",
        ScoreError::Unavailable => "Unavailable",
    };
    Diagnostic { error_type: error_type.to_owned(), error_message: error.to_string() }
}
