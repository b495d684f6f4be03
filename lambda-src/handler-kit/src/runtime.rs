//! Lambda's side of a handler: what its binary does beside calling the library.

use std::fmt::Display;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

pub use lambda_runtime::Diagnostic;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::log;

/// Logs a panic by its place alone: its message may repeat what was being handled.
fn hide_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        log::error("panicked", json!({"at": place}));
    }));
}

/// Reads the function's variables and serves with them, or says why it cannot.
pub async fn start<C, E: Display>(
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<C, E>,
    serve: impl AsyncFnOnce(C) -> ExitCode,
) -> ExitCode {
    hide_panics();
    match read(|name| std::env::var(name).ok()) {
        Ok(config) => serve(config).await,
        Err(error) => cannot_start(&error.to_string()),
    }
}

/// Answers event after event, until Lambda ends the process.
///
/// An event arrives as text, so that a field given twice is seen and a number keeps its digits. A
/// [`Diagnostic`] becomes a function error, after which Lambda repeats an asynchronous event.
pub async fn serve<R: Serialize>(answer: impl AsyncFn(&str) -> Result<R, Diagnostic>) -> ExitCode {
    let service = service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let id = event.context.request_id;
        log::REQUEST_ID.scope(id, answer(event.payload.get())).await
    });
    match lambda_runtime::run(service).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => {
            log::error("the Runtime API failed", json!({}));
            ExitCode::FAILURE
        }
    }
}

/// Says why the function cannot start, in the log and to Lambda.
fn cannot_start(reason: &str) -> ExitCode {
    log::error("cannot start", json!({"reason": reason}));
    if report(reason).is_err() {
        log::warn("the Runtime API did not accept the error", json!({}));
    }
    ExitCode::FAILURE
}

/// Posts an initialisation error; `lambda_runtime` keeps its own call for this to itself.
fn report(reason: &str) -> io::Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let body = json!({"errorType": "Runtime.ConfigInvalid", "errorMessage": reason}).to_string();
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
