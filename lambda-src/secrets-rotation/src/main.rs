//! The Lambda function `secrets-rotation`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use handler_kit::log;
use handler_kit::runtime::{self, Diagnostic};
use payments_domain::json;
use secrets_rotation::{Config, Deps, EventError, RotationError, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        runtime::serve(async |event: &str| answer(event, &deps).await.map_err(diagnostic)).await
    })
    .await
}

async fn answer(event: &str, deps: &Deps) -> Result<(), RotationError> {
    match json::parse(event.as_bytes()) {
        Ok(event) => handle(&event, deps).await,
        Err(error) => {
            log::error("event refused", serde_json::json!({"reason": error.to_string()}));
            Err(EventError.into())
        }
    }
}

fn diagnostic(error: RotationError) -> Diagnostic {
    Diagnostic { error_type: "RotationError".to_owned(), error_message: error.to_string() }
}
