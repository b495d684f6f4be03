//! `payctl invoke`: runs a function of the environment.

use std::fs::File;
use std::io::Read as _;

use clap::Args;
use payctl_aws::lambda::invoke;
use payctl_engine::Address;

use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::{report, signals};

/// Invoke a function and print its answer
///
/// The answer goes to stdout; -v shows what the function logged.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl invoke payment-processor --payload @payment.json
  payctl invoke payment-processor --payload '{\"payment_data\": {}}' -v")]
pub(crate) struct InvokeArgs {
    /// Its logical name, such as payment-processor, or its name in AWS
    pub(crate) function: String,
    /// What it is invoked with: JSON, @FILE, or @- for stdin
    #[arg(long, default_value = "{}", value_name = "JSON")]
    pub(crate) payload: String,
}

pub(super) async fn run(global: &Global, args: &InvokeArgs) -> Result<Exit, CliError> {
    let payload = match args.payload.strip_prefix('@') {
        Some(path) => read(path)?,
        None => args.payload.clone(),
    };
    if payload.len() as u64 > LARGEST {
        return Err(CliError::failed(format!(
            "the payload is larger than Lambda's {LARGEST} bytes"
        )));
    }
    if let Err(source) = serde_json::from_str::<serde_json::Value>(&payload) {
        return Err(CliError::failed("the payload is not valid JSON").because(&source));
    }
    let (global, local) = Local::read(global, First::Named)?;
    let global = &global;
    local.say_guess();
    let environment = Environment::open(global, local, Handlers::Ignored).await?;
    let name = function_name(global, &environment, &args.function)?;
    let aws = environment.provider.cloud();
    // What was sent runs on, though nobody waits for its answer.
    signals::changing();
    let reply = invoke(aws, &name, payload.into_bytes())
        .await
        .map_err(|error| CliError::aws(format!("failed to invoke {name}"), &error.into()))?;
    if global.verbose > 0 {
        report::say(reply.log.trim_end());
    }
    report::data(&format!("{}\n", reply.payload.trim_end()));
    match reply.error {
        None => Ok(Exit::Done),
        Some(error) => {
            Err(CliError::failed(format!("{name} failed: {error}")).hint("-v shows what it logged"))
        }
    }
}

/// What Lambda takes in a synchronous invocation.
const LARGEST: u64 = 6 * 1024 * 1024;

/// The payload in a file, or from stdin; no more of it than Lambda takes, and one byte.
fn read(path: &str) -> Result<String, CliError> {
    let failed = |source: std::io::Error| {
        CliError::failed(format!("failed to read {path}")).because(&source)
    };
    let mut text = String::new();
    match path {
        "-" => std::io::stdin().take(LARGEST + 1).read_to_string(&mut text),
        path => File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_string(&mut text),
    }
    .map_err(failed)?;
    Ok(text)
}

/// The function's name in AWS.
fn function_name(
    global: &Global,
    environment: &Environment,
    given: &str,
) -> Result<String, CliError> {
    let recorded = &environment.state.resources;
    let functions = || recorded.iter().filter(|(address, _)| address.kind() == "lambda.function");
    let name = |record: &payctl_engine::state::Record| {
        record.outputs.get("name").and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let by_logical = recorded.get(&Address::new("lambda.function", given)).and_then(name);
    let by_name = || functions().filter_map(|(_, r)| name(r)).find(|name| name == given);
    by_logical.or_else(by_name).ok_or_else(|| {
        let known: Vec<&str> = functions().map(|(address, _)| address.name()).collect();
        let name = report::quoted(given);
        let error = CliError::failed(format!("there is no function {name} in this environment"));
        match known.is_empty() {
            true => {
                let up = global.command("up");
                error.hint(format!("this environment is not deployed: run `{up}` first"))
            }
            false => error.unknown(given, known),
        }
    })
}
