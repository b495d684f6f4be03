//! `payctl sandbox`: the local AWS emulator.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use payctl_sandbox::{Running, StartOptions, Status};
use serde_json::json;

use crate::connection::{sandbox, start_sandbox};
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::{report, signals};

/// Start, stop or empty the local AWS emulator
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Set it up and start it
    Start {
        /// Simulate AWS delays, this many times faster: at 100, a minute takes 0.6 s
        #[arg(long, value_name = "FACTOR", value_parser = factor)]
        time_scale: Option<f64>,
        /// The port to listen on [default: a free one, kept]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// Leave out a part of what AWS refuses and emulators do not (repeatable)
        #[arg(long, value_enum, value_name = "PART")]
        lax: Vec<Part>,
        /// Whose quotas the account has [default: seasoned]
        #[arg(long, value_enum)]
        account: Option<Account>,
        /// Let the operator do what this policy allows, and nothing else; `own` is what `payctl policy` prints
        #[arg(long, value_name = "FILE", value_parser = policy)]
        operator_policy: Option<OperatorPolicy>,
    },
    /// Stop it; its contents are kept
    Stop,
    /// Tell whether it runs, and where
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Empty it
    Reset,
    /// Print its log
    Logs,
}

/// What the sandbox holds requests to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// AWS's models and pages: names, sizes, patterns
    Shapes,
    /// IAM: policies, keys, roles
    Permissions,
    /// What AWS does and emulators do not
    Behaviour,
}

/// Whose quotas the sandbox's account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Account {
    /// Those that an account starts with
    New,
    /// Those of one that was raised
    Seasoned,
}

/// What the operator may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperatorPolicy {
    /// What payctl itself says that an operator of this environment needs.
    Own,
    /// What a document says, which can be read at this absolute path.
    File(PathBuf),
}

impl OperatorPolicy {
    /// The file with it. Payctl's own is written anew.
    fn file(&self, global: &Global) -> Result<PathBuf, CliError> {
        let Self::File(path) = self else {
            let path = sandbox()?.operator_policy_path();
            let document = super::policy::for_sandbox(global)?;
            let write = || {
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                std::fs::write(&path, format!("{document:#}\n"))
            };
            write().map_err(|source| {
                CliError::failed(format!("failed to write {}", path.display())).because(&source)
            })?;
            return Ok(path);
        };
        Ok(path.clone())
    }
}

fn policy(text: &str) -> Result<OperatorPolicy, String> {
    if text == "own" {
        return Ok(OperatorPolicy::Own);
    }
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    let content = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    match serde_json::from_str::<serde_json::Value>(&content) {
        Ok(_) => Ok(OperatorPolicy::File(path)),
        Err(error) => Err(format!("it is not JSON: {error}")),
    }
}

fn name(value: impl ValueEnum) -> String {
    let name = value.to_possible_value();
    name.map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(super) async fn run(global: &Global, command: &SandboxCommand) -> Result<Exit, CliError> {
    signals::changing();
    match command {
        SandboxCommand::Start { time_scale, port, lax, account, operator_policy } => {
            let options = StartOptions {
                time_scale: *time_scale,
                port: *port,
                lax: lax.iter().copied().map(name).collect(),
                account: account.map(name),
                operator_policy: match operator_policy {
                    Some(policy) => Some(policy.file(global)?),
                    None => None,
                },
            };
            let running = start_sandbox(&options).await?;
            report::data(&format!("{}\n", describe(&running)));
        }
        SandboxCommand::Stop => {
            let stopped = sandbox()?
                .stop()
                .await
                .map_err(|error| CliError::failed("failed to stop the sandbox").because(&error))?;
            report::say(if stopped {
                "stopped; its contents are kept"
            } else {
                "it was not running"
            });
        }
        SandboxCommand::Status { json } => {
            let status = sandbox()?
                .status()
                .await
                .map_err(|error| CliError::failed("failed to ask the sandbox").because(&error))?;
            match status {
                _ if *json => report::json(&as_json(&status))?,
                Status::Running(running) => report::data(&format!("{}\n", describe(&running))),
                Status::Stopped => report::data("stopped\n"),
            }
        }
        SandboxCommand::Reset => {
            sandbox()?
                .reset()
                .await
                .map_err(|error| CliError::failed("failed to empty the sandbox").because(&error))?;
            report::say("emptied; states in .payctl/sandbox still record what was in it");
        }
        SandboxCommand::Logs => {
            let path = sandbox()?.log_path();
            let text = std::fs::read(&path).map_err(|source| {
                let message = format!("failed to read {}", path.display());
                CliError::failed(message).because(&source).hint("it is made by the first start")
            })?;
            report::data(&String::from_utf8_lossy(&text));
        }
    }
    Ok(Exit::Done)
}

/// The format of `status --json`.
const FORMAT: u32 = 1;

fn as_json(status: &Status) -> serde_json::Value {
    let sandbox = match status {
        Status::Stopped => None,
        Status::Running(Running { endpoint, pid, port, time_scale, strictness, since, log }) => {
            Some(json!({
                "endpoint": endpoint,
                "pid": pid,
                "port": port,
                "since": since,
                "time_scale": time_scale,
                "strictness": strictness,
                "log": log,
            }))
        }
    };
    json!({ "format": FORMAT, "running": sandbox.is_some(), "sandbox": sandbox })
}

fn describe(running: &Running) -> String {
    let Running { endpoint, pid, since, time_scale, strictness, .. } = running;
    let scale = match time_scale {
        Some(scale) => format!(", simulating AWS delays at {scale}x speed"),
        None => String::new(),
    };
    let with = match strictness.as_slice() {
        [] => String::new(),
        options => format!(", started with {}", options.join(" ")),
    };
    format!("running at {endpoint} (process {pid}, since {since}{scale}{with})")
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && (1.0..=100_000.0).contains(&factor) => Ok(factor),
        _ => Err("it is a number from 1 to 100000".to_owned()),
    }
}
