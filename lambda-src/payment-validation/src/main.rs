//! The Lambda function `payment-validation`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::process::ExitCode;

use handler_kit::{api, runtime};
use payment_validation::{Config, Deps, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        let deps = Deps::connect(config).await;
        api::serve(async |event| handle(&event, &deps).await).await
    })
    .await
}
