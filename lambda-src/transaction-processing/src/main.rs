//! The Lambda function `transaction-processing`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use handler_kit::runtime::{self, Diagnostic};
use payments_domain::json;
use transaction_processing::{Answer, Config, Deps, Reply, invoke};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        runtime::serve(async |event: &str| answer(event, &deps).await).await
    })
    .await
}

async fn answer(event: &str, deps: &Deps) -> Result<Answer, Diagnostic> {
    match json::parse(event.as_bytes()) {
        Ok(event) => invoke(event, deps).await.map_err(|error| Diagnostic {
            error_type: "MigrationError".to_owned(),
            error_message: error.to_string(),
        }),
        Err(error) => Ok(Answer::Reply(Reply::bad_request(400, &format!("the event is {error}")))),
    }
}
