//! The Lambda function `payment-processor`: the library behind Lambda's runtime interface.

// The SDK's calls are deep nests of futures, whose layout is worked out here.
#![recursion_limit = "256"]

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use payment_processor::{Config, Deps, Redeliver, Reply, handle, log};
use payments_domain::json;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A panic's message may repeat what was being handled; its place may not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        log::error("panicked", serde_json::json!({"at": place}));
    }));

    let config = match Config::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => return cannot_start(&error.to_string()),
    };
    let deps = Deps::connect(config).await;
    let service = service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let id = event.context.request_id;
        log::REQUEST_ID.scope(id, answer(event.payload.get(), &deps)).await.map_err(repeat)
    });
    match lambda_runtime::run(service).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => {
            log::error("the runtime interface failed", serde_json::json!({}));
            ExitCode::FAILURE
        }
    }
}

/// The event arrives as text, so that a field given twice is seen and a number keeps its digits.
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

/// Says why the function cannot start, in the log and to Lambda.
fn cannot_start(reason: &str) -> ExitCode {
    log::error("cannot start", serde_json::json!({"reason": reason}));
    if report(reason).is_err() {
        log::warn("the runtime interface did not take the reason", serde_json::json!({}));
    }
    ExitCode::FAILURE
}

/// Posts an initialisation error; `lambda_runtime` keeps its own call for this to itself.
fn report(reason: &str) -> io::Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let body = serde_json::json!({"errorType": "Runtime.ConfigInvalid", "errorMessage": reason});
    let body = body.to_string();
    let mut stream = TcpStream::connect(&api)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(
        stream,
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: \
         Runtime.ConfigInvalid\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()?;
    stream.read(&mut [0; 64]).map(drop)
}
