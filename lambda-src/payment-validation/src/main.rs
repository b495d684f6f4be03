//! The Lambda function `payment-validation`: the library behind Lambda's runtime interface.

use std::process::ExitCode;

use handler_kit::{api, runtime};
use payment_validation::{Config, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::start(Config::read, async |config| {
        api::serve(async |event| handle(&event, &config)).await
    })
    .await
}
